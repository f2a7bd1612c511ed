"""KMS: keys whose material is imported, and replicas in other regions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_twin import Twin
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from twinspan.wait import wait_until

pytest_plugins = ("aws_fixtures",)
MATERIAL = bytes(range(32))


def code_of(act: Callable[..., Any], **params: Any) -> str:
    with pytest.raises(ClientError) as refused:
        act(**params)
    return str(refused.value.response["Error"]["Code"])


def parameters(kms: Any, key: str, material: bytes = MATERIAL) -> dict[str, Any]:
    """What imports material into a key, as Terraform's provider does."""
    told = kms.get_parameters_for_import(
        KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
    )
    public = load_der_public_key(told["PublicKey"])
    assert isinstance(public, rsa.RSAPublicKey)
    wrapped = public.encrypt(material, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    return {"KeyId": key, "ImportToken": told["ImportToken"], "EncryptedKeyMaterial": wrapped}


def test_a_key_waits_for_its_material_and_then_encrypts(twin: Twin) -> None:
    kms = twin.client("kms")
    made = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
    key = made["KeyId"]
    assert (made["KeyState"], made["Enabled"], made["Origin"]) == ("PendingImport", False, "EXTERNAL")
    assert code_of(kms.encrypt, KeyId=key, Plaintext=b"x") == "KMSInvalidStateException"
    assert code_of(kms.enable_key, KeyId=key) == "KMSInvalidStateException"

    kms.import_key_material(**parameters(kms, key), ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")

    shown = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (shown["KeyState"], shown["ExpirationModel"]) == ("Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    sealed = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"text"
    kms.delete_imported_key_material(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"


def test_only_the_right_material_is_taken(twin: Twin) -> None:
    kms = twin.client("kms")
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    for_ever = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}

    short = parameters(kms, key, b"short")
    assert code_of(kms.import_key_material, **short, **for_ever) == "IncorrectKeyMaterialException"
    good = parameters(kms, key)
    torn = {**good, "EncryptedKeyMaterial": good["EncryptedKeyMaterial"][:-1]}
    assert code_of(kms.import_key_material, **torn, **for_ever) == "InvalidCiphertextException"
    assert code_of(kms.import_key_material, **{**good, "ImportToken": b"x"}, **for_ever) == (
        "InvalidImportTokenException"
    )
    assert code_of(kms.import_key_material, **good) == "ValidationException"
    for days in (-1, 366):
        until = datetime.now(UTC) + timedelta(days=days)
        assert code_of(kms.import_key_material, **good, ValidTo=until) == "ValidationException"
    kms.import_key_material(**good, **for_ever)
    other = parameters(kms, key, MATERIAL[::-1])
    assert code_of(kms.import_key_material, **other, **for_ever) == "IncorrectKeyMaterialException"
    own = kms.create_key()["KeyMetadata"]["KeyId"]
    assert code_of(
        kms.get_parameters_for_import,
        KeyId=own,
        WrappingAlgorithm="RSAES_OAEP_SHA_256",
        WrappingKeySpec="RSA_2048",
    ) == ("UnsupportedOperationException")
    assert code_of(
        kms.get_parameters_for_import,
        KeyId=key,
        WrappingAlgorithm="RSA_AES_KEY_WRAP_SHA_256",
        WrappingKeySpec="RSA_2048",
    ) == ("UnsupportedOperationException")


def test_material_expires(twin: Twin) -> None:
    kms = twin.client("kms")
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    until = datetime.now(UTC) + timedelta(seconds=1)

    kms.import_key_material(**parameters(kms, key), ValidTo=until)

    shown = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert shown["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
    assert abs(shown["ValidTo"] - until) < timedelta(seconds=1)
    wait_until(
        lambda: kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"],
        lambda state: state == "PendingImport",
        what="end of the material",
        timeout_s=10,
    )


def test_a_replica_has_the_primary_keys_material_and_the_rest_of_its_own(twin: Twin) -> None:
    kms, far = twin.client("kms"), twin.client("kms", region="us-east-1")
    primary = kms.create_key(MultiRegion=True, Description="primary")["KeyMetadata"]
    sealed = kms.encrypt(KeyId=primary["KeyId"], Plaintext=b"text")["CiphertextBlob"]

    made = kms.replicate_key(
        KeyId=primary["Arn"],
        ReplicaRegion="us-east-1",
        Description="replica",
        Tags=[{"TagKey": "a", "TagValue": "b"}],
    )

    replica = far.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]
    assert (
        replica["Arn"]
        == made["ReplicaKeyMetadata"]["Arn"]
        == primary["Arn"].replace("eu-central-1", "us-east-1")
    )
    assert replica["Description"] == "replica"
    assert replica["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    assert far.list_resource_tags(KeyId=primary["KeyId"])["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
    assert far.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"text"
    own = kms.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]
    assert own["Description"] == "primary"
    assert own["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    assert [key["Region"] for key in own["MultiRegionConfiguration"]["ReplicaKeys"]] == ["us-east-1"]
    assert code_of(kms.replicate_key, KeyId=primary["KeyId"], ReplicaRegion="us-east-1") == (
        "AlreadyExistsException"
    )
    assert code_of(far.replicate_key, KeyId=primary["KeyId"], ReplicaRegion="us-west-2") == (
        "UnsupportedOperationException"
    )


def test_a_replica_of_an_imported_key_waits_for_the_same_material(twin: Twin) -> None:
    kms, far = twin.client("kms"), twin.client("kms", region="us-east-1")
    key = kms.create_key(MultiRegion=True, Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    kms.import_key_material(**parameters(kms, key), ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")

    kms.replicate_key(KeyId=key, ReplicaRegion="us-east-1")

    assert far.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    far.import_key_material(**parameters(far, key), ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    assert far.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
