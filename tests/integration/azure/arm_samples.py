"""One resource of every type that the twin has, in an order in which they can be made."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import machine_bodies
import pytest
from aks_harness import Aks
from azure_api_harness import LOCATION, Body, Lab, Reply

from twinspan.wait import wait_until

NETWORK = "Microsoft.Network"
WORKBOOK = "85b3e8bb-fc93-40be-83f2-98f6bec18ba0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A resource: its path below `providers/`, and a body that the API takes."""

    place: str
    body: Body

    @property
    def type(self) -> str:
        provider, *steps = self.place.split("/")
        return "/".join([provider, *steps[::2]])


@dataclass(slots=True, kw_only=True)
class Estate:
    """A resource group with one resource of every type in it."""

    aks: Aks
    samples: list[Sample] = field(default_factory=list)

    @property
    def lab(self) -> Lab:
        return self.aks.lab

    def path(self, place: str) -> str:
        return f"{self.aks.group}/providers/{place}"

    def call(self, method: str, place: str, body: Body | None = None) -> Reply:
        return self.lab.twin.call(method, self.path(place), body)

    def put(self, sample: Sample) -> Reply:
        reply = self.call("PUT", sample.place, sample.body)
        self.settle(sample.place)
        return reply

    def settle(self, place: str) -> None:
        """Let the data plane have what a cluster's pools say, until nothing is being done."""
        if "managedclusters" in place.lower():
            wait_until(self._progress, lambda state: state == "idle", what=f"{place} is idle", timeout_s=30)

    def _progress(self) -> str:
        reply = self.lab.twin.call("GET", self.aks.cluster_id())
        if reply.status == 404:
            return "idle"
        properties = reply.json["properties"]
        nodes = [
            (pool["name"], True)
            for pool in properties["agentPoolProfiles"]
            if pool["provisioningState"] != "Deleting" and pool["powerState"]["code"] == "Running"
            for _ in range(pool["count"])
        ]
        if properties["provisioningState"] == "Deleting":
            self.aks.publish()
        else:
            self.aks.show(nodes)
        states = {
            properties["provisioningState"],
            *(profile["provisioningState"] for profile in properties["agentPoolProfiles"]),
        }
        return next(iter(states - {"Succeeded"}), "idle")

    def build(self) -> None:
        """Make everything."""
        for sample in self.samples:
            made = self.put(sample)
            assert made.status in {200, 201}, (sample.place, made.text)


def metric_alert(lab: Lab) -> Body:
    """As the Terraform provider sends it."""
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": "Metric1",
        "metricName": "BgpPeerStatus",
        "metricNamespace": "Microsoft.Network/virtualNetworkGateways",
        "operator": "LessThan",
        "threshold": 1,
        "timeAggregation": "Maximum",
        "dimensions": [],
        "skipMetricValidation": False,
    }
    kind = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
    return {
        "location": "global",
        "tags": {},
        "properties": {
            "severity": 3,
            "enabled": True,
            "autoMitigate": True,
            "description": "",
            "scopes": [f"{lab.scope}/virtualNetworkGateways/gw"],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "targetResourceType": "",
            "targetResourceRegion": "",
            "actions": [],
            "criteria": {"odata.type": kind, "allOf": [criterion]},
        },
    }


def workbook() -> Body:
    """As the Terraform provider sends it."""
    return {
        "location": LOCATION,
        "kind": "shared",
        "identity": {"type": "None", "userAssignedIdentities": None},
        "tags": None,
        "properties": {
            "category": "workbook",
            "displayName": "vpn",
            "serializedData": '{"version":"Notebook/1.0","items":[]}',
            "sourceId": "azure monitor",
        },
    }


def _network_samples(aks: Aks) -> Iterator[Sample]:
    lab = aks.lab
    rule: Body = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "*",
        "sourceAddressPrefix": "VirtualNetwork",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "22",
    }
    hop: Body = {"addressPrefix": "10.2.0.0/16", "nextHopType": "VirtualNetworkGateway"}
    bodies: dict[str, Body] = {
        "virtualNetworks/vnet": aks.network(),
        "virtualNetworks/vnet/subnets/spare": {"properties": {"addressPrefix": "10.1.3.0/24"}},
        "publicIPAddresses/ip0": lab.public_ip(),
        "publicIPAddresses/ip1": lab.public_ip(),
        "routeTables/table": {"location": LOCATION},
        "routeTables/table/routes/aws": {"properties": hop},
        "networkSecurityGroups/nsg": {"location": LOCATION},
        "networkSecurityGroups/nsg/securityRules/in": {"properties": rule},
        "virtualNetworkGateways/gw": lab.gateway(),
        "localNetworkGateways/aws1": lab.local_gateway(),
        "connections/tunnel1": lab.connection(),
    }
    for place, body in bodies.items():
        yield Sample(place=f"{NETWORK}/{place}", body=body)


def samples(aks: Aks) -> list[Sample]:
    """Return a resource of every type; each comes after those that it refers to."""
    app = f"{aks.lab.scope}/virtualNetworks/vnet/subnets/app"
    bodies: dict[str, Body] = {
        "Microsoft.ManagedIdentity/userAssignedIdentities/aks": {"location": LOCATION},
        "Microsoft.ContainerService/managedClusters/c": aks.cluster(),
        "Microsoft.ContainerService/managedClusters/c/agentPools/user": {"properties": aks.pool(mode="User")},
        "Microsoft.OperationalInsights/workspaces/logs": {
            "location": LOCATION,
            "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30},
        },
        "Microsoft.Network/applicationSecurityGroups/web": {"location": LOCATION},
        "Microsoft.Network/networkInterfaces/nic": machine_bodies.interface(app),
        "Microsoft.Compute/availabilitySets/set": {"location": LOCATION},
        "Microsoft.Compute/disks/data": machine_bodies.disk(),
        "Microsoft.Compute/sshPublicKeys/key": {
            "location": LOCATION,
            "properties": {"publicKey": machine_bodies.KEY},
        },
        "Microsoft.Compute/virtualMachines/0": machine_bodies.machine(
            [f"{aks.lab.scope}/networkInterfaces/nic"]
        ),
        "Microsoft.Compute/virtualMachineScaleSets/scale": machine_bodies.scale_set(app),
        "Microsoft.Insights/actionGroups/desk": {
            "location": "Global",
            "properties": {"groupShortName": "desk", "enabled": True},
        },
        "Microsoft.Insights/metricAlerts/bgp": metric_alert(aks.lab),
        f"Microsoft.Insights/workbooks/{WORKBOOK}": workbook(),
    }
    return [
        *_network_samples(aks),
        *(Sample(place=place, body=body) for place, body in bodies.items()),
    ]


@pytest.fixture
def estate(bare_aks: Aks) -> Estate:
    """An empty resource group, and the samples to fill it with."""
    return Estate(aks=bare_aks, samples=samples(bare_aks))
