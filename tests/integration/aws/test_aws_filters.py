"""Filters of all Describe calls: whatever a value is, it is compared as text, with `*` and `?` as wildcards.

Source: EC2 API, "List and filter resources".
"""

from typing import Any

import pytest
from aws_twin import Site
from botocore import xform_name
from botocore.exceptions import ClientError

from twinspan.twin.aws.ec2.filter_names import documented_filters
from twinspan.twin.aws.requests.served import SERVED

pytest_plugins = ("aws_fixtures",)
NO_EXPRESSIONS = ["[", "(?P<", "*" * 60 + "!", "a\\", "+", "\u00e9"]
WITH_FILTERS = sorted(name for name in SERVED["ec2"] if documented_filters(name))


@pytest.fixture
def furnished(site: Site) -> Site:
    """A site with at least one object of most types."""
    subnet = site.ec2.create_subnet(VpcId=site.vpc_id, CidrBlock="10.2.7.0/24")["Subnet"]["SubnetId"]
    site.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    site.ec2.create_internet_gateway()
    site.ec2.allocate_address(Domain="vpc")
    site.ec2.create_security_group(GroupName="one", Description="[a]", VpcId=site.vpc_id)
    site.connect(StaticRoutesOnly=True)
    return site


def test_most_describe_calls_have_filters() -> None:
    assert len(WITH_FILTERS) > 15
    assert "DescribeSecurityGroups" in WITH_FILTERS


@pytest.mark.parametrize("action", WITH_FILTERS)
def test_no_filter_takes_its_value_for_an_expression(furnished: Site, action: str) -> None:
    names = [*sorted(documented_filters(action)), "tag:Name", "tag-key"]
    refusals = {name: refusal(furnished, action, name) for name in names}
    assert {name: words for name, words in refusals.items() if "The twin failed" in words} == {}


def refusal(site: Site, action: str, name: str) -> str:
    """Return why a filter is refused; empty if it is not."""
    call: Any = getattr(site.ec2, xform_name(action))
    try:
        call(Filters=[{"Name": name, "Values": NO_EXPRESSIONS}])
    except ClientError as refused:
        return str(refused)
    return ""


RULE = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 81}


def test_a_group_is_found_by_itself_and_by_each_of_its_rules(site: Site) -> None:
    made = site.ec2.create_security_group(
        GroupName="one",
        Description="[a] group",
        VpcId=site.vpc_id,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": [{"Key": "Name", "Value": "x"}]}],
    )
    group = made["GroupId"]
    ranges: list[Any] = [{**RULE, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}]
    pairs: list[Any] = [{**RULE, "IpProtocol": "udp", "UserIdGroupPairs": [{"GroupId": group}]}]
    site.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ranges)
    site.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=pairs)
    owner = site.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["OwnerId"]

    def found(name: str, value: str) -> set[str]:
        answer = site.ec2.describe_security_groups(Filters=[{"Name": name, "Values": [value]}])
        return {security_group["GroupId"] for security_group in answer["SecurityGroups"]}

    own = {
        "description": "[a]*",
        "group-id": group,
        "group-name": "o?e",
        "ip-permission.cidr": "10.1.0.0/16",
        "ip-permission.from-port": "80",
        "ip-permission.group-id": group,
        "ip-permission.protocol": "tcp",
        "ip-permission.to-port": "81",
        "ip-permission.user-id": owner,
        "tag-key": "Name",
        "tag:Name": "x",
    }
    assert {name: found(name, value) for name, value in own.items()} == {name: {group} for name in own}
    assert found("ip-permission.cidr", "10.2.0.0/16") == set()
    assert found("description", "a*") == set()
    assert group in found("vpc-id", site.vpc_id) & found("owner-id", owner)
    assert group in found("egress.ip-permission.cidr", "0.0.0.0/0")
