"""EKS clusters of a plan. Source: Terraform provider hashicorp/aws, versions 5 and 6."""

import base64
import binascii
from collections.abc import Mapping

from twinspan.network.aws import EksAddon, EksCluster, EksNodeGroup
from twinspan.network.model import AwsSubnet
from twinspan.network.ranges import ANYWHERE
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown
from twinspan.project.network.aws_filters import CLUSTER_TYPE, GROUP_TYPES, cluster_group_id
from twinspan.project.network.values import Reading, Values
from twinspan.project.network.vpc import SUBNET_TYPES

ON_DEMAND = "ON_DEMAND"


def eks_clusters(
    reading: Reading, subnets: tuple[AwsSubnet[Unknown], ...]
) -> tuple[EksCluster[Unknown], ...]:
    """Return the clusters with their node groups and add-ons."""
    clusters = reading.of(CLUSTER_TYPE)
    holders = {
        key: cluster.address
        for cluster in clusters
        for key in (cluster.id, _name(cluster))
        if isinstance(key, str)
    }
    groups, addons = (
        reading.by_holder(reading.of(kind), holders, "cluster_name", CLUSTER_TYPE)
        for kind in ("aws_eks_node_group", "aws_eks_addon")
    )
    vpc_of = {subnet.id: subnet.vpc_id for subnet in subnets}
    return tuple(
        _cluster(cluster, vpc_of, groups.get(cluster.address, ()), addons.get(cluster.address, ()))
        for cluster in clusters
    )


def _name(cluster: Values) -> str | Unknown:
    return cluster.text("name")


def _cluster(
    values: Values,
    vpc_of: Mapping[str, str | Unknown],
    groups: tuple[Values, ...],
    addons: tuple[Values, ...],
) -> EksCluster[Unknown]:
    place = values.block("vpc_config")
    subnets = place.references("subnet_ids", *SUBNET_TYPES)
    vpcs = (vpc_of[subnet_id] for subnet_id in subnets if isinstance(subnet_id, str) and subnet_id in vpc_of)
    return EksCluster(
        name=_name(values),
        address=values.address,
        arn=values.text("arn"),
        status=values.text("status"),
        version=values.text("version"),
        endpoint=values.text("endpoint"),
        certificate_authority=_certificate(values),
        service_ipv4_cidr=values.block("kubernetes_network_config").cidr("service_ipv4_cidr")
        or CLOUD_CHOOSES,
        vpc_id=place.text("vpc_id") if isinstance(place.get("vpc_id"), str) else next(vpcs, UNKNOWN),
        subnet_ids=subnets,
        security_group_ids=place.references("security_group_ids", *GROUP_TYPES),
        cluster_security_group_id=cluster_group_id(values),
        endpoint_public_access=place.flag("endpoint_public_access", default=True),
        endpoint_private_access=place.flag("endpoint_private_access"),
        public_access_cidrs=place.cidrs("public_access_cidrs") or (ANYWHERE,),
        node_groups=tuple(_node_group(group, _name(values)) for group in groups),
        addons=tuple(map(_addon, addons)),
    )


def _certificate(values: Values) -> str | Unknown:
    data = values.block("certificate_authority").text("data")
    if isinstance(data, Unknown):
        return data
    try:
        return base64.b64decode(data).decode()
    except (binascii.Error, UnicodeDecodeError):
        return UNKNOWN


def _node_group(values: Values, cluster: str | Unknown) -> EksNodeGroup[Unknown]:
    size = values.block("scaling_config")
    labels = values.get("labels")
    return EksNodeGroup(
        name=values.text("node_group_name"),
        address=values.address,
        cluster_name=cluster,
        status=values.text("status"),
        subnet_ids=values.references("subnet_ids", *SUBNET_TYPES),
        instance_types=values.texts("instance_types"),
        capacity_type=values.text("capacity_type", ON_DEMAND),
        desired_size=size.number("desired_size"),
        min_size=size.number("min_size"),
        max_size=size.number("max_size"),
        labels={key: str(value) for key, value in labels.items()} if isinstance(labels, dict) else {},
    )


def _addon(values: Values) -> EksAddon[Unknown]:
    return EksAddon(
        name=values.text("addon_name"),
        address=values.address,
        version=values.text("addon_version"),
        status=UNKNOWN,
        configuration_values=values.text("configuration_values", ""),
    )
