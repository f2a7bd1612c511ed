"""Running clusters, and short words for what tests say often."""

import base64
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml
from cluster_network import AKS, EKS, aks, cluster_network, eks
from plane_harness import QUICK, Plane, running

from twinspan.command import Completed, run
from twinspan.network.model import Network
from twinspan.twin.dataplane.clusters import cgroups
from twinspan.twin.dataplane.desired import desired_state
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.images import TOOLS_IMAGE
from twinspan.twin.kubernetes.relay import Relay, UnixTarget
from twinspan.twin.kubernetes.spec import ClusterHealth, ClusterSpec
from twinspan.wait import wait_until

READY_WITHIN_S = 120.0
PORT = 8080
_ASK = r"GET /cgi-bin/who HTTP/1.0\r\n\r\n"
_SERVER = (
    "mkdir -p /www/cgi-bin && printf '#!/bin/sh\\necho\\necho $REMOTE_ADDR $HOSTNAME\\n' > /www/cgi-bin/who"
    " && chmod +x /www/cgi-bin/who && exec httpd -f -p 8080 -h /www"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Where programs and images are."""

    programs: Path
    images: Path


@dataclass(slots=True)
class Clusters:
    """Clusters on the reference network; `east` is EKS, `west` is AKS."""

    plane: Plane
    folder: Path
    parts: Parts
    network: Network
    specs: dict[str, ClusterSpec] = field(default_factory=dict)
    relays: list[Relay] = field(default_factory=list)
    settings_before: dict[str, str] = field(default_factory=dict)

    def want(self, *specs: ClusterSpec, network: Network | None = None) -> None:
        """Apply a network and the clusters on it."""
        self.network = network or self.network
        self.specs = {spec.name: spec for spec in specs} if specs else self.specs
        self._apply(tuple(self.specs.values()))

    def want_none(self) -> None:
        self._apply(())

    def _apply(self, specs: tuple[ClusterSpec, ...]) -> None:
        self.plane.generation += 1
        _, secrets = cluster_network()
        desired = desired_state(
            self.network,
            secrets,
            generation=self.plane.generation,
            timers=QUICK,
            clusters=(specs, ()),
        )
        assert self.plane.client.apply(desired).problems == ()

    def health(self, name: str) -> ClusterHealth | None:
        key = {"east": EKS, "west": AKS}[name]
        seen = self.plane.client.observe().clusters
        return next((health for health in seen if health.key == key), None)

    def until(
        self, name: str, accept: Callable[[ClusterHealth], bool], what: str, timeout_s: float = READY_WITHIN_S
    ) -> ClusterHealth:
        health = wait_until(
            lambda: self.health(name),
            lambda seen: seen is not None and accept(seen),
            what=f"{what} of {name}",
            timeout_s=timeout_s,
            interval_s=0.1,
        )
        assert health is not None
        return health

    def until_ready(self, name: str, nodes: int = 1) -> ClusterHealth:
        """Wait for the API, the system pods and so many nodes."""
        return self.until(
            name,
            lambda seen: (
                seen.api_ready
                and seen.system_ready
                and len(seen.nodes) == nodes
                and all(node.ready for node in seen.nodes)
            ),
            what=f"{nodes} nodes",
        )

    def open_api(self, name: str) -> None:
        """Make a kubeconfig for an administrator, through the Unix socket."""
        spec = self.specs[name]
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        relay = Relay(listener, UnixTarget(self.folder / spec.api_socket))
        relay.start()
        self.relays.append(relay)
        certificate, key = spec.authority.issue("admin", organizations=["system:masters"])
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": name,
                    "cluster": {
                        "server": url,
                        "certificate-authority-data": _encoded(spec.authority.certificate),
                    },
                }
            ],
            "users": [
                {
                    "name": name,
                    "user": {
                        "client-certificate-data": _encoded(certificate),
                        "client-key-data": _encoded(key),
                    },
                }
            ],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
        self.kubeconfig(name).write_text(yaml.safe_dump(config))

    def kubeconfig(self, name: str) -> Path:
        return self.folder / f"{name}.kubeconfig"

    def kubectl(self, name: str, *arguments: str, stdin: str | None = None, check: bool = True) -> Completed:
        """Run the real kubectl."""
        argv = [str(self.parts.programs / "kubectl"), "--kubeconfig", str(self.kubeconfig(name)), *arguments]
        return run(argv, stdin=stdin, timeout_s=90, check=check)

    def pod(self, name: str, pod: str, *, node: str = "", namespace: str = "default") -> str:
        """Run a pod with a server that tells callers their address; return the pod's."""
        manifest = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": pod, "namespace": namespace, "labels": {"app": pod}},
            "spec": {
                "terminationGracePeriodSeconds": 0,
                "containers": [
                    {
                        "name": "tools",
                        "image": TOOLS_IMAGE,
                        "imagePullPolicy": "IfNotPresent",
                        "command": ["sh", "-c", _SERVER],
                        "ports": [{"name": "who", "containerPort": PORT}],
                        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
                    }
                ],
                **({"nodeName": node} if node else {}),
            },
        }
        self.kubectl(name, "apply", "-f", "-", stdin=yaml.safe_dump(manifest))
        at = ("-n", namespace)
        self.kubectl(name, *at, "wait", "--for=condition=Ready", f"pod/{pod}", "--timeout=80s")
        return self.kubectl(name, *at, "get", "pod", pod, "-o", "jsonpath={.status.podIP}").stdout

    def seen_as(self, name: str, pod: str, target: str, *, namespace: str = "default") -> str:
        """Return the source address that a server sees of a pod; empty if it does not answer."""
        host, _, port = target.partition(":")
        script = f"exec 3<>/dev/tcp/{host}/{port or 80}; printf '{_ASK}' >&3; cat <&3"
        argv = ("-n", namespace, "exec", pod, "--", "timeout", "3", "bash", "-c", script)
        done = self.kubectl(name, *argv, check=False)
        match = re.search(r"\[::ffff:([0-9.]+)\]", done.stdout)
        return match[1] if match else ""

    def until_seen_as(self, name: str, pod: str, target: str, expected: str) -> None:
        wait_until(
            lambda: self.seen_as(name, pod, target),
            lambda seen: seen == expected,
            what=f"{expected} as the source of {pod} at {target}",
            timeout_s=60,
            interval_s=0.2,
        )

    def until_answers(self, name: str, pod: str, target: str) -> None:
        """Wait until a server answers a pod."""
        wait_until(
            lambda: self.seen_as(name, pod, target),
            bool,
            what=f"answer of {target} to {pod} of {name}",
            timeout_s=60,
            interval_s=0.2,
        )

    def until_text(self, name: str, *arguments: str) -> str:
        """Wait until kubectl prints something, and return it."""
        return wait_until(
            lambda: self.kubectl(name, *arguments).stdout,
            bool,
            what=f"answer of kubectl {' '.join(arguments)}",
            timeout_s=60,
            interval_s=0.2,
        )

    def control_groups(self) -> list[Path]:
        """Return what is left of the agent's control groups."""
        root = cgroups.root_name(self.folder)
        # `os.walk` bears that groups go while it looks, `glob` does not.
        walk = os.walk("/sys/fs/cgroup")
        return [Path(folder) / root for folder, folders, _ in walk if root in folders]


@contextmanager
def running_clusters(folder: Path, parts: Parts) -> Iterator[Clusters]:
    """Start an agent with the network and no clusters yet."""
    network, _ = cluster_network()
    agent = running(folder)
    before = host_settings()
    clusters = Clusters(
        plane=next(agent), folder=folder, parts=parts, network=network, settings_before=before
    )
    try:
        yield clusters
    finally:
        for relay in clusters.relays:
            relay.stop()
        next(agent, None)


def host_settings() -> dict[str, str]:
    """Return this machine's settings of network and memory, but for those that count what happens."""
    settings = {}
    for folder in ("/proc/sys/net", "/proc/sys/vm"):
        for path in Path(folder).rglob("*"):
            if path.name not in {"nf_conntrack_count", "stat_refresh"}:
                with suppress(OSError):  # a folder, or only to be written
                    settings[str(path)] = path.read_text()
    return settings


def both(parts: Parts) -> tuple[ClusterSpec, ClusterSpec]:
    """Return one EKS and one AKS cluster with authorities of their own."""
    return (
        eks(parts.programs, parts.images, authority=ClusterAuthority.generate("east")),
        aks(parts.programs, parts.images, authority=ClusterAuthority.generate("west")),
    )


def with_nodes(spec: ClusterSpec, count: int, parts: Parts) -> ClusterSpec:
    make = eks if spec.side == "aws" else aks
    return replace(
        spec, nodes=make(parts.programs, parts.images, nodes=count, authority=spec.authority).nodes
    )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
