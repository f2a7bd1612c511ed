"""What cannot be built is named; the rest is built, and that as soon as it can be.

Obstacles are real: a name that is taken in the agent's private folders, or values that BIRD, nft or the
kernel refuse.
"""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from plane_harness import Plane, inside, taken
from reference_network import (
    AWS_PRIVATE,
    AZURE_ROUTED,
    GROUP,
    INSTANCES,
    TUNNELS,
    VGW,
    VNET,
    VPC,
    nsg_rule,
    reference_network,
    with_aws,
    with_azure,
)

from twinspan.errors import TwinspanError
from twinspan.network.model import AzureRoute, Network, NetworkAclEntry
from twinspan.twin.dataplane.namespaces import short_name
from twinspan.twin.dataplane.router import bridge_name
from twinspan.twin.dataplane.spec import EndSpec
from twinspan.twin.dataplane.wire import ApplyResult, HostSpec

pytestmark = [pytest.mark.root, pytest.mark.slow]

FIRST = TUNNELS[0]


def apply(plane: Plane) -> ApplyResult:
    return plane.apply(*reference_network())


def named(result: ApplyResult, key: str) -> list[str]:
    return [problem for problem in result.problems if problem.startswith(f"{key}: ")]


PLACES: dict[str, tuple[str, str, int]] = {
    "router": (short_name("net", VPC), VPC, 0),
    "virtual network": (short_name("net", VNET), VNET, 0),
    "virtual private gateway": (short_name("gw", VGW), VGW, 0),
    "gateway instance": (short_name("gw", INSTANCES[1]), INSTANCES[1], 2),
    "tunnel end of AWS": (short_name("end", FIRST.aws_key), FIRST.aws_key, 3),
    "tunnel end of Azure": (short_name("end", FIRST.azure_key), FIRST.azure_key, 3),
}
"""Kind -> the namespace whose name is taken, the object that cannot be built, BGP sessions all the same."""


@pytest.mark.obstacle("RouterSpec", "GatewaySpec", "EndSpec")
@pytest.mark.parametrize("kind", PLACES)
def test_what_has_no_place_is_named_and_built_when_it_has_one(plane: Plane, kind: str) -> None:
    namespace, key, sessions = PLACES[kind]

    with taken(plane, namespace):
        result = apply(plane)
        assert named(result, key), result.problems
        assert "File exists" in named(result, key)[0]
        plane.until_established(sessions)
        again = apply(plane)
        assert named(again, key), again.problems

    assert apply(plane).problems == ()
    plane.until_established(4)


@pytest.mark.obstacle("SubnetSpec")
def test_a_subnet_that_cannot_be_made_keeps_no_other_from_being_made(plane: Plane) -> None:
    network, secrets = reference_network()
    assert network.aws is not None
    without = [subnet for subnet in network.aws.subnets if subnet.id != AWS_PRIVATE]
    plane.apply(with_aws(network, subnets=tuple(without[1:])), secrets)
    router = short_name("net", VPC)
    inside(plane, "ip", "-n", router, "link", "add", bridge_name(AWS_PRIVATE), "type", "bridge")

    result = plane.apply(network, secrets)

    (problem,) = result.problems
    assert problem.startswith(f"{VPC}: {AWS_PRIVATE}: ")
    plane.client.attach(HostSpec(name="other", side="aws", subnet_id=without[0].id))
    assert apply(plane).problems == ()
    plane.client.attach(HostSpec(name="host", side="aws", subnet_id=AWS_PRIVATE))


Change = Callable[[Network], Network]


def _bad_acl(network: Network) -> Network:
    assert network.aws is not None
    (acl,) = network.aws.network_acls
    entry = NetworkAclEntry(
        egress=False,
        rule_number=90,
        protocol="6",
        allow=True,
        cidr_block=IPv4Network("0.0.0.0/0"),
        port_range=(9, 1),
    )
    own = replace(acl, id="acl-2", default=False, subnet_ids=(AWS_PRIVATE,), entries=(entry,))
    return with_aws(network, network_acls=(own, acl))


def _bad_route(network: Network) -> Network:
    """Two routes to one prefix in one table: the kernel takes the first."""
    assert network.azure is not None
    subnet = next(
        candidate for candidate in network.azure.virtual_networks[0].subnets if candidate.id == AZURE_ROUTED
    )
    prefix = IPv4Network("192.0.2.0/24")
    appliance = AzureRoute(
        name="appliance",
        address_prefix=prefix,
        next_hop_type="VirtualAppliance",
        next_hop_ip_address=subnet.address_prefixes[0][9],
    )
    twice = (appliance, AzureRoute(name="nowhere", address_prefix=prefix, next_hop_type="None"))
    tables = tuple(
        replace(table, routes=(*table.routes, *twice)) if table.id == subnet.route_table_id else table
        for table in network.azure.route_tables
    )
    return with_azure(network, route_tables=tables)


VALUES: dict[str, tuple[Change, str]] = {
    "network ACL": (_bad_acl, f"{VPC}: network ACLs: ACL of {AWS_PRIVATE}: "),
    "route": (_bad_route, f"{VNET}: routes: `ip route add blackhole 192.0.2.0/24 "),
}


@pytest.mark.obstacle("NetworkAcl", "NetworkAclEntry", "TableSpec", "StaticRoute")
@pytest.mark.parametrize("kind", VALUES)
def test_a_value_that_is_refused_is_named_and_all_else_works(plane: Plane, kind: str) -> None:
    change, problem = VALUES[kind]
    network, secrets = reference_network()

    result = plane.apply(change(network), secrets)

    assert [message[: len(problem)] for message in result.problems] == [problem]
    plane.until_established(4)
    _, azure = plane.attach_pair()
    plane.until_reaches("aws-host", azure)
    assert plane.apply(network, secrets).problems == ()


@pytest.mark.obstacle("Ike")
@pytest.mark.parametrize("end", [FIRST.aws_key, FIRST.azure_key])
def test_ike_settings_that_strongswan_refuses_keep_no_other_tunnel_from_coming_up(
    plane: Plane, end: str
) -> None:
    def spoilt(spec: EndSpec) -> EndSpec:
        return replace(spec, ike=replace(spec.ike, ike_proposals=("rot13",))) if spec.key == end else spec

    result = plane.apply_ends(*reference_network(), spoilt)

    (problem,) = result.problems
    assert problem.startswith(f"{end}: ")
    plane.until_established(3)
    assert apply(plane).problems == ()
    plane.until_established(4)


@pytest.mark.obstacle("Bgp")
def test_a_bgp_session_that_bird_refuses_keeps_no_other_from_coming_up(plane: Plane) -> None:
    def spoilt(end: EndSpec) -> EndSpec:
        if end.key != FIRST.aws_key or end.bgp is None:
            return end
        return replace(end, bgp=replace(end.bgp, remote_as=-1))

    result = plane.apply_ends(*reference_network(), spoilt)

    (problem,) = result.problems
    assert problem.startswith(f"{VGW}: {FIRST.aws_key}: ")
    plane.until_established(3)
    assert apply(plane).problems == ()
    plane.until_established(4)


@pytest.mark.obstacle("SecurityGroup", "IpPermission", "NetworkSecurityGroup", "SecurityRule", "HostSpec")
@pytest.mark.parametrize("side", ["aws", "azure"])
def test_a_filter_that_cannot_be_made_is_named_and_other_hosts_have_theirs(plane: Plane, side: str) -> None:
    network, secrets = reference_network()
    plane.apply(network, secrets)
    plane.until_established(4)
    plane.attach_pair()
    assert network.aws is not None
    assert network.azure is not None
    group = network.aws.security_groups[0]
    wrong = replace(group.permissions[0], ip_protocol="tcp", from_port=9, to_port=1)
    groups = (replace(group, permissions=(wrong,)), *network.aws.security_groups[1:])
    rule = replace(nsg_rule("Deny"), priority=1)
    nsg = replace(network.azure.network_security_groups[0], security_rules=(rule,))
    bad = {
        "aws": with_aws(network, security_groups=groups),
        "azure": with_azure(network, network_security_groups=(nsg,)),
    }[side]

    result = plane.apply(bad, secrets)

    (problem,) = result.problems
    assert problem.startswith(f"host {side}-host: ")
    with pytest.raises(TwinspanError):
        plane.client.attach(
            HostSpec(name="late", side="aws", subnet_id=AWS_PRIVATE, security_group_ids=(GROUP,))
            if side == "aws"
            else HostSpec(name="late", side="azure", subnet_id=AZURE_ROUTED)
        )
    assert plane.apply(network, secrets).problems == ()
    plane.until_reaches("aws-host", str(plane.client.hosts()[1].address))
