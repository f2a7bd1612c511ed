"""Fixtures: a real AWS API on a free port, real clients, and what a data plane would say."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aws_twin import ESTABLISHED, KEY_ID, REGION, SECRET, Site, Twin
from eks_site import EksSite, cluster_access, eks_api, make_site

from twinspan.command import run
from twinspan.errors import HostError
from twinspan.twin.aws.ec2 import connection_views
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.observed import Observed, ObservedState

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import VpnConnectionTypeDef
    from mypy_boto3_s3 import S3Client

_LAST_PORT: list[int] = []


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    board, changes = ObservedState(), list[str]()
    access = cluster_access(tmp_path)
    folder = tmp_path / "state"
    folder.mkdir()
    api = _started_where_the_last_one_was(partial(eks_api, folder, board, access, changes))
    yield Twin(api=api, board=board, changes=changes, state_file=folder / "aws.state", access=access)
    api.stop()
    access.stop()


def _started_where_the_last_one_was(make: Callable[[int], AwsApi]) -> AwsApi:
    """Start an API at this process's last port, if that is still free: clients are made once per address."""
    api = make(_LAST_PORT.pop() if _LAST_PORT else 0)
    try:
        api.start()
    except HostError:
        api = make(0)
        api.start()
    _LAST_PORT.append(api.port)
    return api


@pytest.fixture
def ec2(twin: Twin) -> Iterator["EC2Client"]:
    client = twin.client("ec2")
    yield client
    client.close()


@pytest.fixture
def s3(twin: Twin) -> Iterator["S3Client"]:
    client = twin.client("s3")
    yield client
    client.close()


@pytest.fixture
def always_pending(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a data plane connections stay `pending`, however slow the machine is."""
    monkeypatch.setattr(connection_views, "PROVISIONING_LIMIT", timedelta(hours=1))


@pytest.fixture
def site(ec2: "EC2Client") -> Site:
    vpc_id = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=gateway, VpcId=vpc_id)
    customer = ec2.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.4", BgpAsn=65000)
    return Site(
        ec2=ec2,
        vpc_id=vpc_id,
        vpn_gateway_id=gateway,
        customer_gateway_id=customer["CustomerGateway"]["CustomerGatewayId"],
    )


@pytest.fixture
def eks_site(twin: Twin) -> EksSite:
    return make_site(twin)


@pytest.fixture
def observe(twin: Twin) -> Callable[..., None]:
    """Publish both tunnels of a connection as established, with `changes`; and what a VGW accepted."""

    def publish(
        connection: "VpnConnectionTypeDef", *, vgw_routes: tuple[str, ...] = (), **changes: Any
    ) -> None:
        ends = tuple(
            replace(
                ESTABLISHED,
                vpn_connection_id=connection["VpnConnectionId"],
                outside_ip_address=IPv4Address(tunnel["OutsideIpAddress"]),
                **changes,
            )
            for tunnel in connection["Options"]["TunnelOptions"]
        )
        routes = {connection["VpnGatewayId"]: tuple(IPv4Network(text) for text in vgw_routes)}
        twin.board.publish(Observed(generation=1, aws_tunnels=ends, vgw_routes=routes))

    return publish


@pytest.fixture
def aws_cli(twin: Twin, tmp_path: Path) -> Callable[..., Any]:
    """Run the real aws CLI against the twin."""
    program = os.environ.get("TWINSPAN_AWSCLI") or shutil.which("aws")
    if program is None:
        pytest.skip("no aws CLI: put `aws` on PATH or its path in TWINSPAN_AWSCLI (`make test` does)")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": twin.api.url,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }
    if "PYENV_ROOT" in os.environ:
        environment["PYENV_ROOT"] = os.environ["PYENV_ROOT"]
    return lambda *argv, check=True: run([program, *argv], env=environment, timeout_s=60, check=check)
