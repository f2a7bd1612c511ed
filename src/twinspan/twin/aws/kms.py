"""KMS of the twin: moto's keys, as entries that encrypt; policies and grants keep nobody out.

Keys whose material is imported, and replicas of keys in other regions, are as the KMS API documents them.
"""

import base64
import json
import re
import secrets
from copy import copy
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import moto.kms.urls
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time
from moto.kms.models import Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from twinspan.twin.aws.policies import statements_of
from twinspan.twin.aws.without_nulls import WithoutNulls

_OWN, _IMPORTED = "AWS_KMS", "EXTERNAL"
_PENDING, _ENABLED = "PendingImport", "Enabled"
_WAITING = "Pending"
"""How states begin in which a key can do nothing."""
_ID_LENGTH = 36
_MATERIAL_BYTES = 32
"""Of a symmetric key. Source: KMS developer guide, importing key material."""
_TOKEN_HOLDS = timedelta(hours=24)
"""Source: KMS API, GetParametersForImport."""
_WRAPPING = {
    "RSAES_OAEP_SHA_1": padding.OAEP(padding.MGF1(SHA1()), SHA1(), None),  # noqa: S303 - the API offers it
    "RSAES_OAEP_SHA_256": padding.OAEP(padding.MGF1(SHA256()), SHA256(), None),
}
_LONGEST = timedelta(days=365)
"""How long imported material may be used. Source: KMS API, ImportKeyMaterial, ValidTo."""
_WINDOW_DAYS = range(7, 31)
_WRAPPING_BITS = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}


class TwinKey(Key):
    """A key that may have no material of its own yet."""

    wrapping_key: rsa.RSAPrivateKey | None = None
    wrapping: str = ""
    import_token: bytes = b""
    token_holds_until: datetime = datetime.min.replace(tzinfo=UTC)
    first_material: bytes = b""
    """What was imported once; nothing else can be. Source: KMS API, ImportKeyMaterial."""
    valid_to: datetime | None = None

    def take_multi_region_id(self) -> None:
        """Take an id of 36 characters, as a ciphertext has room for. Source: KMS developer guide, key ids."""
        self.id = f"mrk-{secrets.token_hex(16)}"
        self.arn = f"{self.arn.rpartition('/')[0]}/{self.id}"
        self.multi_region_configuration["PrimaryKey"]["Arn"] = self.arn

    def to_dict(self) -> dict[str, Any]:
        """Return `KeyMetadata`. Source: KMS API, KeyMetadata."""
        self.expire()
        metadata = super().to_dict()["KeyMetadata"]
        if self.origin == _IMPORTED and self.key_state != _PENDING:
            expires = "KEY_MATERIAL_EXPIRES" if self.valid_to else "KEY_MATERIAL_DOES_NOT_EXPIRE"
            metadata["ExpirationModel"] = expires
            metadata["ValidTo"] = unix_time(self.valid_to.replace(tzinfo=None)) if self.valid_to else None
        return {"KeyMetadata": {name: value for name, value in metadata.items() if value is not None}}

    def expire(self) -> None:
        """Forget material whose time is over."""
        if self.valid_to and self.valid_to <= datetime.now(UTC):
            self.forget_material()

    def forget_material(self) -> None:
        """Wait for material."""
        self.key_material = b""
        self.key_state, self.enabled, self.valid_to = _PENDING, False, None

    def take_material(self, wrapped: bytes, *, valid_to: datetime | None) -> None:
        """Become usable. IncorrectKeyMaterialException: not 32 bytes, or not what was imported before."""
        try:
            material = (
                self.wrapping_key.decrypt(wrapped, _WRAPPING[self.wrapping]) if self.wrapping_key else b""
            )
        except ValueError:
            raise _refused(
                "InvalidCiphertextException", "The key material is not encrypted rightly"
            ) from None
        if len(material) != _MATERIAL_BYTES or self.first_material not in {b"", material}:
            raise _refused("IncorrectKeyMaterialException", "The key material is not that of this key")
        self.key_material = self.first_material = material
        self.key_state, self.enabled, self.valid_to = _ENABLED, True, valid_to


class TwinKmsBackend(KmsBackend):
    """KMS's state of one region."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours lead to our own response class."""
        return SimpleNamespace(
            url_bases=moto.kms.urls.url_bases, url_paths={"{0}/$": TwinKmsResponse.dispatch}
        )

    def create_key(  # noqa: PLR0917 - moto's
        self,
        policy: str | None,
        key_usage: str,
        key_spec: str,
        description: str,
        tags: list[dict[str, str]] | None,
        multi_region: bool = False,
        origin: str = _OWN,
    ) -> TwinKey:
        """Create a key."""
        key = TwinKey(  # type: ignore[abstract]  # moto makes its own, too
            policy, key_usage, key_spec, description, self.account_id, self.region_name, multi_region, origin
        )
        if key.multi_region:
            key.take_multi_region_id()
        if origin == _IMPORTED:
            key.forget_material()
        self.keys[key.id] = key
        self.tagger.tag_resource(key.id, tags or [])
        return key

    def describe_key(self, key_id: str) -> TwinKey:
        """Return a key by any of its names. NotFoundException: there is none."""
        name = self.get_alias_name(key_id)
        if name.startswith("alias/"):
            name = self.get_key_id_from_alias(name) or name
        key = self.keys.get(self.get_key_id(name))
        if not isinstance(key, TwinKey):
            raise _refused("NotFoundException", f"Key '{key_id[:100]}' does not exist")
        key.expire()
        return key

    def replicate(
        self, key_id: str, region: str, *, policy: str | None, description: str, tags: list[dict[str, str]]
    ) -> TwinKey:
        """Make a replica in another region, whose material is that of the primary key, or has to be imported.

        Source: KMS API, ReplicateKey; description, policy, tags, grants and aliases are each key's own.
        """
        primary = self.describe_key(key_id)
        if not primary.multi_region or primary.multi_region_configuration["MultiRegionKeyType"] != "PRIMARY":
            raise _refused(
                "UnsupportedOperationException", f"{primary.arn} is not a multi-Region primary key."
            )
        if region not in kms_backends[self.account_id].regions:
            raise _refused("ValidationException", f"There is no Region {region}.")
        elsewhere = kms_backends[self.account_id][region]
        if region == self.region_name or primary.id in elsewhere.keys:
            raise _refused("AlreadyExistsException", f"{primary.id} already exists in {region}.")
        replica = copy(primary)
        replica.region, replica.arn = region, primary.arn.replace(self.region_name, region)
        replica.policy = policy or primary.generate_default_policy()
        replica.description, replica.grants, replica.aliases = description, {}, {}
        replica.creation_date, replica.rotations = unix_time(), []
        replica.multi_region_configuration = {
            **primary.multi_region_configuration,
            "MultiRegionKeyType": "REPLICA",
        }
        if primary.origin == _IMPORTED:
            replica.forget_material()
        primary.multi_region_configuration["ReplicaKeys"].append({"Arn": replica.arn, "Region": region})
        elsewhere.keys[replica.id] = replica
        elsewhere.tagger.tag_resource(replica.id, tags)
        return replica

    def enable_key(self, key_id: str) -> None:
        """Enable a key; moto wants the id alone, here and below, where an ARN is as good."""
        super().enable_key(self._changeable(key_id).id)

    def disable_key(self, key_id: str) -> None:
        """Disable a key."""
        super().disable_key(self._changeable(key_id).id)

    def cancel_key_deletion(self, key_id: str) -> None:
        """Keep a key that was to be deleted; it is disabled then, or waits for its material as before."""
        key = self.describe_key(key_id)
        super().cancel_key_deletion(key.id)
        if not key.key_material:
            key.forget_material()

    def schedule_key_deletion(self, key_id: str, pending_window_in_days: int) -> float:
        """Delete a key later. Source: KMS API, ScheduleKeyDeletion: 7 to 30 days."""
        if pending_window_in_days not in _WINDOW_DAYS:
            raise _refused("ValidationException", "PendingWindowInDays must be between 7 and 30 (inclusive)")
        return super().schedule_key_deletion(self.describe_key(key_id).id, pending_window_in_days)

    def retire_grant(self, key_id: str, grant_id: str, grant_token: str) -> None:
        """Retire a grant by its token, or by its key and id."""
        if not grant_token and not (key_id and grant_id):
            raise _refused("ValidationException", "GrantToken, or KeyId and GrantId, must be given")
        super().retire_grant(key_id, grant_id, grant_token)

    def encrypt(self, key_id: str, plaintext: bytes, encryption_context: dict[str, str]) -> tuple[bytes, str]:
        """Encrypt with a key that is enabled; data keys are made by this, too."""
        self._check_enabled(self.describe_key(key_id))
        return super().encrypt(key_id, plaintext, encryption_context)

    def decrypt(
        self, ciphertext_blob: bytes, encryption_context: dict[str, str], key_id: str | None = None
    ) -> tuple[bytes, str]:
        """Decrypt with the key whose id the ciphertext begins with, which must be enabled."""
        if not ciphertext_blob:
            raise _refused("ValidationException", "CiphertextBlob must be given")
        key = self.keys.get(ciphertext_blob[:_ID_LENGTH].decode(errors="replace"))
        if isinstance(key, TwinKey):
            key.expire()
            self._check_enabled(key)
        return super().decrypt(ciphertext_blob, encryption_context, key_id)

    def _changeable(self, key_id: str) -> TwinKey:
        key = self.describe_key(key_id)
        if key.key_state.startswith(_WAITING):
            raise _refused("KMSInvalidStateException", f"{key.arn} is {_words(key.key_state)}.")
        return key

    def _check_enabled(self, key: TwinKey) -> None:
        """Refuse another state. Source: KMS developer guide, key states."""
        self._changeable(key.id)
        if not key.enabled:
            raise _refused("DisabledException", f"{key.arn} is disabled.")

    def delete_key(self, key_id: str) -> None:
        """Delete a key; its primary no longer names it."""
        key = self.keys.get(key_id)
        if key is not None and key.multi_region:
            replicas = key.multi_region_configuration["ReplicaKeys"]
            replicas[:] = [replica for replica in replicas if replica["Arn"] != key.arn]
        super().delete_key(key_id)


class TwinKmsResponse(WithoutNulls, KmsResponse):
    """KMS's actions."""

    def _validate_cmk_id(self, key_id: str) -> None:
        """NotFoundException: there is no such key. Moto takes an id of a multi-Region key for no id."""
        if self.kms_backend.get_key_id(key_id) not in self.kms_backend.keys:
            raise _refused("NotFoundException", f"Key '{key_id[:100]}' does not exist")

    def _validate_key_policy(self, key_id: str, action: str) -> None:
        """Take it for granted that the caller may: policies keep nobody out."""

    def _checked_policy(self) -> None:
        """MalformedPolicyDocumentException: a policy is no object with statements. Source: PutKeyPolicy."""
        policy = self._get_param("Policy")
        if policy is not None and not statements_of(policy):
            raise _refused("MalformedPolicyDocumentException", "The policy is no JSON object with statements")

    def create_key(self) -> str:
        """CreateKey."""
        self._checked_policy()
        return super().create_key()

    def put_key_policy(self) -> str:
        """PutKeyPolicy."""
        self._checked_policy()
        return super().put_key_policy()

    @property
    def _twin(self) -> TwinKmsBackend:
        backend = self.kms_backend
        if not isinstance(backend, TwinKmsBackend):
            raise TypeError(backend)
        return backend

    def _imported(self) -> TwinKey:
        key = self._twin.describe_key(self._get_param("KeyId"))
        if key.origin != _IMPORTED:
            raise _refused(
                "UnsupportedOperationException", f"{key.arn} origin is {key.origin} which is not valid."
            )
        return key

    def replicate_key(self) -> str:
        """ReplicateKey."""
        self._checked_policy()
        tags = self._get_param("Tags") or []
        replica = self._twin.replicate(
            self._get_param("KeyId"),
            self._get_param("ReplicaRegion"),
            policy=self._get_param("Policy"),
            description=self._get_param("Description") or "",
            tags=tags,
        )
        metadata = replica.to_dict()["KeyMetadata"]
        return json.dumps(
            {"ReplicaKeyMetadata": metadata, "ReplicaPolicy": replica.policy, "ReplicaTags": tags}
        )

    def get_parameters_for_import(self) -> str:
        """GetParametersForImport: a public key to encrypt the material with, and a token."""
        key = self._imported()
        key.wrapping = self._get_param("WrappingAlgorithm")
        bits = _WRAPPING_BITS.get(self._get_param("WrappingKeySpec"))
        if key.wrapping not in _WRAPPING or bits is None:
            raise _refused(
                "UnsupportedOperationException",
                "The twin takes key material by RSAES_OAEP_SHA_1 and RSAES_OAEP_SHA_256 with RSA keys only",
            )
        key.wrapping_key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        key.import_token = secrets.token_bytes(64)
        key.token_holds_until = datetime.now(UTC) + _TOKEN_HOLDS
        public = key.wrapping_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return json.dumps(
            {
                "KeyId": key.arn,
                "ImportToken": base64.b64encode(key.import_token).decode(),
                "PublicKey": base64.b64encode(public).decode(),
                "ParametersValidTo": key.token_holds_until.timestamp(),
            }
        )

    def import_key_material(self) -> str:
        """ImportKeyMaterial."""
        key = self._imported()
        if base64.b64decode(self._get_param("ImportToken")) != key.import_token or not key.import_token:
            raise _refused("InvalidImportTokenException", "The import token is not that of this key")
        if key.token_holds_until < datetime.now(UTC):
            raise _refused("ExpiredImportTokenException", "The import token has expired")
        valid_to = self._get_param("ValidTo")
        expires = (self._get_param("ExpirationModel") or "KEY_MATERIAL_EXPIRES") == "KEY_MATERIAL_EXPIRES"
        if expires != bool(valid_to):
            raise _refused(
                "ValidationException", "ValidTo must be set if the key material expires, and only then"
            )
        until = datetime.fromtimestamp(float(valid_to), UTC) if valid_to else None
        if until and not timedelta(0) < until - datetime.now(UTC) <= _LONGEST:
            raise _refused("ValidationException", "ValidTo must be in the future, and within 365 days")
        key.take_material(base64.b64decode(self._get_param("EncryptedKeyMaterial")), valid_to=until)
        return json.dumps({"KeyId": key.arn})

    def delete_imported_key_material(self) -> str:
        """DeleteImportedKeyMaterial."""
        key = self._imported()
        key.forget_material()
        return json.dumps({"KeyId": key.arn})


def _refused(code: str, message: str) -> JsonRESTError:
    return JsonRESTError(code, message)


def _words(state: str) -> str:
    """Return a state as messages have it, e.g. `pending import`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", state).lower()


def install() -> None:
    """Let the next backends of KMS be these."""
    kms_backends.backend = TwinKmsBackend
