"""Members of served operations that the twin has no use for: who sets one is refused by name, never ignored.

What the cloud shows, and designs with a VPN and clusters set, is kept; all else is here, with what the twin
is without.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Lacks = Mapping[str, str]

_IPV6, _IPAM, _OUTPOSTS = "no IPv6", "no IPAM", "no Outposts"
_MACHINES, _TRANSIT, _PEERING = "no machines to run instances on", "no transit gateways", "no VPC peering"
_SETTINGS = "one configuration of the control plane"
_GRANTS, _KEYS = "no grants but by policies", "no keys of clients'"
_DIRECTORIES = "no directory buckets"
_EVALUATION = "one way to evaluate alarms"
_HOLDS = "no event holds"
_TOKENS = "no grant tokens: grants are in force at once"
_MATERIALS = "one material of an imported key"
_OUTPUTS = "no copies of what commands print"
_POOLS = "no pools of addresses but its own"

ANYWHERE: Mapping[str, Lacks] = {
    "ec2": {
        "AmazonProvidedIpv6CidrBlock": _IPV6,
        "AssignIpv6AddressOnCreation": _IPV6,
        "CarrierGatewayId": "no Wavelength zones",
        "CoreNetworkArn": "no Cloud WAN",
        "CustomerOwnedIpv4Pool": _OUTPOSTS,
        "DestinationIpv6CidrBlock": _IPV6,
        "DestinationPrefixListId": "no managed prefix lists",
        "EgressOnlyInternetGatewayId": _IPV6,
        "EnableDns64": _IPV6,
        "EnableResourceNameDnsAAAARecordOnLaunch": _IPV6,
        "IpamPoolId": _IPAM,
        "Ipv4IpamPoolId": _IPAM,
        "Ipv4NetmaskLength": _IPAM,
        "EnablePrimaryIpv6": _IPV6,
        "EnableResourceNameDnsAAAARecord": _IPV6,
        "Ipv6AddressCount": _IPV6,
        "Ipv6Addresses": _IPV6,
        "Ipv6CidrBlock": _IPV6,
        "Ipv6CidrBlockNetworkBorderGroup": _IPV6,
        "Ipv6IpamPoolId": _IPV6,
        "Ipv6Native": _IPV6,
        "Ipv6NetmaskLength": _IPV6,
        "Ipv6Pool": _IPV6,
        "Ipv6PrefixCount": _IPV6,
        "Ipv6Prefixes": _IPV6,
        "LocalGatewayId": _OUTPOSTS,
        "MapCustomerOwnedIpOnLaunch": _OUTPOSTS,
        "OdbNetworkArn": "no Oracle Database@AWS",
        "OutpostArn": _OUTPOSTS,
        "PrefixListId": "no managed prefix lists",
        "PrefixListIds": "no managed prefix lists",
        "PrimaryIpv6": _IPV6,
        "PublicIpv4Pool": _POOLS,
        "SourceSecurityGroupName": "no EC2-Classic",
        "SourceSecurityGroupOwnerId": "no EC2-Classic",
        "TransitGatewayId": _TRANSIT,
        "VpcEncryptionControl": "no encryption controls of a VPC",
        "VpcEndpointId": "no routes to VPC endpoints",
        "VpcPeeringConnectionId": _PEERING,
    },
    "eks": {
        "controlPlaneEgressMode": "no choice how control planes leave",
        "controlPlaneScalingConfig": "one size of control planes",
        "encryptionConfig": "no keys of KMS",
        "gatewayApi": "no EKS Auto Mode",
        "kubeApiServerConfig": _SETTINGS,
        "kubeControllerManagerConfig": _SETTINGS,
        "kubeSchedulerConfig": _SETTINGS,
        "launchTemplate": _MACHINES,
        "namespaceConfig": "no choice of an add-on's namespace",
        "nodePools": "no EKS Auto Mode",
        "nodeRepairConfig": "no repair of nodes by EKS",
        "nodeRoleArn": "no EKS Auto Mode",
        "outpostConfig": _OUTPOSTS,
        "podIdentityAssociations": "no pod identities",
        "remoteAccess": _MACHINES,
        "remoteNetworkConfig": "no hybrid nodes",
        "rollbackConfig": "no way back to an older version",
        "updateStrategy": "no choice how nodes are replaced",
        "warmPoolConfig": "no warm pools",
        "zonalShiftConfig": "no zonal shift",
    },
    "s3": {
        "GrantFullControl": _GRANTS,
        "GrantRead": _GRANTS,
        "GrantReadACP": _GRANTS,
        "GrantWrite": _GRANTS,
        "GrantWriteACP": _GRANTS,
        "MFA": "no second factor",
        "MFADelete": "no second factor",
        "SSECustomerAlgorithm": _KEYS,
        "SSECustomerKey": _KEYS,
        "SSECustomerKeyMD5": _KEYS,
        "SSEKMSEncryptionContext": _KEYS,
    },
}
"""Signing name -> member at any depth of any operation that changes something -> what the twin is without."""

_CONTENTS, _PLACES = "no contents of disks, so no snapshots", "one machine for all instances"
_GPUS, _KERNELS, _RESERVED = "no graphics processors", "no choice of kernels", "no reserved capacity"
_OPERATORS = "no operators of resources"
_PREFIXES, _WIRES = "no prefixes of interfaces", "one kind of network interface"
_OF_INTERFACES: Lacks = {
    "AssociateCarrierIpAddress": "no Wavelength zones",
    "ConnectionTrackingSpecification": "one set of timers of connection tracking",
    "EnaQueueCount": _WIRES,
    "EnaSrdSpecification": _WIRES,
    "EnaSrdEnabled": _WIRES,
    "InterfaceType": _WIRES,
    "Ipv4PrefixCount": _PREFIXES,
    "Ipv4Prefixes": _PREFIXES,
    "NetworkCardIndex": _WIRES,
    "Operator": _OPERATORS,
}
_OF_DISKS: Lacks = {
    "AvailabilityZoneId": "no zones by their ids",
    "EbsCardIndex": _WIRES,
    "Operator": _OPERATORS,
    "SnapshotId": _CONTENTS,
    "VirtualName": "no instance stores",
    "VolumeInitializationRate": _CONTENTS,
}
_OF_INSTANCES: Lacks = {
    **_OF_INTERFACES,
    **_OF_DISKS,
    "AdditionalInfo": _KERNELS,
    "Affinity": _PLACES,
    "AmdSevSnp": _PLACES,
    "CapacityReservationPreference": _RESERVED,
    "CapacityReservationTarget": _RESERVED,
    "ElasticGpuSpecification": _GPUS,
    "ElasticGpuSpecifications": _GPUS,
    "ElasticInferenceAccelerators": _GPUS,
    "EnclaveOptions": "no enclaves",
    "GroupId": _PLACES,
    "GroupName": _PLACES,
    "HibernationOptions": "no hibernation",
    "HostId": _PLACES,
    "HostResourceGroupArn": _PLACES,
    "InstanceMarketOptions": "no spot instances",
    "InstanceRequirements": "no choice of instance types by what they have",
    "KernelId": _KERNELS,
    "KernelID": _KERNELS,
    "LicenseSpecifications": "no licences",
    "MetricCategoryIds": "no metrics of instances",
    "NestedVirtualization": _PLACES,
    "NetworkPerformanceOptions": _WIRES,
    "PartitionNumber": _PLACES,
    "RamDiskId": _KERNELS,
    "RamdiskId": _KERNELS,
    "SecondaryInterfaces": _WIRES,
    "SpreadDomain": _PLACES,
}
_OWN_REGION = "endpoints for services of their own region only"
_NETWORK_ARNS = "no VPC Lattice"
_DOMAINS = "no choice of an endpoint's domains"
_OF_ENDPOINTS: Lacks = {
    "DnsRecordIpType": _IPV6,
    "IpAddressType": _IPV6,
    "Ipv6": _IPV6,
    "PrivateDnsPreference": _DOMAINS,
    "PrivateDnsSpecifiedDomains": _DOMAINS,
    "ResourceConfigurationArn": _NETWORK_ARNS,
    "ServiceNetworkArn": _NETWORK_ARNS,
    "ServiceRegion": _OWN_REGION,
}
_SECONDARY = "one address for a NAT gateway"
OF: Mapping[tuple[str, str], Lacks] = {
    ("ec2", "AllocateAddress"): {"NetworkBorderGroup": "no zones with addresses of their own"},
    ("ec2", "AssociateAddress"): {"PrivateIpAddress": "one private address for an interface"},
    ("ec2", "AssociateRouteTable"): {"GatewayId": "no route tables of gateways"},
    ("ec2", "AuthorizeSecurityGroupEgress"): {"PeeringStatus": _PEERING, "VpcId": _PEERING},
    ("ec2", "AuthorizeSecurityGroupIngress"): {"PeeringStatus": _PEERING, "VpcId": _PEERING},
    ("ec2", "AssignPrivateIpAddresses"): _OF_INTERFACES,
    ("ec2", "AttachNetworkInterface"): _OF_INTERFACES,
    ("ec2", "AttachVolume"): _OF_DISKS,
    ("ec2", "CreateLaunchTemplate"): _OF_INSTANCES,
    ("ec2", "CreateLaunchTemplateVersion"): _OF_INSTANCES,
    ("ec2", "CreateNetworkInterface"): _OF_INTERFACES,
    ("ec2", "CreateVolume"): _OF_DISKS,
    ("ec2", "CreateDefaultSubnet"): {"AvailabilityZoneId": "default subnets by the names of zones"},
    ("ec2", "CreateFlowLogs"): {"TagFieldSpecifications": "no tags in flow logs"},
    ("ec2", "CreateVpcEndpoint"): _OF_ENDPOINTS,
    ("ec2", "ModifyVpcEndpoint"): _OF_ENDPOINTS,
    ("ec2", "CreateNatGateway"): {
        "AvailabilityMode": "no regional NAT gateways",
        "AvailabilityZoneAddresses": "no regional NAT gateways",
        "PrivateIpAddress": "no choice of a NAT gateway's private address",
        "SecondaryAllocationIds": _SECONDARY,
        "SecondaryPrivateIpAddressCount": _SECONDARY,
        "SecondaryPrivateIpAddresses": _SECONDARY,
        "VpcId": "no regional NAT gateways",
    },
    ("ec2", "CreateKeyPair"): {"KeyFormat": "keys as PEM only"},
    ("ec2", "ModifyInstanceAttribute"): {
        "EnaSupport": _WIRES,
        "EnclaveOptions": "no enclaves",
        "Kernel": _KERNELS,
        "NoDevice": "no instance stores",
        "Ramdisk": _KERNELS,
        "SriovNetSupport": _WIRES,
        "VirtualName": "no instance stores",
        "VolumeId": "disks of instances by their devices only",
    },
    ("ec2", "ModifyNetworkInterfaceAttribute"): {
        **_OF_INTERFACES,
        "AssociatePublicIpAddress": "public addresses of interfaces by launches and elastic addresses only",
        "AssociatedSubnetIds": "one subnet for an interface",
        "DefaultEnaQueueCount": _WIRES,
    },
    ("ec2", "RunInstances"): _OF_INSTANCES,
    ("ec2", "ModifySubnetAttribute"): {
        "DisableLniAtDeviceIndex": _OUTPOSTS,
        "EnableLniAtDeviceIndex": _OUTPOSTS,
        "PrivateDnsHostnameTypeOnLaunch": _MACHINES,
    },
    ("ec2", "ReplaceRoute"): {"LocalTarget": "no other targets for the VPC's own range"},
    ("ec2", "UpdateSecurityGroupRuleDescriptionsEgress"): {
        "PeeringStatus": _PEERING,
        "SecurityGroupRuleDescriptions": "no descriptions by rule, only by permission",
        "VpcId": _PEERING,
    },
    ("ec2", "UpdateSecurityGroupRuleDescriptionsIngress"): {
        "PeeringStatus": _PEERING,
        "SecurityGroupRuleDescriptions": "no descriptions by rule, only by permission",
        "VpcId": _PEERING,
    },
    ("iam", "CreateUser"): {"PermissionsBoundary": "boundaries of roles only"},
    ("kms", "CreateGrant"): {
        "GrantTokens": _TOKENS,
        "GranteeServicePrincipal": "no grants to services",
        "RetiringServicePrincipal": "no grants to services",
    },
    ("kms", "CreateKey"): {
        "CustomKeyStoreId": "no key stores but its own",
        "Origin": "no key stores but its own",
        "XksKeyId": "no key stores but its own",
    },
    ("kms", "Decrypt"): {"GrantTokens": _TOKENS, "Recipient": "no enclaves"},
    ("kms", "DeleteImportedKeyMaterial"): {"KeyMaterialId": _MATERIALS},
    ("kms", "ImportKeyMaterial"): {
        "ImportType": _MATERIALS,
        "KeyMaterialDescription": _MATERIALS,
        "KeyMaterialId": _MATERIALS,
    },
    ("kms", "EnableKeyRotation"): {"RotationPeriodInDays": "one period of rotation, a year"},
    ("kms", "Encrypt"): {"EncryptionAlgorithm": "symmetric encryption only", "GrantTokens": _TOKENS},
    ("kms", "GenerateDataKey"): {"GrantTokens": _TOKENS, "Recipient": "no enclaves"},
    ("logs", "CreateLogGroup"): {"deletionProtectionEnabled": "no deletion protection of log groups"},
    ("monitoring", "PutDashboard"): {"Tags": "no tags of dashboards"},
    ("monitoring", "PutMetricAlarm"): {
        "AccountId": "no metrics of other accounts",
        "ActionConfiguration": "one way to tell of alarms",
        "EvaluationCriteria": _EVALUATION,
        "EvaluationInterval": _EVALUATION,
        "EvaluationWindow": _EVALUATION,
        "WarmUpConfiguration": _EVALUATION,
    },
    ("route53", "ChangeResourceRecordSets"): {
        "CidrRoutingConfig": "no routing by ranges of addresses",
        "GeoProximityLocation": "no routing by distance",
        "HealthCheckId": "no health checks",
        "TrafficPolicyInstanceId": "no traffic policies",
    },
    ("route53", "CreateHostedZone"): {"DelegationSetId": "no reusable delegation sets"},
    ("s3", "CreateBucket"): {
        "DataRedundancy": _DIRECTORIES,
        "Location": _DIRECTORIES,
        "Type": _DIRECTORIES,
    },
    ("s3", "PutBucketEncryption"): {"BlockedEncryptionTypes": "no blocked kinds of encryption"},
    ("s3", "PutBucketLifecycleConfiguration"): {
        "NewerNoncurrentVersions": "no versions that are kept by number",
        "ObjectSizeGreaterThan": "no rules by size",
        "ObjectSizeLessThan": "no rules by size",
        "TransitionDefaultMinimumObjectSize": "no rules by size",
    },
    ("s3", "PutObject"): {
        "ACL": _GRANTS,
        "ObjectLockEventHold": _HOLDS,
        "ObjectLockEventHoldDurationDays": _HOLDS,
        "ObjectLockEventHoldDurationYears": _HOLDS,
        "WriteOffsetBytes": _DIRECTORIES,
    },
    ("secretsmanager", "CreateSecret"): {
        "CrossAccountPrimaryARN": "no replicas of secrets in other accounts",
        "Type": "no secrets of partners",
    },
    ("secretsmanager", "PutResourcePolicy"): {"PolicyName": "one policy for a secret"},
    ("secretsmanager", "PutSecretValue"): {"RotationToken": "no rotation of secrets"},
    ("secretsmanager", "UpdateSecret"): {"Type": "no secrets of partners"},
    ("ssm", "PutParameter"): {"Policies": "no policies of parameters"},
    ("ssm", "SendCommand"): {
        "AlarmConfiguration": "no alarms that stop commands",
        "CloudWatchOutputConfig": _OUTPUTS,
        "NotificationConfig": "no notices of commands",
        "OutputS3BucketName": _OUTPUTS,
    },
    ("sns", "CreateTopic"): {"DataProtectionPolicy": "no data protection policies"},
}
"""Signing name and operation -> member at any depth -> what the twin is without."""

_TAKEN: Mapping[tuple[str, str], frozenset[str]] = {
    ("ec2", "CreateNetworkAclEntry"): frozenset({"Ipv6CidrBlock"}),  # no packet here can match such an entry
    ("ec2", "ModifyVpcEndpoint"): frozenset({"VpcEndpointId"}),
    ("ec2", "ReplaceNetworkAclEntry"): frozenset({"Ipv6CidrBlock"}),
}
"""Operation -> members of `ANYWHERE` that it takes all the same."""
_HAVE_OWN_WORDS = frozenset({("ec2", "CreateVpnConnection"), ("ec2", "ModifyVpnConnection")})
"""Operations that refuse members of `ANYWHERE` themselves, for reasons of their own."""
_READING = ("Describe", "Get", "List")
_DEFAULTS: Mapping[tuple[str, str], frozenset[str | int]] = {
    ("CreateLaunchTemplate", "InterfaceType"): frozenset({"interface"}),
    ("CreateLaunchTemplateVersion", "InterfaceType"): frozenset({"interface"}),
    ("CreateKey", "Origin"): frozenset({"AWS_KMS", "EXTERNAL"}),
    ("CreateNetworkInterface", "InterfaceType"): frozenset({"interface"}),
    ("CreateVpcEndpoint", "DnsRecordIpType"): frozenset({"ipv4"}),
    ("CreateVpcEndpoint", "IpAddressType"): frozenset({"ipv4"}),
    ("EnableKeyRotation", "RotationPeriodInDays"): frozenset({365}),
    ("Encrypt", "EncryptionAlgorithm"): frozenset({"SYMMETRIC_DEFAULT"}),
    ("ModifyVpcEndpoint", "DnsRecordIpType"): frozenset({"ipv4"}),
    ("ModifyVpcEndpoint", "IpAddressType"): frozenset({"ipv4"}),
    ("RunInstances", "CapacityReservationPreference"): frozenset({"open"}),
    ("RunInstances", "InterfaceType"): frozenset({"interface"}),
    ("CreateKeyPair", "KeyFormat"): frozenset({"pem"}),
    ("CreateNatGateway", "AvailabilityMode"): frozenset({"zonal"}),
    ("ModifySubnetAttribute", "PrivateDnsHostnameTypeOnLaunch"): frozenset({"ip-name"}),
    ("PutBucketLifecycleConfiguration", "TransitionDefaultMinimumObjectSize"): frozenset(
        {"all_storage_classes_128K"}
    ),
    ("PutBucketVersioning", "MFADelete"): frozenset({"Disabled"}),
    ("PutObject", "ACL"): frozenset({"bucket-owner-full-control", "private"}),
}
"""Operation and member -> values that change nothing, and are taken."""
_NOTHING: tuple[object, ...] = (None, False, "", [], {})
_NOTHING_IN_A_FORM: tuple[object, ...] = (*_NOTHING, "0", "false")
"""Where every value is a text."""


def lacks_of(service: str, operation: str) -> Lacks:
    """Return the members that an operation refuses -> what the twin is without."""
    lacks = {**ANYWHERE.get(service, {}), **OF.get((service, operation), {})}
    taken = _TAKEN.get((service, operation), frozenset())
    return {name: why for name, why in lacks.items() if name not in taken}


def lacking(service: str, operation: str, params: Mapping[str, Any], *, form: bool = False) -> str | None:
    """Return why a request cannot be served, with the name of the member; None if it can.

    Args:
        service: Signing name.
        operation: What is asked for.
        params: Its parameters, by the names of the model.
        form: They are those of a form.
    """
    if operation.startswith(_READING):
        return None
    own = (service, operation) in _HAVE_OWN_WORDS
    lacks = OF.get((service, operation), {}) if own else lacks_of(service, operation)
    for name, value in set_members(params, form=form):
        if name in lacks and value not in _DEFAULTS.get((operation, name), ()):
            return f"The twin cannot do this: {operation} with {name}; it has {lacks[name]}"
    return None


def set_members(params: Mapping[str, Any], *, form: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield name and value of all members that are set to something, at any depth."""
    nothing = _NOTHING_IN_A_FORM if form else _NOTHING
    for name, value in params.items():
        empty = isinstance(value, Mapping) and not any(True for _ in set_members(value, form=form))
        if value in nothing or empty:
            continue
        yield name, value
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, Mapping):
                yield from set_members(entry, form=form)
