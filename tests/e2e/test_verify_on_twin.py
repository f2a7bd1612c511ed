"""Terraform builds dev on a real twin; verify is green, and red with the right name when something breaks."""

import json
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from twinspan.twin import lifecycle
from twinspan.twin.client import TwinClient
from twinspan.verify import Verification

pytestmark = [pytest.mark.root, pytest.mark.long]

TWINSPAN = Path(sys.executable).parent / "twinspan"
TREE = Path(__file__).parents[2] / "terraform"
NETWORK_ONLY = ("--var", "kubernetes_enabled=false")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """dev, built on a twin of its own."""

    name: str
    env: Path

    def twinspan(self, *arguments: str, expect: int = 0) -> str:
        argv = [str(TWINSPAN), *arguments, "--name", self.name]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=240)
        assert done.returncode == expect, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def verify(self, *, expect: int, wait_s: int = 0) -> dict[str, Any]:
        text = self.twinspan(
            "verify", str(self.env), "--format", "json", "--wait", str(wait_s), expect=expect
        )
        document: dict[str, Any] = json.loads(text)
        return document

    @property
    def outputs(self) -> dict[str, Any]:
        client = boto3.client("s3", **self.aws())
        folder = self.env / "backend.hcl"
        settings = dict(
            line.replace('"', "").replace(" ", "").split("=")
            for line in folder.read_text().splitlines()
            if "=" in line and not line.startswith("#")
        )
        body = client.get_object(Bucket=settings["bucket"], Key=settings["key"])["Body"].read()
        return {name: output["value"] for name, output in json.loads(body)["outputs"].items()}

    def aws(self) -> dict[str, Any]:
        changes = lifecycle.environment(self.name)
        region = next(
            line.split('"')[1]
            for line in (self.env / "backend.hcl").read_text().splitlines()
            if "region" in line
        )
        return {
            "endpoint_url": changes["AWS_ENDPOINT_URL"],
            "region_name": region,
            "aws_access_key_id": changes["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": changes["AWS_SECRET_ACCESS_KEY"],
        }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    home = tmp_path_factory.mktemp("twins")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home / "home"))
        shutil.copytree(TREE, home / "terraform", symlinks=True)
        built = Built(name=f"e2e-{secrets.token_hex(3)}", env=home / "terraform" / "envs" / "dev")
        try:
            built.twinspan("twin", "up")
            built.twinspan("apply", str(built.env), "--providers", "offline", *NETWORK_ONLY)
            yield built
        finally:
            built.twinspan("twin", "down", "--purge")


def failures(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(cause["check"], cause["subject"]) for cause in document["root_causes"]]


def test_what_terraform_built_comes_up_and_is_green_down_to_the_packets(built: Built) -> None:
    document = built.verify(expect=0, wait_s=60)

    assert failures(document) == document["drift"] == []
    checks = {check["id"]: check for check in document["checks"]}
    assert [checks[check_id]["passed"] for check_id in ("VPN-03", "VPN-04", "BGP-11", "BGP-13")] == [
        4,
        4,
        4,
        4,
    ]
    assert [checks[f"RCH-0{n}"]["passed"] for n in (1, 2, 3, 4)] == [2, 2, 2, 2]
    assert document["expected_from"] == "Terraform state of dev"


def test_what_exists_is_checked_by_the_rules_of_plans(built: Built) -> None:
    report = json.loads(built.twinspan("check", str(built.env), "--on", "twin", "--format", "json"))
    findings = [(check["id"], check["outcome"]) for check in report["checks"] if check["findings"]]

    assert report["plan"] == f"dev on twin {built.name}"
    assert {check_id for check_id, outcome in findings} == {"RED-05", "MTU-01", "COST-01"}


def test_the_example_of_the_library_runs_on_the_twin(built: Built) -> None:
    page = (TREE.parent / "docs" / "reports.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    example = next(block for block in blocks if "twinspan.verify" in block)
    here = example.replace(
        "from twinspan.cloud.endpoints import Endpoints", "from twinspan.twin.client import twin_endpoints"
    )
    here = here.replace("Endpoints.from_environment()", f"twin_endpoints({built.name!r})")

    done = subprocess.run(
        [sys.executable, "-c", here], capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "4 tunnels with IPsec"


def test_verify_writes_junit_and_json_that_fits_its_schema(built: Built, tmp_path: Path) -> None:
    file = tmp_path / "verify.xml"

    text = built.twinspan("verify", str(built.env), "--format", "json", "--wait", "60", "--junit", str(file))

    assert Verification.model_validate_json(text).passed
    assert ' failures="0" errors="0"' in file.read_text()


def test_verify_leaves_no_host_behind(built: Built) -> None:
    built.verify(expect=0, wait_s=60)

    assert TwinClient(built.name).hosts() == ()


def test_a_route_table_without_propagation_is_named_with_the_command_that_mends_it(built: Built) -> None:
    built.verify(expect=0, wait_s=60)
    ec2 = boto3.client("ec2", **built.aws())
    outputs = built.outputs
    subnet = next(iter(outputs["aws_private_subnet_ids"].values()))
    tables = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])
    table = tables["RouteTables"][0]["RouteTableId"]
    gateway = outputs["aws_vpn_gateway_id"]
    ec2.disable_vgw_route_propagation(RouteTableId=table, GatewayId=gateway)
    TwinClient(built.name).settled(20)
    try:
        document = built.verify(expect=1)
    finally:
        ec2.enable_vgw_route_propagation(RouteTableId=table, GatewayId=gateway)

    failed_checks = failures(document)
    assert [check for check, _ in failed_checks] == ["RTE-11"]
    assert table in failed_checks[0][1]
    findings = next(check for check in document["checks"] if check["id"] == "RTE-11")["findings"]
    remedy = next(finding["remedy"] for finding in findings if finding["outcome"] == "fail")
    assert f"enable-vgw-route-propagation --route-table-id {table} --gateway-id {gateway}" in remedy
    built.verify(expect=0, wait_s=60)


def test_a_wrong_key_is_named_on_both_sides_and_never_shown(built: Built) -> None:
    built.verify(expect=0, wait_s=60)
    ec2 = boto3.client("ec2", **built.aws())
    tunnel = built.outputs["tunnels"]["tunnel3"]
    connection, outside = tunnel["aws_vpn_connection_id"], tunnel["outside_ip_address"]
    described = ec2.describe_vpn_connections(VpnConnectionIds=[connection])["VpnConnections"][0]
    options = described["Options"]["TunnelOptions"]
    right = next(option["PreSharedKey"] for option in options if option["OutsideIpAddress"] == outside)

    def set_key(key: str) -> None:
        ec2.modify_vpn_tunnel_options(
            VpnConnectionId=connection, VpnTunnelOutsideIpAddress=outside, TunnelOptions={"PreSharedKey": key}
        )
        TwinClient(built.name).settled(20)

    set_key("Wrong.Key.0815")
    try:
        text = built.twinspan("verify", str(built.env), expect=1)
    finally:
        set_key(right)

    words = " ".join(text.replace("│", " ").split())
    assert f"{tunnel['azure_connection_name']} shared_key: not the key of {connection} tunnel" in words
    assert "Wrong.Key.0815" not in text
    assert right not in text
    built.verify(expect=0, wait_s=90)


def test_a_twin_that_was_down_is_what_it_was_as_soon_as_it_is_up(built: Built) -> None:
    built.twinspan("twin", "down")
    built.twinspan("twin", "up")

    assert built.verify(expect=0, wait_s=90)["passed"]


def test_verify_of_a_twin_that_is_not_up_says_how_to_start_it(built: Built) -> None:
    argv = [str(TWINSPAN), "verify", str(built.env), "--name", "never-started"]

    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 3
    assert "twinspan twin up --name never-started" in " ".join(done.stderr.split())
