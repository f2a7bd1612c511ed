"""The operations that the twin serves, service by service, and why it refuses the others.

Nothing that reports the state of a network is served without packets behind it: what moto keeps as mere
entries (transit gateways, peerings) is refused by name, or is in `OBJECTS_ONLY` with what it lacks.
"""

from collections.abc import Mapping

from twinspan.twin.aws.requests.beside import BESIDE

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
_EC2_MACHINES = """
AssignPrivateIpAddresses AssociateIamInstanceProfile AttachNetworkInterface AttachVolume CreateKeyPair
CreateLaunchTemplate CreateLaunchTemplateVersion CreateNetworkInterface CreateVolume DeleteKeyPair
DeleteLaunchTemplate DeleteNetworkInterface DeleteVolume DescribeIamInstanceProfileAssociations
DescribeImages DescribeInstanceAttribute DescribeInstanceCreditSpecifications DescribeInstanceStatus
DescribeInstances DescribeKeyPairs DescribeLaunchTemplateVersions DescribeLaunchTemplates
DescribeNetworkInterfaceAttribute DescribeVolumes DescribeVolumesModifications DetachNetworkInterface
DetachVolume DisassociateIamInstanceProfile ImportKeyPair ModifyInstanceAttribute
ModifyInstanceCreditSpecification ModifyInstanceMetadataOptions ModifyLaunchTemplate
ModifyNetworkInterfaceAttribute ModifyVolume MonitorInstances RebootInstances
ReplaceIamInstanceProfileAssociation RunInstances StartInstances StopInstances TerminateInstances
UnassignPrivateIpAddresses UnmonitorInstances
"""
_EC2_FACTS = """
DescribeAccountAttributes DescribeAvailabilityZones DescribeInstanceTypeOfferings DescribeInstanceTypes
DescribePrefixLists DescribeRegions
"""
_EC2_ENTRIES = """
CreateFlowLogs CreateVpcEndpoint DeleteFlowLogs DeleteVpcEndpoints DescribeFlowLogs DescribeVpcEndpoints
DescribeVpcEndpointServices ModifyVpcEndpoint
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
_SSM = """
AddTagsToResource DeleteParameter DeleteParameters DescribeInstanceInformation DescribeParameters
GetCommandInvocation GetParameter GetParameterHistory GetParameters GetParametersByPath
ListCommandInvocations ListCommands ListTagsForResource PutParameter RemoveTagsFromResource SendCommand
"""
_STS = "AssumeRole GetAccessKeyInfo GetCallerIdentity GetSessionToken"

_NO_LOGIN = "nobody logs in to a machine by SSH; commands run on it by SSM"
OBJECTS_ONLY: Mapping[str, str] = {
    "AllocateAddress": "an elastic address is an entry; the internet behind it is not modelled",
    "CreateFlowLogs": "a flow log is an entry: nothing writes records of packets to its destination",
    "CreateVpcEndpoint": "an endpoint is an entry: no packets go through it, and no service is behind it",
    "ModifyVpcEndpoint": "an endpoint is an entry: no packets go through it, and no service is behind it",
    "CreateDhcpOptions": "hosts of the data plane are not configured by DHCP",
    "CreateLaunchTemplate": "instances that name it are made by it; nothing else is",
    "CreateNatGateway": "routes through it exist; the internet behind it is not modelled",
    "CreateVolume": "a disk is an entry: machines have the files of the machine that the twin runs on",
    "PutParameter": "a parameter is an entry that keeps its value; nothing on the network reads it",
    "CreateKeyPair": _NO_LOGIN,
    "ImportKeyPair": _NO_LOGIN,
}
"""Operations that make entries with nothing behind them, and why they are served all the same."""

_DHCP = "AssociateDhcpOptions CreateDhcpOptions DeleteDhcpOptions DescribeDhcpOptions"

SERVED: Mapping[str, frozenset[str]] = {
    "ec2": frozenset((_EC2_NETWORK + _EC2_MACHINES + _EC2_FACTS + _EC2_ENTRIES + _DHCP).split()),
    "iam": frozenset(_IAM.split()),
    "logs": frozenset(_LOGS.split()),
    "monitoring": frozenset(_CLOUDWATCH.split()),
    "s3": frozenset(_S3.split()),
    "s3control": frozenset({"ListTagsForResource", "TagResource", "UntagResource"}),
    "servicequotas": frozenset({"GetServiceQuota", "ListAWSDefaultServiceQuotas"}),
    "sns": frozenset(_SNS.split()),
    "sqs": frozenset(_SQS.split()),
    "ssm": frozenset(_SSM.split()),
    "sts": frozenset(_STS.split()),
    **BESIDE,
}
"""Signing name of a service -> what it serves. EKS has a list of its own, `eks.backend.ACTIONS`."""

_FAMILIES: Mapping[str, str] = {
    "TransitGateway": "no transit gateways",
    "VpcPeering": "no VPC peering",
    "VpcEndpointConnection": "no endpoint services of users'",
    "VpcEndpointService": "no endpoint services of users'",
    "Ipv6": "no IPv6",
    "SubnetCidr": "no IPv6 and no reservations in subnets",
    "EgressOnly": "no IPv6",
    "CarrierGateway": "no Wavelength zones",
    "LocalGateway": "no Outposts",
    "ClassicLink": "no EC2-Classic",
    "TrafficMirror": "no traffic mirroring",
    "PrefixList": "no managed prefix lists",
    "ClientVpn": "no Client VPN",
    "VpnConcentrator": "no VPN concentrators",
    "Ipam": "no IPAM",
    "Fleet": "no fleets and no spot instances",
    "Spot": "no fleets and no spot instances",
    "Host": "no dedicated hosts",
    "Image": "no images but those of Amazon and Canonical",
    "Snapshot": "no contents of disks, so no snapshots",
}
"""What the name of an operation holds -> what the twin is without."""


def why_not(operation: str) -> str:
    """Return why an operation is refused, for the client."""
    for part, lack in _FAMILIES.items():
        if part in operation:
            return f"The twin has {lack} ({operation})"
    return f"The twin cannot do this: it has no {operation}"
