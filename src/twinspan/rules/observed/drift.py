"""Is what is deployed what Terraform planned?"""

from collections.abc import Iterator
from itertools import groupby

from twinspan.results import Finding, Outcome
from twinspan.rules.observed.deployed import deployed_settings
from twinspan.rules.observed.facts import Facts
from twinspan.rules.observed.settings import Difference, differences
from twinspan.rules.shell import aws_ec2, group_and_name

_AWS_COMMANDS = {
    "vpn-": ("describe-vpn-connections", "--vpn-connection-ids"),
    "cgw-": ("describe-customer-gateways", "--customer-gateway-ids"),
    "vgw-": ("describe-vpn-gateways", "--vpn-gateway-ids"),
    "rtb-": ("describe-route-tables", "--route-table-ids"),
    "sg-": ("describe-security-groups", "--group-ids"),
    "subnet-": ("describe-route-tables", "--filters Name=association.subnet-id,Values="),
}
_AZURE_COMMANDS = {
    "connections": "vpn-connection show",
    "localnetworkgateways": "local-gateway show",
    "virtualnetworkgateways": "vnet-gateway show",
    "routetables": "route-table show",
    "networksecuritygroups": "nsg show",
}


def aws_as_planned(facts: Facts) -> Iterator[Finding]:
    """DRF-01: AWS's gateways, tunnels, routes and security groups are as Terraform planned them."""
    return _as_planned(facts, "aws")


def azure_as_planned(facts: Facts) -> Iterator[Finding]:
    """DRF-02: Azure's gateways, connections, routes and security groups are as Terraform planned them."""
    return _as_planned(facts, "azure")


def _as_planned(facts: Facts, cloud: str) -> Iterator[Finding]:
    if facts.planned is None:
        yield Finding(
            subject="Terraform state",
            outcome=Outcome.SKIPPED,
            evidence="no Terraform state was given to compare with",
        )
        return
    deployed = deployed_settings(facts.network, facts.secrets)
    cloud_differences = [
        difference for difference in differences(facts.planned, deployed) if difference.key.cloud == cloud
    ]
    for identifier, group in groupby(cloud_differences, key=lambda difference: difference.key.object):
        yield _drifted(facts, cloud, identifier, tuple(group))
    broken = {difference.key.object for difference in cloud_differences}
    planned = {key.object for key in facts.planned.values if key.cloud == cloud}
    for identifier in sorted(planned - broken):
        yield Finding(
            subject=_subject(facts, cloud, identifier),
            outcome=Outcome.PASS,
            evidence="as planned",
            command=_command(facts, cloud, identifier),
        )


def _drifted(
    facts: Facts, cloud: str, identifier: str, object_differences: tuple[Difference, ...]
) -> Finding:
    return Finding(
        subject=_subject(facts, cloud, identifier),
        outcome=Outcome.FAIL,
        evidence="; ".join(difference.text for difference in object_differences),
        command=_command(facts, cloud, identifier),
        remedy="Put it back with `twinspan apply`, or write the new value into Terraform",
        branch=identifier,
    )


def _subject(facts: Facts, cloud: str, identifier: str) -> str:
    shown = identifier if cloud == "aws" else identifier.rpartition("/")[2]
    address = facts.planned.owned.get((cloud, identifier)) if facts.planned else None
    return f"{address} ({shown})" if address else shown


def _command(facts: Facts, cloud: str, identifier: str) -> str:
    if cloud == "aws":
        prefix = f"{identifier.partition('-')[0]}-"
        operation, option = _AWS_COMMANDS.get(prefix, ("describe-tags", "--filters Name=resource-id,Values="))
        joined = f"{option}{identifier}" if option.endswith("=") else f"{option} {identifier}"
        return aws_ec2(operation, joined, region=facts.region_of(identifier))
    group, name = group_and_name(identifier)
    parts = identifier.split("/")
    if "subnets" in parts:
        return f"az network vnet subnet show -g {group} --vnet-name {parts[-3]} -n {name}"
    command = _AZURE_COMMANDS.get(parts[-2] if len(parts) > 1 else "", "vnet show")
    return f"az network {command} -g {group} -n {name}"
