"""Secrets Manager of the twin: moto's secrets, as entries, with replicas in other regions."""

import json
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import moto.secretsmanager.urls
from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    OperationNotPermittedOnReplica,
    ResourceExistsException,
    SecretsManagerClientError,
)
from moto.secretsmanager.models import (
    FakeSecret,
    ReplicaSecret,
    SecretsManagerBackend,
    secretsmanager_backends,
)
from moto.secretsmanager.responses import SecretsManagerResponse

from twinspan.twin.aws.policies import lets_anybody_in, statements_of
from twinspan.twin.aws.without_nulls import WithoutNulls


class TwinReplica(ReplicaSecret):
    """A secret's replica, with a key of its own.

    Source: Secrets Manager user guide, "Replicate AWS Secrets Manager secrets across Regions".
    """

    def __init__(self, source: FakeSecret, region: str, *, kms_key_id: str | None, taken: bool) -> None:
        failed = ("Failed", "Secret with this name already exists in this region") if taken else ()
        super().__init__(source, region, *failed)
        partition, _, rest = source.arn.partition(f":{source.region}:")
        self.arn = f"{partition}:{region}:{rest}"
        if kms_key_id:
            self.config["KmsKeyId"] = kms_key_id

    def to_dict(self) -> dict[str, Any]:
        """Return it as DescribeSecret shows it."""
        shown = super().to_dict()
        key = self.config["KmsKeyId"]
        shown.pop("KmsKeyId", None)
        return shown if key == SecretsManagerBackend.DEFAULT_KMS_KEY_ALIAS else {**shown, "KmsKeyId": key}


class TwinSecretsResponse(WithoutNulls, SecretsManagerResponse):
    """Secrets Manager's actions."""

    def create_secret(self) -> str:
        """Make a secret, whose tags have keys. Source: Secrets Manager API, CreateSecret, Tag."""
        self._check_tags()
        return super().create_secret()

    def tag_resource(self) -> str:
        """Tag a secret. Source: Secrets Manager API, TagResource."""
        self._check_tags()
        return super().tag_resource()

    def _check_tags(self) -> None:
        for tag in self._get_param("Tags", if_none=[]):
            if not tag.get("Key"):
                raise InvalidParameterException("A tag must have a key")

    def get_random_password(self) -> str:
        """Make a password of the characters that are left. Source: Secrets Manager API, GetRandomPassword."""
        try:
            return super().get_random_password()
        except IndexError:
            raise InvalidParameterException("No characters are left to make a password of") from None

    def list_secrets(self) -> str:
        """List secrets. Source: Secrets Manager API, ListSecrets."""
        if not str(self._get_param("NextToken", if_none="0")).isdecimal():
            raise SecretsManagerClientError("InvalidNextTokenException", "The NextToken value is invalid.")
        return super().list_secrets()

    def list_secret_version_ids(self) -> str:
        """Show versions with the secret's ARN. Source: Secrets Manager API, ListSecretVersionIds."""
        arn = self.backend.describe_secret(self._get_param("SecretId")).arn
        answer = json.loads(super().list_secret_version_ids())
        answer["ARN"] = arn
        return json.dumps(answer)

    def put_resource_policy(self) -> str:
        """Take a policy. Source: Secrets Manager API, PutResourcePolicy, BlockPublicPolicy.

        That a condition is enough for a policy not to be public is UNCONFIRMED.
        """
        statements = statements_of(self._get_param("ResourcePolicy"))
        if not statements:
            raise SecretsManagerClientError(
                "MalformedPolicyDocumentException", "The policy is no JSON object with statements"
            )
        if self._get_param("BlockPublicPolicy") and any(map(lets_anybody_in, statements)):
            raise SecretsManagerClientError(
                "PublicPolicyException",
                "The policy grants access to everybody, which BlockPublicPolicy forbids",
            )
        return super().put_resource_policy()


class TwinSecretsBackend(SecretsManagerBackend):
    """Secrets Manager's state of one region."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours lead to our own response class."""
        urls = moto.secretsmanager.urls
        return SimpleNamespace(url_bases=urls.url_bases, url_paths={"{0}/$": TwinSecretsResponse.dispatch})

    def create_secret(  # noqa: PLR0917 - moto's
        self,
        name: str,
        secret_string: str | None,
        secret_binary: str | None,
        description: str | None,
        tags: list[dict[str, str]] | None,
        kms_key_id: str | None,
        client_request_token: str | None,
        replica_regions: list[dict[str, str]],
        force_overwrite: bool,
    ) -> str:
        """Create a secret and its replicas. ResourceExistsException: the name is a replica's."""
        there = self.secrets.get(name)
        if isinstance(there, ReplicaSecret):
            raise ResourceExistsException(f"The operation failed because the secret {name} already exists.")
        self._check_regions(replica_regions, ())
        valued = [{"Key": tag["Key"], "Value": tag.get("Value") or ""} for tag in tags or ()]
        answer = super().create_secret(
            name,
            secret_string,
            secret_binary,
            description,
            valued,
            kms_key_id,
            client_request_token,
            [],
            False,
        )
        if there is not None or not replica_regions:
            return answer
        _, statuses = self.replicate_secret_to_regions(name, replica_regions, force_overwrite)
        return json.dumps({**json.loads(answer), "ReplicationStatus": statuses})

    def tag_resource(self, arn: str, tags: dict[str, str]) -> None:
        """Tag a secret; a tag without a value has an empty one."""
        super().tag_resource(arn, {key: value or "" for key, value in tags.items()})

    def get_resource_policy(self, secret_id: str) -> str:
        """Return the policy, which a replica has from its secret.

        Source: lgallard/terraform-aws-secrets-manager issue 188.
        """
        secret = self.describe_secret(secret_id)
        policy = (secret.source if isinstance(secret, ReplicaSecret) else secret).policy
        shown = {"ARN": secret.arn, "Name": secret.name, "ResourcePolicy": policy}
        return json.dumps({name: value for name, value in shown.items() if value is not None})

    def replicate_secret_to_regions(
        self, secret_id: str, replica_regions: list[dict[str, str]], force_overwrite: bool
    ) -> tuple[str, list[dict[str, Any]]]:
        """Make replicas in other regions; one that failed before is tried again.

        Source: Secrets Manager API, ReplicateSecretToRegions. UNCONFIRMED: a region that has one is
        refused; a replica, or a secret that has some, is not overwritten.
        """
        secret = self._primary(secret_id)
        self._check_regions(replica_regions, [one.region for one in secret.replicas if one.has_replica])
        for wanted in replica_regions:
            region = wanted["Region"]
            elsewhere = secretsmanager_backends[self.account_id][region].secrets
            there = elsewhere.get(secret.name)
            spared = isinstance(there, ReplicaSecret) or bool(there and there.replicas)
            taken = there is not None and (spared or not force_overwrite)
            replica = TwinReplica(secret, region, kms_key_id=wanted.get("KmsKeyId"), taken=taken)
            if not taken:
                elsewhere[secret.name] = replica
            secret.replicas = [*(one for one in secret.replicas if one.region != region), replica]
        return secret.arn, [replica.config for replica in secret.replicas]

    def remove_regions_from_replication(
        self, secret_id: str, replica_regions: list[str]
    ) -> tuple[str, list[dict[str, str]]]:
        """Delete replicas. Source: Secrets Manager API, RemoveRegionsFromReplication."""
        secret = self._primary(secret_id)
        for replica in secret.replicas:
            if replica.region in replica_regions and replica.has_replica:
                dict.pop(secretsmanager_backends[self.account_id][replica.region].secrets, secret.name)
        secret.replicas = [one for one in secret.replicas if one.region not in replica_regions]
        return secret.arn, [replica.config for replica in secret.replicas]

    def _primary(self, secret_id: str) -> FakeSecret:
        secret = self.describe_secret(secret_id)
        if isinstance(secret, ReplicaSecret):
            raise OperationNotPermittedOnReplica
        if secret.is_deleted():
            raise InvalidRequestException(
                "You can't perform this operation on the secret because it was marked for deletion."
            )
        return secret

    def _check_regions(self, replicas: Sequence[Mapping[str, str]], taken: Sequence[str]) -> None:
        """InvalidParameterException: a region has no name, does not exist, or is there already."""
        regions = [replica.get("Region") for replica in replicas]
        known = secretsmanager_backends[self.account_id].regions
        for region in regions:
            if region not in known or region == self.region_name or regions.count(region) > 1:
                raise InvalidParameterException("Invalid replica region.")
            if region in taken:
                raise InvalidParameterException(f"The secret is replicated to {region} already.")


def install() -> None:
    """Let the next backends of Secrets Manager be these."""
    secretsmanager_backends.backend = TwinSecretsBackend
