"""What tests of rotations, and the process that is killed in one, have in common."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

sys.path.append(str(Path(__file__).parents[2] / "unit" / "verify"))  # the builder of networks
sys.path.append(str(Path(__file__).parents[1] / "cloud"))  # both APIs, and the builder of dev

from both_apis import endpoints_of
from healthy_network import healthy

from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.reader import read_network
from twinspan.drill.environment import DrillEnvironment, NoMeter
from twinspan.drill.report import Moment
from twinspan.network.links import TunnelLink, tunnel_links
from twinspan.protocols import Event
from twinspan.rotate.clouds import Clouds
from twinspan.rotate.journal import Journal
from twinspan.rotate.run import Rotator
from twinspan.target.pace import Pace
from twinspan.target.place import Witness
from twinspan.verify.evaluate import evaluate
from twinspan.verify.findings import Verification
from twinspan.wait import wait_until

PLACE = "test"
PACE = Pace(counters_s=1, shown_s=0, whole_s=20, poll_s=0.05)


class _NoEvents:
    def now_s(self) -> float:
        return 0.0

    def since(self, at_s: float) -> Sequence[Event]:
        del at_s
        return ()


@dataclass(frozen=True)
class Apis:
    """Both APIs, which can be made sick."""

    folder: Path
    told: dict[str, Any]

    @property
    def endpoints(self) -> Endpoints:
        return endpoints_of(self.told)

    def links(self) -> Sequence[TunnelLink]:
        return [link for link in tunnel_links(read_network(self.endpoints)[0]) if link.joined]

    def until_up(self, count: int) -> None:
        wait_until(
            lambda: sum(link.carries for link in self.links()),
            lambda up: up == count,
            what=f"{count} tunnels",
            timeout_s=60,
        )

    def key_pairs(self) -> list[tuple[str, str]]:
        """AWS's and Azure's key of each tunnel."""
        network, secrets = read_network(self.endpoints)
        return [
            (
                secrets.aws[link.vpn_connection.id, str(link.tunnel.outside_ip_address)],
                secrets.azure[link.azure_connection.id.lower()],
            )
            for link in tunnel_links(network)
            if link.vpn_connection and link.tunnel and link.azure_connection
        ]

    def sicken(self, cloud: Literal["aws", "azure"], status: int) -> None:
        (self.folder / f"sick-{cloud}").write_text(str(status))

    def well(self) -> None:
        for cloud in ("aws", "azure"):
            (self.folder / f"sick-{cloud}").unlink(missing_ok=True)


def _green() -> Verification:
    return Verification(results=evaluate(healthy()), expected_from="a test", duration_s=0.0)


def rotator(
    endpoints: Endpoints,
    *,
    again_within_s: float = 20.0,
    tell: Callable[[Moment], None] = lambda _: None,
    tagged: bool = False,
) -> Rotator:
    """Rotates where nobody sends packets, and the rest of the network is taken to be well."""
    clouds = Clouds(endpoints=endpoints, again_within_s=again_within_s)
    return Rotator(
        place=PLACE,
        environment=DrillEnvironment(
            links=lambda: tunnel_links(read_network(endpoints)[0]),
            verify=_green,
            meter=NoMeter(),
            fault=lambda *_: (_ for _ in ()).throw(AssertionError("nothing is broken")),
            witness=Witness(events=_NoEvents(), hold_profile="fixed", pace=PACE),
        ),
        clouds=clouds,
        journal=Journal.at(PLACE),
        tell=tell,
        tagged=tagged,
    )
