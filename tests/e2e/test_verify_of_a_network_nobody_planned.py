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

from twinspan.results import Outcome, Severity
from twinspan.target.hosts import hosts_of
from twinspan.target.target import open_target
from twinspan.target.twin import TwinPlace
from twinspan.twin import lifecycle
from twinspan.verify.findings import Verification
from twinspan.wait import wait_until

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import (
        FilterTypeDef,
        IpPermissionTypeDef,
        SubnetTypeDef,
        WaiterConfigTypeDef,
    )

pytestmark = [pytest.mark.root, pytest.mark.slow]

DESIGN = Path(__file__).parents[1] / "designs" / "beside-an-office"
TWINSPAN = Path(sys.executable).parent / "twinspan"
REGION = "eu-central-1"
AZURE_SUBNET = "10.50.1.0/24"
TUNNEL = 'aws_vpn_connection.to["berlin"].tunnel1'
UP_WITHIN_S = 300.0
"""For the tunnel and BGP on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The design, applied on a twin of its own."""

    name: str
    folder: Path

    def twinspan(self, *arguments: str, expect: int = 0) -> str:
        argv = [str(TWINSPAN), *arguments, "--name", self.name]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=1500)
        assert done.returncode == expect, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def answer(self, *arguments: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.twinspan(*arguments, "--format", "json"))
        return answer

    def verify(self, env: Path | None) -> Verification:
        """Verify once, as `twinspan verify ENV` does."""
        target = open_target(env, TwinPlace(self.name))
        with hosts_of(target, machines=True) as hosts:
            return target.verify(hosts=hosts.pairs, host_problems=hosts.problems)

    def env(self, look: str) -> Path | None:
        (state,) = (self.folder.parent / "home").rglob("states/*/terraform.tfstate")
        return {"folder": self.folder, "state": state, "nothing": None}[look]

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
        (subnet, *_) = self.subnets
        of_vpc: FilterTypeDef = {"Name": "vpc-id", "Values": [subnet["VpcId"]]}
        named: FilterTypeDef = {"Name": "group-name", "Values": ["default"]}
        (group,) = self.ec2.describe_security_groups(Filters=[of_vpc, named])["SecurityGroups"]
        return group["GroupId"]

    @property
    def subnets(self) -> "list[SubnetTypeDef]":
        of_design: FilterTypeDef = {"Name": "cidr-block", "Values": ["10.40.0.0/24", "10.40.1.0/24"]}
        return self.ec2.describe_subnets(Filters=[of_design])["Subnets"]

    def admit(self, protocol: str = "icmp") -> None:
        """Do what FLT-11's remedy says, or admit another protocol, too; idempotent."""
        (group,) = self.ec2.describe_security_groups(GroupIds=[self.default_group])["SecurityGroups"]
        admitted = [
            source["CidrIp"]
            for rule in group["IpPermissions"]
            for source in rule["IpRanges"]
            if rule["IpProtocol"] == protocol
        ]
        if AZURE_SUBNET not in admitted:
            permission: IpPermissionTypeDef = {
                "IpProtocol": protocol,
                "FromPort": -1,
                "ToPort": -1,
                "IpRanges": [{"CidrIp": AZURE_SUBNET}],
            }
            self.ec2.authorize_security_group_ingress(GroupId=self.default_group, IpPermissions=[permission])


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


def failed(verification: Verification) -> list[tuple[str, str]]:
    return [(result.id, finding.subject) for result, finding in verification.root_causes]


def test_a_default_group_that_admits_nobody_is_the_finding_with_the_rule_that_is_missing(
    built: Built,
) -> None:
    finding = [("FLT-11", f"default ({built.default_group})")]

    verification = wait_until(
        lambda: built.verify(None),
        lambda seen: failed(seen) == finding,
        what="no other finding",
        timeout_s=UP_WITHIN_S,
        interval_s=1.0,
    )

    (group,) = verification.result("FLT-11").findings
    assert f"--group-id {built.default_group}" in group.remedy
    assert f"CidrIp={AZURE_SUBNET}" in group.remedy


@pytest.mark.parametrize("look", ["folder", "state", "nothing"])
def test_with_that_rule_it_is_green_whatever_says_what_it_is(built: Built, look: str) -> None:
    built.admit()

    verification = wait_until(
        lambda: built.verify(built.env(look)),
        lambda seen: seen.passed,
        what="green",
        timeout_s=UP_WITHIN_S,
        interval_s=1.0,
    )

    # One tunnel was meant to be used, and one instance is there: no more is asked for.
    assert "1 of 1" in verification.result("VPN-02").findings[0].evidence
    assert verification.result("RCH-02").outcome is Outcome.PASS
    # The office is judged as what it is: nobody answers there, and nothing of Azure is expected there.
    elsewhere = verification.result("VPN-05")
    assert elsewhere.severity is Severity.WARNING
    assert [finding.outcome for finding in elsewhere.findings] == [Outcome.FAIL, Outcome.FAIL]


def test_tunnels_go_by_every_name_that_the_user_has_for_them(built: Built) -> None:
    (tunnel,) = built.answer("drill", "tunnels", str(built.folder))["tunnels"]

    assert tunnel["name"] == "berlin"
    connection = 'azurerm_virtual_network_gateway_connection.site["berlin"]'
    assert {TUNNEL, "to-berlin", connection} < {*tunnel["names"]}


def test_a_drill_takes_a_tunnel_by_its_address_in_terraform(built: Built) -> None:
    built.admit("-1")  # its flows are of UDP

    text = built.twinspan("drill", "run", "bgp-closed", str(built.folder), "--tunnel", TUNNEL)

    assert "berlin" in text
    assert text.count("nobody: until it was repaired") == 2


def test_probes_find_their_subnets_without_a_state(built: Built) -> None:
    built.admit()

    matrix = built.answer("probe", "matrix", "--count", "2")

    assert [pair["loss_ratio"] for pair in matrix["pings"]] == [0.0] * 4


def test_machines_that_exist_are_what_pings_and_their_groups_count(built: Built) -> None:
    built.admit()
    (subnet, *_) = built.subnets
    group = built.ec2.create_security_group(GroupName="till", Description="till", VpcId=subnet["VpcId"])
    (image, *_) = built.ec2.describe_images(Owners=["amazon"])["Images"]
    (made,) = built.ec2.run_instances(
        ImageId=image["ImageId"],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet["SubnetId"],
        SecurityGroupIds=[group["GroupId"]],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "till-1"}]}],
    )["Instances"]
    soon: WaiterConfigTypeDef = {"Delay": 1, "MaxAttempts": 300}
    built.ec2.get_waiter("instance_running").wait(InstanceIds=[made["InstanceId"]], WaiterConfig=soon)
    try:
        verification = built.verify(None)
    finally:
        built.ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
        built.ec2.get_waiter("instance_terminated").wait(InstanceIds=[made["InstanceId"]], WaiterConfig=soon)
        built.ec2.delete_security_group(GroupId=group["GroupId"])

    senders = [finding.subject for finding in verification.result("RCH-01").findings]
    assert any(subject.startswith("till-1 ") for subject in senders)
    assert failed(verification) == [("FLT-11", f"till ({group['GroupId']})")]


def test_without_propagation_no_packet_passes_and_the_route_is_named(built: Built) -> None:
    built.admit()
    (table,) = (
        route_table
        for route_table in built.ec2.describe_route_tables()["RouteTables"]
        if route_table["PropagatingVgws"]
    )
    identifier, vgw = table["RouteTableId"], table["PropagatingVgws"][0]["GatewayId"]
    built.ec2.disable_vgw_route_propagation(RouteTableId=identifier, GatewayId=vgw)
    try:
        verification = built.verify(None)
    finally:
        built.ec2.enable_vgw_route_propagation(RouteTableId=identifier, GatewayId=vgw)

    assert {rule for rule, _ in failed(verification)} <= {"RTE-01", "RTE-11", "RTE-14"}
    assert not verification.passed
    assert verification.result("RCH-01").outcome is not Outcome.PASS
