"""The clusters' DNS: every kind of record, the ConfigMaps of both clouds, and names of the other cluster."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cluster_harness import Clusters

from twinspan.command import run
from twinspan.errors import CommandError
from twinspan.wait import wait_until

pytestmark = [pytest.mark.root, pytest.mark.long]

EXAMPLE = Path(__file__).parents[3] / "examples" / "dns"
SYSTEM = ("-n", "kube-system")
ZONE = "default.svc.cluster.local"
SHOWN_WITHIN_S = 180
"""Kubelet shows a changed ConfigMap at the pod's next turn, a minute or more later; then `reload` looks."""
BOTH = pytest.mark.parametrize("name", ["east", "west"])


def look_up(clusters: Clusters, name: str, asked: str, kind: str = "a") -> str:
    """Return what nslookup says to the pod `tools`, also of a name that does not exist."""
    argv = ("exec", "tools", "--", "timeout", "20", "nslookup", f"-type={kind}", asked)
    done = clusters.kubectl(name, *argv, check=False)
    return done.stdout + done.stderr


def answers(said: str) -> list[str]:
    """Return the answers' data, sorted; without the server's own address, which comes first."""
    _, _, rest = said.partition("\n\n")
    pattern = r"^(?:Address: |\S+\t(?:service = \d+ \d+ |name = |canonical name = ))(.*)$"
    return sorted(re.findall(pattern, rest, re.MULTILINE))


def until_answers(clusters: Clusters, name: str, asked: str, kind: str, expected: list[str]) -> None:
    wait_until(
        lambda: answers(look_up(clusters, name, asked, kind)),
        lambda records: records == expected,
        what=f"{expected} for {asked} on {name}",
        timeout_s=60,
        interval_s=0.5,
    )


def restart(clusters: Clusters, name: str) -> None:
    """Start CoreDNS again; until kube-proxy leaves the old pod out, that may still answer."""
    clusters.kubectl(name, *SYSTEM, "rollout", "restart", "deployment", "coredns")
    clusters.kubectl(name, *SYSTEM, "rollout", "status", "deployment", "coredns", "--timeout=80s")


def corefile(clusters: Clusters, name: str) -> str:
    return clusters.kubectl(
        name, *SYSTEM, "get", "configmap", "coredns", "-o", "jsonpath={.data.Corefile}"
    ).stdout


def patch(clusters: Clusters, name: str, config_map: str, **data: str | None) -> None:
    changes = {key.replace("_", "."): value for key, value in data.items()}
    clusters.kubectl(
        name,
        *SYSTEM,
        *("patch", "configmap", config_map, "--type=merge", "-p", json.dumps({"data": changes})),
    )


@contextmanager
def edited(clusters: Clusters, name: str, change: Callable[[str], str]) -> Iterator[str]:
    """Change the Corefile; yields it as changed."""
    before = corefile(clusters, name)
    patch(clusters, name, "coredns", Corefile=change(before))
    try:
        yield change(before)
    finally:
        patch(clusters, name, "coredns", Corefile=before)
        restart(clusters, name)


@pytest.fixture(scope="module")
def web(clusters: Clusters) -> Iterator[dict[str, list[str]]]:
    """Cluster -> addresses of two pods with names of their own behind the headless Service `web`."""
    addresses = {}
    for name in ("east", "west"):
        clusters.kubectl(name, "apply", "-f", str(EXAMPLE / "web.yaml"))
        clusters.kubectl(name, "create", "service", "externalname", "alias", f"--external-name=web.{ZONE}")
    for name in ("east", "west"):
        clusters.kubectl(name, "rollout", "status", "statefulset", "web", "--timeout=80s")
        addresses[name] = [
            clusters.kubectl(name, "get", "pod", pod, "-o", "jsonpath={.status.podIP}").stdout
            for pod in ("web-0", "web-1")
        ]
        until_answers(clusters, name, f"web.{ZONE}", "a", sorted(addresses[name]))
    yield addresses
    for name in ("east", "west"):
        clusters.kubectl(name, "delete", "-f", str(EXAMPLE / "web.yaml"))
        clusters.kubectl(name, "delete", "service", "alias")


@BOTH
def test_services_pods_and_ports_have_the_records_that_kubernetes_specifies(
    clusters: Clusters, web: dict[str, list[str]], name: str
) -> None:
    api = str(clusters.specs[name].service_network[1])
    first, second = web[name]
    dashed = first.replace(".", "-")

    def asked(record: str, kind: str = "a") -> list[str]:
        return answers(look_up(clusters, name, record, kind))

    assert asked(f"kubernetes.{ZONE}") == [api]
    assert asked(f"web.{ZONE}") == sorted([first, second])
    assert asked(f"web-1.web.{ZONE}") == [second]
    assert asked(f"_http._tcp.web.{ZONE}", "srv") == [f"8080 web-{number}.web.{ZONE}" for number in (0, 1)]
    assert asked(f"_https._tcp.kubernetes.{ZONE}", "srv") == [f"443 kubernetes.{ZONE}"]
    assert asked(f"alias.{ZONE}", "cname") == [f"web.{ZONE}"]
    assert set(asked(f"alias.{ZONE}")) >= {first, second}
    assert asked(f"{dashed}.default.pod.cluster.local") == [first]
    assert asked(IPv4Address(api).reverse_pointer, "ptr") == [f"kubernetes.{ZONE}"]
    assert asked(IPv4Address(second).reverse_pointer, "ptr") == [f"web-1.web.{ZONE}"]


@BOTH
def test_a_name_that_is_not_there_and_a_record_that_a_name_has_not_are_told_apart(
    clusters: Clusters, web: dict[str, list[str]], name: str
) -> None:
    assert web[name]
    assert "NXDOMAIN" in look_up(clusters, name, f"nobody.{ZONE}")
    # nslookup fails with a code of the server's, and says nothing of a name without such a record.
    argv = ("exec", "tools", "--", "nslookup", "-type=aaaa", f"web.{ZONE}")
    assert answers(clusters.kubectl(name, *argv).stdout) == []


@BOTH
def test_short_names_are_found_by_the_pods_search_path(
    clusters: Clusters, web: dict[str, list[str]], name: str
) -> None:
    assert web[name]
    for short in ("web-0.web", "web-0.web.default", "web-0.web.default.svc"):
        argv = ("exec", "tools", "--", "wget", "-qO-", "-T", "10", f"http://{short}:8080")
        assert clusters.kubectl(name, *argv).stdout.strip() == "web-0"


@BOTH
def test_names_outside_of_the_cluster_fail_at_once_since_the_network_has_no_resolver(
    clusters: Clusters, name: str
) -> None:
    assert "SERVFAIL" in look_up(clusters, name, "example.org")  # and no timeout


def test_an_edit_of_eks_s_corefile_stays_and_is_read_without_a_restart(clusters: Clusters) -> None:
    block = "reloaded.test:53 {\n    hosts {\n        192.0.2.7 a.reloaded.test\n    }\n}\n"
    with edited(clusters, "east", lambda text: text + block) as changed:
        wait_until(
            lambda: answers(look_up(clusters, "east", "a.reloaded.test")),
            lambda addresses: addresses == ["192.0.2.7"],
            what="an answer of the changed Corefile",
            timeout_s=SHOWN_WITHIN_S,
        )
        assert corefile(clusters, "east") == changed


def test_the_add_ons_configuration_is_eks_s_corefile(clusters: Clusters) -> None:
    east, west = clusters.specs["east"], clusters.specs["west"]
    default = corefile(clusters, "east")
    own = default + "addon.test:53 {\n    hosts {\n        192.0.2.8 a.addon.test\n    }\n}\n"
    given = replace(east, addons={**east.addons, "coredns": json.dumps({"corefile": own})})
    clusters.want(given, west)
    try:
        wait_until(lambda: corefile(clusters, "east"), lambda text: text == own, what=own, timeout_s=60)
        restart(clusters, "east")
        until_answers(clusters, "east", "a.addon.test", "a", ["192.0.2.8"])
    finally:
        clusters.want(east, west)
    wait_until(lambda: corefile(clusters, "east"), lambda text: text == default, what=default, timeout_s=60)
    restart(clusters, "east")


def test_aks_makes_its_corefile_again_and_a_removed_custom_map(clusters: Clusters) -> None:
    before = corefile(clusters, "west")
    patch(clusters, "west", "coredns", Corefile=".:53 {\n    whoami\n}\n")
    clusters.kubectl("west", *SYSTEM, "delete", "configmap", "coredns-custom")

    # AKS' turn may come between the two commands: then one is made again a minute after the other.
    def made_again() -> bool:
        there = clusters.kubectl("west", *SYSTEM, "get", "configmap", "coredns-custom", "--ignore-not-found")
        return corefile(clusters, "west") == before and bool(there.stdout)

    wait_until(made_again, bool, what="both as they were", timeout_s=SHOWN_WITHIN_S)


def test_aks_s_custom_map_adds_servers_and_plug_ins_and_stays(clusters: Clusters) -> None:
    server = "custom.test:53 {\n    hosts {\n        192.0.2.9 a.custom.test\n    }\n}\n"
    override = "hosts {\n    192.0.2.10 a.override.test\n    fallthrough\n}\n"
    patch(clusters, "west", "coredns-custom", test_server=server, test_override=override)
    try:
        restart(clusters, "west")
        until_answers(clusters, "west", "a.custom.test", "a", ["192.0.2.9"])
        until_answers(clusters, "west", "a.override.test", "a", ["192.0.2.10"])
    finally:
        patch(clusters, "west", "coredns-custom", test_server=None, test_override=None)
        restart(clusters, "west")


@pytest.fixture
def stub_domains(clusters: Clusters) -> Iterator[None]:
    """The example: a load balancer before each DNS, a stub domain in each."""
    sides = {"east": "aws", "west": "azure"}
    for name, side in sides.items():
        clusters.kubectl(name, "apply", "-f", str(EXAMPLE / "overlays" / side / "dns.yaml"))
    for name in sides:
        shown = ("get", "service", "dns-internal", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}")
        clusters.until_text(name, *SYSTEM, *shown)
    before = corefile(clusters, "east")
    together = ":".join(str(clusters.kubeconfig(name)) for name in sides)
    path = f"{clusters.parts.programs}:{os.environ['PATH']}"
    run(
        [str(EXAMPLE / "stub-domains.sh"), *sides],
        env={**os.environ, "PATH": path, "KUBECONFIG": together},
        timeout_s=180,
    )
    yield
    patch(clusters, "east", "coredns", Corefile=before)
    patch(clusters, "west", "coredns-custom", eks_server=None)
    for name, side in sides.items():
        clusters.kubectl(name, "delete", "-f", str(EXAMPLE / "overlays" / side / "dns.yaml"))
        restart(clusters, name)


@pytest.mark.usefixtures("stub_domains")
def test_a_headless_service_is_found_by_name_from_the_other_cloud_and_its_pods_answer(
    clusters: Clusters, web: dict[str, list[str]]
) -> None:
    for name, far, domain in (("west", "east", "eks.internal"), ("east", "west", "aks.internal")):
        service = f"web.default.svc.{domain}"
        until_answers(clusters, name, service, "a", sorted(web[far]))
        named = [f"8080 web-{number}.{service}" for number in (0, 1)]
        until_answers(clusters, name, f"_http._tcp.{service}", "srv", named)
        for pod in ("web-0", "web-1"):
            argv = ("exec", "tools", "--", "wget", "-qO-", "-T", "10", f"http://{pod}.{service}:8080")
            assert clusters.kubectl(name, *argv).stdout.strip() == pod


def test_the_example_says_what_is_missing_before_it_is_deployed(clusters: Clusters) -> None:
    together = ":".join(str(clusters.kubeconfig(name)) for name in ("east", "west"))
    path = f"{clusters.parts.programs}:{os.environ['PATH']}"
    with pytest.raises(CommandError, match="dns-internal"):
        run(
            [str(EXAMPLE / "stub-domains.sh"), "east", "west"],
            env={**os.environ, "PATH": path, "KUBECONFIG": together},
        )
