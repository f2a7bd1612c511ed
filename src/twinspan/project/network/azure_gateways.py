"""VPN gateways and connections of a plan, at Azure.

Source: Terraform provider hashicorp/azurerm, versions 3 to 5.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address

from twinspan.network.asns import AZURE_DEFAULT_ASN
from twinspan.network.azure import CONNECTION_ENDS, DYNAMIC, ROUTE_BASED
from twinspan.network.limits import BASIC_SKU, GATEWAY_SKUS
from twinspan.network.links import tunnel_key
from twinspan.network.model import (
    AzureConnection,
    GatewayInstance,
    IpsecPolicy,
    LocalNetworkGateway,
    PublicIpAddress,
    TrafficSelectorPolicy,
    VirtualNetworkGateway,
)
from twinspan.network.timers import (
    AZURE_DEFAULT_DPD_S,
    AZURE_DEFAULT_SA_DATA_SIZE_KB,
    AZURE_DEFAULT_SA_LIFETIME_S,
)
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown
from twinspan.project.joins import joined, references, relevant_attributes
from twinspan.project.network.values import Reading, Values
from twinspan.project.network.vnet import SUBNET_TYPE
from twinspan.project.network.vpn import CONNECTION_TYPE, PUBLIC_IP_TYPE
from twinspan.project.plan import PlannedResource

_GATEWAY_TYPE = "azurerm_virtual_network_gateway"
_LOCAL_TYPE = "azurerm_local_network_gateway"
_CONFIGURATION = "vnetGatewayConfig"
"""Name of an ip configuration that is given none. Source: azurerm, `virtual_network_gateway`."""
_IPSEC, _IKEV2, _DEFAULT_MODE = "IPsec", "IKEv2", "Default"
_EXPRESS_ROUTE = "ExpressRoute"
_TUNNEL_ADDRESS = re.compile(r"(?:^|\.)tunnel([12])_address$")


def public_ip_addresses(reading: Reading) -> tuple[PublicIpAddress[Unknown], ...]:
    """Return the public IP addresses."""
    return tuple(
        PublicIpAddress(
            id=public_ip.id,
            name=public_ip.text("name"),
            address=public_ip.address,
            ip_address=public_ip.ip_address("ip_address"),
            sku=public_ip.text("sku") or CLOUD_CHOOSES,
            allocation_method=public_ip.text("allocation_method"),
            zones=public_ip.texts("zones"),
        )
        for public_ip in reading.of(PUBLIC_IP_TYPE)
    )


def virtual_network_gateways(
    reading: Reading, public: tuple[PublicIpAddress[Unknown], ...]
) -> tuple[VirtualNetworkGateway[Unknown], ...]:
    """Return the VPN gateways, without ExpressRoute's."""
    addresses = {public_ip.id: public_ip.ip_address for public_ip in public}
    return tuple(
        _gateway(gateway, addresses)
        for gateway in reading.of(_GATEWAY_TYPE)
        if gateway.text("type") != _EXPRESS_ROUTE
    )


def _gateway(
    values: Values, addresses: Mapping[str, IPv4Address | Unknown | None]
) -> VirtualNetworkGateway[Unknown]:
    sku = values.text("sku", BASIC_SKU)
    offered = GATEWAY_SKUS.get(sku) if isinstance(sku, str) else None
    generation = values.text("generation", offered.generations[0] if offered else None)
    return VirtualNetworkGateway(
        id=values.id,
        name=values.text("name"),
        address=values.address,
        location=values.text("location"),
        sku=sku,
        generation=generation or CLOUD_CHOOSES,
        vpn_type=values.text("vpn_type", ROUTE_BASED),
        active_active=values.flag("active_active"),
        bgp_enabled=_bgp(values),
        asn=values.block("bgp_settings").number("asn", AZURE_DEFAULT_ASN),
        instances=_instances(values, addresses),
        provisioning_state=UNKNOWN,
    )


def _bgp(values: Values) -> bool | Unknown:
    """Return whether BGP is on; the argument was `enable_bgp` before azurerm 5."""
    return values.flag(values.first("bgp_enabled", "enable_bgp"))


def _instances(
    gateway: Values, addresses: Mapping[str, IPv4Address | Unknown | None]
) -> tuple[GatewayInstance[Unknown], ...]:
    """Return the instances, also those that BGP alone names: of them, nothing else is known."""
    settings = gateway.block("bgp_settings")
    peerings = settings.blocks("peering_addresses")
    by_name = {_configuration(bgp_peering, "ip_configuration_name"): bgp_peering for bgp_peering in peerings}
    blocks = gateway.blocks("ip_configuration")
    parts: list[tuple[str | Unknown, Values | None]] = [
        *((_configuration(configuration, "name"), configuration) for configuration in blocks),
        *((name, None) for name in by_name if not blocks),
    ]
    if not parts and gateway.get("ip_configuration") is UNKNOWN:
        parts = [(UNKNOWN, None)]
    names = [name for name, _ in parts]
    addressed = len(peerings) == len(parts) == 1
    if not addressed and UNKNOWN not in names:
        parts += [(name, None) for name in by_name if name not in names]
        names = [name for name, _ in parts]
    open_ = gateway.get("bgp_settings") is not CLOUD_CHOOSES and (
        gateway.resource.get("bgp_settings", 0, "peering_addresses") is UNKNOWN
    )
    instances = []
    for position, (name, block) in enumerate(parts):
        peering = peerings[0] if addressed else by_name.get(name)
        custom = peering.addresses("apipa_addresses") if peering else ()
        defaults = peering.addresses("default_addresses") if peering else ()
        public = _public_address(gateway, block, name, names) if block else UNKNOWN
        instances.append(
            GatewayInstance(
                ip_configuration_id=_configuration_id(
                    gateway, name, 0 if names.count(name) == 1 else position
                ),
                ip_configuration_name=name,
                subnet_id=(block.reference("subnet_id", SUBNET_TYPE) if block else None) or UNKNOWN,
                public_ip_address=addresses.get(public, UNKNOWN) if isinstance(public, str) else public,
                public_ip_address_id=public,
                private_ip_allocation_method=block.text("private_ip_address_allocation", DYNAMIC)
                if block
                else UNKNOWN,
                default_bgp_ip_address=defaults[0] if defaults else UNKNOWN,
                custom_bgp_ip_addresses=(UNKNOWN,) if open_ else custom,
            )
        )
    return tuple(instances)


def _configuration(values: Values, name: str) -> str | Unknown:
    return values.text(name, _CONFIGURATION) or _CONFIGURATION


def _configuration_id(gateway: Values, name: str | Unknown, position: int) -> str:
    """Return the id of an ip configuration; those of one name, which Azure refuses, differ by position."""
    identifier = f"{gateway.id}/ipConfigurations/{name}" + (f"/{position}" if position else "")
    return identifier if gateway.id == gateway.address else identifier.lower()


def _public_address(
    gateway: Values, configuration: Values, name: str | Unknown, names: Sequence[str | Unknown]
) -> str | Unknown | None:
    """Return the id of an ip configuration's public address.

    A block made by `dynamic` has no references in a plan; there the public address and the configuration are
    paired if the key of the one is the name of the other.
    """
    address_id = configuration.reference("public_ip_address_id", PUBLIC_IP_TYPE)
    if address_id is not UNKNOWN:
        return address_id
    others = set(names) - {name}
    every = gateway.reading.of(PUBLIC_IP_TYPE)
    keyed = [
        public_ip
        for public_ip in every
        if name in public_ip.resource.keys and not public_ip.resource.keys & others
    ]
    beside = [public_ip for public_ip in keyed if public_ip.resource.module == gateway.resource.module]
    return keyed[0].id if len(keyed) == 1 else beside[0].id if len(beside) == 1 else UNKNOWN


def local_network_gateways(reading: Reading) -> tuple[LocalNetworkGateway[Unknown], ...]:
    """Return the local network gateways."""
    return tuple(
        LocalNetworkGateway(
            id=gateway.id,
            name=gateway.text("name"),
            address=gateway.address,
            gateway_ip_address=(address := gateway.ip_address("gateway_address")),
            gateway_ip_address_of=_whose_address(gateway) if address is UNKNOWN else "",
            fqdn=gateway.text("gateway_fqdn"),
            asn=_bgp_asn(gateway),
            bgp_peering_address=gateway.block("bgp_settings").ip_address("bgp_peering_address"),
            address_prefixes=gateway.cidrs("address_space"),
        )
        for gateway in reading.of(_LOCAL_TYPE)
    )


def _bgp_asn(local: Values) -> int | Unknown | None:
    settings: object = local.resource.get("bgp_settings")
    if settings is UNKNOWN:
        # The provider never decides about this block, so `dynamic` makes it of a value that is to come.
        return UNKNOWN
    return local.block("bgp_settings").number("asn") if settings else None


def _whose_address(local: Values) -> str:
    """Return which tunnel, or which public address, a local network gateway has the address of."""
    plan, attribute = local.reading.plan, "gateway_address"
    resource = joined(plan, local.resource, attribute, CONNECTION_TYPE, PUBLIC_IP_TYPE)
    if not isinstance(resource, PlannedResource):
        return ""
    target = Values(local.reading, resource)
    if target.type == PUBLIC_IP_TYPE:
        return target.id
    named = _numbers(references(plan, local.resource, attribute)) or _numbers(
        relevant_attributes(plan, resource)
    )
    return tunnel_key(target.id, named.pop()) if len(named) == 1 else ""


def _numbers(names: Iterable[str]) -> set[int]:
    """Return the numbers of the tunnels whose outside addresses are named."""
    return {int(match[1]) for name in names if (match := _TUNNEL_ADDRESS.search(name))}


def connections(
    reading: Reading, gateways: tuple[VirtualNetworkGateway[Unknown], ...]
) -> tuple[AzureConnection[Unknown], ...]:
    """Return the connections to local network gateways, without those to another VNet or ExpressRoute."""
    instances = {gateway.id: gateway.instances for gateway in gateways}
    every = reading.of("azurerm_virtual_network_gateway_connection")
    for connection in every:
        _note_end(connection, connection.text("type", _IPSEC))
    return tuple(
        _connection(connection, instances)
        for connection in every
        if connection.text("type", _IPSEC) in (_IPSEC, UNKNOWN)
    )


def _note_end(connection: Values, kind: str | Unknown) -> None:
    """Note a connection of no type that Azure has, or without the end that goes with its type."""
    if isinstance(kind, Unknown):
        return
    if kind not in CONNECTION_ENDS:
        connection.note("type", kind)
    elif connection.get(CONNECTION_ENDS[kind]) in (None, ""):
        connection.reading.unplace(connection, CONNECTION_ENDS[kind])


def _connection(
    values: Values, instances: Mapping[str, tuple[GatewayInstance[Unknown], ...]]
) -> AzureConnection[Unknown]:
    gateway = values.reference("virtual_network_gateway_id", _GATEWAY_TYPE) or UNKNOWN
    return AzureConnection(
        id=values.id,
        name=values.text("name"),
        address=values.address,
        virtual_network_gateway_id=gateway,
        local_network_gateway_id=values.reference("local_network_gateway_id", _LOCAL_TYPE) or "",
        connection_type=values.text("type", _IPSEC),
        connection_protocol=values.text("connection_protocol", _IKEV2),
        connection_mode=values.text("connection_mode", _DEFAULT_MODE),
        bgp_enabled=_bgp(values),
        custom_bgp_addresses=_custom_addresses(
            values.block("custom_bgp_addresses"),
            instances.get(gateway, ()) if isinstance(gateway, str) else (),
        )
        if values.get("custom_bgp_addresses") is not UNKNOWN
        else {_PRIMARY: UNKNOWN},
        ipsec_policy=_policy(values),
        use_policy_based_traffic_selectors=values.flag("use_policy_based_traffic_selectors"),
        traffic_selector_policies=_selectors(values),
        dpd_timeout_seconds=values.number("dpd_timeout_seconds", AZURE_DEFAULT_DPD_S, zero=False),
        routing_weight=values.number("routing_weight", 0),
        provisioning_state=UNKNOWN,
        connection_status=UNKNOWN,
        ingress_bytes_transferred=UNKNOWN,
        egress_bytes_transferred=UNKNOWN,
    )


_PRIMARY, _SECONDARY = "primary", "secondary"


def _custom_addresses(
    block: Values, instances: tuple[GatewayInstance[Unknown], ...]
) -> Mapping[str, IPv4Address | Unknown]:
    """Return ip configuration -> address, primary first.

    The provider looks for the instance that has the address; of two that are on one instance, and of one that
    no instance has, the place in the block tells.
    """
    addresses: dict[str, IPv4Address | Unknown] = {}
    for position, name in enumerate((_PRIMARY, _SECONDARY)):
        address = block.ip_address(name)
        if address is None:
            continue
        owners = [
            instance
            for instance in instances
            if address is not UNKNOWN
            and address in instance.custom_bgp_ip_addresses
            and instance.ip_configuration_id not in addresses
        ]
        places = [*owners, *instances[position : position + 1]]
        addresses[places[0].ip_configuration_id if places else name] = address
    return addresses


def _policy(connection: Values) -> IpsecPolicy[Unknown] | Unknown | None:
    written: object = connection.get("ipsec_policy")
    if written is UNKNOWN:
        return UNKNOWN
    if written is CLOUD_CHOOSES or not written:
        return None
    policy = connection.block("ipsec_policy")
    return IpsecPolicy(
        ike_encryption=policy.text("ike_encryption"),
        ike_integrity=policy.text("ike_integrity"),
        dh_group=policy.text("dh_group"),
        ipsec_encryption=policy.text("ipsec_encryption"),
        ipsec_integrity=policy.text("ipsec_integrity"),
        pfs_group=policy.text("pfs_group"),
        sa_life_time_seconds=policy.number("sa_lifetime", AZURE_DEFAULT_SA_LIFETIME_S),
        sa_data_size_kilobytes=policy.number("sa_datasize", AZURE_DEFAULT_SA_DATA_SIZE_KB),
    )


def _selectors(connection: Values) -> tuple[TrafficSelectorPolicy[Unknown], ...]:
    if connection.get("traffic_selector_policy") is UNKNOWN:
        return (TrafficSelectorPolicy(local_address_ranges=(UNKNOWN,), remote_address_ranges=(UNKNOWN,)),)
    return tuple(
        TrafficSelectorPolicy(
            local_address_ranges=block.cidrs("local_address_cidrs"),
            remote_address_ranges=block.cidrs("remote_address_cidrs"),
        )
        for block in connection.blocks("traffic_selector_policy")
    )
