"""The AWS account: who asks, what it may do, where, and how much room is left."""

import re
from dataclasses import dataclass

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.aws.client import service_client, translated
from twinspan.doctor.findings import AWS, Check, bad, good
from twinspan.doctor.needs import Needs
from twinspan.doctor.rights import AWS_ACTIONS
from twinspan.errors import CloudRefusedError
from twinspan.network.limits import (
    CUSTOMER_GATEWAYS_QUOTA,
    EKS_CLUSTERS_QUOTA,
    VPN_CONNECTIONS_QUOTA,
    VPN_GATEWAYS_QUOTA,
)
from twinspan.results import CheckResult, Finding, Outcome

CREDENTIALS = Check(
    id="AWS-01", title="the credentials are valid", section=AWS, source="STS API, GetCallerIdentity"
)
REGION = Check(
    id="AWS-02",
    title="the region has two availability zones",
    section=AWS,
    source="EC2 API, DescribeAvailabilityZones; EKS user guide, subnet requirements",
)
RIGHTS = Check(
    id="AWS-03", title="each step is allowed", section=AWS, source="IAM API, SimulatePrincipalPolicy"
)
QUOTAS = Check(
    id="AWS-04", title="the quotas suffice", section=AWS, source="Service Quotas API, GetServiceQuota"
)
OFFERED = Check(
    id="AWS-05",
    title="what the design names is offered here",
    section=AWS,
    source="EC2 API, DescribeInstanceTypeOfferings; EKS API, DescribeClusterVersions",
)
CHECKS = (CREDENTIALS, REGION, RIGHTS, QUOTAS, OFFERED)

_ZONES = 2
_ASSUMED = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>.+)/[^/]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A quota that the design uses up.

    Attributes:
        name: As Service Quotas calls it.
        service: Its service code.
        code: Its quota code.
        type: The Terraform type that counts.
        client: botocore's service that lists what is there.
        operation: Its operation.
        result: Member of the answer that holds the list.
    """

    name: str
    service: str
    code: str
    type: str
    client: str
    operation: str
    result: str


QUOTAS_USED = (
    Quota(
        name="VPCs per Region",
        service="vpc",
        code="L-F678F1CE",
        type="aws_vpc",
        client="ec2",
        operation="describe_vpcs",
        result="Vpcs",
    ),
    Quota(
        name="Virtual private gateways per region",
        service="ec2",
        code=VPN_GATEWAYS_QUOTA,
        type="aws_vpn_gateway",
        client="ec2",
        operation="describe_vpn_gateways",
        result="VpnGateways",
    ),
    Quota(
        name="Customer gateways per region",
        service="ec2",
        code=CUSTOMER_GATEWAYS_QUOTA,
        type="aws_customer_gateway",
        client="ec2",
        operation="describe_customer_gateways",
        result="CustomerGateways",
    ),
    Quota(
        name="VPN connections per region",
        service="ec2",
        code=VPN_CONNECTIONS_QUOTA,
        type="aws_vpn_connection",
        client="ec2",
        operation="describe_vpn_connections",
        result="VpnConnections",
    ),
    Quota(
        name="Clusters",
        service="eks",
        code=EKS_CLUSTERS_QUOTA,
        type="aws_eks_cluster",
        client="eks",
        operation="list_clusters",
        result="clusters",
    ),
)
"""Source: Service Quotas; codes as ListServiceQuotas gives them."""


def account(endpoint: AwsEndpoint, needs: Needs | None, *, built: bool) -> tuple[CheckResult, ...]:
    """Look at the account; without credentials all but the first are skipped.

    Args:
        endpoint: Which account, and as whom.
        needs: What the environment asks for; None if that is not known.
        built: Whether the environment exists already, so that what is in use is its own.
    """
    who: list[str] = []

    def identify() -> tuple[Finding, ...]:
        with translated(endpoint, "sts:GetCallerIdentity"):
            identity = service_client(endpoint, "sts").get_caller_identity()
        who.append(identity["Arn"])
        evidence = f"{identity['Arn']} in account {identity['Account']}, region {endpoint.region}"
        return (good("identity", evidence, command="aws sts get-caller-identity"),)

    first = CREDENTIALS.guarded(
        identify,
        command="aws sts get-caller-identity",
        remedy="Sign in: `aws sso login`, `aws configure`, or set AWS_PROFILE",
    )
    if not who:
        return (first, *(check.skipped("needs valid credentials") for check in CHECKS[1:]))
    sign_in = "Ask for the right to make this call; the account's administrator gives it"
    return (
        first,
        REGION.guarded(
            lambda: _zones(endpoint), command="aws ec2 describe-availability-zones", remedy=sign_in
        ),
        RIGHTS.guarded(
            lambda: _rights(endpoint, who[0]), command="aws iam simulate-principal-policy", remedy=sign_in
        ),
        _quotas(endpoint, needs, built=built),
        _offered(endpoint, needs),
    )


def _zones(endpoint: AwsEndpoint) -> tuple[Finding, ...]:
    with translated(endpoint, "ec2:DescribeAvailabilityZones"):
        answer = service_client(endpoint, "ec2").describe_availability_zones()
    names = [zone["ZoneName"] for zone in answer["AvailabilityZones"] if zone["State"] == "available"]
    text = f"{', '.join(names) or 'none'}"
    if len(names) >= _ZONES:
        return (good(endpoint.region, text),)
    return (
        bad(
            endpoint.region, f"{text}, and two are needed", remedy="Choose another region in terraform.tfvars"
        ),
    )


def _rights(endpoint: AwsEndpoint, arn: str) -> tuple[Finding, ...]:
    if arn.endswith(":root"):
        return (good("root", "the account's root user may do everything"),)
    assumed = _ASSUMED.fullmatch(arn)
    principal = (
        f"arn:{assumed['partition']}:iam::{assumed['account']}:role/{assumed['role']}" if assumed else arn
    )
    findings = []
    for step, actions in AWS_ACTIONS.items():
        denied = _denied(endpoint, principal, actions)
        command = (
            f"aws iam simulate-principal-policy --policy-source-arn {principal}"
            f" --action-names {' '.join(denied or actions)}"
        )
        if denied:
            remedy = f"Attach a policy that allows {', '.join(denied)} to {principal}"
            findings.append(bad(step, f"not allowed: {', '.join(denied)}", remedy=remedy, command=command))
        else:
            findings.append(good(step, f"{len(actions)} actions allowed", command=command))
    return tuple(findings)


def _denied(endpoint: AwsEndpoint, principal: str, actions: tuple[str, ...]) -> list[str]:
    with translated(endpoint, "iam:SimulatePrincipalPolicy"):
        pages = service_client(endpoint, "iam").get_paginator("simulate_principal_policy")
        results = [
            result
            for page in pages.paginate(PolicySourceArn=principal, ActionNames=list(actions))
            for result in page["EvaluationResults"]
        ]
    return [evaluation["EvalActionName"] for evaluation in results if evaluation["EvalDecision"] != "allowed"]


def _quotas(endpoint: AwsEndpoint, needs: Needs | None, *, built: bool) -> CheckResult:
    if needs is None:
        return QUOTAS.skipped("the environment's plan is not known")
    used = [quota for quota in QUOTAS_USED if needs.counts[quota.type]]
    return QUOTAS.guarded(
        lambda: (
            tuple(_quota(endpoint, quota, 0 if built else needs.counts[quota.type]) for quota in used)
            or (good("quotas", "the plan uses none of those that are known"),)
        ),
        command="aws service-quotas list-service-quotas --service-code vpc",
        remedy="Ask for servicequotas:GetServiceQuota and the describe calls",
    )


def _quota(endpoint: AwsEndpoint, quota: Quota, needed_count: int) -> Finding:
    command = f"aws service-quotas get-service-quota --service-code {quota.service} --quota-code {quota.code}"
    with translated(endpoint, "service-quotas:GetServiceQuota"):
        answer = service_client(endpoint, "service-quotas").get_service_quota(
            ServiceCode=quota.service, QuotaCode=quota.code
        )
    limit = int(answer["Quota"]["Value"])
    there = _count(endpoint, quota)
    text = f"{there} of {limit} in use, and {needed_count} more are needed"
    if there + needed_count <= limit:
        return good(quota.name, text, command=command)
    return bad(
        quota.name,
        text,
        command=command,
        remedy=f"`aws service-quotas request-service-quota-increase --service-code {quota.service}"
        f" --quota-code {quota.code} --desired-value {there + needed_count}`",
    )


def _count(endpoint: AwsEndpoint, quota: Quota) -> int:
    client = service_client(endpoint, quota.client)
    with translated(endpoint, f"{quota.client}:{quota.operation}"):
        if client.can_paginate(quota.operation):
            pages = client.get_paginator(quota.operation).paginate()
            objects = [resource for page in pages for resource in page[quota.result]]
        else:
            objects = getattr(client, quota.operation)()[quota.result]
    return sum(1 for resource in objects if isinstance(resource, str) or resource.get("State") != "deleted")


def _offered(endpoint: AwsEndpoint, needs: Needs | None) -> CheckResult:
    if needs is None:
        return OFFERED.skipped("the environment's plan is not known")
    if not needs.instance_types and not needs.eks_versions:
        return OFFERED.skipped("the plan has no clusters")
    return OFFERED.guarded(
        lambda: (*_types(endpoint, needs.instance_types), *_versions(endpoint, needs.eks_versions)),
        command="aws ec2 describe-instance-type-offerings",
        remedy="Ask for ec2:DescribeInstanceTypeOfferings and eks:DescribeClusterVersions",
    )


def _types(endpoint: AwsEndpoint, instance_types: frozenset[str]) -> tuple[Finding, ...]:
    with translated(endpoint, "ec2:DescribeInstanceTypeOfferings"):
        answer = service_client(endpoint, "ec2").describe_instance_type_offerings(
            LocationType="availability-zone",
            Filters=[{"Name": "instance-type", "Values": sorted(instance_types)}],
        )
    zones: dict[str, set[str]] = {}
    for offering in answer["InstanceTypeOfferings"]:
        zones.setdefault(offering["InstanceType"], set()).add(offering["Location"])
    return tuple(
        good(name, f"offered in {', '.join(sorted(zones[name]))}")
        if zones.get(name)
        else bad(
            name, f"not offered in {endpoint.region}", remedy="Name another instance type in terraform.tfvars"
        )
        for name in sorted(instance_types)
    )


def _versions(endpoint: AwsEndpoint, requested_versions: frozenset[str]) -> tuple[Finding, ...]:
    findings = []
    for version in sorted(requested_versions):
        try:
            with translated(endpoint, "eks:DescribeClusterVersions"):
                answer = service_client(endpoint, "eks").describe_cluster_versions(clusterVersions=[version])
        except CloudRefusedError as error:
            findings.append(
                Finding(
                    subject=f"EKS {version}",
                    outcome=Outcome.INCONCLUSIVE,
                    evidence=str(error),
                    remedy="Ask for eks:DescribeClusterVersions",
                )
            )
            continue
        status = next(
            (cluster_version.get("versionStatus", "") for cluster_version in answer["clusterVersions"]), ""
        )
        if status.upper() in {"STANDARD_SUPPORT", "EXTENDED_SUPPORT"}:
            findings.append(good(f"EKS {version}", status.lower().replace("_", " ")))
        else:
            findings.append(
                bad(
                    f"EKS {version}",
                    status or "not offered",
                    remedy="Name a supported version in terraform.tfvars",
                )
            )
    return tuple(findings)
