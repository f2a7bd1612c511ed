"""What the cluster types send and read, without Terraform and without an API."""

from typing import Any

import pytest

from twinspan.twin.providers.aws.eks import issues_of
from twinspan.twin.providers.aws.eks_cluster import config_changes
from twinspan.twin.providers.aws.eks_node_group import settings_of
from twinspan.twin.providers.aws.iam import same_json
from twinspan.twin.providers.azurerm.agent_pools import pool_body, pool_state, spelled, unsupported
from twinspan.twin.providers.engine import empty
from twinspan.twin.providers.schema import load

_GROUP: dict[str, Any] = {
    "labels": {"role": "general", "tier": "1"},
    "taint": [{"key": "a", "value": "1", "effect": "NO_SCHEDULE"}],
    "scaling_config": [{"desired_size": 1, "min_size": 1, "max_size": 3}],
    "update_config": [{"max_unavailable": 1, "max_unavailable_percentage": 0}],
}
_NETWORK: dict[str, Any] = {
    "subnet_ids": ["subnet-1", "subnet-2"],
    "security_group_ids": [],
    "endpoint_public_access": True,
    "endpoint_private_access": True,
    "public_access_cidrs": ["0.0.0.0/0"],
}
_CLUSTER: dict[str, Any] = {
    "access_config": [{"authentication_mode": "API"}],
    "deletion_protection": False,
    "enabled_cluster_log_types": ["api", "audit"],
    "upgrade_policy": [{"support_type": "EXTENDED"}],
    "vpc_config": [_NETWORK],
}


def test_nothing_changed_sends_nothing() -> None:
    assert settings_of(_GROUP, dict(_GROUP)) == {}
    assert list(config_changes(_CLUSTER, dict(_CLUSTER))) == []


def test_labels_are_added_changed_and_removed_by_their_difference() -> None:
    planned = {**_GROUP, "labels": {"role": "other", "zone": "a"}}

    assert settings_of(_GROUP, planned) == {
        "labels": {"addOrUpdateLabels": {"role": "other", "zone": "a"}, "removeLabels": ["tier"]}
    }


def test_a_taint_with_another_value_is_updated_and_not_removed() -> None:
    planned = {
        **_GROUP,
        "taint": [
            {"key": "a", "value": "2", "effect": "NO_SCHEDULE"},
            {"key": "b", "value": None, "effect": "NO_EXECUTE"},
        ],
    }

    assert settings_of(_GROUP, planned) == {
        "taints": {
            "addOrUpdateTaints": [
                {"key": "a", "value": "2", "effect": "NO_SCHEDULE"},
                {"key": "b", "effect": "NO_EXECUTE"},
            ]
        }
    }


def test_a_taint_that_is_left_out_is_removed() -> None:
    assert settings_of(_GROUP, {**_GROUP, "taint": []}) == {
        "taints": {"removeTaints": [{"key": "a", "value": "1", "effect": "NO_SCHEDULE"}]}
    }


def test_logs_that_are_left_out_are_switched_off() -> None:
    planned = {**_CLUSTER, "enabled_cluster_log_types": ["api"]}

    assert list(config_changes(_CLUSTER, planned)) == [
        {
            "logging": {
                "clusterLogging": [
                    {"types": ["api"], "enabled": True},
                    {"types": ["audit"], "enabled": False},
                ]
            }
        }
    ]


def test_each_setting_of_a_cluster_is_an_update_of_its_own() -> None:
    network = {**_NETWORK, "endpoint_public_access": False, "subnet_ids": ["subnet-2", "subnet-3"]}
    planned = {**_CLUSTER, "deletion_protection": True, "vpc_config": [network]}

    assert list(config_changes(_CLUSTER, planned)) == [
        {"deletionProtection": True},
        {
            "resourcesVpcConfig": {
                "endpointPublicAccess": False,
                "endpointPrivateAccess": True,
                "publicAccessCidrs": ["0.0.0.0/0"],
            }
        },
        {"resourcesVpcConfig": {"subnetIds": ["subnet-2", "subnet-3"]}},
    ]


def test_what_is_wrong_is_told_in_the_words_of_the_api() -> None:
    document = {"health": {"issues": [{"code": "NodeCreationFailure", "message": "no nodes joined"}]}}

    assert issues_of(document) == "NodeCreationFailure: no nodes joined"
    assert issues_of({}) == ""


@pytest.mark.parametrize(
    ("answered", "known", "expected"),
    [
        ('{"a":1}', '{ "a": 1 }', '{ "a": 1 }'),
        ({"a": 1}, '{ "a": 1 }', '{ "a": 1 }'),
        ('{"a":2}', '{"a":1}', '{"a":2}'),
        ({"a": 2}, None, '{"a": 2}'),
        ('{"a":1}', "no json", '{"a":1}'),
    ],
)
def test_a_document_is_kept_as_it_was_written_as_long_as_it_means_the_same(
    answered: Any, known: Any, expected: str
) -> None:
    assert same_json(answered, known) == expected


def test_an_id_keeps_its_spelling_where_only_the_case_differs() -> None:
    assert spelled("/SUBSCRIPTIONS/a", "/subscriptions/A") == "/subscriptions/A"
    assert spelled("/subscriptions/b", "/subscriptions/A") == "/subscriptions/b"
    assert spelled(None, "/subscriptions/A") is None


def test_what_a_pool_says_is_what_was_sent() -> None:
    block = empty(load("azurerm").resources["azurerm_kubernetes_cluster_node_pool"])
    block |= {
        "node_count": 0,
        "vm_size": "Standard_B2s_v2",
        "zones": ["1"],
        "auto_scaling_enabled": False,
        "node_labels": {},
        "pod_subnet_id": "/a/B",
        "upgrade_settings": [
            {
                "max_surge": "10%",
                "drain_timeout_in_minutes": None,
                "node_soak_duration_in_minutes": None,
                "undrainable_node_behavior": None,
            }
        ],
    }

    sent = pool_body(block)

    assert sent == {
        "count": 0,
        "vmSize": "Standard_B2s_v2",
        "availabilityZones": ["1"],
        "enableAutoScaling": False,
        "podSubnetID": "/a/B",
        "upgradeSettings": {"maxSurge": "10%"},
    }
    said = pool_state({**sent, "podSubnetID": "/A/b"}, block)
    assert (said["node_count"], said["zones"], said["pod_subnet_id"]) == (0, ["1"], "/a/B")
    assert said["upgrade_settings"][0]["max_surge"] == "10%"


def test_only_what_is_set_can_be_unsupported() -> None:
    config: dict[str, Any] = {"name": "a", "gpu_instance": None, "kubelet_config": [], "host_group_id": "/h"}

    assert [problem.path for problem in unsupported(config, frozenset({"name"}), "pool.")] == [
        "pool.host_group_id"
    ]
