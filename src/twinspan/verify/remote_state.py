"""The environment's Terraform state, read where it lies: an S3 object.

Running `terraform output` would need `terraform init` first, which takes longer than everything else `verify`
does. The state holds secrets: it stays in memory and is shown to nobody.
"""

from collections.abc import Mapping
from typing import Any

from twinspan.cloud.aws import AwsEndpoint
from twinspan.errors import CloudRefusedError
from twinspan.project.environment import StateLocation
from twinspan.project.state import State, load_state

_ABSENT = {"NoSuchKey", "NoSuchBucket", "404"}


def state_in_s3(endpoint: AwsEndpoint, location: StateLocation) -> State:
    """Return the state; empty if the environment has none yet.

    Args:
        endpoint: The AWS whose S3 keeps the state.
        location: Bucket, key and region.

    Raises:
        CloudError: S3 refuses or does not answer.
        DesignError: The object is no Terraform state.
    """
    body = _read(endpoint, location)
    if body is None:
        return State()
    where = f"s3://{location.bucket}/{location.key}"
    return load_state(body, where=where, remedy="Correct bucket and key in backend.hcl")


def outputs_in_state(endpoint: AwsEndpoint, location: StateLocation) -> Mapping[str, Any]:
    """Return output name -> value; empty if the environment has no state or no outputs yet.

    Raises:
        CloudError: S3 refuses or does not answer.
        DesignError: The object is no Terraform state.
    """
    return state_in_s3(endpoint, location).outputs


def _read(endpoint: AwsEndpoint, location: StateLocation) -> bytes | None:
    import boto3  # noqa: PLC0415 - takes 0.3 s to load
    import botocore.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    from twinspan.cloud.aws.client import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, translated  # noqa: PLC0415

    own_key = endpoint.access_key_id is not None
    with translated(endpoint, "s3:GetObject"):
        session = boto3.session.Session(
            aws_access_key_id=endpoint.access_key_id,
            aws_secret_access_key=endpoint.secret_access_key,
            region_name=location.region,
            # With a key of its own a profile that AWS_PROFILE names must not matter, nor exist.
            botocore_session=botocore.session.Session(session_vars={"profile": (None, None, None, None)})
            if own_key
            else None,
        )
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            s3={"addressing_style": "path" if endpoint.endpoint_url else "auto"},
            proxies={} if endpoint.endpoint_url else None,
        )
        s3 = session.client("s3", endpoint_url=endpoint.endpoint_url, config=config)
        try:
            with translated(endpoint, "s3:GetObject"):
                answer = s3.get_object(Bucket=location.bucket, Key=location.key)
        except CloudRefusedError as error:
            if error.code in _ABSENT:
                return None
            raise
        body: bytes = answer["Body"].read()
        return body
