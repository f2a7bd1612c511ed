"""What the twin has behind the types of hashicorp/aws.

A resource type is named after the call that makes it: `aws_vpc` after CreateVpc, `aws_iam_role` after
CreateRole. Source: hashicorp/aws, documentation of its resources; names of operations: botocore's models.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from twinspan.results.support import Support
from twinspan.twin.aws.eks.backend import ACTIONS
from twinspan.twin.aws.requests.beside import is_no_part
from twinspan.twin.aws.requests.lacks import lacks_of, set_members
from twinspan.twin.aws.requests.served import OBJECTS_ONLY, SERVED, why_not

_NETWORK = frozenset({"ec2", "eks"})
"""Services whose objects are on the data plane."""
_SERVICES: Mapping[str, str] = {
    "acmpca": "acm-pca",
    "alb": "elasticloadbalancing",
    "api_gateway": "apigateway",
    "caller_identity": "sts",
    "canonical_user_id": "s3",
    "cloudwatch": "monitoring",
    "cloudwatch_event": "events",
    "cloudwatch_log": "logs",
    "db": "rds",
    "docdb": "rds",
    "dx": "directconnect",
    "ebs": "ec2",
    "elb": "elasticloadbalancing",
    "launch_configuration": "autoscaling",
    "lb": "elasticloadbalancing",
    "neptune": "rds",
    "s3_account": "s3control",
}
"""First words of a type -> signing name, where the one does not follow from the other."""
_CALLS: Mapping[str, str] = {
    "aws_ami": "RegisterImage",
    "aws_ec2_transit_gateway_peering_attachment_accepter": "AcceptTransitGatewayPeeringAttachment",
    "aws_ec2_transit_gateway_vpc_attachment_accepter": "AcceptTransitGatewayVpcAttachment",
    "aws_iam_policy_attachment": "AttachRolePolicy",
    "aws_s3_directory_bucket": "CreateSession",
    "aws_sns_topic_policy": "SetTopicAttributes",
    "aws_sqs_queue_policy": "SetQueueAttributes",
    "aws_sqs_queue_redrive_policy": "SetQueueAttributes",
    "aws_vpc_endpoint_policy": "ModifyVpcEndpoint",
    "aws_vpc_endpoint_route_table_association": "ModifyVpcEndpoint",
    "aws_vpc_endpoint_security_group_association": "ModifyVpcEndpoint",
    "aws_vpc_endpoint_subnet_association": "ModifyVpcEndpoint",
    "aws_vpc_peering_connection_accepter": "AcceptVpcPeeringConnection",
    "aws_default_network_acl": "ReplaceNetworkAclEntry",
    "aws_default_route_table": "ReplaceRoute",
    "aws_default_security_group": "RevokeSecurityGroupIngress",
    "aws_default_vpc_dhcp_options": "CreateDhcpOptions",
    "aws_ebs_volume": "CreateVolume",
    "aws_ec2_instance_state": "StartInstances",
    "aws_eip": "AllocateAddress",
    "aws_eip_association": "AssociateAddress",
    "aws_instance": "RunInstances",
    "aws_key_pair": "ImportKeyPair",
    "aws_elasticache_subnet_group": "CreateCacheSubnetGroup",
    "aws_flow_log": "CreateFlowLogs",
    "aws_kms_external_key": "ImportKeyMaterial",
    "aws_kms_replica_external_key": "ReplicateKey",
    "aws_kms_replica_key": "ReplicateKey",
    "aws_main_route_table_association": "ReplaceRouteTableAssociation",
    "aws_network_acl": "CreateNetworkAclEntry",
    "aws_network_acl_association": "ReplaceNetworkAclAssociation",
    "aws_network_acl_rule": "CreateNetworkAclEntry",
    "aws_network_interface_sg_attachment": "ModifyNetworkInterfaceAttribute",
    "aws_redshift_subnet_group": "CreateClusterSubnetGroup",
    "aws_route53_record": "ChangeResourceRecordSets",
    "aws_route53_zone": "CreateHostedZone",
    "aws_route53_zone_association": "AssociateVPCWithHostedZone",
    "aws_s3_bucket_public_access_block": "PutPublicAccessBlock",
    "aws_s3_bucket_server_side_encryption_configuration": "PutBucketEncryption",
    "aws_secretsmanager_secret_policy": "PutResourcePolicy",
    "aws_secretsmanager_secret_rotation": "RotateSecret",
    "aws_secretsmanager_secret_version": "PutSecretValue",
    "aws_security_group_rule": "AuthorizeSecurityGroupIngress",
    "aws_sns_topic_subscription": "Subscribe",
    "aws_spot_instance_request": "RequestSpotInstances",
    "aws_volume_attachment": "AttachVolume",
    "aws_vpc_ipv4_cidr_block_association": "AssociateVpcCidrBlock",
    "aws_vpc_security_group_egress_rule": "AuthorizeSecurityGroupEgress",
    "aws_vpc_security_group_ingress_rule": "AuthorizeSecurityGroupIngress",
    "aws_vpc_security_group_rules_exclusive": "AuthorizeSecurityGroupIngress",
    "aws_vpn_gateway_route_propagation": "EnableVgwRoutePropagation",
}
"""Type -> the call that makes it, where the one does not follow from the other."""
_READS: Mapping[str, str] = {
    "aws_ami": "DescribeImages",
    "aws_ami_ids": "DescribeImages",
    "aws_caller_identity": "GetCallerIdentity",
    "aws_canonical_user_id": "ListBuckets",
    "aws_eip": "DescribeAddresses",
    "aws_eips": "DescribeAddresses",
    "aws_elasticache_subnet_group": "DescribeCacheSubnetGroups",
    "aws_redshift_subnet_group": "DescribeClusterSubnetGroups",
    "aws_region": "DescribeRegions",
    "aws_route53_zone": "GetHostedZone",
    "aws_secretsmanager_secret_version": "GetSecretValue",
    "aws_vpc_dhcp_options": "DescribeDhcpOptions",
}
_NO_CALL = frozenset(
    {
        "aws_arn",
        "aws_default_tags",
        "aws_eks_cluster_auth",
        "aws_iam_policy_document",
        "aws_partition",
        "aws_service",
        "aws_service_principal",
    }
)
"""Data sources that ask nobody. Source: hashicorp/aws, documentation of its data sources."""
_MAKING = ("Create", "Put", "Import", "Register", "Allocate", "Modify", "Enable")
_JOINING: Mapping[str, str] = {
    "_association": "Associate",
    "_attachment": "Attach",
    "_propagation": "Enable",
}
_READING = ("Describe", "Get", "List")
_SPELLINGS: Mapping[str, str] = {
    "assigngeneratedipv6cidrblock": "amazonprovidedipv6cidrblock",
    "egressonlygatewayid": "egressonlyinternetgatewayid",
}
"""An argument of the provider -> the member that it sets, in small letters without underscores."""


def support_of(mode: str, type_name: str) -> Support:
    """Return what is behind a type of hashicorp/aws."""
    if mode == "data" and type_name in _NO_CALL:
        return Support(level="objects only", reason="the provider works it out itself; AWS is not asked")
    service = service_of(type_name)
    if service not in _served():
        reason = f"the twin does not have the service {service}"
        return Support(level="refused", service=service, reason=reason)
    operation = _operation(mode, type_name, service)
    if operation is None:
        return Support(level="refused", reason="the twin serves nothing that makes or reads it")
    if operation not in _served()[service]:
        return Support(level="refused", service=service, reason=why_not(operation))
    lack = OBJECTS_ONLY.get(operation, "" if service in _NETWORK else is_no_part(service))
    return Support(level="objects only" if lack else "packets", service=service, reason=lack)


def refused_arguments(type_name: str, values: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the arguments that are set and that the twin refuses -> what it is without."""
    service = service_of(type_name)
    operation = _operation("managed", type_name, service)
    if operation is None:
        return {}
    plain = {_plain(member): why for member, why in lacks_of(service, operation).items()}
    spelled = {name: _SPELLINGS.get(_plain(name), _plain(name)) for name, _ in set_members(values)}
    return {name: plain[member] for name, member in spelled.items() if member in plain}


def service_of(type_name: str) -> str:
    """Return the signing name of the service that a type belongs to."""
    words = type_name.removeprefix("aws_").split("_")
    for count in range(min(3, len(words)), 0, -1):
        start = "_".join(words[:count])
        if start in _SERVICES:
            return _SERVICES[start]
        if start in _all_services():
            return _all_services()[start]
    return "ec2"


def _operation(mode: str, type_name: str, service: str) -> str | None:
    known = _CALLS if mode == "managed" else _READS
    if type_name in known:
        return known[type_name]
    names = {name.lower(): name for name in _operations(service)}
    spellings = _making(type_name) if mode == "managed" else _reading(type_name)
    return next((names[spelling] for spelling in spellings if spelling in names), None)


def _making(type_name: str) -> Iterator[str]:
    for noun in _nouns(type_name):
        for ending, verb in _JOINING.items():
            if noun.endswith(ending):
                yield verb.lower() + _plain(noun.removesuffix(ending))
        for verb in _MAKING:
            yield from (f"{verb.lower()}{_plain(noun)}{plural}" for plural in ("", "s"))


def _reading(type_name: str) -> Iterator[str]:
    for noun in _nouns(type_name):
        for verb in _READING:
            yield from (f"{verb.lower()}{form}" for form in _forms(_plain(noun)))


def _forms(noun: str) -> Sequence[str]:
    return (noun, f"{noun}s", f"{noun}es", f"{noun.removesuffix('y')}ies")


def _nouns(type_name: str) -> Iterator[str]:
    """Yield a type's name without `aws_`, then without one and two words in front: those of its service."""
    words = type_name.removeprefix("aws_").split("_")
    for count in range(min(3, len(words))):
        yield "_".join(words[count:])


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


@cache
def _served() -> Mapping[str, frozenset[str]]:
    return {**SERVED, "eks": frozenset(ACTIONS)}


@cache
def _all_services() -> Mapping[str, str]:
    """Return the names of all services of AWS in the form of types -> their signing names."""
    names = (name for name in _session().get_available_services() if name != "ec2")
    return {name.replace("-", ""): name for name in names} | {"logs": "logs"}


@cache
def _operations(service: str) -> Sequence[str]:
    models = {"monitoring": "cloudwatch", "servicequotas": "service-quotas"}
    model = _session().get_service_model(models.get(service, service))
    return tuple(model.operation_names)


@cache
def _session() -> Any:  # noqa: ANN401 - botocore has no types
    from botocore.session import Session  # noqa: PLC0415 - slow to load

    return Session()
