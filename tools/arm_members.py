"""Collect which members a request of each type of Azure Resource Manager may have.

Source: the models of the Azure SDK for Python (`azure-mgmt-*`), which must be importable; what is kept are
names and kinds, no code.

    python tools/arm_members.py > tests/contract/arm_members.json
"""

import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib.metadata import version
from types import ModuleType
from typing import cast

from azure.mgmt.network import models as network
from azure.mgmt.network._utils.model_base import Model

from twinspan.twin.azure.schema import Choice, ListOf, MapOf, Shape, members

_ROLES = "authorization.v2022_04_01.models.RoleAssignmentCreateParameters"
MODELS = {
    "Microsoft.Network/virtualNetworks": "network.models.VirtualNetwork",
    "Microsoft.Network/virtualNetworks/subnets": "network.models.Subnet",
    "Microsoft.Network/publicIPAddresses": "network.models.PublicIPAddress",
    "Microsoft.Network/routeTables": "network.models.RouteTable",
    "Microsoft.Network/routeTables/routes": "network.models.Route",
    "Microsoft.Network/networkSecurityGroups": "network.models.NetworkSecurityGroup",
    "Microsoft.Network/networkSecurityGroups/securityRules": "network.models.SecurityRule",
    "Microsoft.Network/virtualNetworkGateways": "network.models.VirtualNetworkGateway",
    "Microsoft.Network/localNetworkGateways": "network.models.LocalNetworkGateway",
    "Microsoft.Network/connections": "network.models.VirtualNetworkGatewayConnection",
    "Microsoft.Network/applicationSecurityGroups": "network.models.ApplicationSecurityGroup",
    "Microsoft.Network/networkInterfaces": "network.models.NetworkInterface",
    "Microsoft.Compute/availabilitySets": "compute.models.AvailabilitySet",
    "Microsoft.Compute/disks": "compute.models.Disk",
    "Microsoft.Compute/sshPublicKeys": "compute.models.SshPublicKeyResource",
    "Microsoft.Compute/virtualMachines": "compute.models.VirtualMachine",
    "Microsoft.Compute/virtualMachineScaleSets": "compute.models.VirtualMachineScaleSet",
    "Microsoft.ContainerService/managedClusters": "containerservice.models.ManagedCluster",
    "Microsoft.ContainerService/managedClusters/agentPools": "containerservice.models.AgentPool",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "msi.v2024_11_30.models.Identity",
    "Microsoft.OperationalInsights/workspaces": "loganalytics.models.Workspace",
    "Microsoft.Insights/actionGroups": "monitor.v2023_01_01.models.ActionGroupResource",
    "Microsoft.Insights/metricAlerts": "monitor.v2018_03_01.models.MetricAlertResource",
    "Microsoft.Insights/workbooks": "applicationinsights.v2022_04_01.models.Workbook",
    "Microsoft.Insights/diagnosticSettings": "monitor.v2021_05_01_preview.models.DiagnosticSettingsResource",
    "Microsoft.Authorization/roleAssignments": _ROLES,
    "Microsoft.Resources/resourceGroups": "resource.resources.models.ResourceGroup",
    "Microsoft.Resources/deployments": "resource.deployments.models.Deployment",
}
_CONCRETE = {"MetricAlertCriteria": "MetricAlertSingleResourceMultipleMetricCriteria"}
"""Base class of an old model -> the one of its kinds that the twin takes."""
_PLAIN = {"str": "str", "int": "int", "float": "float", "bool": "bool", "duration": "str", "iso-8601": "str"}
Row = tuple[str, str]
"""Path, its steps joined by `/` and `[]` for any item of a list, and kind."""


def main() -> None:
    """Print every type's members as JSON, one a line."""
    members_by_type = {kind: dict(_members(_class(name), "", ())) for kind, name in MODELS.items()}
    packages = sorted({name.partition(".")[0] for name in MODELS.values()})
    names = [f"azure-mgmt-{'resource' if name == 'resource' else name}" for name in packages]
    sources = {name: version(name) for name in [*names, "azure-mgmt-resource-deployments"]}
    json.dump({"sources": sources, "members": members_by_type}, sys.stdout, indent=0, sort_keys=False)
    sys.stdout.write("\n")


def _class(name: str) -> type:
    module, _, own = name.rpartition(".")
    model_class: type = getattr(importlib.import_module(f"azure.mgmt.{module}"), own)
    return model_class


def _members(model: type, path: str, above: tuple[type, ...]) -> Iterator[Row]:
    """Yield a model's members, those of its parts included; of a part within itself nothing."""
    if model in above:
        return
    rows = _old(model, path, above) if hasattr(model, "_attribute_map") else _new(model, path, above)
    yield from rows


def _new(model: type, path: str, above: tuple[type, ...]) -> Iterator[Row]:
    """Yield the members of a model of the newer make."""
    for name, member in members(cast("type[Model]", model)).items():
        place = f"{path}/{name}".lstrip("/")
        kind = _mark(read_only=member.read_only, required=member.required)
        yield from _shape(member.shape, place, kind, (*above, model))


def _shape(shape: Shape, place: str, mark: str, above: tuple[type, ...]) -> Iterator[Row]:
    match shape:
        case Choice(values=values):
            yield place, f"{mark}{'|'.join(values.values())}"
        case ListOf(item=item):
            yield from _shape(item, f"{place}/[]", mark, above)
        case MapOf(item=item) if isinstance(item, type) and item in {str, int, bool, float}:
            yield place, f"{mark}{{{item.__name__}}}"
        case MapOf(item=item):
            yield from _shape(item, f"{place}/{{}}", mark, above)
        case type() if shape in {str, int, bool, float}:
            yield place, f"{mark}{shape.__name__}"
        case type() if mark.startswith("read"):
            yield place, f"{mark}object"
        case type() if not place.endswith("]") and issubclass(shape, (network.Resource, network.SubResource)):
            yield place, f"{mark}reference"
        case _:
            yield from _members(shape, place, above)


def _old(model: type, path: str, above: tuple[type, ...]) -> Iterator[Row]:
    """Yield the members of a model of the older make."""
    siblings = importlib.import_module(model.__module__.rpartition(".")[0])
    rows: Mapping[str, Mapping[str, str]] = getattr(model, "_attribute_map", {})
    checks: Mapping[str, Mapping[str, bool]] = getattr(model, "_validation", {})
    for attribute, row in rows.items():
        if not row["key"]:
            continue
        rules = checks.get(attribute, {})
        steps = [step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", row["key"])]
        place = "/".join([path, *steps]).lstrip("/")
        mark = _mark(read_only=rules.get("readonly", False), required=rules.get("required", False))
        yield from _typed(siblings, row["type"], place, mark, (*above, model))


def _typed(siblings: ModuleType, kind: str, place: str, mark: str, above: tuple[type, ...]) -> Iterator[Row]:
    if kind.startswith("["):
        yield from _typed(siblings, kind[1:-1], f"{place}/[]", mark, above)
    elif kind.startswith("{") and kind[1:-1] in _PLAIN:
        yield place, f"{mark}{{{_PLAIN[kind[1:-1]]}}}"
    elif kind.startswith("{"):
        yield from _typed(siblings, kind[1:-1], f"{place}/{{}}", mark, above)
    elif kind in _PLAIN:
        yield place, f"{mark}{_PLAIN[kind]}"
    elif not hasattr(siblings, kind) or mark.startswith("read"):
        yield place, f"{mark}object"
    else:
        member_type = getattr(siblings, _CONCRETE.get(kind, kind))
        if issubclass(member_type, Enum):
            yield place, f"{mark}{'|'.join(str(choice.value) for choice in member_type)}"
        else:
            yield from _members(member_type, place, above)


def _mark(*, read_only: bool, required: bool) -> str:
    return "read " if read_only else "required " if required else ""


if __name__ == "__main__":
    main()
