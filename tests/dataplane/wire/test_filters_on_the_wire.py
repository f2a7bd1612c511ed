"""The rule sets, loaded by nft in real namespaces, judged by the packets that pass."""

import sys
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

import pytest
from wire_hosts import NamespaceHost, Wire

from twinspan import command
from twinspan.drill.flows import FlowMeter
from twinspan.network.model import (
    AwsSubnet,
    IpPermission,
    NetworkAcl,
    NetworkAclEntry,
    NetworkSecurityGroup,
    SecurityGroup,
    SecurityRule,
    VirtualNetwork,
)
from twinspan.twin.dataplane.filters import (
    network_acl_ruleset,
    nsg_ruleset,
    security_group_ruleset,
)
from twinspan.wait import pause, wait_until

Exchange = Callable[[str, NamespaceHost, NamespaceHost, int], bool]
pytestmark = pytest.mark.root

VPC = IPv4Network("10.2.0.0/16")
VNET = IPv4Network("10.1.0.0/16")
ANY = IPv4Network("0.0.0.0/0")
SERVE_AND_ASK = """
import socket, sys
role, kind, address, port = sys.argv[1:]
tcp = kind == "tcp"
end = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
end.settimeout(0.4 if role == "ask" else 5)
if role == "ask":
    end.connect((address, int(port)))
    end.send(b"hello")
    sys.exit(end.recv(9) != b"hello")
end.bind((address, int(port)))
if tcp:
    end.listen()
print("listening", flush=True)
while True:
    if tcp:
        peer, _ = end.accept()
        peer.send(peer.recv(9))
    else:
        data, who = end.recvfrom(9)
        end.sendto(data, who)
"""


def permission(
    direction: Literal["ingress", "egress"],
    protocol: str,
    *,
    ports: tuple[int, int] = (-1, -1),
    cidr: IPv4Network = ANY,
    group_id: str | None = None,
) -> IpPermission:
    return IpPermission(
        direction=direction,
        ip_protocol=protocol,
        from_port=ports[0],
        to_port=ports[1],
        cidr=None if group_id else cidr,
        group_id=group_id,
    )


ALL_OUT = permission("egress", "-1")


def groups(wire: Wire, *permissions: IpPermission, **members: list[IPv4Address]) -> str:
    group = SecurityGroup(id="sg-1", name="one", vpc_id="vpc-1", permissions=permissions)
    return security_group_ruleset(
        [group], interface_address=wire.aws.address, vpc_cidr_blocks=[VPC], members=members
    )


def rule(
    priority: int,
    direction: Literal["Inbound", "Outbound"],
    access: Literal["Allow", "Deny"],
    *,
    protocol: str = "*",
    ports: str = "*",
    source_ports: str = "*",
    to: str = "*",
) -> SecurityRule:
    return SecurityRule(
        name=f"rule{priority}",
        priority=priority,
        direction=direction,
        access=access,
        protocol=protocol,
        source_address_prefixes=("*",),
        source_port_ranges=(source_ports,),
        destination_address_prefixes=(to,),
        destination_port_ranges=(ports,),
    )


def nsg(*rules: SecurityRule, connected: tuple[IPv4Network, ...] = (VPC,)) -> str:
    network = VirtualNetwork(id="v", name="v", location="westus2", address_space=(VNET,), subnets=())
    group = NetworkSecurityGroup(id="n", name="n", security_rules=rules)
    return nsg_ruleset(group, virtual_network=network, gateway_prefixes=connected)


def acl(*entries: NetworkAclEntry) -> str:
    listed = NetworkAcl(id="acl-1", vpc_id="vpc-1", default=False, subnet_ids=("subnet-1",), entries=entries)
    subnet = AwsSubnet(
        id="subnet-1",
        name="",
        vpc_id="vpc-1",
        cidr_block=IPv4Network("10.2.1.0/24"),
        availability_zone="us-west-2a",
    )
    return network_acl_ruleset(listed, subnet=subnet, interface="aws0")


def entry(
    number: int,
    protocol: str,
    *,
    egress: bool = False,
    allow: bool = True,
    cidr: IPv4Network = ANY,
    ports: tuple[int, int] | None = None,
) -> NetworkAclEntry:
    return NetworkAclEntry(
        egress=egress,
        rule_number=number,
        protocol=protocol,
        allow=allow,
        cidr_block=cidr,
        port_range=ports,
    )


@pytest.fixture
def exchange(start_server: Callable[[str, NamespaceHost, str, int], None]) -> Exchange:
    """Ask whether TCP or UDP to a port on a host gets its answer."""

    def passes(kind: str, client: NamespaceHost, server: NamespaceHost, port: int) -> bool:
        start_server(SERVE_AND_ASK, server, kind, port)
        argv = (sys.executable, "-I", "-c", SERVE_AND_ASK, "ask", kind, str(server.address), str(port))
        done = client.run(argv, timeout_s=10)
        return done.returncode == 0

    return passes


def pings(client: NamespaceHost, server: NamespaceHost) -> bool:
    done = client.run(("ping", "-n", "-c", "1", "-w", "3", str(server.address)), timeout_s=10)
    return done.returncode == 0


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_without_a_filter_everything_passes(wire: Wire, exchange: Exchange, kind: str) -> None:
    assert exchange(kind, wire.azure, wire.aws, 7000)


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_a_security_group_admits_its_port_and_no_other(wire: Wire, exchange: Exchange, kind: str) -> None:
    wire.aws.load(groups(wire, permission("ingress", kind, ports=(7000, 7001), cidr=VNET), ALL_OUT))
    assert exchange(kind, wire.azure, wire.aws, 7001)
    assert not exchange(kind, wire.azure, wire.aws, 7002)


def test_a_security_group_for_tcp_refuses_udp_on_the_same_port(wire: Wire, exchange: Exchange) -> None:
    wire.aws.load(groups(wire, permission("ingress", "tcp", ports=(7000, 7000))))
    assert exchange("tcp", wire.azure, wire.aws, 7000)
    assert not exchange("udp", wire.azure, wire.aws, 7000)


def test_a_security_group_is_stateful_so_answers_need_no_rule(wire: Wire, exchange: Exchange) -> None:
    wire.aws.load(groups(wire, ALL_OUT))
    assert exchange("tcp", wire.aws, wire.azure, 7000)
    assert pings(wire.aws, wire.azure)
    assert not exchange("tcp", wire.azure, wire.aws, 7000)
    assert not pings(wire.azure, wire.aws)


def test_a_security_group_without_egress_rules_sends_nothing_of_its_own(
    wire: Wire, exchange: Exchange
) -> None:
    wire.aws.load(groups(wire, permission("ingress", "-1")))
    assert exchange("udp", wire.azure, wire.aws, 7000)
    assert not exchange("udp", wire.aws, wire.azure, 7000)


def test_a_security_group_admits_one_type_of_icmp(wire: Wire) -> None:
    wire.aws.load(groups(wire, permission("ingress", "icmp", ports=(13, -1))))
    assert not pings(wire.azure, wire.aws)
    wire.aws.load(groups(wire, permission("ingress", "icmp", ports=(8, -1))))
    assert pings(wire.azure, wire.aws)


def test_a_group_reference_admits_the_members_only(wire: Wire) -> None:
    reference = permission("ingress", "-1", group_id="sg2")
    wire.aws.load(groups(wire, reference, sg2=[IPv4Address("10.1.1.99")]))
    assert not pings(wire.azure, wire.aws)
    wire.aws.load(groups(wire, reference, sg2=[wire.azure.address]))
    assert pings(wire.azure, wire.aws)


def test_two_groups_admit_what_either_admits(wire: Wire, exchange: Exchange) -> None:
    both = [
        SecurityGroup(id=f"sg-{port}", name="x", vpc_id="vpc-1", permissions=(group_permission,))
        for port, group_permission in (
            (7000, permission("ingress", "tcp", ports=(7000, 7000))),
            (7001, permission("ingress", "udp", ports=(7001, 7001))),
        )
    ]
    wire.aws.load(security_group_ruleset(both, interface_address=wire.aws.address, vpc_cidr_blocks=[VPC]))
    assert exchange("tcp", wire.azure, wire.aws, 7000)
    assert exchange("udp", wire.azure, wire.aws, 7001)
    assert not exchange("tcp", wire.azure, wire.aws, 7001)


def test_no_group_at_all_lets_nothing_pass(wire: Wire) -> None:
    wire.aws.load(security_group_ruleset([], interface_address=wire.aws.address, vpc_cidr_blocks=[VPC]))
    assert not pings(wire.azure, wire.aws)
    assert not pings(wire.aws, wire.azure)


def test_a_host_cannot_send_from_an_address_that_is_not_its_own(wire: Wire) -> None:
    wire.aws.load(groups(wire, permission("ingress", "-1"), ALL_OUT))
    wire.aws.run(("ip", "address", "add", "10.2.1.77/32", "dev", "lo"), timeout_s=5)
    strange = wire.aws.run(
        ("ping", "-n", "-c", "1", "-W", "1", "-I", "10.2.1.77", str(wire.azure.address)), timeout_s=10
    )
    assert strange.returncode != 0
    assert pings(wire.aws, wire.azure)


def test_an_nsg_without_rules_admits_the_far_side_once_the_gateway_knows_it(wire: Wire) -> None:
    wire.azure.load(nsg(connected=()))
    assert not pings(wire.aws, wire.azure)
    wire.azure.load(nsg(connected=(VPC,)))
    assert pings(wire.aws, wire.azure)


def test_the_lower_priority_number_wins(wire: Wire, exchange: Exchange) -> None:
    allow = rule(200, "Inbound", "Allow", protocol="Tcp", ports="7000-7001")
    wire.azure.load(nsg(allow, rule(100, "Inbound", "Deny", protocol="Tcp", ports="7001")))
    assert exchange("tcp", wire.aws, wire.azure, 7000)
    assert not exchange("tcp", wire.aws, wire.azure, 7001)
    wire.azure.load(nsg(allow, rule(300, "Inbound", "Deny", protocol="Tcp", ports="7001")))
    assert exchange("tcp", wire.aws, wire.azure, 7001)


def test_an_nsg_is_stateful_so_answers_need_no_rule(wire: Wire, exchange: Exchange) -> None:
    wire.azure.load(nsg(rule(100, "Inbound", "Deny")))
    assert exchange("tcp", wire.azure, wire.aws, 7000)
    assert not exchange("tcp", wire.aws, wire.azure, 7000)


def test_a_changed_nsg_rule_is_for_new_flows_only_even_if_nobody_has_answered(wire: Wire) -> None:
    wire.azure.load(nsg(rule(100, "Inbound", "Allow")))
    with FlowMeter(wire.aws, wire.azure, flows=4, rate_hz=200) as meter:
        wait_until(
            meter.progress,
            lambda ways: all(len(way.silent_s) == 4 for way in ways.values()) and len(ways) == 2,
            what="every flow",
            timeout_s=20,
        )
        wire.azure.load(nsg(rule(100, "Inbound", "Deny")))
        pause(0.5)
        measured = meter.stop()

    assert {name: direction.lost for name, direction in measured.directions.items()} == {
        "aws->azure": 0,
        "azure->aws": 0,
    }
    assert not pings(wire.aws, wire.azure)


def test_an_nsg_denies_outbound_too(wire: Wire, exchange: Exchange) -> None:
    wire.azure.load(nsg(rule(100, "Outbound", "Deny", protocol="Udp")))
    assert not exchange("udp", wire.azure, wire.aws, 7000)
    assert exchange("tcp", wire.azure, wire.aws, 7000)
    assert exchange("udp", wire.aws, wire.azure, 7000)


def test_the_tag_internet_is_what_the_vnet_does_not_know(wire: Wire) -> None:
    deny = rule(100, "Outbound", "Deny", to="Internet")
    wire.azure.load(nsg(deny, connected=()))
    assert not pings(wire.azure, wire.aws)
    wire.azure.load(nsg(deny, connected=(VPC,)))
    assert pings(wire.azure, wire.aws)


def test_an_nsg_rule_can_go_by_the_source_port(wire: Wire, exchange: Exchange) -> None:
    low = rule(100, "Inbound", "Deny", protocol="Udp", source_ports="1-1023")
    high = rule(100, "Inbound", "Deny", protocol="Udp", source_ports="1024-65535")
    wire.azure.load(nsg(low))
    assert exchange("udp", wire.aws, wire.azure, 7000)
    wire.azure.load(nsg(high))
    assert not exchange("udp", wire.aws, wire.azure, 7000)


def test_taking_the_nsg_away_opens_the_host(wire: Wire) -> None:
    wire.azure.load(nsg(rule(100, "Inbound", "Deny")))
    assert not pings(wire.aws, wire.azure)
    network = VirtualNetwork(id="v", name="v", location="westus2", address_space=(VNET,), subnets=())
    wire.azure.load(nsg_ruleset(None, virtual_network=network, gateway_prefixes=[]))
    assert pings(wire.aws, wire.azure)


def test_a_network_acl_is_stateless_so_answers_need_a_rule(wire: Wire, exchange: Exchange) -> None:
    wire.router.load(acl(entry(100, "6", ports=(7000, 7000))))
    assert not exchange("tcp", wire.azure, wire.aws, 7000)
    wire.router.load(
        acl(
            entry(100, "6", ports=(7000, 7000)),
            entry(100, "6", egress=True, ports=(1024, 65535)),
        )
    )
    assert exchange("tcp", wire.azure, wire.aws, 7000)
    assert not exchange("udp", wire.azure, wire.aws, 7000)


def test_the_lower_rule_number_of_a_network_acl_wins(wire: Wire) -> None:
    everything = (entry(100, "-1"), entry(100, "-1", egress=True))
    refuse = entry(90, "1", allow=False, cidr=VNET)
    wire.router.load(acl(*everything))
    assert pings(wire.azure, wire.aws)
    wire.router.load(acl(*everything, refuse))
    assert not pings(wire.azure, wire.aws)


def test_a_network_acl_refuses_what_no_entry_names(wire: Wire) -> None:
    wire.router.load(acl())
    assert not pings(wire.azure, wire.aws)
    assert not pings(wire.aws, wire.azure)


def test_a_rule_set_that_nft_refuses_leaves_the_old_one_in_force(wire: Wire) -> None:
    wire.aws.load(groups(wire, ALL_OUT))
    broken = groups(wire, permission("ingress", "-1")) + "table ip broken { nonsense }\n"
    done = command.run(
        ("ip", "netns", "exec", wire.aws.name, "nft", "-f", "-"), stdin=broken, check=False, timeout_s=10
    )
    assert done.returncode != 0
    assert not pings(wire.azure, wire.aws)
