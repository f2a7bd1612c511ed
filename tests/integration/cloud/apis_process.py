"""Serve a twin's two APIs, without a data plane, until standard input closes; prints where they are."""

import json
import sys
from pathlib import Path

from twinspan.twin.aws.server import AwsApi
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.server import ArmApi
from twinspan.twin.azure.tls import ensure_tls
from twinspan.twin.observed import ObservedState

KEY_ID, SECRET = "AKIAREADERSTESTKEY22", "readers-test-secret-readers-test-secret-1"


def nothing() -> None:
    """No data plane follows."""


def main(folder: Path) -> None:
    board, credentials, tls = ObservedState(), ArmCredentials.generate(), ensure_tls(folder / "tls")
    aws = AwsApi(
        board=board,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=folder / "aws.state",
        on_change=nothing,
    )
    azure = ArmApi(
        board=board,
        credentials=credentials,
        tls=tls,
        state_file=folder / "azure.state",
        on_change=nothing,
    )
    aws.start()
    azure.start()
    access = {
        "aws": aws.url,
        "key_id": KEY_ID,
        "secret": SECRET,
        "azure": azure.url,
        "tenant_id": credentials.tenant_id,
        "subscription_id": credentials.subscription_id,
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "ca": str(tls.ca_certificate),
    }
    sys.stdout.write(json.dumps(access) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    aws.stop()
    azure.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
