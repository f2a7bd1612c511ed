"""An environment at one place: both clouds, and what must be there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from twinspan.cloud.endpoints import Endpoints
from twinspan.network.clouds import Cloud
from twinspan.network.links import TunnelLink
from twinspan.network.model import Network
from twinspan.network.regions import regions_of
from twinspan.network.subscriptions import subscriptions_of
from twinspan.network.unknown import Unknown
from twinspan.project.local_state import local_state
from twinspan.project.network import network_of
from twinspan.project.source import Source, existing_state, source_of
from twinspan.project.state import State
from twinspan.rules.observed.expectation import Expectation, from_resources
from twinspan.rules.observed.facts import Facts
from twinspan.rules.observed.settings import ObjectSettings
from twinspan.rules.waivers import Waiver, waivers_of
from twinspan.target.place import Place
from twinspan.verify.clusters import Clusters
from twinspan.verify.findings import Verification
from twinspan.verify.planned import planned_settings
from twinspan.verify.remote_state import state_in_s3
from twinspan.verify.run import HostPair, read_facts, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An environment on a twin or in the clouds.

    Attributes:
        place: Where.
        endpoints: Both clouds.
        expected: What Terraform's state says must exist; None without a VPN in it.
        planned: What Terraform's state says it applied; None without a state.
        waivers: Findings that the environment's owners live with.
    """

    place: Place
    endpoints: Endpoints
    expected: Expectation | None = None
    planned: ObjectSettings | None = None
    waivers: tuple[Waiver, ...] = ()

    @property
    def clusters(self) -> Mapping[Cloud, str]:
        """Cloud -> the name of its Kubernetes cluster, if Terraform made one there."""
        return self.expected.clusters if self.expected else {}

    def facts(self, *, bgp: bool = True) -> Facts:
        """Read both clouds, with or without Azure's BGP. Raises CloudError: no cloud could be read."""
        return read_facts(self.endpoints, expected=self.expected, bgp=bgp)

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
            waivers=self.waivers,
            wait_s=wait_s,
        )


def open_target(env: Path | Source | None, place: Place, *, waivers: Path | None = None) -> Target:
    """Find the endpoints and read what must be there.

    Args:
        env: A folder, a plan, a state file; None: the network that is there.
        place: Where it runs.
        waivers: A file of findings to let pass; None: the environment's own, if it has one.

    Raises:
        DesignError: `env` is nothing that a command can look at, or its waivers are none.
        HostError: The twin is not up, or credentials are missing.
        CloudError: The state cannot be read.
    """
    source = env if isinstance(env, Source) else source_of(env)
    endpoints = open_endpoints(source, place)
    state = _state(source, place, endpoints)
    network = network_of(state.plan)
    endpoints = endpoints_of(network, endpoints)
    return Target(
        place=place,
        endpoints=endpoints,
        expected=from_resources(network, source=f"Terraform state of {source.name}"),
        planned=planned_settings(state) if state.resources else None,
        waivers=waivers_of(waivers, env=source.environment.folder if source.environment else None),
    )


def endpoints_of(network: Network[Unknown], endpoints: Endpoints) -> Endpoints:
    """Return the endpoints, with every region and subscription that a network is in."""
    return endpoints.reading(
        regions_of(network.aws) if network.aws else (),
        subscriptions_of(network.azure) if network.azure else (),
    )


def open_endpoints(source: Source, place: Place) -> Endpoints:
    """Find the endpoints, without asking them anything; AWS in the region that keeps an environment's state.

    The environment says where it lives, not the shell. Where its network is, the state tells.

    Raises:
        HostError: The twin is not up, or credentials are missing.
    """
    kept = source.environment.state if source.environment else None
    return place.endpoints().in_region(kept.region) if kept else place.endpoints()


def _state(source: Source, place: Place, endpoints: Endpoints) -> State:
    if source.document is not None:
        return existing_state(source)
    if source.state is not None:
        return source.state
    if source.environment is None:
        return State()
    if source.environment.state is None:
        return local_state(source.environment, place.states)
    return state_in_s3(endpoints.aws, source.environment.state) if endpoints.aws else State()
