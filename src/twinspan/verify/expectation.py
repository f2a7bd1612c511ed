"""What should be there, so that an empty network is never green.

Terraform's outputs say it best. Without them the network itself does: a VPN connection has two tunnels at
AWS, of which those must be up that an Azure connection leads to, and every instance of an Azure gateway needs
one VPN connection.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from twinspan.errors import DesignError
from twinspan.network.limits import TUNNELS_PER_CONNECTION
from twinspan.network.links import tunnel_links
from twinspan.network.model import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedTunnel:
    """One tunnel that must exist, by its Terraform key."""

    key: str
    outside_ip_address: IPv4Address
    aws_vpn_connection_id: str
    azure_connection_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What must exist; an empty id or tuple means "whatever the network shows".

    Attributes:
        source: Where it comes from, for the reader.
        tunnel_count: Tunnels that must be up.
        count_reason: Why this many.
    """

    source: str
    tunnel_count: int
    count_reason: str
    vpc_id: str = ""
    vpn_gateway_id: str = ""
    vpn_connection_ids: tuple[str, ...] = ()
    private_subnet_ids: tuple[str, ...] = ()
    workload_security_group_id: str = ""
    resource_group_name: str = ""
    virtual_network_id: str = ""
    virtual_network_gateway_name: str = ""
    azure_subnet_ids: tuple[str, ...] = ()
    tunnels: tuple[ExpectedTunnel, ...] = ()


class _TunnelOutput(BaseModel):
    model_config = ConfigDict(extra="ignore")

    outside_ip_address: IPv4Address
    aws_vpn_connection_id: str
    azure_connection_name: str

    def named(self, key: str) -> ExpectedTunnel:
        return ExpectedTunnel(
            key=key,
            outside_ip_address=self.outside_ip_address,
            aws_vpn_connection_id=self.aws_vpn_connection_id,
            azure_connection_name=self.azure_connection_name,
        )


class _Outputs(BaseModel):
    """The outputs of our environments that say what must exist."""

    model_config = ConfigDict(extra="ignore")

    aws_vpc_id: str
    aws_vpn_gateway_id: str
    aws_vpn_connection_ids: dict[str, str]
    aws_private_subnet_ids: dict[str, str]
    aws_workload_security_group_id: str = ""
    azure_resource_group_name: str
    azure_virtual_network_id: str
    azure_virtual_network_gateway_name: str
    azure_subnet_ids: dict[str, str]
    tunnels: dict[str, _TunnelOutput]


def are_ours(outputs: Mapping[str, Any]) -> bool:
    """Whether outputs are those of our environments; another project's say nothing to us."""
    return bool({"tunnels", "aws_vpn_connection_ids"} & outputs.keys())


def from_outputs(outputs: Mapping[str, Any], *, source: str) -> Expectation:
    """Read the expectation from Terraform's output values.

    Args:
        outputs: Output name -> value, as in `terraform output -json` without the type wrappers.
        source: Where they come from, for the reader, e.g. `Terraform outputs of terraform/envs/dev`.

    Raises:
        DesignError: An output is missing or has another shape.
    """
    try:
        read = _Outputs.model_validate(dict(outputs))
    except ValidationError as error:
        first = error.errors()[0]
        raise DesignError(
            where=f"{source} {'.'.join(map(str, first['loc']))}",
            problem=f"{first['msg'].lower()} ({error.error_count()} such)",
            remedy="Run `twinspan apply` again, or restore the environment's outputs.tf",
        ) from error
    return Expectation(
        source=source,
        tunnel_count=max(1, len(read.tunnels)),
        count_reason=f"{source} names {len(read.tunnels)} tunnels",
        vpc_id=read.aws_vpc_id,
        vpn_gateway_id=read.aws_vpn_gateway_id,
        vpn_connection_ids=tuple(read.aws_vpn_connection_ids.values()),
        private_subnet_ids=tuple(read.aws_private_subnet_ids.values()),
        workload_security_group_id=read.aws_workload_security_group_id,
        resource_group_name=read.azure_resource_group_name,
        virtual_network_id=read.azure_virtual_network_id.lower(),
        virtual_network_gateway_name=read.azure_virtual_network_gateway_name,
        azure_subnet_ids=tuple(subnet.lower() for subnet in read.azure_subnet_ids.values()),
        tunnels=tuple(tunnel.named(key) for key, tunnel in sorted(read.tunnels.items())),
    )


def from_network(network: Network) -> Expectation:
    """Derive the expectation from what exists; the largest of what each part implies, and never none."""
    connections = [c for c in network.aws.vpn_connections if c.state != "deleted"] if network.aws else []
    gateways = network.azure.virtual_network_gateways if network.azure else ()
    instances = [instance for gateway in gateways for instance in gateway.instances]
    azure_connections = len(network.azure.connections) if network.azure else 0
    links = [(link.vpn_connection.id, link) for link in tunnel_links(network) if link.vpn_connection]
    met = Counter(identifier for identifier, link in links if link.joined)
    # Those must be up that Azure leads to, or both if none is.
    used = {each.id: met[each.id] or TUNNELS_PER_CONNECTION for each in connections}
    called = {identifier: link.instance for identifier, link in links}
    reached = [sum(used[each] for each in called if called[each] == instance) for instance in instances]
    implied = (
        (sum(used.values()), f"{len(connections)} AWS VPN connections"),
        (
            sum(count or TUNNELS_PER_CONNECTION for count in reached),
            f"{len(instances)} Azure gateway instances",
        ),
        (azure_connections, f"{azure_connections} Azure connections"),
        (1, "at least one tunnel joins two clouds"),
    )
    count, reason = max(implied, key=lambda pair: pair[0])
    return Expectation(source="the network itself", tunnel_count=count, count_reason=reason)
