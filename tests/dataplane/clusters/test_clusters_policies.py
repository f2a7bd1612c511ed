"""NetworkPolicies on an EKS cluster that enforces them, and on an AKS cluster that does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import pytest
import yaml
from cluster_harness import PORT, Clusters, with_nodes
from cluster_network import AKS_POD_RANGE

from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.long]
FAR = f"ipBlock: {{cidr: {AKS_POD_RANGE}}}"
DENY = "{podSelector: {}, policyTypes: [Ingress, Egress]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """EKS with a server on one node, a client in the same namespace and one in another on the second node.

    Attributes:
        far: Address of the pod `tools` of AKS.
    """

    clusters: Clusters
    far: str

    @property
    def server(self) -> str:
        """Address of the pod `server` of `default` now: a pod whose node was lost comes back with another.

        The pod itself is asked: what its status says may be from before.
        """
        argv = ("exec", "server", "--", "hostname", "-i")
        said = wait_until(
            lambda: self.clusters.kubectl("east", *argv, check=False).stdout,
            bool,
            what="the address of the pod `server`",
            timeout_s=90,
            interval_s=0.5,
        )
        return said.strip()

    @contextmanager
    def policy(self, spec: str, name: str = "east") -> Iterator[None]:
        """A policy of the namespace `default`, for a while."""
        manifest = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "tested"},
            "spec": yaml.safe_load(spec),
        }
        self.clusters.kubectl(name, "apply", "-f", "-", stdin=yaml.safe_dump(manifest))
        try:
            yield
        finally:
            self.clusters.kubectl(name, "delete", "networkpolicy", "tested")

    def reaches(self, source: str, target: str, cluster: str = "east") -> bool:
        namespace, pod = source.split("/")
        seen_address = self.clusters.seen_as(cluster, pod, f"{target}:{PORT}", namespace=namespace)
        return bool(seen_address)

    def until(self, source: str, target: str, *, reached: bool, cluster: str = "east") -> None:
        wait_until(
            partial(self.reaches, source, target, cluster),
            lambda outcome: outcome is reached,
            what=f"{target} {'open' if reached else 'closed'} to {source}",
            timeout_s=60,
            interval_s=0.2,
        )


@pytest.fixture(scope="module")
def site(clusters: Clusters) -> Iterator[Site]:
    """Policies are enforced in the east; afterwards all is as it was."""
    east, west = clusters.specs["east"], clusters.specs["west"]
    clusters.want(replace(with_nodes(east, 2, clusters.parts), enforces_policies=True), west)
    first, second = (node.name for node in clusters.until_ready("east", nodes=2).nodes)
    clusters.kubectl("east", "create", "namespace", "other")
    pods = (("server", first, "default"), ("client", second, "default"), ("client", second, "other"))
    for pod, node, at in pods:
        clusters.pod("east", pod, node=node, namespace=at)
    far = clusters.kubectl("west", "get", "pod", "tools", "-o", "jsonpath={.status.podIP}").stdout
    yield Site(clusters=clusters, far=far)
    clusters.kubectl("east", "delete", "namespace", "other")
    clusters.kubectl("east", "delete", "pod", "server", "client")
    clusters.want(east, west)
    clusters.until_ready("east")


def test_a_closed_pod_is_reached_by_nobody_but_its_node_and_reaches_nobody(site: Site) -> None:
    site.until("default/client", site.server, reached=True)
    with site.policy(DENY):
        site.until("default/client", site.server, reached=False)
        assert not site.reaches("other/client", site.server)
        assert not site.reaches("default/tools", site.server, "west")
        assert not site.reaches("default/server", site.far)
        ready = ("get", "pod", "server", "-o", "jsonpath={.status.containerStatuses[0].ready}")
        assert site.clusters.kubectl("east", *ready).stdout == "true"
    site.until("default/client", site.server, reached=True)


def test_pods_of_a_namespace_are_let_in_by_its_name_and_at_a_port_by_its_name(site: Site) -> None:
    by_name = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}"
    allow = f"{{podSelector: {{}}, ingress: [{{from: [{{{by_name}}}], ports: [{{port: who}}]}}]}}"
    with site.policy(allow):
        site.until("default/client", site.server, reached=False)
        assert site.reaches("other/client", site.server)


def test_pods_of_the_other_cloud_are_let_in_by_their_range_and_not_by_their_labels(site: Site) -> None:
    with site.policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"):
        site.until("default/tools", site.server, reached=False, cluster="west")
        assert site.reaches("other/client", site.server)
    with site.policy(f"{{podSelector: {{}}, ingress: [{{from: [{{{FAR}}}]}}]}}"):
        site.until("default/client", site.server, reached=False)
        assert site.reaches("default/tools", site.server, "west")


def test_pods_that_may_speak_to_the_other_cloud_alone_do_so(site: Site) -> None:
    with site.policy(f"{{podSelector: {{}}, policyTypes: [Egress], egress: [{{to: [{{{FAR}}}]}}]}}"):
        site.until("default/client", site.server, reached=False)
        assert site.reaches("default/client", site.far)
        assert site.reaches("other/client", site.server)


def test_a_service_is_judged_by_the_pod_behind_it(site: Site) -> None:
    site.clusters.kubectl("east", "expose", "pod", "server", "--port", str(PORT))
    address = site.clusters.until_text("east", "get", "service", "server", "-o", "jsonpath={.spec.clusterIP}")
    to_server = "podSelector: {matchLabels: {app: server}}"
    allow = f"{{podSelector: {{}}, policyTypes: [Egress], egress: [{{to: [{{{to_server}}}]}}]}}"
    site.until("default/client", address, reached=True)
    with site.policy(allow):
        site.until("default/client", site.far, reached=False)
        assert site.reaches("default/client", address)
        assert site.reaches("default/server", address)  # itself, by its Service
    with site.policy("{podSelector: {matchLabels: {app: server}}}"):
        site.until("default/client", address, reached=False)
    site.clusters.kubectl("east", "delete", "service", "server")


def test_a_node_that_comes_back_has_the_policies_again(site: Site) -> None:
    with site.policy("{podSelector: {matchLabels: {app: server}}}"):
        site.until("other/client", site.server, reached=False)
        seen = site.clusters.health("east")
        assert seen is not None
        site.clusters.plane.client.lose_node(seen.key, seen.nodes[0].key)
        site.clusters.plane.client.restore_node(seen.key, seen.nodes[0].key)
        site.clusters.until_ready("east", nodes=2)
        site.until("other/client", site.server, reached=False)
    site.until("other/client", site.server, reached=True)


def test_where_the_cloud_does_not_enforce_them_policies_do_nothing(site: Site) -> None:
    with site.policy(DENY, "west"):
        assert site.reaches("default/server", site.far)
        assert site.reaches("default/tools", site.server, "west")
    east = site.clusters.specs["east"]
    with site.policy(DENY):
        site.until("default/client", site.server, reached=False)
        site.clusters.want(replace(east, enforces_policies=False), site.clusters.specs["west"])
        site.until("default/client", site.server, reached=True)
    site.clusters.want(east, site.clusters.specs["west"])
