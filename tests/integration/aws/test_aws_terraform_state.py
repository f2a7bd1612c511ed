"""S3 as Terraform's backend uses it: lock objects by conditional writes, versions, private."""

from typing import TYPE_CHECKING

import pytest
from aws_twin import KEY_ID, REGION, SECRET, Twin, code_of, send
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytest_plugins = ("aws_fixtures",)


def make_bucket(s3: "S3Client") -> None:
    s3.create_bucket(Bucket="tf-state", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket="tf-state", VersioningConfiguration={"Status": "Enabled"})


def test_only_one_writer_gets_the_lock(s3: "S3Client") -> None:
    make_bucket(s3)
    s3.put_object(Bucket="tf-state", Key="dev.tfstate.tflock", Body=b"me", IfNoneMatch="*")
    assert (
        code_of(
            lambda: s3.put_object(Bucket="tf-state", Key="dev.tfstate.tflock", Body=b"you", IfNoneMatch="*")
        )
        == "PreconditionFailed"
    )
    assert s3.get_object(Bucket="tf-state", Key="dev.tfstate.tflock")["Body"].read() == b"me"
    s3.delete_object(Bucket="tf-state", Key="dev.tfstate.tflock")
    s3.put_object(Bucket="tf-state", Key="dev.tfstate.tflock", Body=b"you", IfNoneMatch="*")


def test_the_bucket_can_be_versioned_encrypted_and_private(s3: "S3Client") -> None:
    make_bucket(s3)
    s3.put_bucket_encryption(
        Bucket="tf-state",
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    s3.put_public_access_block(
        Bucket="tf-state",
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    assert s3.get_bucket_versioning(Bucket="tf-state")["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket="tf-state")["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    rules = s3.get_bucket_encryption(Bucket="tf-state")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_a_large_body_is_stored_whole_and_wakes_no_reconciler(twin: Twin, s3: "S3Client") -> None:
    make_bucket(s3)
    body = b"x" * 3_000_000
    s3.put_object(Bucket="tf-state", Key="big", Body=body, ChecksumAlgorithm="SHA256")
    assert s3.get_object(Bucket="tf-state", Key="big")["Body"].read() == body
    assert len(twin.changes) == 0


@pytest.mark.parametrize(
    ("declared", "chunks"),
    [
        ("UNSIGNED-PAYLOAD", b"hello"),
        (
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            b"5;chunk-signature=" + b"a" * 64 + b"\r\nhello\r\n0;chunk-signature=" + b"b" * 64 + b"\r\n"
            b"x-amz-checksum-crc32:NhCmhg==\r\nx-amz-trailer-signature:" + b"c" * 64 + b"\r\n\r\n",
        ),
        (
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
        ),
    ],
    ids=["in one piece", "in signed chunks", "in unsigned chunks"],
)
def test_every_way_to_sign_a_body_that_clients_use_is_taken(
    twin: Twin, s3: "S3Client", declared: str, chunks: bytes
) -> None:
    make_bucket(s3)
    request = AWSRequest("PUT", f"{twin.api.url}/tf-state/key", data=chunks)
    headers = {"Host": f"127.0.0.1:{twin.api.port}", "X-Amz-Content-SHA256": declared}
    if declared.startswith("STREAMING"):
        headers["Content-Encoding"] = "aws-chunked"
        headers["X-Amz-Decoded-Content-Length"] = "5"
        headers["X-Amz-Trailer"] = "x-amz-checksum-crc32"
    for name, value in headers.items():
        request.headers[name] = value
    SigV4Auth(Credentials(KEY_ID, SECRET), "s3", REGION).add_auth(request)
    status, text = send(twin, dict(request.headers.items()), body=chunks, method="PUT", path="/tf-state/key")
    assert (status, text) == (200, "")
    assert s3.get_object(Bucket="tf-state", Key="key")["Body"].read() == b"hello"
