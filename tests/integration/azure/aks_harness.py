"""A twin Azure API with authorities for clusters, and a board that the test feeds."""

import base64
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from azure_api_harness import LOCATION, Body, Lab, Reply, Twin, new_lab, new_twin

from twinspan.cloud.azure import AzureEndpoint
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.kubernetes.spec import ClusterHealth, NodeHealth
from twinspan.twin.metrics.series import MetricStore
from twinspan.twin.observed import Observed
from twinspan.wait import wait_until


@dataclass(slots=True, kw_only=True)
class Aks:
    """A resource group with a network and an identity for clusters."""

    lab: Lab
    access: ClusterAccess
    generation: int = field(default=0)

    @property
    def twin(self) -> Twin:
        return self.lab.twin

    @property
    def group(self) -> str:
        return f"{self.twin.subscription}/resourceGroups/{self.lab.group}"

    @property
    def identity_id(self) -> str:
        return f"{self.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks"

    def subnet(self, name: str) -> str:
        return f"{self.lab.scope}/virtualNetworks/vnet/subnets/{name}"

    def cluster_id(self, name: str = "c") -> str:
        return f"{self.group}/providers/Microsoft.ContainerService/managedClusters/{name}"

    def pool(self, *, count: int = 1, mode: str = "System") -> Body:
        return {
            "mode": mode,
            "count": count,
            "vmSize": "Standard_B2s",
            "maxPods": 30,
            "vnetSubnetID": self.subnet("aks-nodes"),
            "podSubnetID": self.subnet("aks-pods"),
        }

    def cluster(self, *, count: int = 1) -> Body:
        return {
            "location": LOCATION,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {self.identity_id: {}}},
            "properties": {
                "dnsPrefix": "dev",
                "networkProfile": {
                    "networkPlugin": "azure",
                    "serviceCidr": "10.96.0.0/16",
                    "dnsServiceIP": "10.96.0.10",
                },
                "agentPoolProfiles": [{"name": "system", **self.pool(count=count)}],
            },
        }

    def network(self) -> Body:
        network = self.lab.network()
        network["properties"]["subnets"] += [
            {"name": "aks-nodes", "properties": {"addressPrefix": "10.1.4.0/24"}},
            {"name": "aks-pods", "properties": {"addressPrefix": "10.1.8.0/22"}},
        ]
        return network

    def build_network(self) -> None:
        self.lab.made("virtualNetworks/vnet", self.network())
        made = self.call("PUT", self.identity_id, {"location": LOCATION})
        assert made.status == 201, made.text

    def call(self, method: str, path: str, body: Body | None = None) -> Reply:
        return self.twin.call(method, path, body)

    def put(self, body: Body | None = None, *, name: str = "c") -> Reply:
        return self.call("PUT", self.cluster_id(name), self.cluster() if body is None else body)

    def put_pool(self, name: str, body: Body, *, cluster: str = "c") -> Reply:
        return self.call("PUT", f"{self.cluster_id(cluster)}/agentPools/{name}", {"properties": body})

    def get(self, *, name: str = "c") -> Body:
        reply = self.call("GET", self.cluster_id(name))
        assert reply.status == 200, reply.text
        properties: Body = reply.json["properties"]
        return properties

    def state(self, pool: str | None = None) -> str:
        properties = self.get()
        if pool is None:
            return str(properties["provisioningState"])
        rows = {row["name"]: row["provisioningState"] for row in properties["agentPoolProfiles"]}
        return str(rows.get(pool, "gone"))

    def operation(self, reply: Reply) -> Body:
        path = reply.headers["azure-asyncoperation"].removeprefix(self.twin.api.url)
        document: Body = self.call("GET", path).json
        return document

    def show(
        self,
        nodes: Sequence[tuple[str, bool]] = (),
        *,
        name: str = "c",
        ready: bool = True,
        problem: str = "",
    ) -> None:
        """Let the data plane have the cluster with nodes: (pool, whether ready)."""
        health = ClusterHealth(
            key=self.cluster_id(name).lower(),
            api_ready=ready,
            system_ready=ready,
            problem=problem,
            nodes=tuple(
                NodeHealth(
                    key=f"{pool}/{index}",
                    name=f"aks-{pool}-{index}",
                    group=pool,
                    address=IPv4Address("10.1.4.4") + index,
                    ready=up,
                )
                for index, (pool, up) in enumerate(nodes)
            ),
        )
        self.publish(health)

    def publish(self, *clusters: ClusterHealth) -> None:
        self.generation += 1
        self.twin.board.publish(Observed(generation=self.generation, clusters=clusters))

    def made(self, *, count: int = 1) -> None:
        """Make the cluster and let it come up."""
        reply = self.put(self.cluster(count=count))
        assert reply.status == 201, reply.text
        self.show([("system", True)] * count)
        wait_until(self.state, lambda state: state == "Succeeded", what="cluster", timeout_s=20)

    def kubeconfig(self, action: str) -> Body:
        reply = self.call("POST", f"{self.cluster_id()}/{action}")
        assert reply.status == 200, reply.text
        (entry,) = reply.json["kubeconfigs"]
        document: Body = json.loads(base64.b64decode(entry["value"]))
        return document

    def endpoint(self) -> AzureEndpoint:
        owner = self.twin.credentials
        return AzureEndpoint(
            subscription_id=owner.subscription_id,
            resource_manager_url=self.twin.api.url,
            authority=self.twin.api.url,
            tenant_id=owner.tenant_id,
            client_id=owner.client_id,
            client_secret=owner.client_secret,
            ca_certificate=self.twin.tls.ca_certificate,
        )


@pytest.fixture
def bare_aks(tmp_path: Path) -> Iterator[Aks]:
    """A twin of its own that can have clusters, with an empty resource group."""
    access = ClusterAccess(tmp_path / "clusters", sockets=tmp_path)
    twin = new_twin(tmp_path)
    twin.clusters = access
    twin.metrics = MetricStore(period_s=1)
    twin.start()
    yield Aks(lab=new_lab(twin), access=access)
    twin.stop()
    access.stop()


@pytest.fixture
def aks(bare_aks: Aks) -> Aks:
    """A twin of its own with a network for clusters."""
    bare_aks.build_network()
    return bare_aks


def new_guid() -> str:
    return str(uuid.uuid4())
