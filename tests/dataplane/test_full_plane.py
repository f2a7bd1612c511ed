"""The reference network, everything right."""

import re
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from plane_harness import Plane, established
from reference_network import (
    AWS,
    AWS_PRIVATE,
    AWS_UNPROPAGATED,
    AZURE,
    AZURE_PLAIN,
    AZURE_ROUTED,
    AZURE_UNPROPAGATED,
    GATEWAY,
    GROUP,
    PUBLIC,
    TUNNELS,
    VGW,
    VNET,
    reference_network,
)

from twinspan.command import Completed
from twinspan.errors import CommandError, DesignError, HostError
from twinspan.network.clouds import Cloud
from twinspan.twin.dataplane.wire import FaultSpec, HostInfo, HostSpec
from twinspan.twin.observed import NegotiatedSa
from twinspan.wait import wait_until

pytestmark = pytest.mark.root

BRIDGED = Path("/proc/sys/net/bridge")


def _address(plane: Plane, name: str) -> str:
    return str(next(host.address for host in plane.client.hosts() if host.name == name))


@pytest.fixture
def visitor(full: Plane, request: pytest.FixtureRequest) -> Iterator[HostInfo]:
    """A host in the subnet that the test names; gone after the test."""
    side, subnet = request.param
    groups = (GROUP,) if side == "aws" else ()
    yield full.client.attach(HostSpec(name="visitor", side=side, subnet_id=subnet, security_group_ids=groups))
    full.client.detach("visitor")


def test_hosts_reach_each_other_both_ways(full: Plane) -> None:
    assert full.reaches("aws-host", _address(full, "azure-host"))
    assert full.reaches("azure-host", _address(full, "aws-host"))


def test_all_aws_tunnels_are_up_and_accept_the_virtual_network(full: Plane) -> None:
    seen = full.client.observe()

    assert [end.ipsec_up for end in seen.aws_tunnels] == [True] * 4
    assert [end.accepted_routes for end in seen.aws_tunnels] == [(AZURE,)] * 4
    assert all(end.bytes_in > 0 and end.bytes_out > 0 for end in seen.aws_tunnels)


def test_each_azure_connection_is_up_on_one_instance_only(full: Plane) -> None:
    seen = full.client.observe()

    up = {(end.connection_id, end.public_ip_address) for end in seen.azure_tunnels if end.ipsec_up}
    assert up == {(t.connection_id, PUBLIC[t.instance]) for t in TUNNELS}
    assert len(seen.azure_tunnels) == 8


def test_azure_lists_connected_and_connecting_peers(full: Plane) -> None:
    peers = full.client.observe().azure_bgp_peers[GATEWAY]

    connected = {(p.local_address, p.neighbor) for p in peers if p.state == "Connected"}
    tunnels = {(t.inside[2], t.inside[1]) for t in TUNNELS}
    instances = {(IPv4Address("10.1.1.4"), IPv4Address("10.1.1.5"))}
    assert connected == tunnels | instances | {(b, a) for a, b in instances}
    assert sum(p.state == "Connecting" for p in peers) == 4
    assert all(p.messages_received > 0 for p in peers if p.state == "Connected")


def test_azure_learns_the_vpc_from_every_tunnel_and_from_its_other_instance(full: Plane) -> None:
    learned = full.client.observe().azure_learned_routes[GATEWAY]

    vpc = [route for route in learned if route.network == AWS]
    assert {r.source_peer for r in vpc if r.origin == "EBgp"} == {t.inside[1] for t in TUNNELS}
    assert {str(r.source_peer) for r in vpc if r.origin == "IBgp"} == {"10.1.1.4", "10.1.1.5"}
    assert {route.as_path for route in vpc} == {"64512"}


def test_azure_advertises_its_network_to_every_tunnel(full: Plane) -> None:
    advertised = full.client.observe().azure_advertised_routes[GATEWAY]

    own = [route for route in advertised if route.network == AZURE and route.as_path == "65000"]
    assert {route.source_peer for route in own} == {t.inside[1] for t in TUNNELS}


def test_a_vpn_gateway_uses_one_tunnel(full: Plane) -> None:
    seen = full.client.observe()

    assert seen.vgw_routes[VGW] == (AZURE,)
    assert len(seen.vgw_active_tunnels[VGW]) == 1


def test_the_negotiated_algorithms_are_those_of_the_policy(full: Plane) -> None:
    assert {end.sa for end in full.client.observe().aws_tunnels} == {
        NegotiatedSa(
            phase1_encryption="AES256-GCM-16",
            phase1_integrity="SHA2-384",
            phase1_dh_group=20,
            phase2_encryption="AES256-GCM-16",
            phase2_integrity="",
            phase2_dh_group=None,
        )
    }


@pytest.mark.parametrize("visitor", [("aws", AWS_UNPROPAGATED)], indirect=True)
def test_a_subnet_without_propagation_has_no_way_to_azure(full: Plane, visitor: HostInfo) -> None:
    assert not full.reaches(visitor.name, _address(full, "azure-host"))


@pytest.mark.parametrize("visitor", [("azure", AZURE_UNPROPAGATED)], indirect=True)
def test_a_subnet_with_propagation_off_has_no_way_to_aws(full: Plane, visitor: HostInfo) -> None:
    assert not full.reaches(visitor.name, _address(full, "aws-host"))


@pytest.mark.parametrize("visitor", [("azure", AZURE_PLAIN)], indirect=True)
def test_a_subnet_without_route_table_learns_the_way_to_aws(full: Plane, visitor: HostInfo) -> None:
    assert full.reaches(visitor.name, _address(full, "aws-host"))


@pytest.mark.parametrize("visitor", [("aws", AWS_PRIVATE)], indirect=True)
def test_addresses_that_the_cloud_reserves_are_not_given_out(full: Plane, visitor: HostInfo) -> None:
    assert _address(full, "aws-host") == "10.2.1.4"
    assert str(visitor.address) == "10.2.1.5"


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        (HostSpec(name="x", side="aws", subnet_id="subnet-none"), "no subnet subnet-none"),
        (HostSpec(name="x", side="azure", subnet_id=f"{VNET}/subnets/gatewaysubnet"), "takes hosts"),
        (HostSpec(name="aws-host", side="aws", subnet_id=AWS_PRIVATE), "name is attached"),
        (HostSpec(name="internet", side="aws", subnet_id=AWS_PRIVATE), "no name for a host"),
        (HostSpec(name="../x", side="aws", subnet_id=AWS_PRIVATE), "no name for a host"),
        (
            HostSpec(name="x", side="aws", subnet_id=AWS_PRIVATE, security_group_ids=("sg-none",)),
            "no security group sg-none",
        ),
        (
            HostSpec(name="x", side="aws", subnet_id=AWS_PRIVATE, address=IPv4Address("10.2.1.3")),
            "reserved",
        ),
        (
            HostSpec(name="x", side="aws", subnet_id=AWS_PRIVATE, address=IPv4Address("10.9.1.9")),
            "not in 10.2.1.0/24",
        ),
    ],
)
def test_a_host_that_cannot_be_is_refused(full: Plane, spec: HostSpec, complaint: str) -> None:
    with pytest.raises(DesignError, match=complaint):
        full.client.attach(spec)

    assert {host.name for host in full.client.hosts()} == {"aws-host", "azure-host"}


def test_applying_the_same_again_touches_no_daemon(full: Plane) -> None:
    before, started = full.client.pids(), full.client.observe()

    result = full.apply(*reference_network())

    assert result.problems == ()
    assert full.client.pids() == before
    after = full.client.observe()
    assert [e.bgp_since for e in after.aws_tunnels] == [e.bgp_since for e in started.aws_tunnels]
    assert after.generation == full.generation


def test_process_ids_are_those_of_the_host(full: Plane) -> None:
    pids = full.client.pids()

    assert sum(role.startswith("charon") for role in pids) == 12
    assert sum(role.startswith("bird") for role in pids) == 5
    assert all(_is_below(pid, full.pid) for pid in pids.values())


def test_ike_daemons_run_from_a_private_copy_that_no_apparmor_profile_is_attached_to(full: Plane) -> None:
    pids = full.client.pids()

    programs = {str(Path(f"/proc/{pid}/exe").readlink()) for role, pid in pids.items() if "charon" in role}

    assert programs == {"/run/twinspan/charon-systemd"}
    mode = full.client.run("internet", ["stat", "-c", "%a", *programs], timeout_s=5).stdout
    assert mode == "755\n"


def test_the_log_says_once_what_ends_that_never_come_up_do_again_and_again(full: Plane) -> None:
    wiring = TUNNELS[0]
    wrong = f"{wiring.connection_id}/{PUBLIC[1 - wiring.instance]}"
    wait_until(
        lambda: full.swanctl(wrong, "--list-sas"),
        lambda listed: bool(re.match(r"tunnel: #([2-9]|\d\d+), CONNECTING", listed)),
        what="second attempt",
        timeout_s=15,
    )

    lines = [
        line for line in full.log_file.read_text().splitlines() if f" {wrong}: initiating IKE_SA" in line
    ]

    assert len(lines) == 1


def _is_below(pid: int, ancestor: int) -> bool:
    while pid not in {0, ancestor}:
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        pid = next(int(line.split()[1]) for line in status if line.startswith("PPid:"))
    return pid == ancestor


def test_a_command_that_does_not_end_is_killed_with_its_children(full: Plane) -> None:
    with pytest.raises(CommandError, match=r"no end within 0\.5 s"):
        full.client.run("aws-host", ["sh", "-c", "sleep 4711 & sleep 4711"], timeout_s=0.5)

    left = full.client.run("aws-host", ["pgrep", "-f", "^sleep 4711"], timeout_s=5)
    assert left.stdout == ""


def test_commands_run_at_the_same_time(full: Plane) -> None:
    address = _address(full, "azure-host")
    answers: list[Completed] = []

    def ping() -> None:
        argv = ["ping", "-c", "10", "-i", "0.2", address]
        answers.append(full.client.run("aws-host", argv, timeout_s=20))

    threads = [threading.Thread(target=ping) for _ in range(4)]
    for thread in threads:
        thread.start()
    seen = full.client.observe()
    for thread in threads:
        thread.join()

    assert established(seen) == 4
    assert [answer.returncode for answer in answers] == [0] * 4


def test_standard_input_reaches_the_command(full: Plane) -> None:
    assert full.client.run("aws-host", ["cat"], timeout_s=5, stdin="ä\n").stdout == "ä\n"


def test_a_program_that_does_not_exist_is_named(full: Plane) -> None:
    with pytest.raises(HostError, match="no-such-program is not installed"):
        full.client.run("aws-host", ["no-such-program"], timeout_s=5)


def test_an_unknown_host_runs_nothing(full: Plane) -> None:
    with pytest.raises(DesignError, match="no host of that name"):
        full.client.run("nobody", ["true"], timeout_s=5)


def test_hosts_have_no_way_to_the_machine(full: Plane) -> None:
    seen = full.client.run("internet", ["ip", "-o", "link"], timeout_s=5).stdout

    others = [name for name in re.findall(r"^\d+: (\w+)", seen, re.MULTILINE) if not name.startswith("end")]
    assert others == ["lo"]


CAPTURE = ["timeout", "2", "tcpdump", "-n", "-i", "any", "-c", "400"]
ENCRYPTED = "udp port 500 or udp port 4500"
INSIDE = "net 10.0.0.0/8 or net 169.254.0.0/16"


def _capture_while_pinging(full: Plane, expression: str) -> str:
    """Return tcpdump's lines; ping in the meantime."""
    done: list[Completed] = []
    argv = [*CAPTURE, expression]
    thread = threading.Thread(target=lambda: done.append(full.client.run("internet", argv, timeout_s=10)))
    thread.start()
    address = _address(full, "azure-host")
    full.client.run("aws-host", ["ping", "-c", "8", "-i", "0.2", address], timeout_s=10)
    thread.join()
    return done[0].stdout.strip()


def test_between_the_clouds_everything_is_encrypted(full: Plane) -> None:
    assert _capture_while_pinging(full, ENCRYPTED).count("UDP") > 8
    assert _capture_while_pinging(full, f"ip and not ({ENCRYPTED})") == ""


def test_the_capture_would_see_clear_packets(full: Plane) -> None:
    faults = [
        FaultSpec(
            kind="clear-text",
            outside_ip_address=t.outside,
            public_ip_address=PUBLIC[t.instance],
        )
        for t in TUNNELS
    ]
    for fault in faults:
        full.client.inject(fault)
    full.until_established(4)
    full.until_reaches("aws-host", _address(full, "azure-host"))

    clear = _capture_while_pinging(full, f"({INSIDE}) and icmp")

    full.client.heal_all()
    full.client.heal(faults[0])
    full.until_established(4)
    assert clear.count("ICMP echo request") > 4
    full.until_reaches("aws-host", _address(full, "azure-host"))
    assert _capture_while_pinging(full, f"ip and not ({ENCRYPTED})") == ""


@pytest.mark.skipif(not BRIDGED.exists(), reason="this kernel's filters never see what is bridged")
@pytest.mark.parametrize("place", ["internet", "aws-host"])
def test_filters_do_not_see_what_is_bridged_even_beside_docker(full: Plane, place: str) -> None:
    seen = full.client.run(place, ["sh", "-c", f"cat {BRIDGED}/bridge-nf-call-*"], timeout_s=5).stdout

    assert seen.split() == ["0", "0", "0"]


def test_a_fault_of_no_tunnel_is_refused(full: Plane) -> None:
    fault = FaultSpec(
        kind="path-cut",
        outside_ip_address=TUNNELS[0].outside,
        public_ip_address=IPv4Address("198.51.100.99"),
    )

    with pytest.raises(DesignError, match="no tunnel joins"):
        full.client.inject(fault)


def test_no_secret_is_in_the_log_or_in_an_argument(full: Plane) -> None:
    _network, secrets = reference_network()
    log = full.log_file.read_text()
    arguments = full.client.run("internet", ["sh", "-c", "cat /proc/[0-9]*/cmdline"], timeout_s=5).stdout

    assert "ike-up" in log
    for key in secrets.azure.values():
        assert key not in log
        assert key not in arguments


@pytest.mark.parametrize(
    ("side", "subnet", "host"),
    [("aws", AWS_PRIVATE, "aws-host"), ("azure", AZURE_ROUTED, "azure-host")],
)
def test_hosts_that_come_and_go_leave_the_router_s_hardware_address_alone(
    full: Plane, side: Cloud, subnet: str, host: str
) -> None:
    """Neighbours keep it for a while: if it changed, what they send would go nowhere until they ask again."""

    def router() -> str:
        routes = full.client.run(host, ["ip", "-4", "route", "show", "default"], timeout_s=5)
        address = routes.stdout.split()[2]
        full.client.run(host, ["ip", "neigh", "flush", "all"], timeout_s=5)
        full.client.run(host, ["ping", "-c", "1", "-W", "1", address], timeout_s=5)
        neighbour = full.client.run(host, ["ip", "neigh", "show", address], timeout_s=5).stdout
        return neighbour.split("lladdr ")[1].split()[0]

    seen = [router()]
    visitors = [f"visitor{number}" for number in range(8)]
    for name in visitors:
        full.client.attach(HostSpec(name=name, side=side, subnet_id=subnet))
    seen.append(router())
    for name in visitors:
        full.client.detach(name)
    seen.append(router())

    assert len(set(seen)) == 1
