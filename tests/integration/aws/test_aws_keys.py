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
    for named, wrapping in ((own, "RSAES_OAEP_SHA_256"), (key, "RSA_AES_KEY_WRAP_SHA_256")):
        asked = {"KeyId": named, "WrappingAlgorithm": wrapping, "WrappingKeySpec": "RSA_2048"}
        assert code_of(kms.get_parameters_for_import, **asked) == "UnsupportedOperationException"


def test_a_key_does_what_its_state_allows(twin: Twin) -> None:
    kms = twin.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    assert code_of(kms.decrypt, CiphertextBlob=b"") == "ValidationException"
    uses: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (kms.encrypt, {"KeyId": key, "Plaintext": b"x"}),
        (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
        (kms.decrypt, {"CiphertextBlob": sealed}),
    ]

    kms.disable_key(KeyId=key)
    assert {code_of(use, **params) for use, params in uses} == {"DisabledException"}
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"text"
    assert code_of(kms.schedule_key_deletion, KeyId=key, PendingWindowInDays=31) == "ValidationException"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert {code_of(use, **params) for use, params in uses} == {"KMSInvalidStateException"}
    assert code_of(kms.enable_key, KeyId=key) == "KMSInvalidStateException"
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"


def test_material_that_is_gone_decrypts_nothing_until_it_is_back(twin: Twin) -> None:
    kms = twin.client("kms")
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    for_ever = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    kms.import_key_material(**parameters(kms, key), **for_ever)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]

    kms.delete_imported_key_material(KeyId=key)
    assert code_of(kms.decrypt, CiphertextBlob=sealed) == "KMSInvalidStateException"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    kms.import_key_material(**parameters(kms, key), **for_ever)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"text"


@pytest.mark.parametrize("name", ["none", "alias/none", "arn:aws:kms:eu-central-1:123456789012:key/none"])
def test_a_key_that_is_not_there_is_said_to_be_so(twin: Twin, name: str) -> None:
    kms = twin.client("kms")
    for act in (kms.describe_key, kms.enable_key, kms.list_grants, kms.schedule_key_deletion):
        assert code_of(act, KeyId=name) == "NotFoundException"


@pytest.mark.parametrize(
    "policy", ["{", "[]", "1", '{"Statement": 1}', '{"Statement": [1]}', '{"Statement": []}']
)
def test_a_policy_is_an_object_with_statements(twin: Twin, policy: str) -> None:
    kms = twin.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert code_of(kms.create_key, Policy=policy) == "MalformedPolicyDocumentException"
    assert code_of(kms.put_key_policy, KeyId=key, Policy=policy) == "MalformedPolicyDocumentException"


def test_a_grant_is_retired_by_its_token_or_by_key_and_id(twin: Twin) -> None:
    kms = twin.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    grant = {"GranteePrincipal": "arn:aws:iam::123456789012:root", "Operations": ["Encrypt"]}
    first, second = (kms.create_grant(KeyId=key, **grant) for _ in range(2))
    assert code_of(kms.retire_grant) == "ValidationException"
    assert code_of(kms.retire_grant, KeyId=key) == "ValidationException"
    kms.retire_grant(GrantToken=first["GrantToken"])
    kms.retire_grant(KeyId=key, GrantId=second["GrantId"])
    assert kms.list_grants(KeyId=key)["Grants"] == []


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
    assert (
        code_of(kms.replicate_key, KeyId=primary["KeyId"], ReplicaRegion="xx-yy-1") == "ValidationException"
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
