"""The API server's way to Services and pods: proxies, webhooks, aggregated APIs; filters apply to it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from cluster_harness import Clusters, host_settings
from cluster_network import with_group
from hooks import GROUP, PLAIN, TLS, Hooks
from reference_network import AWS_SECOND, AZURE, with_aws
from reference_network import GROUP as NODE_GROUP

from twinspan.command import Completed
from twinspan.network.model import IpPermission, Network
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.slow]

SERVICE = "/api/v1/namespaces/default/services/{}/proxy/who"
POD = "/api/v1/namespaces/default/pods/{}/proxy/who"
AGENTS = ("-n", "kube-system", "deployment/konnectivity-agent")


@pytest.fixture(scope="module", params=["east", "west"])
def hooks(clusters: Clusters, request: pytest.FixtureRequest) -> Iterator[Hooks]:
    """The server on one cluster."""
    server = Hooks(clusters, request.param, ClusterAuthority.generate("hooks"))
    server.start()
    yield server
    server.stop()


def sources(hooks: Hooks) -> list[str]:
    """Return the addresses that calls of the API server may come from."""
    if hooks.name == "west":
        return hooks.addresses("-n", "kube-system", "pods", "-l", "app=konnectivity-agent")
    seen = hooks.clusters.health("east")
    assert seen is not None
    taken = {seen.nodes[0].address, *map(IPv4Address, hooks.addresses("pods", "-A"))}
    private = next(iter(hooks.clusters.network.aws.subnets)).cidr_block  # type: ignore[union-attr]
    return [str(address) for address in private.hosts() if address not in taken]


@pytest.mark.parametrize("target", ["http:hooks:80", "https:hooks:443", "http:hooks:plain"])
def test_a_service_answers_by_the_api_server(hooks: Hooks, target: str) -> None:
    answer = hooks.raw(SERVICE.format(target))
    assert answer["path"] == "/who"
    assert answer["caller"] in sources(hooks)


@pytest.mark.parametrize("target", [f"hooks:{PLAIN}", f"https:hooks:{TLS}"])
def test_a_pod_answers_by_the_api_server(hooks: Hooks, target: str) -> None:
    assert hooks.raw(POD.format(target))["caller"] in sources(hooks)


def refused(done: Completed) -> bool:
    return done.returncode != 0


def test_a_validating_webhook_decides(hooks: Hooks) -> None:
    hooks.apply(hooks.webhook("Validating", "/validate"))
    try:
        done = wait_until(
            lambda: hooks.create("Validating", colour="red"), refused, what="refusal", timeout_s=30
        )
        assert "no red" in done.stderr
        assert any(f"no red, says {address}" in done.stderr for address in sources(hooks))
        assert hooks.create("Validating", colour="green").returncode == 0
    finally:
        hooks.kubectl("delete", "validatingwebhookconfiguration", "hooks")


def test_a_mutating_webhook_changes_what_is_made(hooks: Hooks) -> None:
    hooks.apply(hooks.webhook("Mutating", "/mutate"))
    try:
        done = wait_until(
            lambda: json.loads(hooks.create("Mutating", colour="green").stdout)["data"],
            lambda data: "caller" in data,
            what="change",
            timeout_s=30,
        )
        assert done["caller"] in sources(hooks)
    finally:
        hooks.kubectl("delete", "mutatingwebhookconfiguration", "hooks")


def test_an_aggregated_api_is_served_by_its_pod_which_learns_the_users_name(hooks: Hooks) -> None:
    client = hooks.client("")
    hooks.apply(
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"v1.{GROUP}"},
            "spec": {
                "group": GROUP,
                "version": "v1",
                "service": {"name": "hooks", "namespace": "default", "port": 443},
                "caBundle": client["caBundle"],
                "groupPriorityMinimum": 1000,
                "versionPriority": 10,
            },
        }
    )
    try:
        hooks.kubectl("wait", "--for=condition=Available", f"apiservice/v1.{GROUP}", "--timeout=60s")
        path = f"/apis/{GROUP}/v1/who"
        wait_until(  # the server serves it a moment after it has found it available
            lambda: hooks.kubectl("get", "--raw", path, check=False).returncode,
            lambda status: status == 0,
            what="the API",
            timeout_s=30,
        )
        answer = hooks.raw(path)
        assert answer["user"] == "admin"
        assert answer["caller"] in sources(hooks)
    finally:
        hooks.kubectl("delete", "apiservice", f"v1.{GROUP}")


def test_a_conversion_webhook_makes_one_version_of_the_other(hooks: Hooks) -> None:
    def version(name: str, *, storage: bool) -> dict[str, object]:
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        return {"name": name, "served": True, "storage": storage, "schema": schema}

    hooks.apply(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "tests.stable.example.com"},
            "spec": {
                "group": "stable.example.com",
                "scope": "Namespaced",
                "names": {"plural": "tests", "singular": "test", "kind": "Test"},
                "versions": [version("v1", storage=True), version("v2", storage=False)],
                "conversion": {
                    "strategy": "Webhook",
                    "webhook": {
                        "conversionReviewVersions": ["v1"],
                        "clientConfig": hooks.client("/convert"),
                    },
                },
            },
        }
    )
    try:
        hooks.kubectl("wait", "--for=condition=Established", "crd/tests.stable.example.com")
        hooks.apply({"apiVersion": "stable.example.com/v1", "kind": "Test", "metadata": {"name": "one"}})
        resource = hooks.raw("/apis/stable.example.com/v2/namespaces/default/tests/one")
        assert resource["apiVersion"] == "stable.example.com/v2"
    finally:
        hooks.kubectl("delete", "crd", "tests.stable.example.com")


@pytest.fixture
def east(hooks: Hooks) -> Iterator[Hooks]:
    """The server on EKS, whose network is as it was afterwards."""
    before, specs = hooks.clusters.network, list(hooks.clusters.specs.values())
    yield hooks
    hooks.clusters.want(*specs, network=before)


def with_port(network: Network, port: int) -> Network:
    """Let members of the nodes' group reach each other at one port."""
    assert network.aws is not None
    rule = IpPermission(
        direction="ingress", ip_protocol="tcp", from_port=port, to_port=port, cidr=None, group_id=NODE_GROUP
    )
    groups = tuple(
        replace(group, permissions=(*group.permissions, rule)) if group.id == NODE_GROUP else group
        for group in network.aws.security_groups
    )
    return with_aws(network, security_groups=groups)


@pytest.mark.parametrize("hooks", ["east"], indirect=True)
def test_a_webhook_at_a_port_that_the_security_group_does_not_admit_times_out(east: Hooks) -> None:
    closed = with_group(east.clusters.network, AZURE)
    east.apply(east.webhook("Validating", "/validate"))
    try:
        wait_until(lambda: east.create("Validating", colour="red"), refused, what="refusal", timeout_s=30)
        east.clusters.want(network=closed)
        done = east.create("Validating", colour="green")
        assert done.returncode != 0
        assert "failed calling webhook" in done.stderr
        assert "deadline exceeded" in done.stderr or "imeout" in done.stderr
        assert east.kubectl("exec", "hooks", "--", "true").returncode == 0
        assert east.kubectl("logs", "hooks").returncode == 0

        east.clusters.want(network=with_port(closed, TLS))
        assert east.create("Validating", colour="green").returncode == 0
        assert refused(
            east.kubectl("get", "--raw", POD.format(f"hooks:{PLAIN}"), "--request-timeout=3s", check=False)
        )
    finally:
        east.kubectl("delete", "validatingwebhookconfiguration", "hooks")


@pytest.mark.parametrize("hooks", ["east"], indirect=True)
def test_a_cluster_that_gets_other_subnets_calls_from_there(east: Hooks) -> None:
    spec = east.clusters.specs["east"]
    second = next(s.cidr_block for s in east.clusters.network.aws.subnets if s.id == AWS_SECOND)  # type: ignore[union-attr]
    east.clusters.want(replace(spec, subnet_ids=(AWS_SECOND,)), east.clusters.specs["west"])
    ask = ("get", "--raw", SERVICE.format("http:hooks:80"), "--request-timeout=3s")
    wait_until(
        lambda: east.kubectl(*ask, check=False).stdout,
        lambda text: text != "" and IPv4Address(json.loads(text)["caller"]) in second,
        what="call from the other subnet",
        timeout_s=30,
    )


@pytest.mark.parametrize("hooks", ["west"], indirect=True)
def test_without_the_konnectivity_agent_there_is_no_way_and_kubelets_answer(hooks: Hooks) -> None:
    hooks.kubectl("scale", *AGENTS, "--replicas=0")
    try:
        hooks.kubectl(
            "-n",
            "kube-system",
            "wait",
            "--for=delete",
            "pod",
            "-l",
            "app=konnectivity-agent",
            "--timeout=60s",
        )
        assert refused(hooks.kubectl("get", "--raw", SERVICE.format("http:hooks:80"), check=False))
        assert hooks.kubectl("exec", "hooks", "--", "true").returncode == 0
    finally:
        hooks.kubectl("scale", *AGENTS, "--replicas=2")
        hooks.kubectl("rollout", "status", *AGENTS, "--timeout=60s")
    assert hooks.raw(SERVICE.format("http:hooks:80"))["caller"] in sources(hooks)


def test_the_hosts_kernel_settings_are_as_they_were_before_there_were_clusters(clusters: Clusters) -> None:
    assert clusters.settings_before
    now = host_settings()
    changed = {name for name, value in clusters.settings_before.items() if now.get(name) != value}
    assert changed == set()
