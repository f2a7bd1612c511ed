"""Packets lost by new keys on one twin: tunnel by tunnel off the routes, and the naive way before it.

The naive way changes the key at AWS, then at Azure, and goes on when the tunnel is up again.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from own_twin import NETWORK_ONLY, own_twin, timed

from twinspan.drill.environment import DrillEnvironment
from twinspan.drill.senders import LONG_S, with_hosts
from twinspan.network.links import TunnelLink
from twinspan.rotate.clouds import Clouds
from twinspan.rotate.journal import Journal
from twinspan.rotate.keys import new_key
from twinspan.rotate.loss import Loss, losses
from twinspan.rotate.run import Rotator
from twinspan.rotate.tunnels import Tunnel, choose_tunnels, link_of
from twinspan.target.target import open_target
from twinspan.target.twin import TwinPlace
from twinspan.wait import wait_until

ENV = Path(__file__).parents[1] / "terraform" / "envs" / "dev"
_LIMIT_S = 120.0


def main() -> None:
    """Print both ways' losses."""
    env = Path(sys.argv[1]) if len(sys.argv) > 1 else ENV
    with own_twin() as (name, _):
        timed("apply", str(env), "--name", name, "--providers", "offline", *NETWORK_ONLY)
        timed("verify", str(env), "--name", name, "--wait", "90")
        target = open_target(env, TwinPlace(name))
        clouds = Clouds(endpoints=target.endpoints)
        with with_hosts(target, max_s=LONG_S) as environment:
            print("way        direction     lost       sent  seconds")
            show("naive", *naive(environment, clouds))
            journal = Journal.at(f"benchmark {name}")
            with journal.held():
                rotation = Rotator(
                    place=name, environment=environment, clouds=clouds, journal=journal
                ).rotate(())
            show("rotate", rotation.packets, rotation.seconds)


def naive(environment: DrillEnvironment, clouds: Clouds) -> tuple[dict[str, Loss], float]:
    """Change all keys without taking anything off the routes; return the packets and how long it took, s."""
    begin = time.monotonic()
    environment.meter.start()
    for tunnel in choose_tunnels(environment.links(), (), carrying=""):
        key = new_key()
        clouds.set_aws_key(tunnel, key)
        _until(environment, tunnel, lambda link: not link.connected)
        clouds.set_azure_key(tunnel, key)
        _until(environment, tunnel, lambda link: link.carries)
    measured = environment.meter.stop()
    return losses(measured.logs, from_s=float("-inf"), to_s=float("inf")), time.monotonic() - begin


def _until(environment: DrillEnvironment, tunnel: Tunnel, accept: Callable[[TunnelLink], bool]) -> None:
    wait_until(
        lambda: link_of(environment.links(), tunnel),
        accept,
        what=tunnel.label,
        timeout_s=_LIMIT_S,
        interval_s=0.25,
    )


def show(way: str, packets: dict[str, Loss], seconds: float) -> None:
    """Print a line for each direction."""
    for name, loss in packets.items():
        print(f"{way:10} {name:12} {loss.lost:6,} {loss.sent:10,} {seconds:8.1f}")


if __name__ == "__main__":
    main()
