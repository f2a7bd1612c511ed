"""The verified network with static routes instead of BGP, and what may be wrong with it."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import healthy_network as vn
import verified_names as names

from twinspan.cloud.azure import AzureBgp
from twinspan.network import model
from twinspan.project.state import State, StateResource
from twinspan.rules.observed.facts import Facts
from twinspan.verify.planned import planned_settings

Damage = Callable[[Facts], Facts]


def static() -> Facts:
    facts = vn.healthy()
    aws, azure = facts.network.aws, facts.network.azure
    assert aws
    assert azure
    facts = vn.with_aws(
        facts,
        vpn_connections=tuple(
            replace(
                connection,
                static_routes_only=True,
                static_routes=(names.VNET_CIDR,),
                tunnels=tuple(replace(tunnel, telemetry=up()) for tunnel in connection.tunnels),
            )
            for connection in aws.vpn_connections
        ),
    )
    gateway = azure.virtual_network_gateways[0]
    facts = vn.with_azure(
        facts,
        virtual_network_gateways=(
            replace(
                gateway,
                bgp_enabled=False,
                asn=65515,
                instances=tuple(
                    replace(instance, custom_bgp_ip_addresses=()) for instance in gateway.instances
                ),
            ),
        ),
        local_network_gateways=tuple(
            replace(local, asn=None, bgp_peering_address=None, address_prefixes=(names.VPC_CIDR,))
            for local in azure.local_network_gateways
        ),
        connections=tuple(
            replace(connection, bgp_enabled=False, custom_bgp_addresses={})
            for connection in azure.connections
        ),
    )
    nothing = AzureBgp(peers=(), learned=(), advertised=())
    return replace(facts, bgp={names.GATEWAY: nothing}, planned=planned_settings(state()))


def state() -> State:
    """What Terraform applied for this network."""
    connection = {"id": "vpn-00", "static_routes_only": True, "local_ipv4_network_cidr": "0.0.0.0/0"}
    route = {"vpn_connection_id": "vpn-00", "destination_cidr_block": str(names.VNET_CIDR)}
    local = {
        "id": f"{names.GROUP}/localNetworkGateways/aws-tunnel1",
        "address_space": [str(names.VPC_CIDR)],
    }
    azure = {
        "id": f"{names.GROUP}/connections/dev-tunnel1",
        "use_policy_based_traffic_selectors": False,
    }
    made: dict[str, dict[str, Any]] = {
        "aws_vpn_connection": connection,
        "aws_vpn_connection_route": route,
        "azurerm_local_network_gateway": local,
        "azurerm_virtual_network_gateway_connection": azure,
    }
    return State(
        resources=tuple(
            StateResource(address=f"{kind}.this", type=kind, values=values) for kind, values in made.items()
        )
    )


def up() -> model.VgwTelemetry:
    return model.VgwTelemetry(
        status=model.TelemetryStatus.UP,
        status_message="IPSEC IS UP",
        accepted_route_count=1,
        last_status_change=None,
    )


def with_connections(facts: Facts, **changes: object) -> Facts:
    """Return the facts with fields of every AWS VPN connection replaced."""
    assert facts.network.aws
    every = facts.network.aws.vpn_connections
    return vn.with_aws(facts, vpn_connections=tuple(replace(connection, **changes) for connection in every))  # type: ignore[arg-type]


def with_first_connection(facts: Facts, **changes: object) -> Facts:
    assert facts.network.aws
    first, second = facts.network.aws.vpn_connections
    return vn.with_aws(facts, vpn_connections=(replace(first, **changes), second))  # type: ignore[arg-type]


def with_first_local_gateway(facts: Facts, *prefixes: str) -> Facts:
    assert facts.network.azure
    first, *others = facts.network.azure.local_network_gateways
    changed = replace(first, address_prefixes=tuple(map(IPv4Network, prefixes)))
    return vn.with_azure(facts, local_network_gateways=(changed, *others))


def one_route_less(facts: Facts) -> Facts:
    return with_first_connection(facts, static_routes=())


def no_route_at_all(facts: Facts) -> Facts:
    assert facts.network.aws
    tables = facts.network.aws.route_tables
    gone = tuple(replace(t, routes=tuple(r for r in t.routes if r.target != "vgw-0a")) for t in tables)
    facts = vn.with_aws(with_connections(facts, static_routes=()), route_tables=gone)
    return replace(facts, pings=tuple(replace(ping, received=0) for ping in facts.pings))


def one_route_more(facts: Facts) -> Facts:
    return with_first_connection(facts, static_routes=(names.VNET_CIDR, IPv4Network("10.9.0.0/16")))


def one_prefix_more(facts: Facts) -> Facts:
    return with_first_local_gateway(facts, "10.2.0.0/16", "10.8.0.0/16")


def prefix_elsewhere(facts: Facts) -> Facts:
    return with_first_local_gateway(facts, "10.22.0.0/16")


def prefix_in_the_vnet(facts: Facts) -> Facts:
    """Its hosts are no longer reached: the pings follow from it."""
    facts = replace(facts, pings=tuple(replace(ping, received=0) for ping in facts.pings))
    return with_first_local_gateway(facts, "10.2.0.0/16", "10.1.2.0/24")


def selectors_apart(facts: Facts) -> Facts:
    return with_first_connection(facts, local_ipv4_network_cidr=IPv4Network("10.9.0.0/16"))


def policy_based(facts: Facts, *remote: str) -> Facts:
    selectors = model.TrafficSelectorPolicy(
        local_address_ranges=(names.VNET_CIDR,), remote_address_ranges=tuple(map(IPv4Network, remote))
    )
    return vn.with_connection(
        facts, "tunnel1", use_policy_based_traffic_selectors=True, traffic_selector_policies=(selectors,)
    )


def two_selector_pairs(facts: Facts) -> Facts:
    return policy_based(facts, "10.2.0.0/16", "10.3.0.0/16")


def selectors_too_small(facts: Facts) -> Facts:
    """The tunnel is up, and what is sent into it is lost: the pings follow from it."""
    facts = replace(facts, pings=tuple(replace(ping, received=0) for ping in facts.pings))
    return policy_based(facts, "10.2.0.0/17")


def tunnel_down(facts: Facts) -> Facts:
    return vn.with_tunnel(facts, "tunnel3", telemetry=vn.down("IPSEC IS DOWN"))


def bgp_at_azure(facts: Facts) -> Facts:
    return vn.with_connection(facts, "tunnel1", bgp_enabled=True)


def other_key(facts: Facts) -> Facts:
    azure = {**facts.secrets.azure, vn.azure_connection("tunnel1").id: "Other.Key1"}
    return replace(facts, secrets=replace(facts.secrets, azure=azure))


BROKEN_STATIC: list[tuple[str, str, Damage]] = [
    ("RTE-02", "vpn-00 static_routes_only", one_route_less),
    ("STA-02", "aws-tunnel1 address_space", prefix_elsewhere),
    ("STA-04", "aws-tunnel1 address_space", prefix_in_the_vnet),
    ("SEL-04", "dev-tunnel1 traffic_selector_policy", two_selector_pairs),
    ("SEL-03", "dev-tunnel1 traffic_selector_policy", selectors_too_small),
    ("VPN-03", "tunnel3 (203.0.113.3) of vpn-01", tunnel_down),
    ("KEY-03", "dev-tunnel1 shared_key", other_key),
]
