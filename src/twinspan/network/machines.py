"""Machines and their network interfaces, which both clouds have; part of `network.model`.

`address` is always Terraform's of the object; empty where none is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Generic

from twinspan.network.unknown import U

COMING_STATES = frozenset({"pending", "starting"})
"""States that become `running` without a further request."""
RUNNING = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInterface(Generic[U]):
    """A network interface. Sources: EC2 API, NetworkInterface; ARM, NetworkInterface."""

    id: str
    name: str | U
    address: str = ""
    subnet_id: str | U
    private_ip_addresses: tuple[IPv4Address | U, ...]
    """The primary one first."""
    public_ip_address_ids: tuple[str | U, ...] = ()
    """AWS: allocations of elastic addresses; Azure: public IP addresses."""
    security_group_ids: tuple[str | U, ...] = ()
    """AWS: its groups; Azure: its NSG, if it has one of its own."""
    application_security_group_ids: tuple[str | U, ...] = ()
    """Azure only."""
    forwards: bool | U = False
    """Whether it takes packets that are not for or from its addresses.

    AWS: source/destination check off; Azure: IP forwarding on.
    """
    machine_id: str | U | None = None
    """None: it is not attached."""
    tags: Mapping[str, str | U] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine(Generic[U]):
    """An EC2 instance, or an Azure virtual machine or one of a scale set."""

    id: str
    name: str | U
    address: str = ""
    state: str | U
    """AWS: `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`.
    Azure: `starting`, `running`, `stopping`, `stopped`, `deallocating`, `deallocated`.

    Sources: EC2 API, InstanceStateName; ARM, InstanceViewStatus, the code after `PowerState/`.
    """
    interface_ids: tuple[str | U, ...]
    """The primary one first."""
    tags: Mapping[str, str | U] = field(default_factory=dict)
