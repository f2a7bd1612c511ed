"""The document's own Terraform, its errors corrected: static routes and no BGP, from apply to destroy."""

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from twinspan.cloud.aws.client import clients as aws_clients
from twinspan.cloud.reader import read_network
from twinspan.drill.catalogue import DRILLS
from twinspan.drill.choice import choose_possible
from twinspan.target.target import Target, open_target
from twinspan.target.twin import TwinPlace
from twinspan.twin.client import TwinClient
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.slow]

REPOSITORY = Path(__file__).parents[2]
TWINSPAN = Path(sys.executable).parent / "twinspan"
TUNNELS = {"primary-1", "primary-2", "redundant-1", "redundant-2"}
MOST = 0.9
"""Share of a tunnel that carries a direction; the other direction's acknowledgements are on others, too."""
_UP_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The example on a twin of its own, its state where this project's environments have theirs."""

    name: str
    env: Path

    def twinspan(self, *arguments: str) -> str:
        argv = [str(TWINSPAN), *arguments, "--name", self.name]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=400)
        assert done.returncode == 0, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def answer(self, *arguments: str) -> Mapping[str, Any]:
        document: Mapping[str, Any] = json.loads(self.twinspan(*arguments, "--format", "json"))
        return document

    @property
    def target(self) -> Target:
        return open_target(self.env, TwinPlace(self.name))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    home = tmp_path_factory.mktemp("document")
    env = home / "terraform" / "envs" / "document"
    shutil.copytree(REPOSITORY / "examples" / "as-in-the-document", env)
    shutil.copytree(REPOSITORY / "terraform" / "bootstrap", home / "terraform" / "bootstrap")
    (home / "terraform" / "modules").mkdir()
    (env / "backend.tf").write_text('terraform {\n  backend "s3" {\n    use_lockfile = true\n  }\n}\n')
    (env / "backend.hcl").write_text('bucket = "document-state"\nkey = "document"\nregion = "us-west-2"\n')
    for required in ("main.tf", "terraform.tfvars"):
        (env / required).touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home / "home"))
        built = Built(name=f"document-{secrets.token_hex(3)}", env=env)
        try:
            built.twinspan("twin", "up")
            built.twinspan("apply", str(env), "--providers", "offline")
            yield built
        finally:
            built.twinspan("twin", "down", "--purge")


def test_every_tunnel_comes_up_and_both_clouds_say_so(built: Built) -> None:
    target = built.target
    wait_until(
        lambda: built.answer("twin", "status"),
        lambda status: [tunnel_status["ipsec"] for tunnel_status in status["tunnels"]] == ["up"] * 4,
        what="four tunnels",
        timeout_s=_UP_WITHIN_S,
    )
    network, _ = read_network(target.endpoints)
    assert network.aws
    assert network.azure
    assert {
        (tunnel.telemetry.status.value, tunnel.telemetry.accepted_route_count)
        for connection in network.aws.vpn_connections
        for tunnel in connection.tunnels
        if tunnel.telemetry
    } == {("UP", 1)}
    assert {connection.connection_status for connection in network.azure.connections} == {"Connected"}
    assert not TwinClient(built.name).observe().azure_bgp_peers
    propagated = [
        route.destination
        for table in network.aws.route_tables
        for route in table.routes
        if route.target.startswith("vgw-")
    ]
    assert [str(prefix) for prefix in propagated] == ["10.1.0.0/16"]


def test_a_second_plan_is_empty(built: Built) -> None:
    planned = built.answer("plan", str(built.env), "--providers", "offline")

    assert not planned["changes"]


def test_verify_is_green(built: Built) -> None:
    built.twinspan("verify", str(built.env), "--wait", "60")


def test_packets_cross_and_aws_uses_one_tunnel(built: Built) -> None:
    pinged = built.answer("probe", "ping", str(built.env))
    assert [ping["received"] == ping["sent"] > 0 for ping in pinged["pings"]] == [True, True]

    measured = built.answer("probe", "iperf", str(built.env), "--seconds", "2", "--streams", "8")
    from_aws, from_azure = measured["directions"]
    assert set(from_aws["tunnel_share"]) == TUNNELS
    assert max(from_aws["tunnel_share"].values()) > MOST
    assert from_azure["bits_per_s"] > 0


def test_a_tunnel_that_goes_silent_is_left_when_dead_peer_detection_notices(built: Built) -> None:
    report = built.answer("drill", "run", "tunnel-down", str(built.env))

    assert report["passed"]
    assert report["carried_aws_traffic"]
    ways = report["directions"]
    assert {way["expected_timer"] for way in ways} == {"dead peer detection"}
    assert [way["found_by"] for way in ways] == ["dead peer detection"] * 2
    assert [way["expected_at_most_s"] for way in ways] == [30, 45]
    assert all(way["lost"] > 0 for way in ways)
    assert "static routes" in report["other_profile"]


def test_only_the_drills_that_it_can_have_are_offered_and_no_bgp_is_shown(built: Built) -> None:
    choice = choose_possible(DRILLS, built.target, tunnel="in-use")
    look = built.answer("monitor", "--once", str(built.env))

    assert {name: reason for name, reason in choice.left_out.items() if "static routes" in reason}.keys() == {
        "bgp-closed",
        "bgp-silent",
        "route-withdrawn",
        "two-at-once",
    }
    assert "no route table learns from the VPN gateway" in choice.left_out["propagation-off"]
    assert {"tunnel-down", "connection-down", "rekey"} <= {drill.name for drill in choice.drills}
    assert look["healthy"]
    assert look["sessions"] == []


def test_propagation_alone_is_a_way_to_azure(built: Built) -> None:
    target = built.target
    assert target.endpoints.aws
    assert target.expected
    ec2 = aws_clients(target.endpoints.aws).ec2
    (table,) = ec2.describe_route_tables(
        Filters=[{"Name": "vpc-id", "Values": [target.expected.vpc_ids[0]]}]
    )["RouteTables"]
    table_id = table["RouteTableId"]
    ec2.enable_vgw_route_propagation(RouteTableId=table_id, GatewayId=target.expected.vpn_gateway_ids[0])
    ec2.delete_route(RouteTableId=table_id, DestinationCidrBlock="10.1.0.0/16")
    TwinClient(built.name).settled(30)

    (table,) = ec2.describe_route_tables(RouteTableIds=[table_id])["RouteTables"]
    origins = [route["Origin"] for route in table["Routes"] if route.get("GatewayId") != "local"]
    assert origins == ["EnableVgwRoutePropagation"]
    built.answer("probe", "ping", str(built.env))


def test_everything_is_removed(built: Built) -> None:
    endpoints = built.target.endpoints
    built.twinspan("destroy", str(built.env), "--providers", "offline")

    network, _ = read_network(endpoints)
    assert network.aws
    assert network.azure
    assert network.aws.vpn_connections == ()
    assert network.azure.virtual_networks == ()
