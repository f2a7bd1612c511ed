"""Security groups, over moto's: every permission of a request counts, and its members are checked together.

Source: EC2 API, AuthorizeSecurityGroupIngress, ModifySecurityGroupRules; IpPermission.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupRuleIdNotFoundError
from moto.ec2.models.security_groups import SecurityGroupRule

from twinspan.twin.aws.ec2.base_response import ExactResult
from twinspan.twin.aws.ec2.connection_options import parse_cidr
from twinspan.twin.aws.ec2.filters import Filterable, select
from twinspan.twin.aws.ec2.needs import port_range_error
from twinspan.twin.aws.ec2.responses import ConnectionActions
from twinspan.twin.aws.ec2.tags import tags_of

_PORTS = range(-1, 65536)
RULES: Filterable[SecurityGroupRule] = Filterable(
    fields={
        "group-id": lambda rule: [str(rule.group_id)],
        "security-group-rule-id": lambda rule: [str(rule.id)],
    },
    tags=tags_of,
)
"""Source: EC2 API, DescribeSecurityGroupRules, Filters."""


class SecurityGroupActions(ConnectionActions):
    """Rules of security groups."""

    def _process_rules_from_querystring(self) -> Iterator[dict[str, Any]]:
        """Yield what moto's actions take, one permission after the other."""
        params = self._get_params()
        permissions = params.get("IpPermissions")
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

    def delete_security_group(self) -> ActionResult:
        """DeleteSecurityGroup, with the group's id in the answer."""
        group_id, name = self._get_param("GroupId"), self._get_param("GroupName")
        if group_id is None:
            group_id = getattr(self.ec2_backend.get_security_group_from_name(name), "id", None)
        super().delete_security_group()
        return ExactResult({"Return": True, "GroupId": group_id})

    def modify_security_group_rules(self) -> ActionResult:
        """ModifySecurityGroupRules."""
        for update in self._get_param("SecurityGroupRules"):
            rule = update["SecurityGroupRule"]
            _check_ports(rule)
            if "CidrIpv4" in rule:
                parse_cidr("CidrIpv4", rule["CidrIpv4"])
        return super().modify_security_group_rules()

    def describe_security_group_rules(self) -> ActionResult:
        """DescribeSecurityGroupRules; all ports are shown as -1, as by no other operation.

        Source: AWS CLI reference, ec2 describe-security-group-rules, examples.
        """
        rules = {
            rule.id: rule
            for groups in self.ec2_backend.groups.values()
            for group in groups.values()
            for rule in [*group.egress_rules, *group.ingress_rules]
        }
        asked = self._get_param("SecurityGroupRuleIds") or list(rules)
        for name in asked:
            if name not in rules:
                raise InvalidSecurityGroupRuleIdNotFoundError(name)
        selected = select(RULES, (rules[name] for name in asked), self.filters())
        return ActionResult({"SecurityGroupRules": [_with_ports(rule) for rule in selected]})

    def _authorize(self, authorize: Any) -> ActionResult:  # noqa: ANN401 - moto's methods
        made = [
            rule
            for permission in self._process_rules_from_querystring()
            for rule in authorize(**permission)[0]
        ]
        return ActionResult({"Return": True, "SecurityGroupRules": made})


def _with_ports(rule: SecurityGroupRule) -> SecurityGroupRule:
    """Return a rule whose missing ports are -1."""
    shown = copy(rule)
    shown.from_port = -1 if rule.from_port is None else rule.from_port
    shown.to_port = -1 if rule.to_port is None else rule.to_port
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
    if protocol.isdigit() and int(protocol) > 255:  # noqa: PLR2004 - IANA protocol numbers
        raise EC2ClientError("InvalidParameterValue", f"Invalid value '{protocol}' for IP protocol.")
    refusal = port_range_error(protocol, entry)
    if refusal is not None:
        raise refusal
    ports = [entry.get("FromPort"), entry.get("ToPort")]
    if any(port is not None and int(port) not in _PORTS for port in ports):
        raise EC2ClientError("InvalidParameterValue", f"Invalid value '{ports[0]}-{ports[1]}' for portRange.")
