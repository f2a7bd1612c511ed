"""Microsoft.Network/networkSecurityGroups and their rules."""

import re
from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from twinspan.network.limits import LAST_PORT, SECURITY_GROUP_RULES, SECURITY_RULE_PRIORITIES
from twinspan.twin.azure.documents import Json, JsonObject, number, objects, properties, text, texts
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import addresses
from twinspan.twin.azure.types.application_security_groups import only_references
from twinspan.twin.azure.types.base import Context, Put, ResourceType, reference_list

_PORTS = re.compile(r"\d{1,5}(-\d{1,5})?")


class _SecurityRules(ResourceType):
    type = "Microsoft.Network/networkSecurityGroups/securityRules"
    model = "SecurityRule"

    @override
    def check(self, context: Context, put: Put) -> None:
        parent = put.id.parent
        if parent is None or context.store.get(parent) is None:
            raise ArmError(404, "ParentResourceNotFound", f"The group of {put.id} was not found.")
        siblings = [
            (rule.id.name, rule.body)
            for rule in context.store.children(parent, "securityRules")
            if rule.id.key != put.id.key
        ]
        _check_count(len(siblings) + 1, parent)
        _check_rule(put.id, put.body, siblings)

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        for name in _LISTS:
            members.setdefault(name, [])


_LISTS = (
    "sourcePortRanges",
    "destinationPortRanges",
    "sourceAddressPrefixes",
    "destinationAddressPrefixes",
)


_USERS = {
    "subnets": "Microsoft.Network/virtualNetworks/subnets",
    "networkInterfaces": "Microsoft.Network/networkInterfaces",
}
"""Member of a group -> type of those that use it."""


class _NetworkSecurityGroups(ResourceType):
    type = "Microsoft.Network/networkSecurityGroups"
    model = "NetworkSecurityGroup"
    parts: ClassVar[Mapping[str, str]] = {"securityRules": _SecurityRules.type}

    @override
    def check(self, context: Context, put: Put) -> None:
        seen: list[tuple[str, JsonObject]] = []
        rules = objects(put.properties, "securityRules")
        _check_count(len(rules), put.id)
        for rule in rules:
            name = text(rule, "name")
            if name is None:
                raise bad_request("InvalidResourceName", f"A security rule of {put.id} has no name.")
            _check_rule(put.id.child("securityRules", name), rule, seen)
            seen.append((name, rule))

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        members["securityRules"] = [
            SECURITY_RULES.render(context, rule)
            for rule in context.store.children(resource.id, "securityRules")
        ]
        members["defaultSecurityRules"] = _default_rules(resource.id)
        users = [user.id for user, _ in context.store.users(resource.id)]
        for name, kind in _USERS.items():
            of_kind = [str(user) for user in users if user.type == kind]
            if of_kind:
                members[name] = reference_list(of_kind)

    @override
    def refuse_delete(self, context: Context, resource: Resource) -> None:
        users = [str(user.id) for user, _ in context.store.users(resource.id)]
        if users:
            raise bad_request(
                "InUseNetworkSecurityGroupCannotBeDeleted",
                f"Network security group {resource.id} cannot be deleted because it is in use by the "
                "following "
                f"resources: {', '.join(users)}. In order to delete the Network security group, remove the "
                "association with the resource(s).",
            )


def _check_count(number: int, group: ResourceId) -> None:
    addresses.check_count(
        number,
        SECURITY_GROUP_RULES,
        what="security rules",
        where=str(group),
        code="SecurityRuleCountLimitReached",
    )


def _check_rule(rule: ResourceId, body: JsonObject, siblings: list[tuple[str, JsonObject]]) -> None:
    """Refuse a rule that is incomplete, out of range or has the priority of another one."""
    members = properties(body)
    priority = number(members, "priority")
    if priority not in SECURITY_RULE_PRIORITIES:
        raise bad_request(
            "SecurityRuleInvalidPriority",
            f"Security rule has invalid Priority. Priority must be between {SECURITY_RULE_PRIORITIES[0]} and "
            f"{SECURITY_RULE_PRIORITIES[-1]}. "
            f"Current priority: {priority}. Rule: {rule}.",
        )
    for end in ("source", "destination"):
        _check_addresses(rule, members, end)
        _check_ports(rule, members, end)
    for name, other in siblings:
        same_direction = text(other, "properties", "direction") == text(members, "direction")
        if same_direction and number(other, "properties", "priority") == priority:
            raise bad_request(
                "SecurityRuleConflict",
                f"Security rule {rule.name} conflicts with rule {name}. Rules cannot have the same "
                "Priority and "
                "Direction.",
            )


def _check_addresses(rule: ResourceId, members: JsonObject, end: str) -> None:
    """Check one end's address prefixes or application security groups: one form, given, and valid."""
    single, several = text(members, f"{end}AddressPrefix"), texts(members, f"{end}AddressPrefixes")
    groups = objects(members, f"{end}ApplicationSecurityGroups")
    if [single is not None, bool(several), bool(groups)].count(True) != 1:
        raise bad_request(
            "SecurityRuleParameterContainsUnsupportedValue",
            f"Security rule {rule} needs exactly one of {end}AddressPrefix, {end}AddressPrefixes and "
            f"{end}ApplicationSecurityGroups.",
        )
    only_references(members, f"{end}ApplicationSecurityGroups")
    if groups:
        return
    for prefix in several or [single or ""]:
        if prefix[:1].isdigit():  # anything else is `*` or a service tag
            addresses.network(prefix, where=str(rule), code="SecurityRuleInvalidAddressPrefix")


def _check_ports(rule: ResourceId, members: JsonObject, end: str) -> None:
    """Check one end's ports: one form, given, and valid."""
    single, several = text(members, f"{end}PortRange"), texts(members, f"{end}PortRanges")
    if (single is None) == (not several):
        raise bad_request(
            "SecurityRuleParameterContainsUnsupportedValue",
            f"Security rule {rule} needs exactly one of {end}PortRange and {end}PortRanges.",
        )
    for ports in several or [single or ""]:
        bounds = [int(bound) for bound in ports.split("-")] if _PORTS.fullmatch(ports) else [LAST_PORT + 1]
        if ports != "*" and (bounds[-1] > LAST_PORT or bounds[0] > bounds[-1]):
            raise bad_request(
                "SecurityRuleInvalidPortRange",
                f"Security rule has invalid Port range. Value provided: {ports}. Value should be an "
                "integer OR "
                f"integer range with '-' delimiter. Valid range 0-{LAST_PORT}. Rule: {rule}.",
            )


_DEFAULTS = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)
"""Source: Azure network security groups overview, default security rules."""


def _default_rules(group: ResourceId) -> Json:
    """Return the rules every group has."""
    return [
        {
            "id": f"{group}/defaultSecurityRules/{name}",
            "name": name,
            "type": "Microsoft.Network/networkSecurityGroups/defaultSecurityRules",
            "properties": {
                "provisioningState": "Succeeded",
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
                "access": access,
                "priority": priority,
                "direction": direction,
            },
        }
        for name, priority, direction, access, source, destination in _DEFAULTS
    ]


SECURITY_RULES = _SecurityRules()
"""Source: Security Rules - Create Or Update (REST)."""
NETWORK_SECURITY_GROUPS = _NetworkSecurityGroups()
"""Source: Network Security Groups - Create Or Update (REST)."""
