"""A twin with what EKS clusters need: a VPC with two zones, roles, and a board that the test fills."""

import json
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_twin import KEY_ID, SECRET, Twin

from twinspan.twin.aws.server import AwsApi
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.kubernetes.spec import ClusterHealth, NodeHealth
from twinspan.twin.observed import Observed, ObservedState

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_eks import EKSClient
    from mypy_boto3_iam import IAMClient

NAME = "cluster-1"
GROUP = "default"
ROLE_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "eks.amazonaws.com"}}
        ],
    }
)


@dataclass(slots=True, kw_only=True)
class EksSite:
    """A running API, a VPC in it, and what the data plane is made to say."""

    twin: Twin
    access: ClusterAccess
    eks: "EKSClient"
    ec2: "EC2Client"
    iam: "IAMClient"
    vpc_id: str
    subnet_ids: list[str]
    """In zone a, in zone b, and once more in zone a."""
    role_arn: str
    generation: int = 0
    health: ClusterHealth | None = field(default=None)

    @property
    def arn(self) -> str:
        return f"arn:aws:eks:eu-central-1:123456789012:cluster/{NAME}"

    def say(self, **changes: Any) -> None:
        """Publish a changed state of the cluster."""
        before = self.health or ClusterHealth(key=self.arn, api_ready=False, system_ready=False)
        self.health = replace(before, **changes)
        self.publish(self.health)

    def say_nodes(self, ready: int, *, waiting: int = 0, problem: str = "") -> None:
        """Publish nodes of the group `default`."""
        nodes = tuple(
            NodeHealth(
                key=f"{GROUP}/{index}",
                name=f"ip-10-2-1-{index + 4}",
                group=GROUP,
                address=IPv4Address("10.2.1.4") + index,
                ready=index < ready,
                problem="" if index < ready else problem,
            )
            for index in range(ready + waiting)
        )
        self.say(api_ready=True, system_ready=True, nodes=nodes)

    def publish(self, *clusters: ClusterHealth) -> None:
        self.generation += 1
        self.twin.board.publish(Observed(generation=self.generation, clusters=clusters))

    def create(self, **changes: Any) -> dict[str, Any]:
        """Ask for the cluster with members changed; None leaves one out."""
        request: dict[str, Any] = {
            "name": NAME,
            "roleArn": self.role_arn,
            "resourcesVpcConfig": {"subnetIds": self.subnet_ids[:2]},
            "accessConfig": {"authenticationMode": "API"},
        } | changes
        made = self.eks.create_cluster(
            **{name: value for name, value in request.items() if value is not None}
        )
        return dict(made["cluster"])

    def create_ready(self, **changes: Any) -> dict[str, Any]:
        self.create(**changes)
        self.say(api_ready=True, system_ready=True)
        return self.cluster()

    def create_group(self, **changes: Any) -> dict[str, Any]:
        request: dict[str, Any] = {
            "clusterName": NAME,
            "nodegroupName": GROUP,
            "nodeRole": self.role_arn,
            "subnets": self.subnet_ids[:2],
            "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 1},
        } | changes
        return dict(self.eks.create_nodegroup(**request)["nodegroup"])

    def cluster(self) -> dict[str, Any]:
        return dict(self.eks.describe_cluster(name=NAME)["cluster"])

    def group(self) -> dict[str, Any]:
        return dict(self.eks.describe_nodegroup(clusterName=NAME, nodegroupName=GROUP)["nodegroup"])


def eks_api(
    folder: Path, board: ObservedState, access: ClusterAccess, changes: list[str], port: int = 0
) -> AwsApi:
    """An AWS API with clusters, not started."""
    return AwsApi(
        board=board,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=folder / "aws.state",
        on_change=lambda: changes.append("change"),
        clusters=access,
        port=port,
    )


def cluster_access(tmp_path: Path) -> ClusterAccess:
    sockets = tmp_path / "sockets"
    sockets.mkdir(exist_ok=True)
    access = ClusterAccess(tmp_path / "clusters", sockets=sockets)
    access.start()
    return access


def make_site(twin: Twin) -> EksSite:
    """Return a VPC with three subnets and a role, in a running API."""
    ec2, iam = twin.client("ec2"), twin.client("iam")
    vpc_id = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    subnet_ids = [
        ec2.create_subnet(
            VpcId=vpc_id, CidrBlock=f"10.2.{number}.0/24", AvailabilityZone=f"eu-central-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in ((1, "a"), (2, "b"), (3, "a"))
    ]
    role = iam.create_role(RoleName="eks", AssumeRolePolicyDocument=ROLE_POLICY)["Role"]
    assert twin.access is not None
    return EksSite(
        twin=twin,
        access=twin.access,
        eks=twin.client("eks"),
        ec2=ec2,
        iam=iam,
        vpc_id=vpc_id,
        subnet_ids=subnet_ids,
        role_arn=role["Arn"],
    )
