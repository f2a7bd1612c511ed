"""What the tests of the AWS API share."""

import http.client
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from twinspan.twin.aws.server import AwsApi
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.observed import AwsTunnelEnd, NegotiatedSa, ObservedState

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import VpnConnectionTypeDef

SESSION = boto3.session.Session()
REGION = "eu-central-1"
KEY_ID = "AKIATWINSPANTEST0001"
SECRET = "a-secret-only-this-test-knows"
QUERY = b"Action=DescribeVpcs&Version=2016-11-15"
FORM = "application/x-www-form-urlencoded"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ESTABLISHED = AwsTunnelEnd(
    vpn_connection_id="",
    outside_ip_address=IPv4Address("0.0.0.0"),
    ike_up=True,
    ipsec_up=True,
    bgp_state="Established",
    accepted_routes=(IPv4Network("10.1.0.0/16"), IPv4Network("10.9.0.0/24")),
    since=NOON,
    bgp_since=NOON.replace(minute=1),
    bytes_in=1,
    bytes_out=1,
    packets_in=1,
    packets_out=1,
    dropped_in=0,
    dropped_out=0,
    last_error="",
    sa=NegotiatedSa(
        phase1_encryption="AES256-GCM-16",
        phase1_integrity="SHA2-384",
        phase1_dh_group=20,
        phase2_encryption="AES256-GCM-16",
        phase2_integrity="SHA2-256",
        phase2_dh_group=None,
    ),
)


def code_of(call: Callable[[], Any]) -> str:
    """The error code with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call()
    code: str = refused.value.response["Error"]["Code"]
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A running API with what it was given."""

    api: AwsApi
    board: ObservedState
    changes: list[str]
    """One entry for each call of `on_change`."""
    state_file: Path
    access: ClusterAccess | None = None
    """Its EKS clusters' API servers."""

    def client(self, service: str, *, secret: str = SECRET, region: str = REGION) -> Any:
        return _client(self.api.url, service, secret, region)


@cache
def _client(url: str, service: str, secret: str, region: str) -> Any:
    """Make a client once: EC2's has 700 methods."""
    return SESSION.client(  # type: ignore[call-overload]
        service,
        endpoint_url=url,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=secret,
        region_name=region,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A VPC with an attached virtual private gateway and one customer gateway."""

    ec2: "EC2Client"
    vpc_id: str
    vpn_gateway_id: str
    customer_gateway_id: str

    def connect(self, **options: Any) -> "VpnConnectionTypeDef":
        return self.ec2.create_vpn_connection(
            Type="ipsec.1",
            CustomerGatewayId=self.customer_gateway_id,
            VpnGatewayId=self.vpn_gateway_id,
            Options=options,  # type: ignore[arg-type]
        )["VpnConnection"]

    def connection(self, name: str) -> "VpnConnectionTypeDef":
        return self.ec2.describe_vpn_connections(VpnConnectionIds=[name])["VpnConnections"][0]

    def main_route_table_id(self) -> str:
        answer = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc_id]}])
        return answer["RouteTables"][0]["RouteTableId"]


def signed(twin: Twin, body: bytes = QUERY, service: str = "ec2") -> dict[str, str]:
    request = AWSRequest("POST", f"{twin.api.url}/", data=body, headers={"Content-Type": FORM})
    request.headers["Host"] = f"127.0.0.1:{twin.api.port}"
    SigV4Auth(Credentials(KEY_ID, SECRET), service, REGION).add_auth(request)
    return dict(request.headers.items())


def send(
    twin: Twin, headers: dict[str, str], *, body: bytes = QUERY, method: str = "POST", path: str = "/"
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", twin.api.port, timeout=20)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text
