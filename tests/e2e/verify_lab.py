"""dev, built by Terraform on a twin of its own, to break one thing after the other."""

import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.network.models import AddressSpace

from twinspan.cloud.aws.client import clients as aws_clients
from twinspan.cloud.azure.client import clients as azure_clients
from twinspan.errors import WaitTimeoutError
from twinspan.kubernetes import TOOLS_IMAGE
from twinspan.results import Finding
from twinspan.rules.observed.expectation import ExpectedTunnel
from twinspan.rules.observed.facts import Facts
from twinspan.rules.shell import group_and_name
from twinspan.target.clusters_to_verify import clusters_to_verify
from twinspan.target.hosts import Hosts, hosts_of
from twinspan.target.target import Target, open_target
from twinspan.target.twin import TwinPlace
from twinspan.twin.client import TwinClient
from twinspan.verify.clusters import Clusters
from twinspan.verify.findings import Verification
from twinspan.verify.run import HostPair
from twinspan.wait import wait_until

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

TWINSPAN = Path(sys.executable).parent / "twinspan"
TREE = Path(__file__).parents[2] / "terraform"
STATIC = Path(__file__).parents[1] / "golden" / "check" / "static"
"""A design without BGP."""
NETWORK_ONLY = ("kubernetes_enabled=false",)
SEEN_WITHIN_S = 90.0
"""For dead peer detection and the BGP hold time on a busy machine."""


@dataclass(frozen=True, kw_only=True)
class Lab:
    """The network, and the clients of both clouds."""

    name: str
    env: Path
    target: Target
    hosts: Hosts
    clusters: Clusters | None = None
    readings: list[Verification] = field(default_factory=list)

    @property
    def twin(self) -> TwinClient:
        return TwinClient(self.name)

    @property
    def ec2(self) -> "EC2Client":
        assert self.target.endpoints.aws
        return aws_clients(self.target.endpoints.aws).ec2

    @property
    def azure(self) -> NetworkManagementClient:
        assert self.target.endpoints.azure
        return azure_clients(self.target.endpoints.azure).network

    @property
    def group(self) -> str:
        assert self.target.expected
        return group_and_name(self.target.expected.virtual_network_gateway_ids[0])[0]

    @property
    def region(self) -> str:
        assert self.target.endpoints.aws
        return self.target.endpoints.aws.region

    @property
    def vpc(self) -> str:
        assert self.target.expected
        return self.target.expected.vpc_ids[0]

    @property
    def private_subnets(self) -> tuple[str, ...]:
        assert self.target.expected
        return self.target.expected.private_subnet_ids

    @property
    def vpn_gateway(self) -> str:
        assert self.target.expected
        return self.target.expected.vpn_gateway_ids[0]

    @property
    def workload_group(self) -> str:
        assert self.target.expected
        return next(iter(self.target.expected.security_group_of.values()))

    def tunnel(self, key: str) -> ExpectedTunnel:
        assert self.target.expected
        return next(tunnel for tunnel in self.target.expected.tunnels if tunnel.key == key)

    def modify_tunnel(self, key: str, **options: Any) -> None:
        tunnel = self.tunnel(key)
        self.ec2.modify_vpn_tunnel_options(
            VpnConnectionId=tunnel.aws_vpn_connection_id,
            VpnTunnelOutsideIpAddress=str(tunnel.outside_ip_address),
            TunnelOptions=options,  # type: ignore[arg-type]
        )

    def key_of(self, key: str) -> str:
        """The pre-shared key that AWS has for a tunnel."""
        tunnel = self.tunnel(key)
        answer = self.ec2.describe_vpn_connections(VpnConnectionIds=[tunnel.aws_vpn_connection_id])
        options = answer["VpnConnections"][0]["Options"]["TunnelOptions"]
        outside = str(tunnel.outside_ip_address)
        return next(option["PreSharedKey"] for option in options if option["OutsideIpAddress"] == outside)

    def table_of(self, subnet: str) -> str:
        answer = self.ec2.describe_route_tables(
            Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
        )
        return answer["RouteTables"][0]["RouteTableId"]

    def facts(self) -> Facts:
        return self.target.facts()

    def local_gateway_of(self, key: str) -> str:
        """The name of the local network gateway of a tunnel."""
        link = next(link for link in self.facts().links() if link.key == key)
        assert link.local_network_gateway
        return link.local_network_gateway.name

    def customer_gateway_of(self, key: str) -> str:
        """The id of the customer gateway of a tunnel."""
        link = next(link for link in self.facts().links() if link.key == key)
        assert link.customer_gateway
        return link.customer_gateway.id

    def modify_local_gateway(
        self,
        name: str,
        *,
        gateway_ip_address: str | None = None,
        asn: int | None = None,
        address_prefixes: Sequence[str] = (),
    ) -> None:
        gateways = self.azure.local_network_gateways
        raw = gateways.get(self.group, name)
        if gateway_ip_address is not None:
            raw.properties.gateway_ip_address = gateway_ip_address
        if asn is not None:
            assert raw.properties.bgp_settings
            raw.properties.bgp_settings.asn = asn
        if address_prefixes:
            raw.properties.local_network_address_space = AddressSpace(address_prefixes=list(address_prefixes))
        gateways.begin_create_or_update(self.group, name, raw).result()

    def modify_connection(self, key: str, **changes: Any) -> None:
        name = self.tunnel(key).azure_connection_name
        connections = self.azure.virtual_network_gateway_connections
        raw = connections.get(self.group, name)
        for member, value in changes.items():
            setattr(raw.properties, member, value)
        connections.begin_create_or_update(self.group, name, raw).result()

    def verify(self, *, wait_s: float = 0.0, hosts: tuple[HostPair, ...] | None = None) -> Verification:
        verification = self.target.verify(
            hosts=self.hosts.pairs if hosts is None else hosts, clusters=self.clusters, wait_s=wait_s
        )
        self.readings.append(verification)
        return verification

    def settled(self) -> None:
        self.twin.settled(30)

    def finds(self, *wanted: tuple[str, str], seen: Mapping[str, int]) -> tuple[Finding, ...]:
        """Wait until these, and only these, are the root causes, twice in a row; return them.

        `seen`: how many objects of other checks must still pass, so that the fault has come through.
        """
        return self._finds(lambda root_causes: root_causes == list(wanted), str(wanted), seen)

    def finds_nothing(self) -> None:
        """Wait until there is drift and no root cause, twice in a row."""
        self._finds(lambda root_causes: root_causes == [], "none", {}, lambda reading: bool(reading.drift))

    def _finds(
        self,
        accept: Callable[[Sequence[tuple[str, str]]], bool],
        what: str,
        seen: Mapping[str, int],
        also: Callable[[Verification], bool] = lambda _: True,
    ) -> tuple[Finding, ...]:
        def right(reading: Verification) -> bool:
            return accept(causes(reading)) and counts(reading, seen) == seen and also(reading)

        def twice() -> tuple[Verification, Verification]:
            return self.verify(), self.verify()

        try:
            wait_until(
                twice,
                lambda pair: all(map(right, pair)),
                what=what,
                timeout_s=SEEN_WITHIN_S,
            )
        except WaitTimeoutError:
            root_causes = [(r.id, f.subject, f.evidence) for r, f in self.readings[-1].root_causes]
            passed = counts(self.readings[-1], seen)
            pytest.fail(f"root causes {root_causes}, not {what}; passed {passed}, not {seen}")
        return tuple(finding for _, finding in self.readings[-1].root_causes)

    def finds_all(self, check: str, *, seen: Mapping[str, int]) -> tuple[Finding, ...]:
        """Wait until findings of this check, one or more, are the only root causes, twice in a row."""
        return self._finds(
            lambda root_causes: bool(root_causes) and {check_id for check_id, _ in root_causes} == {check},
            check,
            seen,
        )

    def finds_like(self, check: str, part: str, *, seen: Mapping[str, int]) -> tuple[Finding, ...]:
        """Wait until one finding of this check, whose subject has this part, is the only root cause."""
        return self._finds(
            lambda root_causes: (
                len(root_causes) == 1 and root_causes[0][0] == check and part in root_causes[0][1]
            ),
            f"{check} {part}",
            seen,
        )

    @contextmanager
    def broken(self, inject: Callable[[], object], heal: Callable[[], object]) -> Iterator[None]:
        """Break something while the block runs; the network was whole before and is whole afterwards."""
        try:
            inject()
            self.settled()
            yield
        finally:
            heal()
            self.settled()
            whole = self.verify(wait_s=SEEN_WITHIN_S)
            assert whole.passed, (causes(whole), drift(whole))


def causes(verification: Verification) -> list[tuple[str, str]]:
    """Return id and subject of everything that verify calls a root cause."""
    return [(result.id, finding.subject) for result, finding in verification.root_causes]


def drift(verification: Verification) -> list[tuple[str, str, str]]:
    """Return id, subject and evidence of everything that is not as planned."""
    return [(result.id, finding.subject, finding.evidence) for result, finding in verification.drift]


def counts(verification: Verification, checks: Mapping[str, int]) -> Mapping[str, int]:
    """Return how many objects passed each of the checks."""
    return {check: verification.result(check).passed for check in checks}


@contextmanager
def static_lab(scratch: Path) -> Iterator[Lab]:
    """Build the static design on a twin of its own, with a host in every private subnet, and see it whole."""
    tree = scratch / "terraform"
    env = tree / "envs" / "static"
    shutil.copytree(STATIC, env)
    shutil.copytree(TREE / "bootstrap", tree / "bootstrap")
    (tree / "modules").mkdir()
    # The state is kept in us-west-2, and the network is in eu-west-1.
    for file in ("backend.tf", "backend.hcl"):
        shutil.copy(TREE / "envs" / "dev" / file, env)
    (env / "terraform.tfvars").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(scratch / "home"))
        with built(env) as made:
            whole = made.verify(wait_s=SEEN_WITHIN_S)
            assert whole.passed, (causes(whole), drift(whole))
            yield made


@contextmanager
def lab(home: Path, *variables: str, up: Sequence[str] = ()) -> Iterator[Lab]:
    """Build dev on a twin in `home` (TWINSPAN_HOME), with a host in every private subnet.

    `variables`: Terraform's, as NAME=VALUE. `up`: more options of `twin up`.
    """
    shutil.copytree(TREE, home.parent / "terraform", symlinks=True)
    env = home.parent / "terraform" / "envs" / "dev"
    with built(env, *NETWORK_ONLY, *variables, up=up) as whole:
        yield whole


@contextmanager
def built(env: Path, *variables: str, up: Sequence[str] = ()) -> Iterator[Lab]:
    """Build an environment; see `lab`."""
    name = f"faults-{secrets.token_hex(3)}"

    def twinspan(*arguments: str) -> None:
        argv = [str(TWINSPAN), *arguments, "--name", name]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=240)
        assert done.returncode == 0, f"{argv}: {done.stdout}\n{done.stderr}"

    try:
        twinspan("twin", "up", *up)
        chosen = [part for variable in variables for part in ("--var", variable)]
        twinspan("apply", str(env), "--providers", "offline", *chosen)
        target = open_target(env, TwinPlace(name))
        with hosts_of(target) as hosts, clusters_to_verify(target, pods=True, image=TOOLS_IMAGE) as clusters:
            yield Lab(name=name, env=env, target=target, hosts=hosts, clusters=clusters)
    finally:
        twinspan("twin", "down", "--purge")
