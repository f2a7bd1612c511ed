"""Both APIs of a twin, without a data plane, and the environment that leads Terraform to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_s3 import S3Client

from twinspan.command import environment
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.server import ArmApi
from twinspan.twin.azure.tls import ensure_tls
from twinspan.twin.observed import ObservedState

KEY_ID = "AKIAEXAMPLEEXAMPLEEX"
SECRET = "example-secret"


@dataclass(frozen=True, slots=True)
class Apis:
    """Both APIs of a twin, and the environment that leads Terraform to them."""

    aws_url: str
    variables: dict[str, str]

    @property
    def s3(self) -> S3Client:
        return self._session().client("s3", endpoint_url=self.aws_url)

    @property
    def ec2(self) -> EC2Client:
        return self.ec2_in("us-west-2")

    def ec2_in(self, region: str) -> EC2Client:
        return self._session().client("ec2", endpoint_url=self.aws_url, region_name=region)

    def _session(self) -> boto3.Session:
        return boto3.Session(aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, region_name="us-west-2")


@contextmanager
def running_apis(folder: Path) -> Iterator[Apis]:
    """Run both while the block does; their state is in `folder`."""
    board = ObservedState()
    credentials = ArmCredentials.generate()
    tls = ensure_tls(folder / "tls")
    aws = AwsApi(
        board=board,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=folder / "aws",
        on_change=lambda: None,
    )
    arm = ArmApi(
        board=board, credentials=credentials, tls=tls, state_file=folder / "arm", on_change=lambda: None
    )
    aws.start()
    arm.start()
    yield Apis(
        aws.url,
        environment(
            AWS_ENDPOINT_URL=aws.url,
            AWS_ACCESS_KEY_ID=KEY_ID,
            AWS_SECRET_ACCESS_KEY=SECRET,
            AWS_EC2_METADATA_DISABLED="true",
            AWS_PROFILE=None,
            ARM_METADATA_HOSTNAME=arm.url.removeprefix("https://"),
            ARM_SUBSCRIPTION_ID=credentials.subscription_id,
            ARM_TENANT_ID=credentials.tenant_id,
            ARM_CLIENT_ID=credentials.client_id,
            ARM_CLIENT_SECRET=credentials.client_secret,
            SSL_CERT_FILE=str(tls.ca_certificate),
            TF_CLI_CONFIG_FILE=None,
        ),
    )
    arm.stop()
    aws.stop()
