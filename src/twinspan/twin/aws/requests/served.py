"""The operations that the twin serves, service by service, and why it refuses the others.

Nothing that reports the state of a network is served without packets behind it: what moto keeps as mere
entries (transit gateways, peerings, endpoints, network interfaces, instances) is refused by name.
"""

from collections.abc import Mapping

_EC2_NETWORK = """
AllocateAddress AssociateAddress AssociateRouteTable AssociateVpcCidrBlock AttachInternetGateway
AttachVpnGateway AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateCustomerGateway
CreateDefaultSubnet CreateDefaultVpc CreateInternetGateway CreateNatGateway CreateNetworkAcl
CreateNetworkAclEntry CreateRoute CreateRouteTable CreateSecurityGroup CreateSubnet CreateTags CreateVpc
CreateVpnConnection CreateVpnConnectionRoute CreateVpnGateway DeleteCustomerGateway DeleteInternetGateway
DeleteNatGateway DeleteNetworkAcl DeleteNetworkAclEntry DeleteRoute DeleteRouteTable DeleteSecurityGroup
DeleteSubnet DeleteTags DeleteVpc DeleteVpnConnection DeleteVpnConnectionRoute DeleteVpnGateway
DescribeAddresses DescribeAddressesAttribute DescribeCustomerGateways DescribeInternetGateways
DescribeNatGateways DescribeNetworkAcls DescribeNetworkInterfaces DescribeRouteTables
DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets DescribeTags DescribeVpcAttribute
DescribeVpcs DescribeVpnConnections DescribeVpnGateways DetachInternetGateway DetachVpnGateway
DisableVgwRoutePropagation DisassociateAddress DisassociateRouteTable DisassociateVpcCidrBlock
EnableVgwRoutePropagation GetActiveVpnTunnelStatus GetVpnTunnelReplacementStatus ModifySecurityGroupRules
ModifySubnetAttribute ModifyVpcAttribute ModifyVpcTenancy ModifyVpnConnection ModifyVpnConnectionOptions
ModifyVpnTunnelOptions ReleaseAddress ReplaceNetworkAclAssociation ReplaceNetworkAclEntry ReplaceRoute
ReplaceRouteTableAssociation ReplaceVpnTunnel RevokeSecurityGroupEgress RevokeSecurityGroupIngress
UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress
"""
_EC2_FACTS = """
DescribeAccountAttributes DescribeAvailabilityZones DescribeInstanceTypeOfferings DescribeInstanceTypes
DescribePrefixLists DescribeRegions
"""
_IAM = """
AddRoleToInstanceProfile AttachRolePolicy AttachUserPolicy CreateInstanceProfile
CreateOpenIDConnectProvider CreatePolicy CreatePolicyVersion CreateRole CreateUser DeleteInstanceProfile
DeleteOpenIDConnectProvider DeletePolicy DeletePolicyVersion DeleteRole DeleteRolePermissionsBoundary
DeleteRolePolicy DeleteUser DeleteUserPolicy DetachRolePolicy DetachUserPolicy GetInstanceProfile
GetOpenIDConnectProvider GetPolicy GetPolicyVersion GetRole GetRolePolicy GetUser GetUserPolicy
ListAccountAliases ListAttachedRolePolicies ListAttachedUserPolicies ListEntitiesForPolicy
ListInstanceProfiles ListInstanceProfilesForRole ListInstanceProfileTags ListOpenIDConnectProviders
ListOpenIDConnectProviderTags ListPolicies ListPolicyTags ListPolicyVersions ListRolePolicies ListRoles
ListRoleTags ListUserPolicies ListUsers ListUserTags PutRolePermissionsBoundary PutRolePolicy
PutUserPolicy RemoveRoleFromInstanceProfile SetDefaultPolicyVersion SimulatePrincipalPolicy
TagInstanceProfile TagOpenIDConnectProvider TagPolicy TagRole TagUser UntagInstanceProfile
UntagOpenIDConnectProvider UntagPolicy UntagRole UntagUser UpdateAssumeRolePolicy
UpdateOpenIDConnectProviderThumbprint UpdateRole UpdateRoleDescription
"""
_LOGS = """
CreateLogGroup CreateLogStream DeleteLogGroup DeleteLogStream DeleteRetentionPolicy DescribeLogGroups
DescribeLogStreams FilterLogEvents GetLogEvents ListTagsForResource ListTagsLogGroup PutLogEvents
PutRetentionPolicy TagLogGroup TagResource UntagLogGroup UntagResource
"""
_CLOUDWATCH = """
DeleteAlarms DeleteDashboards DescribeAlarmHistory DescribeAlarms DescribeAlarmsForMetric
DisableAlarmActions EnableAlarmActions GetDashboard GetMetricData GetMetricStatistics ListDashboards
ListMetrics ListTagsForResource PutDashboard PutMetricAlarm PutMetricData SetAlarmState TagResource
UntagResource
"""
_S3 = """
AbortMultipartUpload CompleteMultipartUpload CopyObject CreateBucket CreateMultipartUpload DeleteBucket
DeleteBucketCors DeleteBucketEncryption DeleteBucketLifecycle DeleteBucketOwnershipControls
DeleteBucketPolicy DeleteBucketReplication DeleteBucketTagging DeleteBucketWebsite DeleteObject
DeleteObjects DeleteObjectTagging DeletePublicAccessBlock GetBucketAccelerateConfiguration GetBucketAcl
GetBucketCors GetBucketEncryption GetBucketLifecycleConfiguration GetBucketLocation GetBucketLogging
GetBucketNotificationConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
GetBucketReplication GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite
GetObject GetObjectAttributes GetObjectLockConfiguration GetObjectTagging GetPublicAccessBlock HeadBucket
HeadObject ListBuckets ListMultipartUploads ListObjects ListObjectsV2 ListObjectVersions ListParts
PutBucketEncryption PutBucketLifecycleConfiguration PutBucketOwnershipControls PutBucketPolicy
PutBucketTagging PutBucketVersioning PutObject PutObjectTagging PutPublicAccessBlock UploadPart
"""
_SNS = """
ConfirmSubscription CreateTopic DeleteTopic GetSubscriptionAttributes GetTopicAttributes
ListSubscriptions ListSubscriptionsByTopic ListTagsForResource ListTopics Publish
SetSubscriptionAttributes SetTopicAttributes Subscribe TagResource Unsubscribe UntagResource
"""
_SQS = """
ChangeMessageVisibility CreateQueue DeleteMessage DeleteQueue GetQueueAttributes GetQueueUrl ListQueues
ListQueueTags PurgeQueue ReceiveMessage SendMessage SetQueueAttributes TagQueue UntagQueue
"""
_STS = "AssumeRole GetAccessKeyInfo GetCallerIdentity GetSessionToken"

OBJECTS_ONLY: Mapping[str, str] = {
    "AllocateAddress": "an elastic address is an entry; the internet behind it is not modelled",
    "CreateDhcpOptions": "hosts of the data plane are not configured by DHCP",
    "CreateNatGateway": "routes through it exist; the internet behind it is not modelled",
}
"""Operations that make entries with nothing behind them, and why they are served all the same."""

_DHCP = "AssociateDhcpOptions CreateDhcpOptions DeleteDhcpOptions DescribeDhcpOptions"

SERVED: Mapping[str, frozenset[str]] = {
    "ec2": frozenset((_EC2_NETWORK + _EC2_FACTS + _DHCP).split()),
    "iam": frozenset(_IAM.split()),
    "logs": frozenset(_LOGS.split()),
    "monitoring": frozenset(_CLOUDWATCH.split()),
    "s3": frozenset(_S3.split()),
    "s3control": frozenset({"ListTagsForResource", "TagResource", "UntagResource"}),
    "servicequotas": frozenset({"GetServiceQuota", "ListAWSDefaultServiceQuotas"}),
    "sns": frozenset(_SNS.split()),
    "sqs": frozenset(_SQS.split()),
    "sts": frozenset(_STS.split()),
}
"""Signing name of a service -> what it serves. EKS has a list of its own, `eks.backend.ACTIONS`."""

_FAMILIES: Mapping[str, str] = {
    "TransitGateway": "no transit gateways",
    "VpcPeering": "no VPC peering",
    "VpcEndpoint": "no VPC endpoints",
    "NetworkInterface": "no network interfaces of users'",
    "PrivateIpAddresses": "no network interfaces of users'",
    "Ipv6": "no IPv6",
    "SubnetCidr": "no IPv6 and no reservations in subnets",
    "EgressOnly": "no IPv6",
    "CarrierGateway": "no Wavelength zones",
    "LocalGateway": "no Outposts",
    "ClassicLink": "no EC2-Classic",
    "TrafficMirror": "no traffic mirroring",
    "FlowLogs": "no flow logs",
    "PrefixList": "no managed prefix lists",
    "ClientVpn": "no Client VPN",
    "VpnConcentrator": "no VPN concentrators",
    "Ipam": "no IPAM",
    "RunInstances": "no machines to run instances on",
    "Instance": "no machines to run instances on",
    "Fleet": "no machines to run instances on",
    "Spot": "no machines to run instances on",
    "Host": "no machines to run instances on",
    "LaunchTemplate": "no machines to run instances on",
    "KeyPair": "no machines to run instances on",
    "Image": "no machines, so no images",
    "Volume": "no machines, so no volumes",
    "Snapshot": "no machines, so no snapshots",
}
"""What the name of an operation holds -> what the twin is without."""


def why_not(operation: str) -> str:
    """Return why an operation is refused, for the client."""
    for part, lack in _FAMILIES.items():
        if part in operation:
            return f"The twin has {lack} ({operation})"
    return f"The twin cannot do this: it has no {operation}"
