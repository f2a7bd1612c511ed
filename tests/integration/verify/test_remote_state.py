"""Terraform's state is read from a real S3 server."""

import json
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.server import ThreadedMotoServer

from twinspan.cloud.aws import AwsEndpoint
from twinspan.errors import CloudUnreachableError, DesignError
from twinspan.project.environment import StateLocation
from twinspan.verify.remote_state import state_in_s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def location() -> StateLocation:
    # moto's accounts are shared by a whole process, so every test has a bucket of its own.
    return StateLocation(
        bucket=f"states-{secrets.token_hex(4)}", key="dev/terraform.tfstate", region="us-east-1"
    )


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield AwsEndpoint(
        region="us-east-1",
        endpoint_url=f"http://{host}:{port}",
        access_key_id="AKIATEST",
        secret_access_key="secret",
    )
    server.stop()


def s3_of(endpoint: AwsEndpoint) -> "S3Client":
    return boto3.client(
        "s3",
        region_name=endpoint.region,
        endpoint_url=endpoint.endpoint_url,
        aws_access_key_id=endpoint.access_key_id,
        aws_secret_access_key=endpoint.secret_access_key,
    )


def store(endpoint: AwsEndpoint, location: StateLocation, text: str) -> None:
    s3 = s3_of(endpoint)
    s3.create_bucket(Bucket=location.bucket)
    s3.put_object(Bucket=location.bucket, Key=location.key, Body=text.encode())


def test_the_managed_resources_of_a_state_come_back(endpoint: AwsEndpoint, location: StateLocation) -> None:
    resources = [
        {
            "module": "module.vpn",
            "mode": "managed",
            "type": "aws_vpn_connection",
            "name": "this",
            "instances": [
                {
                    "index_key": "instance0",
                    "attributes": {"id": "vpn-0a", "tunnel1_preshared_key": "Secret.1"},
                },
                {"index_key": "instance0", "attributes": {"id": "vpn-0b"}, "deposed": "ab12"},
            ],
        },
        {"mode": "data", "type": "aws_region", "name": "here", "instances": [{"attributes": {"id": "x"}}]},
    ]
    state = {
        "version": 4,
        "outputs": {"aws_vpc_id": {"value": "vpc-0a", "type": "string"}},
        "resources": resources,
    }
    store(endpoint, location, json.dumps(state))

    remote_state = state_in_s3(endpoint, location)

    (resource,) = remote_state.resources
    assert resource.address == 'module.vpn.aws_vpn_connection.this["instance0"]'
    assert resource.values["id"] == "vpn-0a"
    assert "Secret.1" not in repr(remote_state)


def test_a_state_of_another_version_is_refused(endpoint: AwsEndpoint, location: StateLocation) -> None:
    store(endpoint, location, json.dumps({"version": 5}))

    with pytest.raises(DesignError, match="this state is of version 5, not 4"):
        state_in_s3(endpoint, location)


def test_a_missing_bucket_means_an_empty_state(endpoint: AwsEndpoint, location: StateLocation) -> None:
    assert state_in_s3(endpoint, location).resources == ()


def test_a_missing_state_means_an_empty_one(endpoint: AwsEndpoint, location: StateLocation) -> None:
    s3_of(endpoint).create_bucket(Bucket=location.bucket)

    assert state_in_s3(endpoint, location).resources == ()


def test_an_object_that_is_no_state_is_refused(endpoint: AwsEndpoint, location: StateLocation) -> None:
    store(endpoint, location, "hello")

    with pytest.raises(
        DesignError, match=r"s3://states-\w+/dev/terraform\.tfstate: this is no Terraform state"
    ):
        state_in_s3(endpoint, location)


def test_a_profile_that_does_not_exist_does_not_matter_and_a_dead_server_is_named(
    location: StateLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "a-profile-that-does-not-exist")
    nowhere = AwsEndpoint(
        region="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        access_key_id="AKIATEST",
        secret_access_key="secret",
    )

    with pytest.raises(CloudUnreachableError, match=r"127\.0\.0\.1:9"):
        state_in_s3(nowhere, location)
