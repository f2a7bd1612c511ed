"""Random NetworkPolicies, loaded by nft where a node would have them, judged by the packets that pass."""

import errno
import secrets
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from wire_hosts import needs_root_and

from policy_examples import ADDRESSES, PORTS, passes, pod, pods, policies, read
from twinspan import command
from twinspan.twin.dataplane import namespaces
from twinspan.twin.dataplane.clusters.policy_rules import NO_POLICIES, node_rules
from twinspan.twin.dataplane.clusters.policy_rules import TABLE as POLICY_TABLE

pytestmark = pytest.mark.root
SILENT_S = 0.15
TRACKING = "table ip services { chain in { type filter hook forward priority raw; ct state new; }; }"
"""Connections are tracked on a node, because of kube-proxy's tables."""
WAYS = [(a, b) for a in range(len(ADDRESSES)) for b in range(len(ADDRESSES)) if a != b]
Connection = tuple[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Star:
    """A node with a pod on each of its links, and what listens in the pods."""

    node: str
    pods: tuple[str, ...]
    udp: dict[tuple[int, int], socket.socket]
    tcp: tuple[socket.socket, ...]

    def enforce(self, rules: str) -> None:
        namespaces.nft(self.node, rules)


def ip(*words: str) -> None:
    command.run(("ip", *words), timeout_s=10)


def namespace(stack: ExitStack) -> str:
    name = f"tsp-{secrets.token_hex(4)}"
    ip("netns", "add", name)
    stack.callback(ip, "netns", "delete", name)
    ip("-n", name, "link", "set", "lo", "up")
    return name


@pytest.fixture(scope="module")
def star() -> Iterator[Star]:
    needs_root_and("ip", "nft")
    with ExitStack() as stack:
        node = namespace(stack)
        namespaces.set_sysctls(node, {"ipv4/ip_forward": "1"})
        namespaces.nft(node, TRACKING)
        names, udp, tcp = [], {}, []
        for number, address in enumerate(ADDRESSES):
            name, link = namespace(stack), f"pod{number}"
            ip("link", "add", "eth0", "netns", name, "type", "veth", "peer", link, "netns", node)
            ip("-n", name, "address", "add", f"{address}/32", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "route", "add", "169.254.1.1", "dev", "eth0")
            ip("-n", name, "route", "add", "default", "via", "169.254.1.1", "dev", "eth0", "onlink")
            ip("-n", node, "address", "add", "169.254.1.1/32", "dev", link)
            ip("-n", node, "link", "set", link, "up")
            ip("-n", node, "route", "add", f"{address}/32", "dev", link)
            names.append(name)
            for port in PORTS:
                udp[number, port] = stack.enter_context(opened(name, socket.SOCK_DGRAM, port))
                tcp.append(stack.enter_context(opened(name, socket.SOCK_STREAM, port)))
        yield Star(node=node, pods=tuple(names), udp=udp, tcp=tuple(tcp))


def opened(name: str, kind: socket.SocketKind, port: int = 0) -> socket.socket:
    """A socket of a pod; one with a port is bound to it."""

    def make() -> socket.socket:
        made = socket.socket(socket.AF_INET, kind)
        made.setblocking(False)
        if port:
            made.bind(("0.0.0.0", port))
            if kind is socket.SOCK_STREAM:
                made.listen(64)
        return made

    return namespaces.inside(name, make)


def arrived(star: Star) -> set[tuple[tuple[int, int], Connection]]:
    """Send one packet each way at every port; return which came through."""
    arrivals: set[tuple[tuple[int, int], Connection]] = set()
    with ExitStack() as stack:
        connecting = {}
        for way in WAYS:
            source, destination = way
            to = str(ADDRESSES[destination])
            sender = stack.enter_context(opened(star.pods[source], socket.SOCK_DGRAM))
            for port in PORTS:
                sender.sendto(f"{source}".encode(), (to, port))
                caller = stack.enter_context(opened(star.pods[source], socket.SOCK_STREAM))
                assert caller.connect_ex((to, port)) == errno.EINPROGRESS
                connecting[caller] = (way, ("TCP", port))
        listening = {sock: place for place, sock in star.udp.items()}
        while True:
            heard, called, _ = select.select(list(listening), list(connecting), [], SILENT_S)
            if not heard and not called:
                break
            for sock in heard:
                source = int(sock.recv(16))
                destination, port = listening[sock]
                arrivals.add(((source, destination), ("UDP", port)))
            for caller in called:
                arrivals.add(connecting.pop(caller))
    for listener in star.tcp:
        with suppress(BlockingIOError):
            while True:
                listener.accept()[0].close()
    return arrivals


@settings(
    max_examples=25,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(given_policies=policies, given_pods=pods)
def test_the_packets_that_pass_are_those_that_upstream_s_words_let_through(
    star: Star, given_policies: list[dict[str, Any]], given_pods: tuple[dict[str, Any], ...]
) -> None:
    star.enforce(node_rules(read(given_policies, given_pods), node="n", side="aws"))
    connections: list[Connection] = [(protocol, port) for protocol in ("TCP", "UDP") for port in PORTS]
    expected = {
        (way, connection)
        for way in WAYS
        for connection in connections
        if passes(given_policies, given_pods, way, connection)
    }
    assert arrived(star) == expected


def closed_pod() -> str:
    """Rules that close pod 0 both ways."""
    policy = {
        "metadata": {"name": "closed", "namespace": "x"},
        "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress", "Egress"]},
    }
    manifests = [pod(number, {"app": "web"} if number == 0 else {}) for number in range(len(ADDRESSES))]
    return node_rules(read([policy], manifests), node="n", side="aws")


def test_the_node_reaches_a_closed_pod_and_is_reached_by_it(star: Star) -> None:
    star.enforce(closed_pod())
    for here, there in ((star.node, str(ADDRESSES[0])), (star.pods[0], "169.254.1.1")):
        done = command.run(namespaces.inside_argv(here, ["ping", "-c", "1", "-W", "2", there]), timeout_s=10)
        assert " 0% packet loss" in done.stdout
    assert not [way for way, _ in arrived(star) if 0 in way]


def test_a_connection_that_is_open_goes_on_when_a_policy_closes_its_end_and_no_new_one_begins(
    star: Star,
) -> None:
    star.enforce(NO_POLICIES)
    with (
        opened(star.pods[1], socket.SOCK_STREAM) as caller,
        opened(star.pods[0], socket.SOCK_STREAM, 7000) as at,
    ):
        caller.setblocking(True)
        caller.settimeout(5)
        caller.connect((str(ADDRESSES[0]), 7000))
        at.setblocking(True)
        with at.accept()[0] as answering:
            star.enforce(closed_pod())
            answering.settimeout(5)
            caller.sendall(b"still")
            assert answering.recv(16) == b"still"
            answering.sendall(b"here")
            assert caller.recv(16) == b"here"
    assert not [way for way, _ in arrived(star) if 0 in way]


def test_rules_that_nft_refuses_leave_those_before_in_force(star: Star) -> None:
    rules = closed_pod()
    star.enforce(rules)
    with pytest.raises(Exception, match="syntax error"):
        star.enforce(rules.replace("counter drop", "counter dropp"))
    assert not [way for way, _ in arrived(star) if 0 in way]
    star.enforce(NO_POLICIES)
    assert len(arrived(star)) == len(WAYS) * len(PORTS) * 2
    shown = command.run(namespaces.inside_argv(star.node, ["nft", "list", "tables"]), timeout_s=10).stdout
    assert POLICY_TABLE not in shown
