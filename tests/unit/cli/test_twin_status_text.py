"""What `twinspan twin status` tells a newcomer: short names, counts, and which tunnels are up."""

import io
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from twinspan.cli.output import console_for
from twinspan.cli.twin import show_status, summarised
from twinspan.twin.status import ClusterStatus, Status, TunnelStatus

CONNECTION = "/subscriptions/ed5fca06/resourcegroups/rg/providers/microsoft.network/connections/dev-tunnel1"
TUNNEL = TunnelStatus(
    vpn_connection_id="vpn-0123456789abcdef0",
    name="dev-instance0/1",
    outside_ip_address=IPv4Address("203.0.113.10"),
    public_ip_address=IPv4Address("198.51.100.4"),
    inside_cidr=IPv4Network("169.254.21.0/30"),
    azure_connections=("dev-tunnel1",),
    ipsec="up",
    bgp="Established",
    accepted_routes=3,
    last_error="",
)
BROKEN = replace(
    TUNNEL,
    name="dev-instance0/2",
    azure_connections=("dev-tunnel2",),
    ipsec="down",
    bgp="Active",
    accepted_routes=0,
    last_error="AUTHENTICATION_FAILED",
)
UP = Status(
    name="lab",
    state="up",
    run_directory="/run/lab",
    pids={
        "control": 71,
        "charon vpn-0/203.0.113.10": 80,
        f"charon {CONNECTION}/198.51.100.4": 81,
        "bird vgw-0": 90,
        "agent": 75,
    },
    endpoints={"aws": "http://127.0.0.1:5000", "azure": "https://localhost:5001"},
    tunnels=(BROKEN, TUNNEL),
)


def shown(status: Status, *, columns: int = 80) -> list[str]:
    file = io.StringIO()
    console = console_for(file=file)
    console.width = columns
    show_status(status, console=console)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_daemons_are_counted_and_the_few_have_their_pids() -> None:
    assert summarised(UP.pids) == "control 71, agent 75, 2 charon, 1 bird"


def test_a_static_tunnel_is_up_without_bgp() -> None:
    static = replace(TUNNEL, bgp="None", accepted_routes=1)
    idle = replace(BROKEN, bgp="None")
    lines = shown(replace(UP, tunnels=(static, idle)))
    assert lines[0] == "lab: up, 1 of 2 tunnels up"
    rows = [line.split()[3:] for line in lines if "203.0.113.10" in line]
    assert rows == [["up", "static", "1"], ["down", "static", "0"]]


def test_a_standard_terminal_shows_each_tunnel_on_one_line_in_order_without_arm_ids() -> None:
    lines = shown(UP)
    assert max(map(len, lines)) <= 80
    assert "/subscriptions/" not in "\n".join(lines)
    assert lines[0] == "lab: up, 1 of 2 tunnels up"
    rows = [line.split() for line in lines if "203.0.113.10" in line]
    assert rows == [
        ["dev-tunnel1", "203.0.113.10", "198.51.100.4", "up", "Established", "3"],
        ["dev-tunnel2", "203.0.113.10", "198.51.100.4", "down", "Active", "0"],
    ]
    assert "  dev-tunnel2: AUTHENTICATION_FAILED" in lines


def test_a_wide_one_shows_the_inside_addresses_and_aws_names_too() -> None:
    assert [line.split()[-2:] for line in shown(UP, columns=200) if "203.0.113.10" in line] == [
        ["169.254.21.0/30", "dev-instance0/1"],
        ["169.254.21.0/30", "dev-instance0/2"],
    ]


def test_a_tunnel_that_no_azure_connection_leads_to_has_its_aws_name() -> None:
    lines = shown(replace(UP, tunnels=(replace(TUNNEL, azure_connections=()),)))
    assert any(line.split()[:1] == ["dev-instance0/1"] for line in lines)


def test_what_to_do_next_is_named() -> None:
    assert shown(replace(UP, tunnels=()))[-1].endswith("twinspan apply --name lab")
    assert shown(Status(name="default", state="down", run_directory="/run"))[-1].endswith("twinspan twin up")
    assert "next" not in "\n".join(shown(UP))


def test_problems_are_shown_literally() -> None:
    lines = shown(replace(UP, state="degraded", problems=("charon [x] died",)))
    assert lines[0].startswith("lab: degraded")
    assert "  problem    charon [x] died" in lines


LONG = (
    "VPN Connection between VPC vpc-0123456789abcdef0 and the virtual network of the production environment"
)


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_names_that_are_sentences_are_shortened_to_the_terminal_and_nothing_else_is(columns: int) -> None:
    named = replace(TUNNEL, azure_connections=(LONG,), name=f"{LONG}/1")
    lines = shown(
        replace(UP, tunnels=(named, replace(named, outside_ip_address=IPv4Address("203.0.113.11"))))
    )

    assert max(map(len, lines)) <= columns
    rows = [line for line in lines if line.startswith("  VPN Connection")]
    assert len(rows) == 2
    assert [row.split("203.0.113.")[1].split()[:5] for row in rows] == [
        [last, "198.51.100.4", "up", "Established", "3"] for last in ("10", "11")
    ]
    assert all("…" in row for row in rows)


def test_off_a_terminal_names_are_whole() -> None:
    file = io.StringIO()
    show_status(
        replace(UP, tunnels=(replace(TUNNEL, azure_connections=(LONG,)),)), console=console_for(file=file)
    )

    assert LONG in file.getvalue()


def test_tunnels_with_static_routes_are_up_without_bgp_and_those_that_nobody_uses_are_counted_apart() -> None:
    static = replace(TUNNEL, bgp="None")
    unused = replace(static, azure_connections=(), ipsec="down", accepted_routes=0)
    lines = shown(replace(UP, tunnels=(static, unused)))

    assert lines[0] == "lab: up, 1 of 1 tunnels up, 1 not used"
    assert [line.split()[-2] for line in lines if "203.0.113.10" in line] == ["static", "static"]


def cluster(running: str) -> ClusterStatus:
    return ClusterStatus(
        side="aws",
        name="dev",
        state="ACTIVE",
        endpoint="https://127.0.0.1:6443",
        nodes_ready=1,
        nodes=1,
        problem="",
        version="1.36",
        running_version=running,
    )


@pytest.mark.parametrize(
    ("running", "said"), [("1.35.4", "asked for 1.36, runs 1.35.4"), ("1.36.1", "1.36.1"), ("", "1.36")]
)
def test_the_version_that_the_api_says_and_the_one_that_runs_are_both_shown(running: str, said: str) -> None:
    (row,) = [
        line for line in shown(replace(UP, clusters=(cluster(running),)), columns=120) if "6443" in line
    ]

    assert row.split("ACTIVE")[1].split("1 of 1")[0].strip() == said
