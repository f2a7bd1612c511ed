"""What the API knows survives the end of its process."""

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from aws_twin import KEY_ID, SECRET, Site, Twin

from twinspan.errors import HostError
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.observed import ObservedState
from twinspan.wait import wait_until

pytest_plugins = ("aws_fixtures",)

READER = """
import json, sys
from pathlib import Path
import boto3
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.observed import ObservedState

state_file, key_id, secret, vpn, bucket = sys.argv[1:]
api = AwsApi(board=ObservedState(), access_key_id=key_id, secret_access_key=secret,
             state_file=Path(state_file), on_change=lambda: None)
api.start()
def client(service):
    return boto3.client(service, endpoint_url=api.url, aws_access_key_id=key_id,
                        aws_secret_access_key=secret, region_name="eu-central-1")
ec2, s3, logs = client("ec2"), client("s3"), client("logs")
connection = ec2.describe_vpn_connections(VpnConnectionIds=[vpn])["VpnConnections"][0]
table = ec2.describe_route_tables(Filters=[{"Name": "tag:Name", "Values": ["private"]}])["RouteTables"][0]
versions = s3.list_object_versions(Bucket=bucket)["Versions"]
answer = {
    "options": connection["Options"],
    "tags": connection["Tags"],
    "attachments": ec2.describe_vpn_gateways()["VpnGateways"][0]["VpcAttachments"],
    "propagating": table["PropagatingVgws"],
    "devices": [g.get("DeviceName") for g in ec2.describe_customer_gateways()["CustomerGateways"]],
    "versions": [
        s3.get_object(Bucket=bucket, Key="dev.tfstate", VersionId=v["VersionId"])["Body"].read().decode()
        for v in versions
    ],
    "groups": [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]],
    "deletable": ec2.delete_vpn_connection(VpnConnectionId=vpn)["ResponseMetadata"]["HTTPStatusCode"],
}
try:
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
except s3.exceptions.BucketAlreadyOwnedByYou:
    answer["bucket"] = "owned"
api.stop()
print(json.dumps(answer))
"""


def test_a_second_process_finds_everything_as_it_was(site: Site, twin: Twin) -> None:
    ec2, s3, logs = site.ec2, twin.client("s3"), twin.client("logs")
    device = ec2.create_customer_gateway(
        Type="ipsec.1", IpAddress="198.51.100.4", BgpAsn=65000, DeviceName="left"
    )["CustomerGateway"]["CustomerGatewayId"]
    ec2.delete_customer_gateway(CustomerGatewayId=site.customer_gateway_id)
    made = ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=device,
        VpnGatewayId=site.vpn_gateway_id,
        Options={"TunnelOptions": [{"TunnelInsideCidr": "169.254.21.0/30", "DPDTimeoutSeconds": 45}]},
        TagSpecifications=[{"ResourceType": "vpn-connection", "Tags": [{"Key": "Name", "Value": "one"}]}],
    )["VpnConnection"]
    table = ec2.create_route_table(VpcId=site.vpc_id)["RouteTable"]["RouteTableId"]
    ec2.create_tags(Resources=[table], Tags=[{"Key": "Name", "Value": "private"}])
    ec2.enable_vgw_route_propagation(GatewayId=site.vpn_gateway_id, RouteTableId=table)
    s3.create_bucket(Bucket="tf-state", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket="tf-state", VersioningConfiguration={"Status": "Enabled"})
    for body in ("first", "second", "third"):
        s3.put_object(Bucket="tf-state", Key="dev.tfstate", Body=body)
    logs.create_log_group(logGroupName="/aws/vendedlogs/vpn")
    twin.api.save()
    argv = [
        sys.executable,
        "-c",
        READER,
        str(twin.state_file),
        KEY_ID,
        SECRET,
        made["VpnConnectionId"],
        "tf-state",
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["options"] == made["Options"]
    assert document["tags"] == [{"Key": "Name", "Value": "one"}]
    assert document["attachments"] == [{"VpcId": site.vpc_id, "State": "attached"}]
    assert document["propagating"] == [{"GatewayId": site.vpn_gateway_id}]
    assert sorted(document["devices"], key=str) == [None, "left"]
    assert document["versions"] == ["third", "second", "first"]
    assert document["groups"] == ["/aws/vendedlogs/vpn"]
    assert document["bucket"] == "owned"
    assert document["deletable"] == 200
    for client in (s3, logs):
        client.close()


def test_a_change_is_in_the_file_within_a_second_and_only_ours_to_read(site: Site, twin: Twin) -> None:
    name = site.connect()["VpnConnectionId"].encode()
    wait_until(
        lambda: twin.state_file.exists() and name in twin.state_file.read_bytes(),
        bool,
        what="the connection in the state file",
        timeout_s=3,
    )
    assert twin.state_file.stat().st_mode & 0o777 == 0o600
    assert list(twin.state_file.parent.iterdir()) == [twin.state_file]


def start(state_file: Path, *, port: int = 0) -> AwsApi:
    api = AwsApi(
        board=ObservedState(),
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=state_file,
        on_change=lambda: None,
        port=port,
    )
    api.start()
    return api


@pytest.mark.parametrize(
    "contents",
    [b"", b"garbage", b"twinspan\n\x80\x05", b"\x80\x05."],
    ids=["nothing", "text", "cut short", "no heading"],
)
def test_a_damaged_state_file_is_explained(tmp_path: Path, contents: bytes) -> None:
    state_file = tmp_path / "aws.state"
    state_file.write_bytes(contents)
    state_file.chmod(0o600)
    with pytest.raises(HostError, match=r"is damaged.*--purge"):
        start(state_file)


def test_one_changed_byte_is_noticed(tmp_path: Path) -> None:
    state_file = tmp_path / "aws.state"
    start(state_file).stop()
    contents = bytearray(state_file.read_bytes())
    contents[-10] ^= 1
    state_file.write_bytes(contents)
    with pytest.raises(HostError, match="is damaged"):
        start(state_file)


def test_a_state_file_of_another_version_is_explained(tmp_path: Path) -> None:
    state_file = tmp_path / "aws.state"
    start(state_file).stop()
    state_file.write_bytes(state_file.read_bytes().replace(b"format ", b"format 9", 1))
    with pytest.raises(HostError, match=r"another version \(twinspan-aws-state format 9.*--purge"):
        start(state_file)


def test_a_state_file_that_others_can_read_is_not_loaded(tmp_path: Path) -> None:
    state_file = tmp_path / "aws.state"
    start(state_file).stop()
    state_file.chmod(0o644)
    with pytest.raises(HostError, match="may have been written by others"):
        start(state_file)


def test_a_taken_port_is_explained_and_another_api_can_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HostError, match=f"port {port} .* is taken"):
            start(tmp_path / "other.state", port=port)
    start(tmp_path / "free.state").stop()


def test_one_api_after_another_starts_clean_and_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    for number in range(2):
        api = start(tmp_path / f"{number}.state")
        twin = Twin(api=api, board=ObservedState(), changes=[], state_file=tmp_path)
        ec2 = twin.client("ec2")
        assert ec2.describe_vpn_gateways()["VpnGateways"] == []
        ec2.create_vpn_gateway(Type="ipsec.1")
        ec2.close()
        api.stop()
        api.stop()
    wait_until(threading.active_count, lambda n: n <= before, what="no thread left", timeout_s=5)


def test_a_second_api_in_one_process_is_refused_and_the_first_keeps_its_state(
    site: Site, twin: Twin, tmp_path: Path
) -> None:
    second = AwsApi(
        board=ObservedState(),
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=tmp_path / "second.state",
        on_change=lambda: None,
    )
    with pytest.raises(RuntimeError, match="runs in this process already"):
        second.start()
    second.stop()
    vpcs = site.ec2.describe_vpcs(VpcIds=[site.vpc_id])["Vpcs"]
    assert [vpc["VpcId"] for vpc in vpcs] == [site.vpc_id]
    assert twin.api.port
