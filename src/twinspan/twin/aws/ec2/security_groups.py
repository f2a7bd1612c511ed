"""Security groups, over moto's: every permission of a request counts, and its members are checked together.

Source: EC2 API, AuthorizeSecurityGroupIngress, ModifySecurityGroupRules; IpPermission.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidSecurityGroupNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
)
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule

from twinspan.twin.aws.ec2.base_response import ExactResult
from twinspan.twin.aws.ec2.connection_options import parse_cidr
from twinspan.twin.aws.ec2.errors import invalid_combination
from twinspan.twin.aws.ec2.filters import Filterable, select
from twinspan.twin.aws.ec2.needs import port_range_error
from twinspan.twin.aws.ec2.responses import ConnectionActions
from twinspan.twin.aws.ec2.tags import tags_of

_PLAIN = ("IpProtocol", "FromPort", "ToPort", "CidrIp")
"""Members of a request that has one permission, and not in a list."""
_SOURCES = (
    ("ip_range", "CidrIp", "IpRanges"),
    ("ip_range", "CidrIpv6", "Ipv6Ranges"),
    ("source_group", "GroupId", "UserIdGroupPairs"),
)
"""Where moto's rules keep a source, how a permission's entry names it, and where that stands."""
_PROTOCOLS = frozenset({"-1", "all", "icmp", "icmpv6", "tcp", "udp"})
"""Protocols that have names. Source: EC2 API, IpPermission; `all` is what users write for -1."""
_LAST_PROTOCOL = 255
_PORTS = range(-1, 65536)
RULES: Filterable[SecurityGroupRule] = Filterable(
    fields={
        "group-id": lambda rule: [str(rule.group_id)],
        "security-group-rule-id": lambda rule: [str(rule.id)],
    },
    tags=tags_of,
)
"""Source: EC2 API, DescribeSecurityGroupRules, Filters."""
_OF_A_RULE: Mapping[str, Callable[[SecurityGroupRule], object]] = {
    "cidr": lambda rule: rule.ip_range.get("CidrIp"),
    "from-port": lambda rule: rule.from_port,
    "group-id": lambda rule: rule.source_group.get("GroupId"),
    "group-name": lambda rule: rule.source_group.get("GroupName"),
    "ipv6-cidr": lambda rule: rule.ip_range.get("CidrIpv6"),
    "prefix-list-id": lambda rule: rule.prefix_list_id,
    "protocol": lambda rule: rule.ip_protocol,
    "to-port": lambda rule: rule.to_port,
    "user-id": lambda rule: rule.source_group and rule.owner_id,
}


def _of_rules(
    rules: Callable[[SecurityGroup], Sequence[SecurityGroupRule]], read: Callable[[SecurityGroupRule], object]
) -> Callable[[SecurityGroup], list[str]]:
    return lambda group: [str(value) for rule in rules(group) if (value := read(rule)) not in (None, "", {})]


GROUPS: Filterable[SecurityGroup] = Filterable(
    fields={
        "description": lambda group: [group.description],
        "group-id": lambda group: [group.id],
        "group-name": lambda group: [group.name],
        "owner-id": lambda group: [group.owner_id],
        "vpc-id": lambda group: [group.vpc_id or ""],
        **{
            f"{direction}ip-permission.{name}": _of_rules(rules, read)
            for direction, rules in (
                ("", lambda group: group.ingress_rules),
                ("egress.", lambda group: group.egress_rules),
            )
            for name, read in _OF_A_RULE.items()
        },
    },
    tags=tags_of,
)
"""Source: EC2 API, DescribeSecurityGroups, Filters."""


class SecurityGroupActions(ConnectionActions):
    """Rules of security groups."""

    def _process_rules_from_querystring(self) -> Iterator[dict[str, Any]]:
        """Yield what moto's actions take, one permission after the other."""
        params = self._get_params()
        permissions = params.get("IpPermissions")
        mixed = [name for name in _PLAIN if params.get(name) is not None]
        if permissions is not None and mixed:
            raise invalid_combination(
                f"The parameter IpPermissions may not be used in combination with {mixed[0]}"
            )
        for permission in permissions if permissions is not None else [params]:
            if permissions is not None or params.get("IpProtocol") is not None:
                _check_permission(permission)
        yield from super()._process_rules_from_querystring()

    def authorize_security_group_ingress(self) -> ActionResult:
        """AuthorizeSecurityGroupIngress, with the rules of all permissions in the answer."""
        return self._authorize(self.ec2_backend.authorize_security_group_ingress)

    def authorize_security_group_egress(self) -> ActionResult:
        """AuthorizeSecurityGroupEgress, with the rules of all permissions in the answer."""
        return self._authorize(self.ec2_backend.authorize_security_group_egress)

    def update_security_group_rule_descriptions_ingress(self) -> ActionResult:
        """UpdateSecurityGroupRuleDescriptionsIngress, of rules that there are."""
        return self._describe_rules(egress=False)

    def update_security_group_rule_descriptions_egress(self) -> ActionResult:
        """UpdateSecurityGroupRuleDescriptionsEgress, of rules that there are."""
        return self._describe_rules(egress=True)

    def _describe_rules(self, *, egress: bool) -> ActionResult:
        group = self.ec2_backend.get_security_group_from_id(self._get_param("GroupId"))
        rules = group.egress_rules if egress else group.ingress_rules
        for permission in self._get_param("IpPermissions"):
            for kept_as, name, sources in _SOURCES:
                for entry in permission.get(sources, []):
                    matches = [
                        getattr(rule, kept_as)
                        for rule in rules
                        if _is_of(rule, permission) and getattr(rule, kept_as).get(name) == entry.get(name)
                    ]
                    if not matches:
                        raise _no_such_rule(permission, entry.get(name))
                    for source in matches:
                        source["Description"] = entry.get("Description")
        return EmptyResult()

    def delete_security_group(self) -> ActionResult:
        """DeleteSecurityGroup, by id or by name, with the group's id in the answer."""
        group_id, name = self._get_param("GroupId"), self._get_param("GroupName")
        if group_id is None:
            group = self.ec2_backend.get_security_group_from_name(name)
            if group is None:
                raise InvalidSecurityGroupNotFoundError(name)
            group_id = group.id
        self.ec2_backend.delete_security_group(group_id=group_id)
        return ExactResult({"Return": True, "GroupId": group_id})

    def modify_security_group_rules(self) -> ActionResult:
        """ModifySecurityGroupRules."""
        for update in self._get_param("SecurityGroupRules"):
            rule = update["SecurityGroupRule"]
            _check_ports(rule)
            if "CidrIpv4" in rule:
                parse_cidr("CidrIpv4", rule["CidrIpv4"])
        answer = super().modify_security_group_rules()
        for rule in self._rules().values():
            if rule.source_group and "Description" in rule.ip_range:
                rule.source_group["Description"] = rule.ip_range.pop("Description")
        return answer

    def describe_security_groups(self) -> ActionResult:
        """DescribeSecurityGroups; moto would take a filter's value for a regular expression."""
        named = self.ec2_backend.describe_security_groups(
            group_ids=self._get_param("GroupIds", []), groupnames=self._get_param("GroupNames", [])
        )
        return ActionResult({"SecurityGroups": select(GROUPS, named, self.filters())})

    def describe_security_group_rules(self) -> ActionResult:
        """DescribeSecurityGroupRules; all ports are shown as -1, as by no other operation.

        Source: AWS CLI reference, ec2 describe-security-group-rules, examples.
        """
        rules = self._rules()
        asked = self._get_param("SecurityGroupRuleIds") or list(rules)
        for name in asked:
            if name not in rules:
                raise InvalidSecurityGroupRuleIdNotFoundError(name)
        selected = select(RULES, (rules[name] for name in asked), self.filters())
        return ActionResult({"SecurityGroupRules": [_described(_with_ports(rule)) for rule in selected]})

    def _rules(self) -> dict[str, SecurityGroupRule]:
        return {
            rule.id: rule
            for groups in self.ec2_backend.groups.values()
            for group in groups.values()
            for rule in [*group.egress_rules, *group.ingress_rules]
        }

    def _authorize(self, authorize: Any) -> ActionResult:  # noqa: ANN401 - moto's methods
        made = [
            rule
            for permission in self._process_rules_from_querystring()
            for rule in authorize(**permission)[0]
        ]
        return ActionResult({"Return": True, "SecurityGroupRules": [_described(rule) for rule in made]})


def _no_such_rule(permission: Mapping[str, Any], source: object) -> EC2ClientError:
    ports = f"ports {permission.get('FromPort')} to {permission.get('ToPort')}"
    return EC2ClientError(
        "InvalidPermission.NotFound",
        f"The specified rule does not exist in this security group: {permission['IpProtocol']}, {ports}, "
        f"{source}",
    )


def _is_of(rule: SecurityGroupRule, permission: Mapping[str, Any]) -> bool:
    """Tell whether a rule has a permission's protocol and ports."""
    ports = (permission.get("FromPort"), permission.get("ToPort"))
    same_ports = rule.ip_protocol == "-1" or (rule.from_port, rule.to_port) == ports
    return rule.ip_protocol == permission["IpProtocol"] and same_ports


def _with_ports(rule: SecurityGroupRule) -> SecurityGroupRule:
    """Return a rule whose missing ports are -1."""
    shown = copy(rule)
    shown.from_port = -1 if rule.from_port is None else rule.from_port
    shown.to_port = -1 if rule.to_port is None else rule.to_port
    return shown


def _described(rule: SecurityGroupRule) -> SecurityGroupRule:
    """Return a rule with the description that moto keeps with a referenced group."""
    shown = copy(rule)
    if "Description" in rule.source_group:
        shown.ip_range = {"Description": rule.source_group["Description"]}
    return shown


def _check_permission(permission: Mapping[str, Any]) -> None:
    """Refuse a permission that no rule can be made of; fill in the ports of protocols that have none."""
    _check_ports(permission)
    for entry in permission.get("IpRanges", []):
        parse_cidr("CidrIp", entry.get("CidrIp", ""))
    if isinstance(permission, dict) and str(permission.get("IpProtocol")) != "-1":
        permission.setdefault("FromPort", -1)
        permission.setdefault("ToPort", -1)


def _check_ports(entry: Mapping[str, Any]) -> None:
    protocol = str(entry.get("IpProtocol", ""))
    if not protocol:
        raise EC2ClientError(
            "InvalidParameterValue",
            "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.",
        )
    number = int(protocol) if protocol.isascii() and protocol.isdigit() else None
    if (number is None and protocol.lower() not in _PROTOCOLS) or (number or 0) > _LAST_PROTOCOL:
        raise EC2ClientError("InvalidParameterValue", f"Invalid value '{protocol}' for IP protocol.")
    refusal = port_range_error(protocol, entry)
    if refusal is not None:
        raise refusal
    ports = [entry.get("FromPort"), entry.get("ToPort")]
    if any(port is not None and int(port) not in _PORTS for port in ports):
        raise EC2ClientError("InvalidParameterValue", f"Invalid value '{ports[0]}-{ports[1]}' for portRange.")
