"""Instances of a running twin: started, asked, stopped, terminated by the APIs alone, and seen by packets."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from twinspan.cloud.aws.client import service_client
from twinspan.cloud.aws.commands import run_on_instance
from twinspan.errors import CloudRefusedError, CommandError
from twinspan.twin import lifecycle
from twinspan.twin.client import TwinClient, twin_endpoints
from twinspan.wait import wait_until

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

pytestmark = [pytest.mark.root, pytest.mark.timeout(300)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A VPC of two subnets on a twin, and a group that lets pings in."""

    ec2: "EC2Client"
    ssm: Any
    client: TwinClient
    vpc_id: str
    subnets: tuple[str, str]
    group_id: str
    image_id: str

    def launch(self, subnet: int, **options: Any) -> str:
        """Run an instance, and wait until it runs."""
        made = self.ec2.run_instances(
            ImageId=self.image_id,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            **({"SubnetId": self.subnets[subnet], "SecurityGroupIds": [self.group_id]} | options),
        )["Instances"][0]
        assert made["State"]["Name"] == "pending"
        self.until(made["InstanceId"], "running")
        return made["InstanceId"]

    def instance(self, name: str) -> Mapping[str, Any]:
        return self.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]

    def until(self, name: str, state: str) -> None:
        wait_until(
            lambda: self.instance(name)["State"]["Name"],
            lambda seen: seen == state,
            what=f"{name} {state}",
            timeout_s=30,
        )

    def address(self, name: str) -> str:
        return str(self.instance(name)["PrivateIpAddress"])

    def reaches(self, name: str, address: str) -> bool:
        done = self.client.execute(name, ["ping", "-c", "2", "-i", "0.2", "-W", "1", address], timeout_s=10)
        return done.returncode == 0

    def end(self, *names: str) -> None:
        self.ec2.terminate_instances(InstanceIds=list(names))
        for name in names:
            self.until(name, "terminated")

    def run(self, name: str, *commands: str, **parameters: list[str]) -> Mapping[str, Any]:
        """Send a shell script, and return what became of it."""
        sent = self.ssm.send_command(
            InstanceIds=[name],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": list(commands), **parameters},
        )["Command"]
        return wait_until(
            lambda: self.ssm.get_command_invocation(CommandId=sent["CommandId"], InstanceId=name),
            lambda seen: seen["Status"] not in {"Pending", "InProgress"},
            what="the end of a command",
            timeout_s=30,
        )


@pytest.fixture(scope="module")
def site(running: str) -> Site:
    endpoints = twin_endpoints(running)
    assert endpoints.aws is not None
    ec2: EC2Client = service_client(endpoints.aws, "ec2")
    ssm: Any = service_client(endpoints.aws, "ssm")
    vpc_id = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=block, AvailabilityZone=f"{endpoints.aws.region}a")
        for block in ("10.20.1.0/24", "10.20.2.0/24")
    ]
    group_id = ec2.create_security_group(VpcId=vpc_id, GroupName="ping", Description="ping")["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group_id,
        IpPermissions=[
            {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ],
    )
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    return Site(
        ec2=ec2,
        ssm=ssm,
        client=TwinClient(running),
        vpc_id=vpc_id,
        subnets=(subnets[0]["Subnet"]["SubnetId"], subnets[1]["Subnet"]["SubnetId"]),
        group_id=group_id,
        image_id=ssm.get_parameter(Name=name)["Parameter"]["Value"],
    )


@pytest.fixture
def pair(site: Site) -> Iterator[tuple[str, str]]:
    """An instance in each subnet."""
    made = site.launch(0), site.launch(1)
    yield made
    site.end(*made)


def test_instances_reach_each_other_until_one_stops(site: Site, pair: tuple[str, str]) -> None:
    first, second = pair
    address = site.address(second)
    assert site.reaches(first, address)

    answer = site.ec2.stop_instances(InstanceIds=[second])["StoppingInstances"][0]
    assert answer["CurrentState"]["Name"] == "stopping"
    site.until(second, "stopped")
    assert not site.reaches(first, address)
    assert site.ec2.describe_instance_status(InstanceIds=[second])["InstanceStatuses"] == []

    site.ec2.start_instances(InstanceIds=[second])
    site.until(second, "running")
    assert site.address(second) == address
    assert site.reaches(first, address)


def test_a_group_that_is_taken_away_takes_the_pings_with_it(site: Site, pair: tuple[str, str]) -> None:
    first, second = pair
    closed = site.ec2.create_security_group(VpcId=site.vpc_id, GroupName="shut", Description="shut")[
        "GroupId"
    ]
    site.ec2.modify_instance_attribute(InstanceId=second, Groups=[closed])
    site.client.settled(20)

    assert not site.reaches(first, site.address(second))

    site.ec2.modify_instance_attribute(InstanceId=second, Groups=[site.group_id])
    site.client.settled(20)
    assert site.reaches(first, site.address(second))
    site.ec2.delete_security_group(GroupId=closed)


def test_an_instance_routes_for_others_if_its_check_is_off(site: Site, pair: tuple[str, str]) -> None:
    first, second = pair
    router = site.launch(1)
    table = site.ec2.create_route_table(VpcId=site.vpc_id)["RouteTable"]["RouteTableId"]
    association = site.ec2.associate_route_table(RouteTableId=table, SubnetId=site.subnets[0])[
        "AssociationId"
    ]
    try:
        site.ec2.create_route(
            RouteTableId=table, DestinationCidrBlock=f"{site.address(second)}/32", InstanceId=router
        )
        site.client.settled(20)
        (route,) = [
            candidate
            for candidate in site.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
            if "NetworkInterfaceId" in candidate
        ]
        assert (route["State"], route["InstanceId"]) == ("active", router)
        assert not site.reaches(first, site.address(second))

        site.ec2.modify_instance_attribute(InstanceId=router, SourceDestCheck={"Value": False})
        site.client.settled(20)
        assert site.reaches(first, site.address(second))

        site.ec2.stop_instances(InstanceIds=[router])
        site.until(router, "stopped")
        shown = site.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        assert "blackhole" in {shown_route["State"] for shown_route in shown}
        assert not site.reaches(first, site.address(second))
    finally:
        site.ec2.disassociate_route_table(AssociationId=association)
        site.ec2.delete_route_table(RouteTableId=table)
        site.end(router)


def test_an_interface_is_attached_to_an_instance_that_runs(site: Site, pair: tuple[str, str]) -> None:
    first, second = pair
    made = site.ec2.create_network_interface(SubnetId=site.subnets[0], Groups=[site.group_id])[
        "NetworkInterface"
    ]
    name, address = made["NetworkInterfaceId"], made["PrivateIpAddress"]
    assert not site.reaches(first, address)

    attachment = site.ec2.attach_network_interface(NetworkInterfaceId=name, InstanceId=second, DeviceIndex=1)

    def shown() -> Mapping[str, Any]:
        return site.ec2.describe_network_interfaces(NetworkInterfaceIds=[name])["NetworkInterfaces"][0]

    wait_until(
        lambda: shown()["Attachment"]["Status"],
        lambda status: status == "attached",
        what="an attached interface",
        timeout_s=20,
    )
    assert site.reaches(first, address)
    more = site.ec2.assign_private_ip_addresses(NetworkInterfaceId=name, SecondaryPrivateIpAddressCount=1)
    site.client.settled(20)
    assert site.reaches(first, more["AssignedPrivateIpAddresses"][0]["PrivateIpAddress"])

    site.ec2.detach_network_interface(AttachmentId=attachment["AttachmentId"])
    wait_until(
        lambda: shown().get("Attachment", {}).get("Status"),
        lambda status: status in {"detached", None},
        what="a detached interface",
        timeout_s=20,
    )
    assert not site.reaches(first, address)
    site.ec2.delete_network_interface(NetworkInterfaceId=name)


def test_a_reboot_ends_what_runs_and_keeps_the_address(site: Site, pair: tuple[str, str]) -> None:
    first, second = pair
    listening = "python3 -m http.server 8080 >/dev/null 2>&1 &"
    site.run(second, listening)
    probe = "curl -s -o /dev/null -m 2 http://127.0.0.1:8080/"
    wait_until(
        lambda: site.run(second, probe)["ResponseCode"], lambda code: code == 0, what="a server", timeout_s=20
    )

    site.ec2.reboot_instances(InstanceIds=[second])
    site.client.settled(20)

    assert site.run(second, probe)["ResponseCode"] != 0
    assert site.reaches(first, site.address(second))


def test_a_command_of_ssm_runs_on_the_instance(site: Site, pair: tuple[str, str]) -> None:
    first, second = pair

    pinged = site.run(first, f"ping -c 2 -i 0.2 {site.address(second)}", "echo done >&2")
    assert (pinged["Status"], pinged["ResponseCode"]) == ("Success", 0)
    assert "2 received" in pinged["StandardOutputContent"]
    assert pinged["StandardErrorContent"] == "done\n"
    assert site.address(first) in site.run(first, "ip -br addr")["StandardOutputContent"]

    failed = site.run(first, "exit 3")
    assert (failed["Status"], failed["ResponseCode"]) == ("Failed", 3)

    late = site.run(first, "sleep 30", executionTimeout=["1"])
    assert (late["Status"], late["StatusDetails"]) == ("TimedOut", "Execution Timed Out")

    assert site.run(first, "pwd", workingDirectory=["/usr/bin"])["StandardOutputContent"] == "/usr/bin\n"


def test_ssm_lists_commands_and_the_instances_that_run(site: Site, pair: tuple[str, str]) -> None:
    first, second = pair
    site.ec2.create_tags(Resources=[second], Tags=[{"Key": "role", "Value": "probe"}])
    sent = site.ssm.send_command(
        Targets=[{"Key": "tag:role", "Values": ["probe"]}],
        DocumentName="AWS-RunShellScript",
        Parameters={"commands": ["echo hello"]},
    )["Command"]

    (listed,) = wait_until(
        lambda: site.ssm.list_command_invocations(CommandId=sent["CommandId"], Details=True)[
            "CommandInvocations"
        ],
        lambda invocations: invocations[0]["Status"] == "Success",
        what="the end of a command",
        timeout_s=20,
    )
    assert listed["InstanceId"] == second
    assert listed["CommandPlugins"][0]["Output"] == "hello\n"

    managed = site.ssm.describe_instance_information()["InstanceInformationList"]
    assert {first, second} <= {managed_instance["InstanceId"] for managed_instance in managed}
    site.ec2.stop_instances(InstanceIds=[second])
    site.until(second, "stopped")
    with pytest.raises(ClientError, match="not in a valid state"):
        site.run(second, "true")
    managed = site.ssm.describe_instance_information()["InstanceInformationList"]
    assert second not in {managed_instance["InstanceId"] for managed_instance in managed}


def test_what_runs_by_ssm_returns_what_it_printed(site: Site, pair: tuple[str, str]) -> None:
    """The same call as on a real account."""
    endpoint = twin_endpoints(site.client.name).aws
    assert endpoint is not None

    done = run_on_instance(endpoint, pair[0], ["sh", "-c", "echo 'a b'; echo c >&2; exit 4"], timeout_s=10)
    assert (done.returncode, done.stdout, done.stderr) == (4, "a b\n", "c\n")
    with pytest.raises(CommandError, match="no end within"):
        run_on_instance(endpoint, pair[0], ["sleep", "30"], timeout_s=1)
    with pytest.raises(CloudRefusedError, match="not in a valid state"):
        run_on_instance(endpoint, "i-0123456789abcdef0", ["true"], timeout_s=1)


def test_the_command_exec_ends_as_what_it_has_run(site: Site, pair: tuple[str, str]) -> None:
    first, second = pair
    site.ec2.create_tags(Resources=[first], Tags=[{"Key": "Name", "Value": "web"}])

    def twinspan(*arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "twinspan.cli.main", "exec", "--name", site.client.name, *arguments]
        return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    pinged = twinspan("web", "--", "ping", "-c", "2", "-i", "0.2", site.address(second))
    assert (pinged.returncode, "2 received" in pinged.stdout) == (0, True), pinged.stderr
    failed = twinspan("--format", "json", first, "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert failed.returncode == 7
    assert json.loads(failed.stdout) == {
        "machine": first,
        "exit_status": 7,
        "stdout": "out\n",
        "stderr": "err\n",
    }
    lost = twinspan("nobody", "--", "true")
    assert (lost.returncode, "no machine of that name" in lost.stderr) == (2, True)


def test_what_an_instance_uses_is_not_deleted_before_it(site: Site) -> None:
    subnet = site.ec2.create_subnet(VpcId=site.vpc_id, CidrBlock="10.20.9.0/24")["Subnet"]["SubnetId"]
    group = site.ec2.create_security_group(VpcId=site.vpc_id, GroupName="used", Description="used")["GroupId"]
    name = site.launch(0, SubnetId=subnet, SecurityGroupIds=[group])

    with pytest.raises(ClientError, match="DependencyViolation"):
        site.ec2.delete_subnet(SubnetId=subnet)
    with pytest.raises(ClientError, match="DependencyViolation"):
        site.ec2.delete_security_group(GroupId=group)
    with pytest.raises(ClientError, match="DependencyViolation"):
        site.ec2.delete_vpc(VpcId=site.vpc_id)

    site.end(name)
    site.ec2.delete_security_group(GroupId=group)
    site.ec2.delete_subnet(SubnetId=subnet)
    site.client.settled(20)
    assert site.client.status().problems == ()


def test_instances_come_back_after_the_twin_was_down(name: str) -> None:
    lifecycle.up(name)
    endpoints = twin_endpoints(name)
    assert endpoints.aws is not None
    ec2: EC2Client = service_client(endpoints.aws, "ec2")
    made = ec2.run_instances(ImageId="ami-0123456789abcdef0", InstanceType="t3.micro", MinCount=2, MaxCount=2)
    names = [instance["InstanceId"] for instance in made["Instances"]]
    ec2.stop_instances(InstanceIds=names[1:])

    lifecycle.down(name)
    lifecycle.up(name)

    client = TwinClient(name)
    client.settled(30)
    wait_until(client.observe, lambda seen: seen.machines == (names[0],), what="one machine", timeout_s=20)
    assert client.execute(names[0], ["echo", "here"], timeout_s=5).stdout == "here\n"
