"""The addresses that network interfaces have in subnets.

Source: Azure, "Private IP addresses": dynamic ones are the lowest free ones of the subnet and stay as long as
the interface has its subnet; the first four and the last address of a subnet are Azure's own.
"""

from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import islice

from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.limits import RESERVED_HOSTS
from twinspan.twin.azure.documents import JsonObject, objects, properties, text
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import addresses
from twinspan.twin.azure.types.base import Context, Put

_STATIC = "Static"


def check_addresses(context: Context, put: Put) -> None:
    """Refuse subnets and addresses that an interface cannot have.

    Raises:
        ArmError: With the code of the broken rule.
    """
    configurations = objects(put.properties, "ipConfigurations")
    subnets = {
        (text(ip_configuration, "properties", "subnet", "id") or "").lower()
        for ip_configuration in configurations
    }
    if len(subnets) > 1:
        raise bad_request(
            "IpConfigurationsOnSameNicCannotUseDifferentSubnets",
            f"The ipConfigurations of {put.id} are in different subnets: {', '.join(sorted(subnets))}.",
        )
    subnet = context.store.get(subnets.pop())
    if subnet is None:
        raise AssertionError("references have been checked")
    _check_subnet(put.id, subnet)
    seen: dict[str, str] = {}
    for configuration in configurations:
        name, address = text(configuration, "name") or "", _asked(configuration)
        if address is not None:
            where = f"ipConfiguration {name} of {put.id}"
            if address in seen:
                raise bad_request(
                    "PrivateIPAddressIsAllocated",
                    f"IP configuration {name} is using the private IP address {address} which is already "
                    f"allocated to IP configuration {seen[address]}.",
                )
            seen[address] = name
            _check_static(context, put, subnet, address, where=where)
        _check_public(context, put.id, configuration)


def _check_subnet(interface: ResourceId, subnet: Resource) -> None:
    """Refuse a subnet that a service has to itself. The codes are unconfirmed."""
    if subnet.id.name.lower() == GATEWAY_SUBNET.lower():
        raise bad_request(
            "GatewaySubnetCannotBeUsed",
            f"Network interface {interface} cannot use subnet {subnet.id}: it is reserved for gateways.",
        )
    delegations = [
        text(delegation, "properties", "serviceName") or ""
        for delegation in objects(subnet.body, "properties", "delegations")
    ]
    if delegations:
        raise bad_request(
            "SubnetIsDelegated",
            f"Network interface {interface} cannot use subnet {subnet.id}: it is delegated to "
            f"{', '.join(delegations)}.",
        )


def _asked(configuration: JsonObject) -> str | None:
    """Return the static address of an ip configuration; None if Azure chooses.

    Raises:
        ArmError: It is static and has no address.
    """
    inner = properties(configuration)
    if text(inner, "privateIPAllocationMethod") != _STATIC:
        return None
    address = text(inner, "privateIPAddress")
    if address is None:
        raise bad_request(
            "InvalidRequestFormat",
            f"ipConfiguration {text(configuration, 'name')} has privateIPAllocationMethod Static and no "
            "privateIPAddress.",
        )
    return address


def _check_static(context: Context, put: Put, subnet: Resource, asked: str, *, where: str) -> None:
    address = addresses.address(asked, where=where)
    networks = addresses.subnet_networks(subnet.body, where=str(subnet.id))
    network = next((candidate for candidate in networks if address in candidate), None)
    if network is None:
        raise bad_request(
            "PrivateIPAddressNotInSubnet",
            f"Private static IP address {address} of {where} does not belong to the range of subnet prefix "
            f"{', '.join(map(str, networks))}.",
        )
    if int(address) not in _usable(network):
        raise bad_request(
            "PrivateIPAddressInReservedRange",
            f"Private static IP address {address} of {where} falls within reserved IP range of subnet "
            f"prefix {network}.",
        )
    holder = taken(context, subnet.id, but=put.id).get(address)
    if holder is not None:
        raise bad_request(
            "PrivateIPAddressIsAllocated",
            f"IP configuration {where} is using the private IP address {address} which is already "
            f"allocated to resource {holder}.",
        )


def _check_public(context: Context, interface: ResourceId, configuration: JsonObject) -> None:
    """Refuse a public address that something else has."""
    public = (text(configuration, "properties", "publicIPAddress", "id") or "").lower()
    for user, _ in context.store.users(ResourceId.parse(public)) if public else ():
        if user.id.key != interface.key:
            raise bad_request(
                "PublicIPAddressInUse",
                f"Resource {interface}/ipConfigurations/{text(configuration, 'name')} is referencing public "
                f"IP address {public} that is already allocated to resource {user.id}.",
            )


def give_addresses(context: Context, put: Put) -> None:
    """Give each dynamic ip configuration the address that it had, or else the lowest free one.

    Raises:
        ArmError: `SubnetIsFull`.
    """
    configurations = objects(put.properties, "ipConfigurations")
    subnet = context.store.get(text(configurations[0], "properties", "subnet", "id") or "")
    if subnet is None:
        raise AssertionError("references have been checked")
    used = set(taken(context, subnet.id, but=put.id))
    used |= {
        IPv4Address(asked)
        for ip_configuration in configurations
        if (asked := _asked(ip_configuration)) is not None
    }
    before = _addresses_before(put, subnet.id)
    free = _free(subnet, used)
    for configuration in configurations:
        if _asked(configuration) is not None:
            continue
        kept = before.get((text(configuration, "name") or "").lower())
        chosen = kept if kept is not None and kept not in used else next(free, None)
        if chosen is None:
            raise _full(subnet, len(configurations))
        used.add(chosen)
        properties(configuration)["privateIPAddress"] = str(chosen)


def check_room(context: Context, subnet_id: str, count: int) -> None:
    """Refuse more addresses than a subnet has left.

    Raises:
        ArmError: `SubnetIsFull`.
    """
    subnet = context.store.get(subnet_id)
    if subnet is None:
        raise AssertionError("references have been checked")
    free = islice(_free(subnet, taken(context, subnet.id)), count)
    if sum(1 for _ in free) < count:
        raise _full(subnet, count)


def _free(subnet: Resource, used: Collection[IPv4Address]) -> Iterator[IPv4Address]:
    """Yield the addresses of a subnet that nobody has, the lowest one first."""
    for network in addresses.subnet_networks(subnet.body, where=str(subnet.id)):
        for address in map(IPv4Address, _usable(network)):
            if address not in used:
                yield address


def _full(subnet: Resource, count: int) -> ArmError:
    networks = addresses.subnet_networks(subnet.body, where=str(subnet.id))
    return bad_request(
        "SubnetIsFull",
        f"Subnet {subnet.id.name} with address prefix {', '.join(map(str, networks))} does not have enough "
        f"capacity for {count} IP addresses.",
    )


def _addresses_before(put: Put, subnet: ResourceId) -> dict[str, IPv4Address]:
    """Return which address each ip configuration has had in that subnet, by its name in small letters."""
    if put.existing is None:
        return {}
    return {
        (text(ip_configuration, "name") or "").lower(): IPv4Address(address)
        for ip_configuration in objects(put.existing.body, "properties", "ipConfigurations")
        if (text(ip_configuration, "properties", "subnet", "id") or "").lower() == subnet.key
        and (address := text(ip_configuration, "properties", "privateIPAddress")) is not None
    }


def taken(context: Context, subnet: ResourceId, *, but: ResourceId | None = None) -> dict[IPv4Address, str]:
    """Return the addresses in use in a subnet: whose ip configuration, or which node, has each."""
    node_names = {
        node.address: node.name
        for cluster in context.board.latest().clusters
        for node in cluster.nodes
        if node.address is not None
    }
    return node_names | {
        address: identity
        for identity, address in _configured(context, subnet)
        if but is None or not identity.lower().startswith(f"{but.key}/")
    }


def _configured(context: Context, subnet: ResourceId) -> Iterator[tuple[str, IPv4Address]]:
    for resource in {user.id.key: user for user, _ in context.store.users(subnet)}.values():
        for configuration in objects(resource.body, "properties", "ipConfigurations"):
            address = text(configuration, "properties", "privateIPAddress")
            in_subnet = (text(configuration, "properties", "subnet", "id") or "").lower() == subnet.key
            if in_subnet and address is not None:
                yield f"{resource.id}/ipConfigurations/{text(configuration, 'name')}", IPv4Address(address)


def _usable(network: IPv4Network) -> range:
    """Return the numbers of the addresses in a subnet's prefix that are not Azure's own."""
    first = int(network.network_address)
    return range(first + RESERVED_HOSTS, first + network.num_addresses - 1)
