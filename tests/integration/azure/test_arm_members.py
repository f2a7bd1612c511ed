"""Nothing that a request sets is dropped in silence.

`tests/contract/arm_members.json` has every member that the Azure SDK for Python lets a request of a type have
(`tools/arm_members.py`). Each is sent once. It is then in the answer as it was sent, or the request was
refused with words that name it; or it is in the list below, with a reason.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aks_harness import Aks
from arm_member_bodies import ABSENT, body_with, same, value_at, value_of
from arm_samples import Estate, Sample, samples
from azure_api_harness import LOCATION, Body, Lab, Reply

from twinspan.twin.azure.types import RESOURCE_TYPES
from twinspan.twin.kubernetes.access import ClusterAccess

MEMBERS: Mapping[str, Mapping[str, str]] = json.loads(
    (Path(__file__).parents[2] / "contract/arm_members.json").read_text()
)["members"]
_PATH = "the path of the request says it"
_SERVICE = "the service writes it, whatever a request says"
_REFERENCE = "a whole resource in the place of a reference becomes its id"
_EXPANDED = "only a GET with $expand=userData shows it"
_SECRET = "a secret; the answer never has it"
NOT_TAKEN: Mapping[str, str] = {
    "id": _PATH,
    "name": _PATH,
    "etag": "If-Match guards a write, a body does not",
    "properties/subnets/[]/id": _PATH,
    "properties/routes/[]/id": _PATH,
    "properties/securityRules/[]/id": _PATH,
    "properties/ipConfigurations/[]/id": _SERVICE,
    "properties/ipAddress": _SERVICE,
    "properties/bgpSettings/bgpPeeringAddress": _SERVICE,
    "properties/addressPrefixes": "a single prefix of a subnet is in the answer as addressPrefix",
    "properties/nodeImageVersion": _SERVICE,
    "properties/agentPoolProfiles/[]/nodeImageVersion": _SERVICE,
    "properties/ipConfigurations/[]/properties/privateIPAddress": "with Dynamic allocation Azure chooses it",
    "properties/ipConfigurations/[]/properties/applicationSecurityGroups/[]": _REFERENCE,
    "properties/userData": _EXPANDED,
    "properties/virtualMachineProfile/userData": _EXPANDED,
    "properties/osProfile/adminPassword": _SECRET,
    "properties/osProfile/customData": _SECRET,
    "properties/virtualMachineProfile/osProfile/adminPassword": _SECRET,
    "properties/virtualMachineProfile/osProfile/customData": _SECRET,
    "properties/sharedKey": _SECRET,
    "properties/parameters": _SECRET,
    "properties/template": "a deployment's answer shows what was made, not the template",
}
"""Path -> why a request may say something else than the answer."""
_GENERIC = {"", "properties", "name", "id", "type", "value", "[]", "{}"}
_AZURE_SAYS = {"publicIPAllocationMethod": "AllocationMethod"}
"""Members that Azure's own messages call otherwise."""
_TELLING = 4
"""Letters of a value that is not in every message."""
_IDENTIFIER = re.compile(r"/subscriptions/[^\s'\",]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A resource that can be made: its whole path, and a good body."""

    path: str
    body: Body


@pytest.fixture
def bare_estate(lab: Lab, tmp_path: Path) -> Iterator[Estate]:
    """Samples for an API without a data plane: clusters are there as soon as they are asked for."""
    access = ClusterAccess(tmp_path / "clusters", sockets=tmp_path)
    aks = Aks(lab=lab, access=access)
    yield Estate(aks=aks, samples=samples(aks))
    access.stop()


def _subject(estate: Estate, kind: str) -> Subject:
    """Make what a resource of a type refers to, and return it."""
    for sample in estate.samples:
        if sample.type == kind:
            return Subject(path=estate.path(sample.place), body=_first_part_plain(sample))
        reply = estate.call("PUT", sample.place, sample.body)
        assert reply.status in {200, 201}, (sample.place, reply.text)
    return _beside(estate, kind)


def _first_part_plain(sample: Sample) -> Body:
    """Return a sample's body; a network's first subnet is one to which no special rules apply."""
    body = copy.deepcopy(sample.body)
    subnets = body.get("properties", {}).get("subnets")
    if subnets:
        subnets.reverse()
    return body


def _beside(estate: Estate, kind: str) -> Subject:
    """Return a resource of a kind that is in no group, or belongs to another one."""
    gateway = estate.path("Microsoft.Network/virtualNetworkGateways/gw")
    workspace = estate.path("Microsoft.OperationalInsights/workspaces/logs")
    principal = estate.call("GET", "Microsoft.ManagedIdentity/userAssignedIdentities/aks").json["properties"]
    role = f"{estate.lab.twin.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    logs = [{"category": "TunnelDiagnosticLog", "enabled": True}]
    subjects: Mapping[str, Subject] = {
        "Microsoft.Insights/diagnosticSettings": Subject(
            path=f"{gateway}/providers/Microsoft.Insights/diagnosticSettings/logs",
            body={"properties": {"workspaceId": workspace, "logs": logs}},
        ),
        "Microsoft.Authorization/roleAssignments": Subject(
            path=f"{gateway}/providers/Microsoft.Authorization/roleAssignments/2f6fcd2b-6d4b-4f0e-9c0e-6f3d5e0f0a01",
            body={
                "properties": {
                    "roleDefinitionId": f"{role}/4d97b98b-1d4f-4787-a291-c67834d212e7",
                    "principalId": principal["principalId"],
                }
            },
        ),
        "Microsoft.Resources/resourceGroups": Subject(
            path=f"{estate.aks.group}-beside", body={"location": LOCATION}
        ),
        "Microsoft.Resources/deployments": Subject(
            path=estate.path("Microsoft.Resources/deployments/run"),
            body={
                "properties": {
                    "mode": "Incremental",
                    "template": {"parameters": {"one": {"type": "string"}}, "resources": []},
                    "parameters": {"one": {"value": "first"}},
                }
            },
        ),
    }
    return subjects[kind]


def _not_taken(path: str) -> bool:
    return any(path == parent or path.startswith(f"{parent}/") for parent in NOT_TAKEN)


def _named(path: str, value: Any, reply: Reply) -> bool:
    """Whether a refusal says which member it is about: by a name on its path, or by what was sent."""
    error = reply.json["error"]
    message = " ".join([error["message"], *(detail["message"] for detail in error["details"])])
    steps = path.split("/")
    names = [step for step in steps if step not in _GENERIC] or [steps[-1]]
    sent = str(value["id"] if isinstance(value, dict) and "id" in value else value)
    plain = _IDENTIFIER.sub("", message).lower().replace(" ", "")
    said = [_AZURE_SAYS.get(name, name).lower() for name in names]
    return any(name in plain for name in said) or (len(sent) >= _TELLING and sent in message)


class Trial:
    """Sends one member after the other, each to a resource that is not there yet."""

    def __init__(self, estate: Estate, subject: Subject, table: Mapping[str, str]) -> None:
        self._twin, self._subject, self._table = estate.lab.twin, subject, table

    def verdict(self, path: str, kind: str) -> str:
        """Return what is wrong with how a member is treated; nothing if it is right."""
        value = value_of(kind.removeprefix("read ").removeprefix("required "), path)
        reply, shown_value = self._send(path, value)
        if kind.startswith("read "):
            echoed = reply.status in {200, 201} and same(value, shown_value)
            return f"read-only, yet {value} is in the answer" if echoed else ""
        if reply.status in {200, 201}:
            return (
                ""
                if same(value, shown_value) or _not_taken(path)
                else f"dropped: {value} became {shown_value}"
            )
        if not _named(path, value, reply):
            return f"refused without a name: {reply.text}"
        plain = value_at(self._subject.body, path)
        if plain is ABSENT:
            return ""
        reply, shown_value = self._send(path, plain)
        return (
            "" if same(plain, shown_value) or _not_taken(path) else f"dropped: {plain} became {shown_value}"
        )

    def _send(self, path: str, value: Any) -> tuple[Reply, Any]:
        """Make the resource with a member, read it, remove it again; return both answers."""
        subject = self._subject
        reply = self._twin.call("PUT", subject.path, body_with(subject.body, self._table, path, value))
        shown_value: Any = ABSENT
        if reply.status in {200, 201}:
            shown_value = value_at(self._twin.call("GET", subject.path).json, path)
            assert self._twin.call("DELETE", subject.path).status in {200, 202, 204}
        return reply, "nothing" if shown_value is ABSENT else shown_value


def test_every_type_has_a_table_of_members() -> None:
    assert RESOURCE_TYPES.keys() <= {kind.lower() for kind in MEMBERS}


@pytest.mark.parametrize("kind", MEMBERS)
def test_every_member_is_kept_or_refused_by_name(bare_estate: Estate, kind: str) -> None:
    table = MEMBERS[kind]
    trial = Trial(bare_estate, _subject(bare_estate, kind), table)
    verdicts = {path: trial.verdict(path, member_kind) for path, member_kind in table.items()}
    assert "\n".join(f"{path}: {text}" for path, text in verdicts.items() if text) == ""
