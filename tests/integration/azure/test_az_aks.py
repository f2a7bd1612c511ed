"""The Azure CLI, unmodified, makes and uses AKS clusters of the twin."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aks_harness import Aks

from twinspan.cloud.azure import read_azure
from twinspan.command import Completed, environment, run
from twinspan.twin.kubernetes.spec import ClusterHealth, NodeHealth

pytestmark = [pytest.mark.az, pytest.mark.slow, pytest.mark.timeout(900)]
_PROGRAM = os.environ.get("TWINSPAN_AZ") or shutil.which("az")


@dataclass(slots=True, kw_only=True)
class Builder:
    """Plays the data plane: brings up whatever the API says, as the reconciler would."""

    aks: Aks
    stop: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while not self.stop.wait(0.3):
            clusters = read_azure(self.aks.endpoint())[0].aks_clusters
            self.aks.publish(
                *(
                    ClusterHealth(
                        key=cluster.id,
                        api_ready=True,
                        system_ready=True,
                        nodes=tuple(
                            NodeHealth(
                                key=f"{pool.name}/{index}", name="", group=pool.name, address=None, ready=True
                            )
                            for pool in cluster.node_pools
                            for index in range(pool.count)
                        ),
                    )
                    for cluster in clusters
                )
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Az:
    """The CLI, signed in to a twin."""

    aks: Aks
    folder: Path

    def run(self, line: str, *, check: bool = True) -> Completed:
        settings = environment(
            REQUESTS_CA_BUNDLE=str(self.aks.twin.tls.ca_certificate),
            AZURE_CONFIG_DIR=str(self.folder),
            AZURE_CORE_INSTANCE_DISCOVERY="false",
            AZURE_CORE_COLLECT_TELEMETRY="no",
            AZURE_EXTENSION_USE_DYNAMIC_INSTALL="no",
        )
        return run([_PROGRAM or "az", *line.split()], env=settings, timeout_s=240, check=check)

    def ask(self, line: str) -> Any:
        return json.loads(self.run(f"{line} --output json").stdout or "null")


@pytest.fixture
def az(aks: Aks, tmp_path: Path) -> Iterator[Az]:
    """The CLI on a new twin whose data plane is played; skips where it is not installed."""
    if _PROGRAM is None:
        pytest.skip("azure-cli is not installed; put `az` on PATH or its path into TWINSPAN_AZ")
    cli = Az(aks=aks, folder=tmp_path / "az")
    owner = aks.twin.credentials
    cli.run(f"cloud register -n Twin --endpoint-resource-manager {aks.twin.api.url}")
    cli.run("cloud set -n Twin")
    cli.run(
        f"login --service-principal --username={owner.client_id} --password={owner.client_secret} "
        f"--tenant {owner.tenant_id}"
    )
    builder = Builder(aks=aks)
    thread = threading.Thread(target=builder.work, name="builder")
    thread.start()
    yield cli
    builder.stop.set()
    thread.join(20)


def test_the_cli_makes_scales_and_removes_a_cluster(az: Az) -> None:
    group, aks = az.aks.lab.group, az.aks
    identity = az.ask(f"identity create -g {group} -n cli")
    for subnet in ("aks-nodes", "aks-pods"):
        az.run(
            f"role assignment create --assignee-object-id {identity['principalId']} "
            "--assignee-principal-type ServicePrincipal --role 4d97b98b-1d4f-4787-a291-c67834d212e7 "
            f"--scope {aks.subnet(subnet)}"
        )
    made = az.ask(
        f"aks create -g {group} -n c --location westeurope --node-count 1 --nodepool-name system "
        f"--node-vm-size Standard_B2s --max-pods 30 --network-plugin azure --no-ssh-key "
        f"--vnet-subnet-id {aks.subnet('aks-nodes')} --pod-subnet-id {aks.subnet('aks-pods')} "
        f"--service-cidr 10.96.0.0/16 --dns-service-ip 10.96.0.10 --assign-identity {identity['id']} "
        "--skip-subnet-role-assignment --yes"
    )
    assert (made["provisioningState"], made["networkProfile"]["networkPlugin"]) == ("Succeeded", "azure")
    assert [row["name"] for row in az.ask(f"aks list -g {group}")] == ["c"]
    config = az.folder / "admin.yaml"
    az.run(f"aks get-credentials -g {group} -n c --admin --file {config}")
    server = yaml.safe_load(config.read_text())["clusters"][0]["cluster"]["server"]
    assert server == aks.access.url(aks.cluster_id().lower(), name="c")
    assert config.stat().st_mode & 0o77 == 0
    az.run(
        f"aks nodepool add -g {group} --cluster-name c -n work --node-count 1 --node-vm-size Standard_B2s "
        f"--max-pods 30 --vnet-subnet-id {aks.subnet('aks-nodes')} --pod-subnet-id {aks.subnet('aks-pods')}"
    )
    az.run(f"aks nodepool scale -g {group} --cluster-name c -n work --node-count 3")
    pools = az.ask(f"aks nodepool list -g {group} --cluster-name c")
    assert {row["name"]: row["count"] for row in pools} == {"system": 1, "work": 3}
    refused = az.run(f"aks nodepool delete -g {group} --cluster-name c -n system", check=False)
    assert (refused.returncode, "at least one system agent pool" in refused.stderr) == (1, True)
    az.run(f"aks nodepool delete -g {group} --cluster-name c -n work")
    assert [row["name"] for row in az.ask(f"aks nodepool list -g {group} --cluster-name c")] == ["system"]
    az.run(f"aks delete -g {group} -n c --yes")
    assert az.ask(f"aks list -g {group}") == []
    az.run(f"identity delete -g {group} -n cli")


def test_the_cli_shows_versions_and_stops_and_starts(az: Az) -> None:
    group, aks = az.aks.lab.group, az.aks
    versions = az.ask("aks get-versions -l westeurope")["values"]
    assert "1.35" in [row["version"] for row in versions]
    assert aks.put().status == 201
    az.run(f"aks wait -g {group} -n c --created --interval 1 --timeout 120")
    az.run(f"aks stop -g {group} -n c")
    assert az.ask(f"aks show -g {group} -n c")["powerState"]["code"] == "Stopped"
    az.run(f"aks start -g {group} -n c")
    offered = az.ask(f"aks get-upgrades -g {group} -n c")["controlPlaneProfile"]["upgrades"]
    assert offered
    missing = az.run(f"aks show -g {group} -n none", check=False)
    assert missing.returncode == 3
