"""Real Terraform with the offline providers, against the twin's own two APIs on free ports."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from twinspan.command import Completed, environment, run
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.server import ArmApi
from twinspan.twin.azure.tls import ensure_tls
from twinspan.twin.observed import ObservedState
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Credentials
from twinspan.twin.providers.mirror import write_mirror

REGION = "eu-west-1"
KEY_ID, SECRET = "AKIATWINSPANTESTKEY0", "a-secret-for-tests"
_SYSTEM_ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, kw_only=True)
class Clouds:
    """Both APIs and what a client needs to reach them."""

    aws_url: str
    arm_url: str
    credentials: ArmCredentials
    certificates: Path

    def variables(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "ARM_METADATA_HOSTNAME": self.arm_url.removeprefix("https://"),
            "ARM_TENANT_ID": self.credentials.tenant_id,
            "ARM_SUBSCRIPTION_ID": self.credentials.subscription_id,
            "ARM_CLIENT_ID": self.credentials.client_id,
            "ARM_CLIENT_SECRET": self.credentials.client_secret,
            "SSL_CERT_FILE": str(self.certificates),
        }

    def boto3(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.aws_url,
            region_name=REGION,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
        )


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A folder with a configuration, and Terraform in it."""

    folder: Path
    variables: Mapping[str, str]
    timeout_s: float = 100

    def write(self, text: str) -> None:
        (self.folder / "main.tf").write_text(text)

    def terraform(self, *argv: str, check: bool = True, **changes: str | None) -> Completed:
        env = environment(**{**self.variables, **changes})
        return run(["terraform", *argv], cwd=self.folder, env=env, check=check, timeout_s=self.timeout_s)

    def init(self) -> None:
        self.terraform("init", "-no-color")

    def apply(self, *argv: str) -> Completed:
        return self.terraform("apply", "-no-color", "-auto-approve", *argv)

    def refused(self, *argv: str, **changes: str | None) -> str:
        done = self.terraform(*argv, "-no-color", check=False, **changes)
        assert done.returncode == 1
        return " ".join(done.stderr.replace("│", " ").split())

    def changes(self, *argv: str) -> dict[str, list[str]]:
        """Plan and return what would change: address -> actions; reads and no-ops left out."""
        self.terraform("plan", "-no-color", "-out=plan.bin", *argv)
        plan = json.loads(self.terraform("show", "-json", "plan.bin").stdout)
        return {
            change["address"]: change["change"]["actions"]
            for change in plan.get("resource_changes", [])
            if change["change"]["actions"] not in (["no-op"], ["read"])
        }

    def resources(self) -> list[Any]:
        shown = json.loads(self.terraform("show", "-json").stdout)
        return list(shown["values"]["root_module"]["resources"])

    def state(self, address: str) -> Any:
        return next(item["values"] for item in self.resources() if item["address"] == address)


def roots(folder: Path, authority: Path) -> Path:
    """Write a file with the authorities of this machine and the twin's."""
    certificates = folder / "roots.pem"
    system = _SYSTEM_ROOTS.read_text() if _SYSTEM_ROOTS.exists() else ""
    certificates.write_text(system + authority.read_text())
    return certificates


def workspace_for(folder: Path, clouds: Clouds, cli_config: Path) -> Workspace:
    """An empty folder in which Terraform works against these APIs; skips without Terraform."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not on PATH; run `make install`")
    variables = {**clouds.variables(), "TF_CLI_CONFIG_FILE": str(cli_config), "HOME": str(folder)}
    return Workspace(folder=folder, variables=variables)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clouds]:
    folder = tmp_path_factory.mktemp("clouds")
    board, credentials, tls = ObservedState(), ArmCredentials.generate(), ensure_tls(folder / "tls")
    aws = AwsApi(
        board=board,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=folder / "aws.state",
        on_change=lambda: None,
    )
    arm = ArmApi(
        board=board,
        credentials=credentials,
        tls=tls,
        state_file=folder / "azure.state",
        on_change=lambda: None,
    )
    aws.start()
    arm.start()
    certificates = roots(folder, tls.ca_certificate)
    yield Clouds(aws_url=aws.url, arm_url=arm.url, credentials=credentials, certificates=certificates)
    arm.stop()
    aws.stop()


@pytest.fixture(scope="session")
def cli_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mirror(tmp_path_factory.mktemp("providers"))


@pytest.fixture
def workspace(tmp_path: Path, clouds: Clouds, cli_config: Path) -> Workspace:
    return workspace_for(tmp_path, clouds, cli_config)


@pytest.fixture
def arm(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> Iterator[ArmCloud]:
    """A client of the ARM API, beside Terraform's."""
    monkeypatch.setenv("SSL_CERT_FILE", str(clouds.certificates))
    who = clouds.credentials
    client = ArmCloud(
        Credentials(
            tenant_id=who.tenant_id,
            subscription_id=who.subscription_id,
            client_id=who.client_id,
            client_secret=who.client_secret,
        ),
        metadata_host=clouds.arm_url.removeprefix("https://"),
    )
    yield client
    client.close()
