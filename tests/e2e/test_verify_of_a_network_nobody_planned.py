"""A design without outputs, with names of its own, one tunnel, one gateway instance and an office beside.

It is looked at with its folder, with its state file, and with nothing at all but the two accounts.
"""

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from twinspan.twin import lifecycle

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

pytestmark = [pytest.mark.root, pytest.mark.slow]

DESIGN = Path(__file__).parents[1] / "designs" / "beside-an-office"
TWINSPAN = Path(sys.executable).parent / "twinspan"
REGION = "eu-central-1"
AZURE_SUBNET = "10.50.1.0/24"
TUNNEL = 'aws_vpn_connection.to["berlin"].tunnel1'


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The design, applied on a twin of its own."""

    name: str
    folder: Path

    def twinspan(self, *arguments: str, expect: int = 0) -> str:
        argv = [str(TWINSPAN), *arguments, "--name", self.name]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=500)
        assert done.returncode == expect, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def answer(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.twinspan(*arguments, "--format", "json", expect=expect))
        return answer

    def verify(self, *arguments: str, expect: int = 0, wait_s: int = 60) -> dict[str, Any]:
        return self.answer("verify", *arguments, "--wait", str(wait_s), expect=expect)

    @property
    def state(self) -> Path:
        (file,) = (self.folder.parent / "home").rglob("states/*/terraform.tfstate")
        return file

    @property
    def ec2(self) -> "EC2Client":
        environment = lifecycle.environment(self.name)
        return boto3.client(
            "ec2",
            region_name=REGION,
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )

    @property
    def default_group(self) -> str:
        (vpc,) = self.ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.40.0.0/16"]}])["Vpcs"]
        filters = [
            {"Name": "vpc-id", "Values": [vpc["VpcId"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        (group,) = self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        return group["GroupId"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    home = tmp_path_factory.mktemp("nobody-planned")
    shutil.copytree(DESIGN, home / "design")
    built = Built(name=f"beside-{secrets.token_hex(3)}", folder=home / "design")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home / "home"))
        try:
            built.twinspan("twin", "up")
            built.twinspan("apply", str(built.folder), "--providers", "offline")
            yield built
        finally:
            built.twinspan("twin", "down", "--purge")


def failed(answer: dict[str, Any]) -> dict[str, list[str]]:
    """Return rule -> subjects, of the errors that are to be repaired."""
    return {
        check["id"]: [each["subject"] for each in check["findings"] if each["outcome"] != "pass"]
        for check in answer["checks"]
        if check["severity"] == "error" and check["outcome"] in {"fail", "inconclusive"}
    }


def check(answer: dict[str, Any], identifier: str) -> dict[str, Any]:
    (found,) = (each for each in answer["checks"] if each["id"] == identifier)
    return dict(found)


@pytest.mark.parametrize("look", ["folder", "nothing"])
def test_a_default_group_that_admits_nobody_is_the_finding_with_the_rule_that_is_missing(
    built: Built, look: str
) -> None:
    answer = built.verify(*([str(built.folder)] if look == "folder" else []), expect=1, wait_s=0)
    if failed(answer).keys() != {"FLT-11"}:  # the tunnel was not up yet
        answer = built.verify(*([str(built.folder)] if look == "folder" else []), expect=1, wait_s=45)
    assert failed(answer) == {"FLT-11": [f"default ({built.default_group})"]}
    (finding,) = check(answer, "FLT-11")["findings"]
    assert f"--group-id {built.default_group}" in finding["remedy"]
    assert f"CidrIp={AZURE_SUBNET}" in finding["remedy"]


@pytest.mark.parametrize("look", ["folder", "state", "nothing"])
def test_with_that_rule_it_is_green_whatever_says_what_it_is(built: Built, look: str) -> None:
    admit(built)
    env = {"folder": [str(built.folder)], "state": [str(built.state)], "nothing": []}[look]
    answer = built.verify(*env)
    assert failed(answer) == {}
    # One tunnel was meant to be used, and one instance is there: no more is asked for.
    assert "1 of 1" in check(answer, "VPN-02")["findings"][0]["evidence"]
    assert check(answer, "RCH-02")["outcome"] == "pass"
    # The office is judged as what it is: nobody answers there, and nothing of Azure is expected there.
    elsewhere = check(answer, "VPN-05")
    assert (elsewhere["severity"], [each["outcome"] for each in elsewhere["findings"]]) == (
        "warning",
        ["fail", "fail"],
    )


def test_machines_that_exist_are_what_pings(built: Built) -> None:
    admit(built)
    (subnet, *_) = built.ec2.describe_subnets()["Subnets"]
    group = built.ec2.create_security_group(GroupName="till", Description="till", VpcId=subnet["VpcId"])
    images = built.ec2.describe_images(Owners=["amazon"])["Images"]
    made = built.ec2.run_instances(
        ImageId=images[0]["ImageId"],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet["SubnetId"],
        SecurityGroupIds=[group["GroupId"]],
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "till-1"}]},
        ],
    )["Instances"][0]["InstanceId"]
    built.ec2.get_waiter("instance_running").wait(
        InstanceIds=[made], WaiterConfig={"Delay": 1, "MaxAttempts": 90}
    )
    answer = built.verify(expect=1, wait_s=0)
    subjects = [each["subject"] for each in check(answer, "RCH-01")["findings"]]
    assert any(subject.startswith("till-1 ") for subject in subjects)
    assert f"till ({group['GroupId']})" in failed(answer)["FLT-11"]
    built.ec2.terminate_instances(InstanceIds=[made])
    built.ec2.get_waiter("instance_terminated").wait(
        InstanceIds=[made], WaiterConfig={"Delay": 1, "MaxAttempts": 90}
    )
    built.ec2.delete_security_group(GroupId=group["GroupId"])


def test_probe_and_monitor_find_their_subnets_without_a_state(built: Built) -> None:
    admit(built)
    pinged = built.answer("probe", "ping", "--count", "3")
    assert [each["loss_ratio"] for each in pinged["pings"]] == [0.0, 0.0]
    matrix = built.answer("probe", "matrix", "--count", "2")
    assert len(matrix["pings"]) == 4
    watched = built.answer("monitor", "show", "--once")
    assert all(trip["received"] for trip in watched["round_trips"])


def test_tunnels_go_by_every_name_that_the_user_has_for_them(built: Built) -> None:
    (tunnel,) = built.answer("drill", "tunnels", str(built.folder))["tunnels"]
    assert tunnel["name"] == "berlin"
    assert {TUNNEL, "to-berlin", 'azurerm_virtual_network_gateway_connection.site["berlin"]'} < {
        *tunnel["names"]
    }
    (there,) = built.answer("drill", "tunnels")["tunnels"]
    assert "to-berlin" in there["names"]
    text = built.twinspan("drill", "run", "bgp-closed", str(built.folder), "--tunnel", "nobody", expect=2)
    assert text.splitlines()[0] == f"root module: {built.folder}"


def test_a_drill_takes_a_tunnel_by_its_address_in_terraform(built: Built) -> None:
    admit(built)
    built.verify(str(built.folder))
    text = built.twinspan("drill", "run", "bgp-closed", str(built.folder), "--tunnel", TUNNEL)
    assert "berlin" in text


def test_without_propagation_no_packet_passes_and_the_route_is_named(built: Built) -> None:
    admit(built)
    (table,) = (each for each in built.ec2.describe_route_tables()["RouteTables"] if each["PropagatingVgws"])
    vgw = table["PropagatingVgws"][0]["GatewayId"]
    built.ec2.disable_vgw_route_propagation(RouteTableId=table["RouteTableId"], GatewayId=vgw)
    try:
        answer = built.verify(expect=1, wait_s=0)
    finally:
        built.ec2.enable_vgw_route_propagation(RouteTableId=table["RouteTableId"], GatewayId=vgw)
    assert failed(answer).keys() & {"RTE-11", "RTE-14"}
    assert check(answer, "RCH-01")["outcome"] != "pass"


def admit(built: Built) -> None:
    """Do what FLT-11's remedy says; idempotent."""
    permission = {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": AZURE_SUBNET}]}
    (group,) = built.ec2.describe_security_groups(GroupIds=[built.default_group])["SecurityGroups"]
    ranges = [each["CidrIp"] for rule in group["IpPermissions"] for each in rule["IpRanges"]]
    if AZURE_SUBNET not in ranges:
        built.ec2.authorize_security_group_ingress(GroupId=built.default_group, IpPermissions=[permission])
