"""The clusters' DNS as both clouds install it. Pure."""

import json
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
import yaml
from plain_cluster import PLAIN_CLUSTER

from twinspan.twin.dataplane.clusters.api import Json
from twinspan.twin.dataplane.clusters.dns_manifests import dns_objects
from twinspan.twin.kubernetes.spec import ClusterSpec

EKS = PLAIN_CLUSTER
AKS = replace(EKS, side="azure", name="west", dns_address=IPv4Address("10.0.0.10"))
COREFILE = "example.org {\n  whoami\n}\n"


def object_of(spec: ClusterSpec, kind: str, name: str = "coredns") -> Json:
    return next(
        dns_object
        for dns_object in dns_objects(spec).values()
        if dns_object["kind"] == kind and dns_object["metadata"]["name"] == name
    )


def corefile(spec: ClusterSpec) -> str:
    return str(object_of(spec, "ConfigMap")["data"]["Corefile"])


@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump], ids=["json", "yaml"])
def test_the_add_ons_configuration_replaces_the_corefile_and_the_number_of_replicas(
    write: Callable[[dict[str, object]], str],
) -> None:
    given = replace(EKS, addons={"coredns": write({"corefile": COREFILE, "replicaCount": 3})})
    assert corefile(given) == COREFILE
    assert object_of(given, "Deployment")["spec"]["replicas"] == 3


@pytest.mark.parametrize(
    "values", ["", "{", "[]", '{"corefile": ""}', '{"corefile": 1}', '{"replicaCount": 0}']
)
def test_configuration_that_cannot_be_used_leaves_the_default(values: str) -> None:
    given = replace(EKS, addons={"coredns": values})
    assert corefile(given) == corefile(EKS)
    assert object_of(given, "Deployment")["spec"]["replicas"] == 1


def test_the_users_config_map_of_aks_is_made_without_taking_its_data() -> None:
    assert "data" not in object_of(AKS, "ConfigMap", "coredns-custom")
    with pytest.raises(StopIteration):
        object_of(EKS, "ConfigMap", "coredns-custom")
