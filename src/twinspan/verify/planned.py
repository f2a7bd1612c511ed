"""What Terraform planned, as settings: read from a state, and compared with what is deployed."""

from collections.abc import Iterator, Mapping
from typing import Any

from twinspan.network.ipsec import AWS_IKE_VERSIONS
from twinspan.project.state import State, StateResource
from twinspan.rules.observed.settings import PRESENT, Key, ObjectSettings, listed

Pair = tuple[Key, str]
_TUNNEL_LISTS = (
    "ike_versions",
    "phase1_dh_group_numbers",
    "phase1_encryption_algorithms",
    "phase1_integrity_algorithms",
    "phase2_dh_group_numbers",
    "phase2_encryption_algorithms",
    "phase2_integrity_algorithms",
)
_TUNNEL_DEFAULTS: Mapping[str, tuple[str, ...]] = {"ike_versions": AWS_IKE_VERSIONS}
"""What the reader of EC2's answers fills in where nothing was given."""
_TUNNEL_VALUES = (
    "dpd_timeout_action",
    "dpd_timeout_seconds",
    "inside_cidr",
    "phase1_lifetime_seconds",
    "phase2_lifetime_seconds",
    "rekey_fuzz_percentage",
    "rekey_margin_time_seconds",
    "replay_window_size",
    "startup_action",
)
_POLICY = (
    "dh_group",
    "ike_encryption",
    "ike_integrity",
    "ipsec_encryption",
    "ipsec_integrity",
    "pfs_group",
    "sa_datasize",
    "sa_lifetime",
)
NO_PORT = -1
"""Source: EC2 API, IpPermission."""
_ROUTE_TARGETS = (
    "gateway_id",
    "nat_gateway_id",
    "transit_gateway_id",
    "vpc_peering_connection_id",
    "network_interface_id",
)


def planned_settings(state: State) -> ObjectSettings:
    """Return the settings in a state; what the state does not set is left out."""
    readers = {
        "aws_vpn_connection": _vpn_connection,
        "aws_vpn_connection_route": _static_route,
        "aws_customer_gateway": _customer_gateway,
        "aws_vpn_gateway": _vpn_gateway,
        "aws_vpn_gateway_attachment": _attachment,
        "aws_route": _aws_route,
        "aws_route_table": _aws_table,
        "aws_route_table_association": _aws_association,
        "aws_vpn_gateway_route_propagation": _propagation,
        "aws_vpc_security_group_ingress_rule": _ingress_rule,
        "aws_vpc_security_group_egress_rule": _egress_rule,
        "azurerm_virtual_network_gateway_connection": _connection,
        "azurerm_local_network_gateway": _local_gateway,
        "azurerm_virtual_network_gateway": _azure_gateway,
        "azurerm_route_table": _azure_table,
        "azurerm_route": _azure_route,
        "azurerm_network_security_rule": _security_rule,
        "azurerm_subnet_route_table_association": _azure_association,
        "azurerm_subnet_network_security_group_association": _azure_association,
    }
    values = {
        key: value
        for resource in state.resources
        if resource.type in readers
        for key, value in readers[resource.type](resource.values)
    }
    return ObjectSettings(values=values, secrets=dict(_secrets(state)), owned=dict(_owned(state)))


def _owned(state: State) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the objects of which Terraform made every member."""
    apart: Mapping[str, str] = {
        "aws_route_table": "route",
        "aws_security_group": "ingress",
        "azurerm_route_table": "route",
        "azurerm_network_security_group": "security_rule",
    }
    for resource in state.resources:
        cloud = "aws" if resource.type.startswith("aws_") else "azure"
        identifier = str(resource.values.get("id") or "")
        # Members written inside the resource itself are another form of the same; those are not compared.
        inside = apart.get(resource.type)
        if inside is None or not _written_inside(state, resource, inside):
            yield (cloud, identifier if cloud == "aws" else identifier.lower()), resource.address


def _written_inside(state: State, resource: StateResource, member: str) -> bool:
    """Whether members stand in the resource and none of its own as a resource apart."""
    kind, holder = {
        "aws_route_table": ("aws_route", "route_table_id"),
        "aws_security_group": ("aws_vpc_security_group_ingress_rule", "security_group_id"),
        "azurerm_route_table": ("azurerm_route", ""),
        "azurerm_network_security_group": ("azurerm_network_security_rule", ""),
    }[resource.type]
    identifier = _lower(resource.values.get("id"))

    def belongs(apart: StateResource) -> bool:
        if holder:
            return _lower(apart.values.get(holder)) == identifier
        return _lower(apart.values.get("id")).startswith(f"{identifier}/")

    return bool(resource.values.get(member)) and not any(map(belongs, state.of(kind)))


def _secrets(state: State) -> Iterator[Pair]:
    for resource in state.of("aws_vpn_connection"):
        for tunnel in ("tunnel1", "tunnel2"):
            key = resource.values.get(f"{tunnel}_preshared_key")
            if key:
                outside = resource.values.get(f"{tunnel}_address")
                yield _aws(resource.values, f"tunnel {outside} preshared_key"), str(key)
    for resource in state.of("azurerm_virtual_network_gateway_connection"):
        if resource.values.get("shared_key"):
            yield _azure(resource.values, "shared_key"), str(resource.values["shared_key"])


def _vpn_connection(values: Mapping[str, Any]) -> Iterator[Pair]:
    selectors = ("local_ipv4_network_cidr", "remote_ipv4_network_cidr")
    for name in ("customer_gateway_id", "vpn_gateway_id", *selectors):
        yield from _given(_aws(values, name), values.get(name))
    yield _aws(values, "static_routes_only"), _word(values.get("static_routes_only") or False)
    for tunnel in ("tunnel1", "tunnel2"):
        outside = values.get(f"{tunnel}_address")
        if outside:
            for name in _TUNNEL_LISTS:
                given = values.get(f"{tunnel}_{name}") or _TUNNEL_DEFAULTS.get(name, ())
                yield _aws(values, f"tunnel {outside} {name}"), listed(given)
            for name in _TUNNEL_VALUES:
                # 0 is how the provider's state shows a number that nobody set; EC2 then leaves it out.
                yield from _given(
                    _aws(values, f"tunnel {outside} {name}"), values.get(f"{tunnel}_{name}") or None
                )


def _static_route(values: Mapping[str, Any]) -> Iterator[Pair]:
    name = f"static_route: {values.get('destination_cidr_block')}"
    yield Key("aws", str(values.get("vpn_connection_id")), name), PRESENT


def _customer_gateway(values: Mapping[str, Any]) -> Iterator[Pair]:
    yield from _given(_aws(values, "ip_address"), values.get("ip_address"))
    yield from _given(_aws(values, "bgp_asn"), values.get("bgp_asn_extended") or values.get("bgp_asn"))


def _vpn_gateway(values: Mapping[str, Any]) -> Iterator[Pair]:
    yield from _given(_aws(values, "amazon_side_asn"), values.get("amazon_side_asn"))
    yield from _given(_aws(values, "vpc_id"), values.get("vpc_id"))


def _attachment(values: Mapping[str, Any]) -> Iterator[Pair]:
    yield Key("aws", str(values.get("vpn_gateway_id")), "vpc_id"), str(values.get("vpc_id"))


def _aws_route(values: Mapping[str, Any]) -> Iterator[Pair]:
    destination = values.get("destination_cidr_block")
    target = next((str(values[name]) for name in _ROUTE_TARGETS if values.get(name)), "")
    if destination and target:
        yield Key("aws", str(values.get("route_table_id")), f"route: {destination}"), target


def _aws_table(values: Mapping[str, Any]) -> Iterator[Pair]:
    for gateway in values.get("propagating_vgws") or ():
        yield _aws(values, f"propagation: {gateway}"), PRESENT


def _aws_association(values: Mapping[str, Any]) -> Iterator[Pair]:
    if values.get("subnet_id"):
        yield Key("aws", str(values["subnet_id"]), "route_table_id"), str(values.get("route_table_id"))


def _propagation(values: Mapping[str, Any]) -> Iterator[Pair]:
    gateway = values.get("vpn_gateway_id")
    yield Key("aws", str(values.get("route_table_id")), f"propagation: {gateway}"), PRESENT


def _ingress_rule(values: Mapping[str, Any]) -> Iterator[Pair]:
    return _group_rule(values, "ingress")


def _egress_rule(values: Mapping[str, Any]) -> Iterator[Pair]:
    return _group_rule(values, "egress")


def _group_rule(values: Mapping[str, Any], way: str) -> Iterator[Pair]:
    peer = values.get("cidr_ipv4") or values.get("referenced_security_group_id")
    if peer:
        ends = (values.get("from_port"), values.get("to_port"))
        first, last = (NO_PORT if end is None else end for end in ends)
        name = f"{way}: {values.get('ip_protocol')} {first} {last} {peer}"
        yield Key("aws", str(values.get("security_group_id")), name), PRESENT


def _connection(values: Mapping[str, Any]) -> Iterator[Pair]:
    for name in ("connection_protocol", "connection_mode", "routing_weight"):
        yield from _given(_azure(values, name), values.get(name))
    # 0 is how Azure, and so the state, shows a time-out that nobody set: 45 s
    yield from _given(_azure(values, "dpd_timeout_seconds"), values.get("dpd_timeout_seconds") or None)
    yield from _given(_azure(values, "bgp_enabled"), _enabled(values))
    selectors = "use_policy_based_traffic_selectors"
    yield from _given(_azure(values, selectors), values.get(selectors))
    yield from _given(
        _azure(values, "local_network_gateway_id"), _lower(values.get("local_network_gateway_id"))
    )
    for policy in values.get("ipsec_policy") or ():
        for name in _POLICY:
            yield from _given(_azure(values, f"ipsec_policy {name}"), policy.get(name))
    for addresses in values.get("custom_bgp_addresses") or ():
        chosen = [addresses[name] for name in ("primary", "secondary") if addresses.get(name)]
        yield _azure(values, "custom_bgp_addresses"), listed(chosen)


def _local_gateway(values: Mapping[str, Any]) -> Iterator[Pair]:
    yield from _given(_azure(values, "gateway_address"), values.get("gateway_address"))
    if values.get("address_space") is not None:
        yield _azure(values, "address_space"), listed(values["address_space"])
    for settings in values.get("bgp_settings") or ():
        for name in ("asn", "bgp_peering_address"):
            yield from _given(_azure(values, f"bgp_settings {name}"), settings.get(name))


def _azure_gateway(values: Mapping[str, Any]) -> Iterator[Pair]:
    for name in ("sku", "generation", "active_active"):
        yield from _given(_azure(values, name), values.get(name))
    yield from _given(_azure(values, "bgp_enabled"), _enabled(values))
    for settings in values.get("bgp_settings") or ():
        yield from _given(_azure(values, "bgp_settings asn"), settings.get("asn"))
        for instance in settings.get("peering_addresses") or ():
            name = f"apipa_addresses {instance.get('ip_configuration_name')}"
            yield _azure(values, name), listed(instance.get("apipa_addresses") or ())


def _azure_table(values: Mapping[str, Any]) -> Iterator[Pair]:
    name = "bgp_route_propagation_enabled"
    yield from _given(_azure(values, name), values.get(name))


def _azure_route(values: Mapping[str, Any]) -> Iterator[Pair]:
    table, _, name = _lower(values.get("id")).rpartition("/routes/")
    hop = f"{values.get('address_prefix')} to {values.get('next_hop_type')}"
    hop += f" {values['next_hop_in_ip_address']}" if values.get("next_hop_in_ip_address") else ""
    yield Key("azure", table, f"route: {name}"), hop


def _security_rule(values: Mapping[str, Any]) -> Iterator[Pair]:
    group, _, name = _lower(values.get("id")).rpartition("/securityrules/")

    def one_or_many(member: str, many: str) -> str:
        return listed([values[member]] if values.get(member) else values.get(many) or ())

    ends = [
        f"{one_or_many(f'{end}_address_prefix', f'{end}_address_prefixes')}"
        f" port {one_or_many(f'{end}_port_range', f'{end}_port_ranges')}"
        for end in ("source", "destination")
    ]

    head = " ".join(
        str(values.get(attribute)) for attribute in ("priority", "direction", "access", "protocol")
    )
    yield Key("azure", group, f"security_rule: {name}"), f"{head} from {ends[0]} to {ends[1]}"


def _azure_association(values: Mapping[str, Any]) -> Iterator[Pair]:
    for name in ("route_table_id", "network_security_group_id"):
        if values.get(name):
            yield Key("azure", _lower(values.get("subnet_id")), name), _lower(values[name])


def _aws(values: Mapping[str, Any], name: str) -> Key:
    return Key("aws", str(values.get("id")), name)


def _azure(values: Mapping[str, Any], name: str) -> Key:
    return Key("azure", _lower(values.get("id")), name)


def _given(key: Key, value: object) -> Iterator[Pair]:
    # Neither null nor an empty text was planned: the cloud's own default is meant.
    if value is not None and value != "":
        yield key, _word(value)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _lower(value: object) -> str:
    return str(value or "").lower()


def _enabled(values: Mapping[str, Any]) -> object:
    """BGP's switch has another name in azurerm before 4.62."""
    return values.get("bgp_enabled") if values.get("bgp_enabled") is not None else values.get("enable_bgp")
