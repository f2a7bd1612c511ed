# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""Security groups and their rules."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from twinspan.twin.providers.aws.base import (
    AwsResource,
    differs,
    filters,
    find,
    gone_is_fine,
    retry_while,
    tag_specifications,
    tags_of,
)
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Record, between, matches

_ALL_TRAFFIC = "-1"
_DIRECTIONS = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


class SecurityGroup(AwsResource):
    """`aws_security_group`, also with rules written inside it."""

    type_name = "aws_security_group"
    facts = Facts(
        defaults={"description": "Managed by Terraform", "revoke_rules_on_delete": False},
        force_new=frozenset({"region", "name", "name_prefix", "description", "vpc_id"}),
    )

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateSecurityGroup without AWS's allow-all egress rule, then the rules inside."""
        name = planned["name"]
        if not isinstance(name, str):
            prefix = planned["name_prefix"] if isinstance(planned["name_prefix"], str) else "terraform-"
            name = f"{prefix}{secrets.token_hex(13)}"
        vpc_id = planned["vpc_id"]
        made = cloud.call(
            "ec2",
            "create_security_group",
            GroupName=name,
            Description=planned["description"],
            VpcId=vpc_id if isinstance(vpc_id, str) else None,
            TagSpecifications=tag_specifications("security-group", planned["tags_all"]),
        )
        identity: str = made["GroupId"]
        record(identity)
        group = find(cloud, "describe_security_groups", "SecurityGroups", GroupIds=[identity])
        for permission in (group or {}).get("IpPermissionsEgress", []):
            cloud.call(
                "ec2", "revoke_security_group_egress", GroupId=identity, IpPermissions=[_sent(permission)]
            )
        for direction in _DIRECTIONS:
            self._set_rules(cloud, identity, direction, [], planned[direction])
        return identity

    def _set_rules(self, cloud: AwsCloud, identity: str, direction: str, old: Any, new: Any) -> None:
        if not isinstance(new, list):
            return
        for verb, rules in (
            ("revoke", [rule for rule in old or [] if rule not in new]),
            ("authorize", [rule for rule in new if rule not in (old or [])]),
        ):
            if rules:
                permissions = [_permission(rule, identity) for rule in rules]
                operation = f"{verb}_security_group_{direction}"
                cloud.call("ec2", operation, GroupId=identity, IpPermissions=permissions)

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeSecurityGroups."""
        group = find(cloud, "describe_security_groups", "SecurityGroups", GroupIds=[state["id"]])
        if group is None:
            return None
        return {
            "arn": cloud.arn("ec2", f"security-group/{state['id']}"),
            "description": group["Description"],
            "name": group["GroupName"],
            "name_prefix": state.get("name_prefix") if isinstance(state.get("name_prefix"), str) else "",
            "owner_id": group.get("OwnerId", cloud.account_id),
            "region": cloud.region,
            "vpc_id": group.get("VpcId", ""),
            **{
                direction: _inline(group.get(member, []), state["id"])
                for direction, member in _DIRECTIONS.items()
            },
            **self.tag_state(cloud, tags_of(group), state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Rules written inside, and tags."""
        for direction in _DIRECTIONS:
            self._set_rules(cloud, prior["id"], direction, prior[direction], planned[direction])
        self.update_tags(cloud, prior["id"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteSecurityGroup, waiting until nothing uses it."""
        with gone_is_fine():
            retry_while(
                "DependencyViolation",
                lambda: cloud.call("ec2", "delete_security_group", GroupId=state["id"]),
                what=f"security group {state['id']} unused",
            )


_LISTS = {
    "cidr_blocks": ("IpRanges", "CidrIp"),
    "ipv6_cidr_blocks": ("Ipv6Ranges", "CidrIpv6"),
    "prefix_list_ids": ("PrefixListIds", "PrefixListId"),
    "security_groups": ("UserIdGroupPairs", "GroupId"),
}


def _sent(permission: Mapping[str, Any]) -> dict[str, Any]:
    """Return a permission as answered in the form in which it can be sent: without empty lists."""
    return {key: value for key, value in permission.items() if value not in ([], None)}


def _permission(rule: State, group_id: str) -> dict[str, Any]:
    permission: dict[str, Any] = {"IpProtocol": rule["protocol"]}
    if rule["protocol"] != _ALL_TRAFFIC:
        permission |= {"FromPort": rule["from_port"], "ToPort": rule["to_port"]}
    described = {"Description": rule["description"]} if rule["description"] else {}
    for name, (member, key) in _LISTS.items():
        items = [*(rule[name] or []), *([group_id] if name == "security_groups" and rule["self"] else [])]
        if items:
            permission[member] = [{key: item, **described} for item in items]
    return permission


def _inline(permissions: Iterable[Mapping[str, Any]], group_id: str) -> list[State]:
    """Return permissions as the provider writes them: one rule per protocol, ports and description."""
    rules: dict[tuple[str, int, int, str], State] = {}
    for permission in permissions:
        ports = permission.get("FromPort", 0), permission.get("ToPort", 0)
        for name, (member, key) in _LISTS.items():
            for item in permission.get(member, []):
                text = item.get("Description", "")
                rule = rules.setdefault(
                    (permission["IpProtocol"], *ports, text),
                    {"protocol": permission["IpProtocol"], "from_port": ports[0], "to_port": ports[1]}
                    | {"description": text, "self": False, **{attribute: [] for attribute in _LISTS}},
                )
                if name == "security_groups" and item[key] == group_id:
                    rule["self"] = True
                else:
                    rule[name].append(item[key])
    return list(rules.values())


class DefaultSecurityGroup(SecurityGroup):
    """`aws_default_security_group`: takes a VPC's own group over and empties it of rules not written."""

    type_name = "aws_default_security_group"
    facts = Facts(
        defaults={"revoke_rules_on_delete": False, "ingress": [], "egress": []},
        force_new=frozenset({"region", "vpc_id"}),
    )

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """Find the group `default` of the VPC, and set rules and tags."""
        own = filters(group_name="default")
        if isinstance(planned["vpc_id"], str):
            own += filters(vpc_id=planned["vpc_id"])
        group = find(cloud, "describe_security_groups", "SecurityGroups", Filters=own) or {}
        identity: str = group["GroupId"]
        record(identity)
        prior: State = {
            direction: _inline(group.get(member, []), identity) for direction, member in _DIRECTIONS.items()
        }
        self.update(cloud, {**prior, "id": identity, "tags_all": tags_of(group)}, planned)
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeSecurityGroups; this type's name cannot be chosen."""
        said = super().read(cloud, state)
        return said and {**said, "name_prefix": ""}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """Leave it: AWS does not let a VPC's own group be deleted."""


class _Rule(AwsResource):
    """A rule as an object of its own; `_direction` says which way."""

    _direction: ClassVar[str]
    facts = Facts(force_new=frozenset({"region", "security_group_id"}))
    rules: ClassVar = {
        "ip_protocol": matches(r"-?\d+|[a-z0-9]+", "a protocol name in lower case, a number or -1"),
        "from_port": between(-1, 65535),
        "to_port": between(-1, 65535),
    }
    _sources: ClassVar = {
        "cidr_ipv4": "CidrIpv4",
        "cidr_ipv6": "CidrIpv6",
        "prefix_list_id": "PrefixListId",
        "referenced_security_group_id": "ReferencedGroupId",
    }

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """Authorize one permission; the answer names the rule."""
        made = cloud.call(
            "ec2",
            f"authorize_security_group_{self._direction}",
            GroupId=planned["security_group_id"],
            IpPermissions=[self._permission(planned)],
            TagSpecifications=tag_specifications("security-group-rule", planned["tags_all"]),
        )
        identity: str = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        record(identity)
        return identity

    def _permission(self, planned: State) -> dict[str, Any]:
        permission: dict[str, Any] = {"IpProtocol": planned["ip_protocol"]}
        for name, member in (("from_port", "FromPort"), ("to_port", "ToPort")):
            if planned[name] is not None:
                permission[member] = planned[name]
        described = {"Description": planned["description"]} if planned["description"] else {}
        lists = {
            "cidr_ipv4": ("IpRanges", "CidrIp"),
            "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6"),
            "prefix_list_id": ("PrefixListIds", "PrefixListId"),
            "referenced_security_group_id": ("UserIdGroupPairs", "GroupId"),
        }
        for name, (member, key) in lists.items():
            if planned[name]:
                permission[member] = [{key: planned[name], **described}]
        return permission

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeSecurityGroupRules."""
        rule = find(
            cloud, "describe_security_group_rules", "SecurityGroupRules", SecurityGroupRuleIds=[state["id"]]
        )
        if rule is None or rule["IsEgress"] != (self._direction == "egress"):
            return None
        protocol = rule["IpProtocol"]
        ports = {
            name: None if protocol == _ALL_TRAFFIC and not state.get(name) else rule.get(member)
            for name, member in (("from_port", "FromPort"), ("to_port", "ToPort"))
        }
        group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
        return {
            **ports,
            "arn": cloud.arn("ec2", f"security-group-rule/{state['id']}"),
            "cidr_ipv4": rule.get("CidrIpv4"),
            "cidr_ipv6": rule.get("CidrIpv6"),
            "description": rule.get("Description") or None,
            "ip_protocol": protocol,
            "prefix_list_id": rule.get("PrefixListId"),
            "referenced_security_group_id": group,
            "region": cloud.region,
            "security_group_id": rule["GroupId"],
            "security_group_rule_id": state["id"],
            **self.tag_state(cloud, tags_of(rule), state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """ModifySecurityGroupRules, and tags."""
        if differs(prior, planned, "ip_protocol", "from_port", "to_port", "description", *self._sources):
            request: dict[str, Any] = {"IpProtocol": planned["ip_protocol"]}
            for name, member in (("from_port", "FromPort"), ("to_port", "ToPort")):
                request[member] = -1 if planned[name] is None else planned[name]
            for name, member in {**self._sources, "description": "Description"}.items():
                if planned[name]:
                    request[member] = planned[name]
            cloud.call(
                "ec2",
                "modify_security_group_rules",
                GroupId=prior["security_group_id"],
                SecurityGroupRules=[{"SecurityGroupRuleId": prior["id"], "SecurityGroupRule": request}],
            )
        self.update_tags(cloud, prior["id"], prior, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """Revoke by the rule's id."""
        with gone_is_fine():
            cloud.call(
                "ec2",
                f"revoke_security_group_{self._direction}",
                GroupId=state["security_group_id"],
                SecurityGroupRuleIds=[state["id"]],
            )


class IngressRule(_Rule):
    """`aws_vpc_security_group_ingress_rule`."""

    type_name = "aws_vpc_security_group_ingress_rule"
    _direction = "ingress"


class EgressRule(_Rule):
    """`aws_vpc_security_group_egress_rule`."""

    type_name = "aws_vpc_security_group_egress_rule"
    _direction = "egress"
