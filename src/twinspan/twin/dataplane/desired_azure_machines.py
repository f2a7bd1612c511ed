"""Azure's network interfaces in the desired data plane."""

from ipaddress import IPv4Address, IPv4Interface

from twinspan.errors import DesignError
from twinspan.network.model import AzureNetwork, AzureSubnet, NetworkInterface
from twinspan.twin.dataplane.spec import InterfaceSpec


def interface_spec(interface: NetworkInterface, *, network: AzureNetwork) -> InterfaceSpec:
    """Return what is to be built of an interface.

    Raises:
        DesignError: Its subnet is not there, or its addresses are not the subnet's.
    """
    places = (
        (vnet.id.lower(), subnet)
        for vnet in network.virtual_networks
        for subnet in vnet.subnets
        if subnet.id.lower() == interface.subnet_id.lower()
    )
    place = next(places, None)
    if place is None:
        raise DesignError(
            where=interface.id,
            problem=f"its subnet {interface.subnet_id} does not exist",
            remedy="Make the subnet",
        )
    router, subnet = place
    own = {group_id.lower() for group_id in interface.security_group_ids}
    groups = (group for group in network.network_security_groups if group.id.lower() in own)
    return InterfaceSpec(
        key=interface.id.lower(),
        router=router,
        subnet_id=subnet.id.lower(),
        addresses=tuple(_with_prefix(address, subnet) for address in interface.private_ip_addresses),
        forwards=interface.forwards,
        network_security_group=next(groups, None),
        application_security_group_ids=interface.application_security_group_ids,
    )


def _with_prefix(address: IPv4Address, subnet: AzureSubnet) -> IPv4Interface:
    for prefix in subnet.address_prefixes:
        if address in prefix:
            return IPv4Interface(f"{address}/{prefix.prefixlen}")
    raise DesignError(
        where=subnet.id,
        problem=f"{address} is not in it",
        remedy="Give the interface an address of its subnet",
    )
