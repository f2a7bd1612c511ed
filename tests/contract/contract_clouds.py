"""The twin's two APIs, without a data plane, as recordings are made with and played to."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "integration" / "providers"))

from cluster_clouds import Builder, building, cluster_clouds_in
from provider_workspace import KEY_ID, SECRET, Clouds

from twinspan.twin.azure.tls import TlsFiles, ensure_tls

__all__ = ["KEY_ID", "REGION", "SECRET", "ContractClouds", "building", "contract_clouds"]

REGION = "us-west-2"
"""Of the root modules of this repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractClouds:
    """Both APIs, and what says that clusters are there as soon as somebody waits for one."""

    clouds: Clouds
    builder: Builder
    tls: TlsFiles

    @property
    def aws_host(self) -> str:
        """Host and port of the AWS API."""
        return self.clouds.aws_url.removeprefix("http://")

    @property
    def azure_host(self) -> str:
        """Host and port of the ARM API."""
        return self.clouds.arm_url.removeprefix("https://")

    def build(self) -> None:
        """Say of every cluster that is asked for that it is there."""
        self.builder.look()

    def placeholders(self) -> dict[str, str]:
        """Return what differs from twin to twin, by the name that it has in recordings."""
        who = self.clouds.credentials
        return {
            "aws": self.aws_host,
            "azure": self.azure_host,
            "access-key": KEY_ID,
            "subscription": who.subscription_id,
            "tenant": who.tenant_id,
            "client": who.client_id,
            "client-secret": who.client_secret,
            "object": who.object_id,
        }


@contextmanager
def contract_clouds(folder: Path) -> Iterator[ContractClouds]:
    """Run both APIs with their state in a folder."""
    with cluster_clouds_in(folder, region=REGION) as made:
        yield ContractClouds(clouds=made.clouds, builder=made.builder, tls=ensure_tls(folder / "tls"))
