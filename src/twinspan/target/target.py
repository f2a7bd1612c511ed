"""An environment at one place: both clouds, and what must be there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twinspan.cloud.endpoints import Endpoints
from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.project.environment import Environment
from twinspan.project.state import State
from twinspan.target.place import Place
from twinspan.verify.clusters import Clusters
from twinspan.verify.expectation import Expectation, are_ours, from_outputs
from twinspan.verify.facts import Facts
from twinspan.verify.findings import Verification
from twinspan.verify.planned import planned_settings
from twinspan.verify.remote_state import state_in_s3
from twinspan.verify.run import HostPair, read_facts, verify
from twinspan.verify.settings import Settings

_CLUSTER_OUTPUTS: Mapping[Cloud, str] = {"aws": "eks_cluster_name", "azure": "aks_cluster_name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An environment on a twin or in the clouds.

    Attributes:
        place: Where.
        endpoints: Both clouds.
        expected: What Terraform's outputs say must exist; None without outputs.
        clusters: Cloud -> the name of its Kubernetes cluster, as far as the outputs name one.
        planned: What Terraform's state says it applied; None without a state.
    """

    place: Place
    endpoints: Endpoints
    expected: Expectation | None = None
    clusters: Mapping[Cloud, str] = field(default_factory=dict)
    planned: Settings | None = None

    def facts(self) -> Facts:
        """Read both clouds. Raises CloudError: no cloud could be read."""
        return read_facts(self.endpoints, expected=self.expected)

    def links(self) -> Sequence[TunnelLink]:
        """Read all tunnels, with their counters. Raises CloudError: no cloud could be read."""
        return self.facts().links()

    def verify(
        self,
        *,
        hosts: Sequence[HostPair] = (),
        host_problems: Sequence[str] = (),
        clusters: Clusters | None = None,
        wait_s: float = 0.0,
    ) -> Verification:
        """Check the whole line from gateways to packets; see `verify.run.verify`."""
        return verify(
            self.endpoints,
            hosts=hosts,
            host_problems=host_problems,
            clusters=clusters,
            expected=self.expected,
            planned=self.planned,
            wait_s=wait_s,
        )


def open_target(env: Path, place: Place) -> Target:
    """Find the endpoints and read what must be there.

    Raises:
        DesignError: `env` is no environment folder, or its outputs are not those of this project.
        HostError: The twin is not up, or credentials are missing.
        CloudError: The state cannot be read.
    """
    environment = Environment.load(env)
    endpoints = open_endpoints(environment, place)
    state = state_in_s3(endpoints.aws, environment.state) if endpoints.aws else State()
    if state.aws_region:
        endpoints = endpoints.in_region(state.aws_region)
    outputs = state.outputs
    source = f"Terraform outputs of {environment.name}"
    return Target(
        place=place,
        endpoints=endpoints,
        expected=from_outputs(outputs, source=source) if are_ours(outputs) else None,
        clusters={side: outputs[key] for side, key in _CLUSTER_OUTPUTS.items() if outputs.get(key)},
        planned=planned_settings(state) if state.resources else None,
    )


def open_endpoints(environment: Environment, place: Place) -> Endpoints:
    """Find the endpoints, without asking them anything; AWS in the region that keeps the state.

    The environment says where it lives, not the shell. Where its network is, the state tells.

    Raises:
        HostError: The twin is not up, or credentials are missing.
    """
    return place.endpoints().in_region(environment.state.region)
