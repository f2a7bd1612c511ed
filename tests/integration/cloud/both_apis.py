"""A twin's two APIs without a data plane, served by a process of their own."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.endpoints import Endpoints
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.server import ArmApi
from twinspan.twin.azure.tls import ensure_tls
from twinspan.twin.observed import ObservedState

KEY_ID, SECRET = "AKIAREADERSTESTKEY22", "readers-test-secret-readers-test-secret-1"


@contextmanager
def serving(folder: Path, board: ObservedState, on_change: Callable[[], None]) -> Iterator[dict[str, str]]:
    """Serve both while the block runs; yield where and how they are reached."""
    credentials, tls = ArmCredentials.generate(), ensure_tls(folder / "tls")
    aws = AwsApi(
        board=board,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=folder / "aws.state",
        on_change=on_change,
    )
    azure = ArmApi(
        board=board,
        credentials=credentials,
        tls=tls,
        state_file=folder / "azure.state",
        on_change=on_change,
    )
    aws.start()
    azure.start()
    yield {
        "aws": aws.url,
        "azure": azure.url,
        "tenant_id": credentials.tenant_id,
        "subscription_id": credentials.subscription_id,
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "ca": str(tls.ca_certificate),
    }
    aws.stop()
    azure.stop()


def tell(access: dict[str, str]) -> None:
    """Print how both are reached, and wait until standard input closes."""
    sys.stdout.write(json.dumps(access) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


@contextmanager
def told_by(script: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """Run a script that serves both while the block runs; yield what it tells."""
    with subprocess.Popen(
        [sys.executable, str(script), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline())
        process.communicate(timeout=20)


def endpoints_of(access: dict[str, Any]) -> Endpoints:
    return Endpoints(
        aws=AwsEndpoint(
            region="us-west-2", endpoint_url=access["aws"], access_key_id=KEY_ID, secret_access_key=SECRET
        ),
        azure=AzureEndpoint(
            subscription_id=access["subscription_id"],
            resource_manager_url=access["azure"],
            authority=access["azure"],
            tenant_id=access["tenant_id"],
            client_id=access["client_id"],
            client_secret=access["client_secret"],
            ca_certificate=Path(access["ca"]),
        ),
    )
