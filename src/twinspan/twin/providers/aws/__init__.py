"""The offline provider for hashicorp/aws."""

from twinspan.twin.providers import schema
from twinspan.twin.providers.aws import (
    alarms,
    connection,
    data,
    egress,
    eks_access,
    eks_addon,
    eks_cluster,
    eks_node_group,
    iam,
    images,
    interfaces,
    machines,
    network,
    notifications,
    routing,
    security,
    storage,
    vpn,
)
from twinspan.twin.providers.aws.cloud import AwsCloud, connect
from twinspan.twin.providers.engine import State
from twinspan.twin.providers.provider import Definition, by_name
from twinspan.twin.providers.warning import offline_warning

_RESOURCES = (
    alarms.Dashboard,
    alarms.MetricAlarm,
    connection.VpnConnection,
    connection.VpnConnectionRoute,
    egress.ElasticAddress,
    egress.NatGateway,
    eks_access.AccessEntry,
    eks_access.AccessPolicyAssociation,
    eks_addon.Addon,
    eks_cluster.EksClusterResource,
    eks_node_group.NodeGroup,
    iam.IamRole,
    iam.IamRolePolicyAttachment,
    interfaces.ElasticAddressAssociation,
    interfaces.NetworkInterface,
    interfaces.NetworkInterfaceAttachment,
    machines.Instance,
    machines.KeyPair,
    network.InternetGateway,
    network.Subnet,
    network.Vpc,
    notifications.Topic,
    notifications.TopicSubscription,
    routing.Route,
    routing.RouteTable,
    routing.RouteTableAssociation,
    routing.VpnGatewayRoutePropagation,
    security.DefaultSecurityGroup,
    security.EgressRule,
    security.IngressRule,
    security.SecurityGroup,
    storage.Bucket,
    storage.BucketEncryption,
    storage.BucketPublicAccessBlock,
    storage.BucketVersioning,
    storage.LogGroup,
    vpn.CustomerGateway,
    vpn.VpnGateway,
    vpn.VpnGatewayAttachment,
)
_DATA_SOURCES = (
    data.AvailabilityZones,
    data.CallerIdentity,
    data.Region,
    eks_cluster.ClusterData,
    images.Ami,
)


def _scope(cloud: AwsCloud, state: State) -> AwsCloud:
    return cloud.in_region(state.get("region"))


def definition(version: str = schema.VERSIONS["aws"]) -> Definition[AwsCloud]:
    """Return what makes this provider, which Terraform knows by a version."""
    served = schema.load("aws")
    return Definition(
        schema=served,
        resources=by_name(_RESOURCES),
        data_sources={item.type_name: item() for item in _DATA_SOURCES},
        connect=connect,
        scope=_scope,
        warning=offline_warning(served, version),
    )
