"""The operations that the twin serves of services that stand beside a network.

Their objects are moto's entries: kept, shown and checked, with nothing behind them. `twin status` lists them
as "objects only".
"""

from collections.abc import Mapping

_KMS = """
CancelKeyDeletion CreateAlias CreateGrant CreateKey Decrypt DeleteAlias DeleteImportedKeyMaterial
DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation Encrypt GenerateDataKey GetKeyPolicy
GetKeyRotationStatus GetParametersForImport GetPublicKey ImportKeyMaterial ListAliases ListGrants
ListKeyPolicies ListKeys ListResourceTags PutKeyPolicy ReplicateKey RetireGrant RevokeGrant
ScheduleKeyDeletion TagResource UntagResource UpdateAlias UpdateKeyDescription
"""
_SECRETS = """
CreateSecret DeleteResourcePolicy DeleteSecret DescribeSecret GetRandomPassword GetResourcePolicy
GetSecretValue ListSecrets ListSecretVersionIds PutResourcePolicy PutSecretValue
RemoveRegionsFromReplication ReplicateSecretToRegions RestoreSecret TagResource UntagResource UpdateSecret
UpdateSecretVersionStage
"""
_ROUTE53 = """
AssociateVPCWithHostedZone ChangeResourceRecordSets ChangeTagsForResource CreateHostedZone DeleteHostedZone
DisassociateVPCFromHostedZone GetChange GetDNSSEC GetHostedZone ListHostedZones ListHostedZonesByName
ListResourceRecordSets ListTagsForResource UpdateHostedZoneComment
"""
_RDS = """
AddTagsToResource CreateDBSubnetGroup DeleteDBSubnetGroup DescribeDBSubnetGroups ListTagsForResource
ModifyDBSubnetGroup RemoveTagsFromResource
"""
_ELASTICACHE = """
AddTagsToResource CreateCacheSubnetGroup DeleteCacheSubnetGroup DescribeCacheSubnetGroups
ListTagsForResource ModifyCacheSubnetGroup RemoveTagsFromResource
"""
_REDSHIFT = """
CreateClusterSubnetGroup CreateTags DeleteClusterSubnetGroup DeleteTags DescribeClusterSubnetGroups
DescribeTags ModifyClusterSubnetGroup
"""

BESIDE: Mapping[str, frozenset[str]] = {
    "elasticache": frozenset(_ELASTICACHE.split()),
    "kms": frozenset(_KMS.split()),
    "rds": frozenset(_RDS.split()),
    "redshift": frozenset(_REDSHIFT.split()),
    "route53": frozenset(_ROUTE53.split()),
    "secretsmanager": frozenset(_SECRETS.split()),
}
"""Signing name of a service -> what it serves."""


def is_no_part(service: str) -> str:
    """Return why objects of such a service are objects only."""
    return f"{service} is served, and is no part of the network"
