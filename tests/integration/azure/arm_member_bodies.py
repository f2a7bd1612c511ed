"""Bodies that differ in one member: what `test_arm_members.py` sends."""

import copy
from collections.abc import Mapping
from typing import Any

from azure_api_harness import Body

ABSENT = object()
_FIRST = "one"
"""Name of an item of a map."""

PARTS: Mapping[str, Any] = {
    "properties/routes/[]": {
        "name": "aws",
        "properties": {"addressPrefix": "10.2.0.0/16", "nextHopType": "VirtualNetworkGateway"},
    },
    "properties/securityRules/[]": {
        "name": "in",
        "properties": {
            "priority": 100,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "*",
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "22",
        },
    },
    "properties/trafficSelectorPolicies/[]": {
        "localAddressRanges": ["10.1.0.0/16"],
        "remoteAddressRanges": ["10.2.0.0/16"],
    },
    "properties/vpnClientConfiguration/vpnClientRootCertificates/[]": {
        "properties": {"publicCertData": "MII"}
    },
    "properties/vpnClientConfiguration/vngClientConnectionConfigurations/[]": {
        "properties": {
            "vpnClientAddressPool": {"addressPrefixes": ["10.9.0.0/24"]},
            "virtualNetworkGatewayPolicyGroups": [],
        }
    },
    "properties/virtualNetworkGatewayPolicyGroups/[]": {
        "properties": {"isDefault": True, "priority": 1, "policyMembers": []}
    },
    "properties/emailReceivers/[]": {"name": "mail", "emailAddress": "a@example.com"},
    "properties/webhookReceivers/[]": {"name": "hook", "serviceUri": "http://127.0.0.1:9/"},
    "properties/criteria/allOf/[]/dimensions/[]": {
        "name": "BgpPeerAddress",
        "operator": "Include",
        "values": ["*"],
    },
    "properties/linuxProfile": {
        "adminUsername": "azureuser",
        "ssh": {"publicKeys": [{"keyData": "ssh-ed25519 AAAA"}]},
    },
    "properties/podIdentityProfile/userAssignedIdentities/[]": {
        "name": "pod",
        "namespace": "default",
        "identity": {"objectId": "some"},
    },
    "identity/userAssignedIdentities/{}": {},
}
"""Path of a part -> one that is whole, where an arbitrary one would be refused for something else."""
VALUES: Mapping[str, Any] = {
    "properties/localNetworkAddressSpace/addressPrefixes/[]": "10.2.0.0/16",
    "properties/addressSpace/addressPrefixes/[]": "10.0.0.0/8",
    "properties/addressPrefixes/[]": "10.1.3.128/25",
    "properties/dpdTimeoutSeconds": 20,
    "properties/ipsecPolicies/[]/saLifeTimeSeconds": 3000,
    "properties/ipsecPolicies/[]/saDataSizeKilobytes": 2048,
    "properties/priority": 200,
    "properties/ipConfigurations/[]/name": "instance0",
    "properties/agentPoolProfiles/[]/mode": "System",
    "identity/type": "SystemAssigned",
    "properties/sourcePortRange": "1024",
    "properties/destinationPortRange": "443",
    "properties/maxPods": 40,
    "properties/agentPoolProfiles/[]/maxPods": 40,
    "properties/isolationScope": "Regional",
    "properties/retentionInDays": 60,
    "properties/severity": 1,
    "properties/groupShortName": "other",
    "properties/evaluationFrequency": "PT5M",
    "properties/windowSize": "PT15M",
    "properties/serializedData": '{"items": []}',
    "properties/criteria/allOf/[]/metricName": "AverageBandwidth",
    "properties/criteria/allOf/[]/timeAggregation": "Average",
    "properties/criteria/allOf/[]/operator": "GreaterThan",
    "properties/emailReceivers/[]/emailAddress": "b@example.com",
    "properties/webhookReceivers/[]/serviceUri": "http://127.0.0.1:8/",
}
"""Path -> a value that means something there, other than the one that the body has without."""


def value_of(kind: str, path: str) -> Any:
    """Return a value of a kind for the member at a path."""
    name = path.replace("/[]", "").rpartition("/")[2]
    samples: Mapping[str, Any] = {
        "int": 5,
        "float": 5.5,
        "bool": True,
        "str": f"some-{name}",
        "object": {"some": "thing"},
        "{str}": {"key": "value"},
        "reference": {"id": f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/{name}/some"},
    }
    value = VALUES.get(path, samples.get(kind, ABSENT))
    return kind.rpartition("|")[2] if value is ABSENT else value


def value_at(body: Any, path: str) -> Any:
    """Return the member at a path, of the first item where the path goes through a list, or `ABSENT`."""
    for step in path.split("/"):
        name = _FIRST if step == "{}" else step
        if step == "[]" and isinstance(body, list) and body:
            body = body[0]
        elif isinstance(body, dict) and name in body:
            body = body[name]
        else:
            return ABSENT
    return body


def body_with(base: Body, table: Mapping[str, str], path: str, value: Any) -> Body:
    """Return a body that also has `value` at `path`, and what a part on the way demands beside it."""
    body = copy.deepcopy(base)
    for prefix, part in PARTS.items():
        if path.startswith(f"{prefix}/") and value_at(body, prefix) is ABSENT:
            _put(body, prefix.split("/"), copy.deepcopy(part))
    _put(body, path.split("/"), value)
    for other, kind in table.items():
        parent = other.removesuffix("/[]").rpartition("/")[0]
        needed = kind.startswith("required ") and parent and path.startswith(f"{parent}/")
        if needed and value_at(body, other) is ABSENT:
            _put(body, other.split("/"), value_of(kind.removeprefix("required "), other))
    return body


def _put(body: Any, steps: list[str], value: Any) -> None:
    """Set the member at a path; parts on the way to it are made where there are none."""
    here, *rest = steps
    if here == "[]":
        body[:] = body or [None]
    key: Any = {"[]": 0, "{}": _FIRST}.get(here, here)
    if not rest:
        body[key] = value
        return
    empty: Any = [] if rest[0] == "[]" else {}
    if not isinstance(body[key] if key == 0 else body.get(key), type(empty)):
        body[key] = empty
    _put(body[key], rest, value)


def same(sent: Any, answer: Any) -> bool:
    """Whether an answer has what was sent; spelling of enumerations and regions is the service's."""
    if isinstance(sent, dict) and isinstance(answer, dict):
        return all(same(value, answer.get(name, ABSENT)) for name, value in sent.items())
    if isinstance(sent, str) and isinstance(answer, str):
        return sent.replace(" ", "").lower() == answer.replace(" ", "").lower()
    return bool(sent == answer)
