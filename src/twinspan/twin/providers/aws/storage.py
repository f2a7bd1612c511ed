# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""S3 buckets with what protects them, and CloudWatch log groups."""

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.aws.base import AwsResource, Tags, gone_is_fine, is_gone
from twinspan.twin.providers.aws.cloud import AwsCloud
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Record, matches, one_of

_BUCKET_BLOCKS = (
    "cors_rule",
    "grant",
    "lifecycle_rule",
    "logging",
    "object_lock_configuration",
    "replication_configuration",
    "server_side_encryption_configuration",
    "versioning",
    "website",
)
_HOME_REGION = "us-east-1"
"""The region of S3 that is not named when a bucket is made. Source: S3 API, CreateBucketConfiguration."""


def _ask(cloud: AwsCloud, operation: str, missing: str, **parameters: str) -> dict[str, Any] | None:
    """Return S3's answer; None if the bucket, or what is asked for (`missing`), does not exist."""
    try:
        return cloud.call("s3", operation, **parameters)
    except CloudRefusedError as error:
        if is_gone(error) or error.code == missing:
            return None
        raise


class Bucket(AwsResource):
    """`aws_s3_bucket`. What older versions wrote inside it is left to the types of its own."""

    type_name = "aws_s3_bucket"
    facts = Facts(
        defaults={"force_destroy": False},
        force_new=frozenset({"region", "bucket", "bucket_prefix", "object_lock_enabled"}),
        computed_blocks=frozenset(_BUCKET_BLOCKS),
    )

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateBucket, then its tags."""
        name = planned["bucket"]
        if not isinstance(name, str):
            prefix = planned["bucket_prefix"] if isinstance(planned["bucket_prefix"], str) else "terraform-"
            name = f"{prefix}{secrets.token_hex(13)}"
        place = {"LocationConstraint": cloud.region} if cloud.region != _HOME_REGION else None
        lock = planned["object_lock_enabled"]
        cloud.call(
            "s3",
            "create_bucket",
            Bucket=name,
            CreateBucketConfiguration=place,
            ObjectLockEnabledForBucket=True if lock is True else None,
        )
        record(name)
        self._put_tags(cloud, name, planned["tags_all"])
        return name

    def _put_tags(self, cloud: AwsCloud, name: str, tags: Tags | None) -> None:
        if tags:
            tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
            cloud.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": tag_set})

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """HeadBucket, tags, payer, acceleration, encryption and versioning."""
        name = state["id"]
        if _ask(cloud, "head_bucket", "404", Bucket=name) is None:
            return None
        tagging = _ask(cloud, "get_bucket_tagging", "NoSuchTagSet", Bucket=name) or {}
        tags = {tag["Key"]: tag["Value"] for tag in tagging.get("TagSet", [])}
        domain = "amazonaws.com"
        return {
            "bucket": name,
            "bucket_prefix": "",
            "arn": f"arn:{cloud.partition}:s3:::{name}",
            "bucket_domain_name": f"{name}.s3.{domain}",
            "bucket_region": cloud.region,
            "bucket_regional_domain_name": f"{name}.s3.{cloud.region}.{domain}",
            "hosted_zone_id": "",
            "object_lock_enabled": state.get("object_lock_enabled") is True,
            "policy": "",
            "acceleration_status": "",
            "region": cloud.region,
            "request_payer": "BucketOwner",
            **{block: [] for block in _BUCKET_BLOCKS},
            "server_side_encryption_configuration": _encryption(cloud, name),
            "versioning": _versioning(cloud, name),
            **self.tag_state(cloud, tags, state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Tags; `force_destroy` is Terraform's alone."""
        if prior["tags_all"] != planned["tags_all"]:
            cloud.call("s3", "delete_bucket_tagging", Bucket=prior["id"])
            self._put_tags(cloud, prior["id"], planned["tags_all"])
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteBucket, with all it holds if `force_destroy` is set."""
        with gone_is_fine():
            if state["force_destroy"]:
                self._empty(cloud, state["id"])
            cloud.call("s3", "delete_bucket", Bucket=state["id"])

    def _empty(self, cloud: AwsCloud, name: str) -> None:
        while True:
            page = cloud.call("s3", "list_object_versions", Bucket=name)
            items = [
                {"Key": item["Key"], "VersionId": item["VersionId"]}
                for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            ]
            if not items:
                return
            cloud.call("s3", "delete_objects", Bucket=name, Delete={"Objects": items, "Quiet": True})


def _encryption(cloud: AwsCloud, name: str) -> list[State]:
    missing = "ServerSideEncryptionConfigurationNotFoundError"
    answer = _ask(cloud, "get_bucket_encryption", missing, Bucket=name)
    rules = (answer or {}).get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    return [{"rule": [_rule_state(rule) for rule in rules]}] if rules else []


def _rule_state(rule: Mapping[str, Any]) -> State:
    default = rule.get("ApplyServerSideEncryptionByDefault")
    blocks = [
        {
            "sse_algorithm": encryption["SSEAlgorithm"],
            "kms_master_key_id": encryption.get("KMSMasterKeyID", ""),
        }
        for encryption in ([default] if default else [])
    ]
    return {
        "apply_server_side_encryption_by_default": blocks,
        "bucket_key_enabled": rule.get("BucketKeyEnabled", False),
    }


def _versioning(cloud: AwsCloud, name: str) -> list[State]:
    answer = _ask(cloud, "get_bucket_versioning", "", Bucket=name) or {}
    return [
        {"enabled": answer.get("Status") == "Enabled", "mfa_delete": answer.get("MFADelete") == "Enabled"}
    ]


class BucketVersioning(AwsResource):
    """`aws_s3_bucket_versioning`."""

    type_name = "aws_s3_bucket_versioning"
    facts = Facts(force_new=frozenset({"region", "bucket", "expected_bucket_owner"}))
    rules: ClassVar = {"versioning_configuration.status": one_of("Enabled", "Suspended", "Disabled")}

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """PutBucketVersioning; `Disabled` is what a new bucket has and is not sent."""
        if planned["versioning_configuration"][0]["status"] != "Disabled":
            self._put(cloud, planned)
        identity: str = planned["bucket"]
        record(identity)
        return identity

    def _put(self, cloud: AwsCloud, planned: State) -> None:
        block = planned["versioning_configuration"][0]
        configuration = {"Status": block["status"]}
        if isinstance(block["mfa_delete"], str) and block["mfa_delete"]:
            configuration["MFADelete"] = block["mfa_delete"]
        cloud.call(
            "s3",
            "put_bucket_versioning",
            Bucket=planned["bucket"],
            VersioningConfiguration=configuration,
            MFA=planned["mfa"],
        )

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """GetBucketVersioning."""
        answer = _ask(cloud, "get_bucket_versioning", "", Bucket=state["id"])
        if answer is None:
            return None
        block = {"status": answer.get("Status", "Disabled"), "mfa_delete": answer.get("MFADelete", "")}
        return {"bucket": state["id"], "region": cloud.region, "versioning_configuration": [block]}

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """PutBucketVersioning."""
        self._put(cloud, planned)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """Suspend: versioning that was on cannot be undone."""
        if state["versioning_configuration"][0]["status"] == "Enabled":
            with gone_is_fine():
                suspended = {"Status": "Suspended"}
                cloud.call(
                    "s3", "put_bucket_versioning", Bucket=state["id"], VersioningConfiguration=suspended
                )


class BucketEncryption(AwsResource):
    """`aws_s3_bucket_server_side_encryption_configuration`."""

    type_name = "aws_s3_bucket_server_side_encryption_configuration"
    facts = Facts(force_new=frozenset({"region", "bucket", "expected_bucket_owner"}))
    rules: ClassVar = {
        "rule.apply_server_side_encryption_by_default.sse_algorithm": one_of(
            "AES256", "aws:kms", "aws:kms:dsse"
        )
    }

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """PutBucketEncryption."""
        self.update(cloud, {}, planned)
        identity: str = planned["bucket"]
        record(identity)
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """GetBucketEncryption."""
        missing = "ServerSideEncryptionConfigurationNotFoundError"
        answer = _ask(cloud, "get_bucket_encryption", missing, Bucket=state["id"])
        if answer is None:
            return None
        rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
        rule_states = [{**_rule_state(rule), "blocked_encryption_types": None} for rule in rules]
        return {"bucket": state["id"], "region": cloud.region, "rule": rule_states}

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """PutBucketEncryption."""
        rules = [_rule_request(rule) for rule in planned["rule"]]
        cloud.call(
            "s3",
            "put_bucket_encryption",
            Bucket=planned["bucket"],
            ServerSideEncryptionConfiguration={"Rules": rules},
        )
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteBucketEncryption."""
        with gone_is_fine():
            cloud.call("s3", "delete_bucket_encryption", Bucket=state["id"])


def _rule_request(rule: State) -> dict[str, Any]:
    request: dict[str, Any] = {}
    for block in rule["apply_server_side_encryption_by_default"]:
        default = {"SSEAlgorithm": block["sse_algorithm"]}
        if isinstance(block["kms_master_key_id"], str) and block["kms_master_key_id"]:
            default["KMSMasterKeyID"] = block["kms_master_key_id"]
        request["ApplyServerSideEncryptionByDefault"] = default
    if isinstance(rule["bucket_key_enabled"], bool):
        request["BucketKeyEnabled"] = rule["bucket_key_enabled"]
    return request


_FLAGS = {
    "block_public_acls": "BlockPublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "ignore_public_acls": "IgnorePublicAcls",
    "restrict_public_buckets": "RestrictPublicBuckets",
}


class BucketPublicAccessBlock(AwsResource):
    """`aws_s3_bucket_public_access_block`."""

    type_name = "aws_s3_bucket_public_access_block"
    facts = Facts(
        defaults=dict.fromkeys(_FLAGS, False),
        force_new=frozenset({"region", "bucket"}),
    )

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """PutPublicAccessBlock."""
        self.update(cloud, {}, planned)
        identity: str = planned["bucket"]
        record(identity)
        return identity

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """GetPublicAccessBlock."""
        answer = _ask(
            cloud, "get_public_access_block", "NoSuchPublicAccessBlockConfiguration", Bucket=state["id"]
        )
        if answer is None:
            return None
        flags = answer["PublicAccessBlockConfiguration"]
        attributes = {name: flags.get(member, False) for name, member in _FLAGS.items()}
        return {"bucket": state["id"], "region": cloud.region, **attributes}

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """PutPublicAccessBlock."""
        flags = {member: bool(planned[name]) for name, member in _FLAGS.items()}
        cloud.call(
            "s3",
            "put_public_access_block",
            Bucket=planned["bucket"],
            PublicAccessBlockConfiguration=flags,
        )
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeletePublicAccessBlock, unless `skip_destroy` is set."""
        if not state["skip_destroy"]:
            with gone_is_fine():
                cloud.call("s3", "delete_public_access_block", Bucket=state["id"])


class LogGroup(AwsResource):
    """`aws_cloudwatch_log_group`."""

    type_name = "aws_cloudwatch_log_group"
    facts = Facts(
        defaults={"retention_in_days": 0, "skip_destroy": False},
        force_new=frozenset({"region", "name", "name_prefix", "log_group_class"}),
    )
    rules: ClassVar = {"name": matches(r"[\w./#-]{1,512}", "letters, digits and _ - / # .")}

    def create(self, cloud: AwsCloud, planned: State, record: Record) -> str:
        """CreateLogGroup and its retention."""
        name = planned["name"]
        if not isinstance(name, str):
            prefix = planned["name_prefix"] if isinstance(planned["name_prefix"], str) else "terraform-"
            name = f"{prefix}{secrets.token_hex(13)}"
        group_class = planned["log_group_class"]
        cloud.call(
            "logs",
            "create_log_group",
            logGroupName=name,
            kmsKeyId=planned["kms_key_id"],
            logGroupClass=group_class if isinstance(group_class, str) else None,
            tags=planned["tags_all"] or None,
        )
        record(name)
        if planned["retention_in_days"]:
            self._retain(cloud, name, planned["retention_in_days"])
        return name

    def _retain(self, cloud: AwsCloud, name: str, days: int) -> None:
        if days:
            cloud.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=days)
        else:
            cloud.call("logs", "delete_retention_policy", logGroupName=name)

    def read(self, cloud: AwsCloud, state: State) -> State | None:
        """DescribeLogGroups and ListTagsForResource."""
        name = state["id"]
        groups = cloud.call("logs", "describe_log_groups", logGroupNamePrefix=name)["logGroups"]
        matches = [group for group in groups if group["logGroupName"] == name]
        if not matches:
            return None
        arn = matches[0]["arn"].removesuffix(":*")
        tags = cloud.call("logs", "list_tags_for_resource", resourceArn=arn).get("tags", {})
        return {
            "arn": arn,
            "deletion_protection_enabled": matches[0].get("deletionProtectionEnabled", False),
            "kms_key_id": matches[0].get("kmsKeyId", ""),
            "log_group_class": matches[0].get("logGroupClass", "STANDARD"),
            "name": name,
            "name_prefix": state.get("name_prefix") if isinstance(state.get("name_prefix"), str) else "",
            "region": cloud.region,
            "retention_in_days": matches[0].get("retentionInDays", 0),
            **self.tag_state(cloud, tags, state),
        }

    def update(self, cloud: AwsCloud, prior: State, planned: State) -> State:
        """Retention and tags."""
        if prior["retention_in_days"] != planned["retention_in_days"]:
            self._retain(cloud, prior["id"], planned["retention_in_days"])
        old, new = prior["tags_all"] or {}, planned["tags_all"] or {}
        if removed := [key for key in old if key not in new]:
            cloud.call("logs", "untag_resource", resourceArn=prior["arn"], tagKeys=removed)
        if changed := {key: value for key, value in new.items() if old.get(key) != value}:
            cloud.call("logs", "tag_resource", resourceArn=prior["arn"], tags=changed)
        return {}

    def delete(self, cloud: AwsCloud, state: State) -> None:
        """DeleteLogGroup, unless `skip_destroy` is set."""
        if not state["skip_destroy"]:
            with gone_is_fine():
                cloud.call("logs", "delete_log_group", logGroupName=state["id"])
