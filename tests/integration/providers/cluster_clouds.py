"""The twin's two APIs with clusters, and something that says at once that what they ask for is there.

What stands for the data plane here reads the APIs as the twin does and derives the clusters as the twin
does; only building them, and machines, is left out.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from provider_workspace import KEY_ID, REGION, SECRET, Clouds, Workspace, roots, workspace_for

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.reader import read_network
from twinspan.network.machines import COMING_STATES, RUNNING
from twinspan.network.model import Network
from twinspan.twin.aws.server import AwsApi
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.server import ArmApi
from twinspan.twin.azure.tls import TlsFiles, ensure_tls
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.kubernetes.desired import cluster_specs
from twinspan.twin.kubernetes.spec import ClusterHealth, ClusterSpec, NodeHealth
from twinspan.twin.observed import Observed, ObservedState

_FIRST_NODE = IPv4Address("10.2.1.4")
_LOOK_S = 0.1


@dataclass(kw_only=True)
class Builder:
    """Says of every cluster that is asked for that it is there, or why it cannot be.

    Attributes:
        problems: Name of a cluster -> what is wrong with it.
    """

    board: ObservedState
    endpoints: Endpoints
    access: ClusterAccess
    problems: dict[str, str] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)
    generation: int = 0

    def run(self, every_s: float) -> None:
        while not self.ended.wait(every_s):
            self.look()

    def look(self) -> None:
        """Read once what is asked for, and say of it that it is there."""
        network, _ = read_network(self.endpoints)
        eks = network.aws.eks_clusters if network.aws else ()
        aks = network.azure.aks_clusters if network.azure else ()
        names = {cluster.arn: cluster.name for cluster in eks} | {
            cluster.id.lower(): cluster.name for cluster in aks
        }
        keys = {key: self.access.authority(key, name=name) for key, name in names.items()}
        specs, _ = cluster_specs(network, keys, programs="programs", images="images")
        self.generation += 1
        clusters = tuple(self._health(spec) for spec in specs)
        machines, interfaces = _machines(network)
        self.board.publish(
            Observed(generation=self.generation, clusters=clusters, machines=machines, interfaces=interfaces)
        )

    def _health(self, spec: ClusterSpec) -> ClusterHealth:
        problem = self.problems.get(spec.name, "")
        nodes = tuple(
            NodeHealth(
                key=node.key,
                name=node.name or f"node-{number}",
                group=node.group,
                address=_FIRST_NODE + number,
                ready=not problem,
                problem=problem,
            )
            for number, node in enumerate(spec.nodes)
        )
        good = not problem
        return ClusterHealth(key=spec.key, api_ready=good, system_ready=good, nodes=nodes, problem=problem)


def _machines(network: Network) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the machines that shall run and the interfaces that shall be plugged in."""
    running, plugged = [], []
    for side in (network.aws, network.azure):
        for machine in side.machines if side else ():
            if machine.state == RUNNING or machine.state in COMING_STATES:
                names = (machine.id, *machine.interface_ids)
                lowered = [name if side is network.aws else name.lower() for name in names]
                running.append(lowered[0])
                plugged += lowered[1:]
    return tuple(running), tuple(plugged)


def endpoints_of(
    aws: AwsApi, arm: ArmApi, who: ArmCredentials, tls: TlsFiles, region: str = REGION
) -> Endpoints:
    return Endpoints(
        aws=AwsEndpoint(region=region, endpoint_url=aws.url, access_key_id=KEY_ID, secret_access_key=SECRET),
        azure=AzureEndpoint(
            subscription_id=who.subscription_id,
            resource_manager_url=arm.url,
            authority=arm.url,
            tenant_id=who.tenant_id,
            client_id=who.client_id,
            client_secret=who.client_secret,
            ca_certificate=tls.ca_certificate,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class ClusterClouds:
    """Both APIs, and what stands for the data plane."""

    clouds: Clouds
    builder: Builder


@contextmanager
def cluster_clouds_in(folder: Path, *, region: str = REGION) -> Iterator[ClusterClouds]:
    """Run both APIs with their state in a folder; the builder looks when it is told to."""
    board, who, tls = ObservedState(), ArmCredentials.generate(), ensure_tls(folder / "tls")
    access = ClusterAccess(folder / "access", sockets=folder)
    aws = AwsApi(
        board=board,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        state_file=folder / "aws.state",
        on_change=lambda: None,
        clusters=access,
    )
    arm = ArmApi(
        board=board,
        credentials=who,
        tls=tls,
        state_file=folder / "azure.state",
        on_change=lambda: None,
        clusters=access,
    )
    aws.start()
    arm.start()
    builder = Builder(board=board, endpoints=endpoints_of(aws, arm, who, tls, region), access=access)
    certificates = roots(folder, tls.ca_certificate)
    clouds = Clouds(aws_url=aws.url, arm_url=arm.url, credentials=who, certificates=certificates)
    try:
        yield ClusterClouds(clouds=clouds, builder=builder)
    finally:
        arm.stop()
        aws.stop()
        access.stop()


@contextmanager
def building(builder: Builder, *, every_s: float = _LOOK_S) -> Iterator[None]:
    """Let the builder look again and again."""
    thread = threading.Thread(target=builder.run, args=(every_s,), name="builder", daemon=True)
    thread.start()
    yield
    builder.ended.set()
    thread.join()


@pytest.fixture(scope="module")
def cluster_clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterClouds]:
    with cluster_clouds_in(tmp_path_factory.mktemp("clusters")) as made, building(made.builder):
        yield made


@pytest.fixture
def cluster_workspace(tmp_path: Path, cluster_clouds: ClusterClouds, cli_config: Path) -> Workspace:
    return workspace_for(tmp_path, cluster_clouds.clouds, cli_config)
