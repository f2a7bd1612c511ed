"""The environment's Terraform state, read where it lies: an S3 object.

Running `terraform show` would need `terraform init` first, which takes longer than everything else `verify`
does. The state holds secrets: it stays in memory and is shown to nobody.
"""

from dataclasses import replace

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


def _read(endpoint: AwsEndpoint, location: StateLocation) -> bytes | None:
    from twinspan.cloud.aws.client import service_client, translated  # noqa: PLC0415 - botocore takes 0.3 s

    s3 = service_client(replace(endpoint, region=location.region), "s3")
    try:
        with translated(endpoint, "s3:GetObject"):
            answer = s3.get_object(Bucket=location.bucket, Key=location.key)
    except CloudRefusedError as error:
        if error.code in _ABSENT:
            return None
        raise
    body: bytes = answer["Body"].read()
    return body
