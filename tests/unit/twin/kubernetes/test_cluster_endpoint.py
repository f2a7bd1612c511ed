"""Access to clusters out of a kubeconfig, and the choice of one per side."""

import base64
from typing import Any

import pytest

from twinspan.errors import CloudRefusedError
from twinspan.kubernetes.endpoint import ClusterEndpoint, from_kubeconfig, one_per_side
from twinspan.network.clouds import Cloud


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kubeconfig(**user: str) -> dict[str, Any]:
    cluster = {"server": "https://aks.example:443", "certificate-authority-data": encoded("CA")}
    return {
        "current-context": "x",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }


def endpoint(side: Cloud, name: str) -> ClusterEndpoint:
    return ClusterEndpoint(name=name, side=side, server="https://127.0.0.1:1", certificate_authority="")


def test_a_client_certificate_is_taken_out_and_never_shown() -> None:
    user = {"client-certificate-data": encoded("CERT"), "client-key-data": encoded("SECRET")}
    cluster_endpoint = from_kubeconfig(kubeconfig(**user), name="aks", side="azure")
    assert (cluster_endpoint.server, cluster_endpoint.certificate_authority) == (
        "https://aks.example:443",
        "CA",
    )
    assert (cluster_endpoint.client_certificate, cluster_endpoint.client_key, cluster_endpoint.token) == (
        "CERT",
        "SECRET",
        None,
    )
    assert "SECRET" not in repr(cluster_endpoint)


def test_a_token_is_used_where_there_is_no_certificate() -> None:
    cluster_endpoint = from_kubeconfig(kubeconfig(token="T0P"), name="aks", side="azure")
    assert cluster_endpoint.token is not None
    assert cluster_endpoint.token() == "T0P"
    assert "T0P" not in repr(cluster_endpoint)


@pytest.mark.parametrize("config", [{}, kubeconfig(), kubeconfig(**{"client-certificate-data": "%%%"})])
def test_what_cannot_be_used_is_refused_without_showing_it(config: dict[str, Any]) -> None:
    with pytest.raises(CloudRefusedError, match="credentials of the cluster aks"):
        from_kubeconfig(config, name="aks", side="azure")


def test_the_only_cluster_of_a_side_needs_no_name() -> None:
    there = (endpoint("aws", "a"), endpoint("azure", "b"))
    assert one_per_side(there, {}) == there


def test_of_several_clusters_one_must_be_named() -> None:
    there = (endpoint("aws", "a"), endpoint("aws", "c"), endpoint("azure", "b"))
    with pytest.raises(CloudRefusedError, match=r"several clusters \(a, c\); say which with --aws-cluster"):
        one_per_side(there, {})
    assert one_per_side(there, {"aws": "c"}) == there[1:]


def test_a_cluster_that_is_not_there_is_named_with_those_that_are() -> None:
    there = (endpoint("aws", "a"), endpoint("azure", "b"))
    with pytest.raises(CloudRefusedError, match="no cluster 'x' with an API server; there are: a"):
        one_per_side(there, {"aws": "x"})
    with pytest.raises(CloudRefusedError, match="there is none with an API server; run `twinspan apply`"):
        one_per_side(there[1:], {})
