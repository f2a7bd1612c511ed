"""Many clients at once."""

import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from aws_twin import Twin
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

from twinspan.wait import wait_until

pytest_plugins = ("aws_fixtures",)


def test_eight_clients_at_once_each_get_their_own_answers(twin: Twin) -> None:
    clients = [twin.client("ec2") for _ in range(8)]  # making one is not safe in threads, using it is

    def work(number: int) -> int:
        ec2 = clients[number]
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        for part in range(5):
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.{part}.0/24")
            ec2.describe_route_tables()
            ec2.describe_vpn_connections()
        return len(ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [5] * 8
    for client in clients:
        client.close()


def test_a_request_that_comes_again_is_noted(twin: Twin, caplog: pytest.LogCaptureFixture) -> None:
    """SDKs count their attempts: one that is not the first tells that an answer was lost, here by a proxy."""
    ec2 = twin.client("ec2")
    answers = [AWSResponse("", 503, HTTPHeaders(), HTTPResponse(BytesIO())), None]
    ec2.describe_vpcs()
    assert caplog.messages == []
    ec2.meta.events.register("before-send", answer := lambda **_: answers.pop(0))
    try:
        ec2.describe_vpcs()
    finally:
        ec2.meta.events.unregister("before-send", answer)
    assert caplog.messages == ["ec2 DescribeVpcs comes again: its client got no answer before"]


def test_a_client_that_does_not_take_its_answer_is_noted(
    twin: Twin, caplog: pytest.LogCaptureFixture
) -> None:
    """It asks, and resets the connection at once."""
    s3 = twin.client("s3")
    s3.create_bucket(Bucket="large", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="large", Key="k", Body=bytes(32 * 1024 * 1024))
    parts = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": "large", "Key": "k"}))
    with socket.create_connection(("127.0.0.1", twin.api.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(
            f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        )
        connection.recv(1)
    wait_until(lambda: caplog.messages, bool, what="the note", timeout_s=60)
    (message,) = caplog.messages
    assert message.startswith("a client did not take its answer: ")
