"""Secrets Manager: replicas in other regions, and policies."""

import json
from typing import Any

import pytest
from aws_twin import REGION, Twin
from botocore.exceptions import ClientError

pytest_plugins = ("aws_fixtures",)
ELSEWHERE, FURTHER = "eu-west-1", "us-west-2"
POLICY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "secretsmanager:*", "Resource": "*"}


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=f"({code})")


def replicas(secrets: Any, name: str) -> dict[str, str]:
    """Each region with a replica -> its status."""
    statuses = secrets.describe_secret(SecretId=name).get("ReplicationStatus", [])
    return {status["Region"]: status["Status"] for status in statuses}


def test_a_replica_has_the_values_and_the_policy_of_its_secret_and_a_key_of_its_own(twin: Twin) -> None:
    secrets = twin.client("secretsmanager")
    elsewhere = twin.client("secretsmanager", region=ELSEWHERE)
    name = f"site/{REGION}/key"
    made = secrets.create_secret(
        Name=name,
        SecretString="one",
        ClientRequestToken="t" * 32,
        AddReplicaRegions=[{"Region": ELSEWHERE, "KmsKeyId": "alias/theirs"}],
    )
    secrets.put_secret_value(SecretId=name, SecretString="two")
    secrets.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps({"Statement": POLICY}))

    shown = elsewhere.describe_secret(SecretId=name)
    assert shown["ARN"] == made["ARN"].replace(f":{REGION}:", f":{ELSEWHERE}:")
    assert (shown["PrimaryRegion"], shown["KmsKeyId"]) == (REGION, "alias/theirs")
    assert elsewhere.get_secret_value(SecretId=shown["ARN"])["SecretString"] == "two"
    assert "Principal" in elsewhere.get_resource_policy(SecretId=name)["ResourcePolicy"]
    assert [one["ARN"] for one in elsewhere.list_secrets()["SecretList"]] == [shown["ARN"]]
    assert replicas(secrets, name) == {ELSEWHERE: "InSync"}


def test_only_the_primary_secret_is_changed_and_none_goes_before_its_replicas(twin: Twin) -> None:
    secrets = twin.client("secretsmanager")
    elsewhere = twin.client("secretsmanager", region=ELSEWHERE)
    secrets.create_secret(Name="key", SecretString="one")
    with refused("ResourceNotFoundException"):
        elsewhere.get_resource_policy(SecretId="key")
    added = secrets.replicate_secret_to_regions(
        SecretId="key", AddReplicaRegions=[{"Region": ELSEWHERE}, {"Region": FURTHER}]
    )
    assert [one["Status"] for one in added["ReplicationStatus"]] == ["InSync", "InSync"]

    with refused("InvalidParameterException"):
        elsewhere.put_secret_value(SecretId="key", SecretString="two")
    with refused("InvalidParameterException"):
        elsewhere.remove_regions_from_replication(SecretId="key", RemoveReplicaRegions=[ELSEWHERE])
    with refused("ResourceExistsException"):
        elsewhere.create_secret(Name="key", SecretString="two")
    with refused("InvalidParameterException"):
        secrets.delete_secret(SecretId="key", ForceDeleteWithoutRecovery=True)

    left = secrets.remove_regions_from_replication(SecretId="key", RemoveReplicaRegions=[ELSEWHERE])
    assert [one["Region"] for one in left["ReplicationStatus"]] == [FURTHER]
    with refused("ResourceNotFoundException"):
        elsewhere.describe_secret(SecretId="key")
    secrets.remove_regions_from_replication(SecretId="key", RemoveReplicaRegions=[FURTHER])
    secrets.delete_secret(SecretId="key")
    with refused("InvalidRequestException"):
        secrets.replicate_secret_to_regions(SecretId="key", AddReplicaRegions=[{"Region": ELSEWHERE}])


def test_a_replica_fails_where_its_name_is_taken_until_that_may_be_overwritten(twin: Twin) -> None:
    secrets = twin.client("secretsmanager")
    elsewhere = twin.client("secretsmanager", region=ELSEWHERE)
    elsewhere.create_secret(Name="key", SecretString="other")
    request = {"Name": "key", "SecretString": "one", "ClientRequestToken": "t" * 32}
    wanted = [{"Region": ELSEWHERE}]

    for _ in range(2):
        made = secrets.create_secret(**request, AddReplicaRegions=wanted)
        assert [one["Status"] for one in made["ReplicationStatus"]] == ["Failed"]
    assert elsewhere.get_secret_value(SecretId="key")["SecretString"] == "other"
    secrets.replicate_secret_to_regions(
        SecretId="key", AddReplicaRegions=wanted, ForceOverwriteReplicaSecret=True
    )
    assert replicas(secrets, "key") == {ELSEWHERE: "InSync"}
    assert elsewhere.get_secret_value(SecretId="key")["SecretString"] == "one"
    third = twin.client("secretsmanager", region=FURTHER)
    third.create_secret(Name="key", SecretString="third")
    forced = third.replicate_secret_to_regions(
        SecretId="key", AddReplicaRegions=wanted, ForceOverwriteReplicaSecret=True
    )
    assert [one["Status"] for one in forced["ReplicationStatus"]] == ["Failed"]
    assert elsewhere.get_secret_value(SecretId="key")["SecretString"] == "one"


@pytest.mark.parametrize("regions", [[REGION], ["xx-none-1"], [ELSEWHERE, ELSEWHERE], [FURTHER]])
def test_a_region_that_can_have_no_replica_is_refused_before_any_is_made(
    twin: Twin, regions: list[str]
) -> None:
    secrets = twin.client("secretsmanager")
    secrets.create_secret(Name="key", SecretString="one", AddReplicaRegions=[{"Region": FURTHER}])
    wanted = [{"Region": region} for region in regions]

    with refused("InvalidParameterException"):
        secrets.replicate_secret_to_regions(SecretId="key", AddReplicaRegions=wanted)
    assert replicas(secrets, "key") == {FURTHER: "InSync"}


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("{", "MalformedPolicyDocumentException"),
        ('{"Statement": []}', "MalformedPolicyDocumentException"),
        (json.dumps({"Statement": POLICY}), "PublicPolicyException"),
        (json.dumps({"Statement": [{**POLICY, "Principal": "*"}]}), "PublicPolicyException"),
    ],
    ids=["no JSON", "no statement", "anybody in AWS", "anybody"],
)
def test_a_policy_that_makes_no_sense_or_is_public_is_refused(twin: Twin, policy: str, code: str) -> None:
    secrets = twin.client("secretsmanager")
    secrets.create_secret(Name="key", SecretString="one")

    with refused(code):
        secrets.put_resource_policy(SecretId="key", ResourcePolicy=policy, BlockPublicPolicy=True)
    narrow = {**POLICY, "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}}
    taken = json.dumps({"Statement": narrow})
    secrets.put_resource_policy(SecretId="key", ResourcePolicy=taken, BlockPublicPolicy=True)
    assert secrets.get_resource_policy(SecretId="key")["ResourcePolicy"] == taken


def test_a_tag_without_a_value_is_looked_for_like_any_other(twin: Twin) -> None:
    secrets = twin.client("secretsmanager")
    secrets.create_secret(Name="key", SecretString="one", Tags=[{"Key": "made"}])
    secrets.tag_resource(SecretId="key", Tags=[{"Key": "added"}])

    assert secrets.list_secrets(Filters=[{"Key": "tag-value", "Values": ["-"]}])["SecretList"] == []
    assert secrets.describe_secret(SecretId="key")["Tags"] == [
        {"Key": "made", "Value": ""},
        {"Key": "added", "Value": ""},
    ]
