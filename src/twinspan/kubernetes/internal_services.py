"""Services with an internal load balancer, and the network policies of the pods behind them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from twinspan.kubernetes.label_selectors import Selector, selector_of
from twinspan.kubernetes.network_policies import Pod, Policies, PolicyPort

_INTERNAL = (
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"),
    ("service.beta.kubernetes.io/aws-load-balancer-internal", "true"),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", "true"),
)
"""Sources: AWS Load Balancer Controller, Service annotations; AKS, "Use an internal load balancer"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalService:
    """A Service that clients of the networks reach by its load balancer.

    Attributes:
        pods: Which pods of its namespace are behind it.
        ports: Where they listen, by number or by name.
    """

    namespace: str
    name: str
    pods: Selector
    ports: tuple[PolicyPort, ...]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    def closed_pod(self, policies: Policies, clients: Iterable[IPv4Network]) -> tuple[Pod, str] | None:
        """Return a pod that clients reach at none of the Service's ports because of policies, and a port.

        Whether a pod sees its client's address or one of its own network depends on the load balancer.

        Args:
            policies: Of the cluster, with its pods.
            clients: Ranges of everybody whom the load balancer may show; one that is let in is enough.
        """
        ranges = tuple(clients)
        for pod in policies.pods:
            if pod.namespace != self.namespace or not self.pods.matches(pod.labels):
                continue
            known = {(port.protocol, _number(port, pod)) for port in self.ports}
            ports = sorted((protocol, number) for protocol, number in known if number is not None)
            if ports and not any(
                policies.open_to(pod, "ingress", ranges, protocol=protocol, port=number)
                for protocol, number in ports
            ):
                return pod, ", ".join(f"{protocol} {number}" for protocol, number in ports)
        return None


def internal_service_of(manifest: Mapping[str, Any]) -> InternalService | None:
    """Return what a Service is; None if it has no internal load balancer or selects no pods."""
    meta, spec = manifest["metadata"], manifest.get("spec") or {}
    notes = meta.get("annotations") or {}
    internal = any(notes.get(name) == value for name, value in _INTERNAL)
    if spec.get("type") != "LoadBalancer" or not internal or not spec.get("selector"):
        return None
    return InternalService(
        namespace=meta.get("namespace") or "default",
        name=meta["name"],
        pods=selector_of({"matchLabels": spec["selector"]}),
        ports=tuple(
            PolicyPort(
                protocol=port.get("protocol") or "TCP", port=port.get("targetPort") or port.get("port")
            )
            for port in spec.get("ports") or ()
        ),
    )


def _number(port: PolicyPort, pod: Pod) -> int | None:
    return port.port if isinstance(port.port, int) else pod.number(port)
