# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""Network security groups and their rules."""

from typing import Any, ClassVar

from twinspan.network.limits import SECURITY_RULE_PRIORITIES
from twinspan.twin.providers.azurerm.base import ArmResource, given
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.azurerm.network import NAMED
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import between, one_of

_MEMBERS = {
    "access": "access",
    "description": "description",
    "destination_address_prefix": "destinationAddressPrefix",
    "destination_address_prefixes": "destinationAddressPrefixes",
    "destination_port_range": "destinationPortRange",
    "destination_port_ranges": "destinationPortRanges",
    "direction": "direction",
    "priority": "priority",
    "protocol": "protocol",
    "source_address_prefix": "sourceAddressPrefix",
    "source_address_prefixes": "sourceAddressPrefixes",
    "source_port_range": "sourcePortRange",
    "source_port_ranges": "sourcePortRanges",
}
_GROUPS = {
    "destination_application_security_group_ids": "destinationApplicationSecurityGroups",
    "source_application_security_group_ids": "sourceApplicationSecurityGroups",
}


def _rule_body(rule: State) -> Document:
    body: Document = {}
    for name, member in _MEMBERS.items():
        value = given(rule[name])
        body[member] = value if value != [] else None
    for name, member in _GROUPS.items():
        body[member] = [{"id": identity} for identity in rule[name] or []] or None
    return body


def _rule_state(properties: Document) -> State:
    attributes: State = {}
    for name, member in _MEMBERS.items():
        attributes[name] = properties.get(member, [] if name.endswith("es") else "")
    for name, member in _GROUPS.items():
        attributes[name] = [item["id"] for item in properties.get(member, [])]
    for side in ("source", "destination"):
        attributes[f"{side}_port_ranges"] = properties.get(f"{side}PortRanges", [])
    return attributes


class NetworkSecurityGroup(ArmResource):
    """`azurerm_network_security_group`, also with rules written inside it."""

    type_name = "azurerm_network_security_group"
    facts = Facts(force_new=NAMED)
    _segments = (("networkSecurityGroups", "name"),)

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the rules; those that are not written here stay."""
        rules: Any = existing.get("securityRules")
        if isinstance(planned["security_rule"], list):
            rules = [
                {
                    "name": rule["name"],
                    "properties": {k: v for k, v in _rule_body(rule).items() if v is not None},
                }
                for rule in planned["security_rule"]
            ]
        return {"securityRules": rules}

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the rules, without Azure's default ones."""
        rules = document["properties"].get("securityRules", [])
        return {
            "security_rule": [{"name": rule["name"], **_rule_state(rule["properties"])} for rule in rules]
        }


class NetworkSecurityRule(ArmResource):
    """`azurerm_network_security_rule`."""

    type_name = "azurerm_network_security_rule"
    facts = Facts(force_new=frozenset({"name", "resource_group_name", "network_security_group_name"}))
    rules: ClassVar = {
        "access": one_of("Allow", "Deny"),
        "direction": one_of("Inbound", "Outbound"),
        "priority": between(SECURITY_RULE_PRIORITIES[0], SECURITY_RULE_PRIORITIES[-1]),
        "protocol": one_of("*", "Ah", "Esp", "Icmp", "Tcp", "Udp"),
    }
    _segments = (("networkSecurityGroups", "network_security_group_name"), ("securityRules", "name"))

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the rule."""
        return _rule_body(planned)

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the rule."""
        return _rule_state(document["properties"])
