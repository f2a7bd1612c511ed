"""One TCP flow through a tunnel of the twin against the same flow through two bare charons.

The two are measured in turn, pair by pair, and the ratio is what counts: the machine's own speed cancels
out. Needs root. Makes and removes a twin of its own.

    sudo .venv/bin/python benchmarks/throughput.py terraform/envs/dev --pairs 5
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from own_twin import NETWORK_ONLY, own_twin, timed

from twinspan.probe.iperf import iperf
from twinspan.protocols import Host
from twinspan.target.hosts import hosts_of
from twinspan.target.target import open_target
from twinspan.target.twin import TwinPlace


def bare(seconds: int) -> float:
    """Return bits per second of one flow through two charons joined by a veth pair."""
    script = Path(__file__).with_name("bare_charons.py")
    done = subprocess.run(
        [sys.executable, str(script), "--seconds", str(seconds)], check=True, capture_output=True, text=True
    )
    return float(json.loads(done.stdout)["bits_per_s"])


def tunnel(aws: Host, azure: Host, seconds: int) -> float:
    """Return bits per second of one flow from AWS to Azure on the twin."""
    return next(d.bits_per_s for d in iperf(aws, azure, seconds=seconds).directions if d.source_side == "aws")


def main() -> None:
    """Measure in turn and print both medians and the median of the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("env", type=Path)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    arguments = parser.parse_args()
    with own_twin() as (name, _):
        timed("apply", str(arguments.env), "--name", name, *NETWORK_ONLY)
        timed("verify", str(arguments.env), "--name", name, "--wait", "30")
        with hosts_of(open_target(arguments.env, TwinPlace(name)), pairs=1) as hosts:
            ((aws, azure),) = hosts.pairs
            pairs = [
                (tunnel(aws.host, azure.host, arguments.seconds), bare(arguments.seconds))
                for _ in range(arguments.pairs)
            ]
    ratios = [through / yardstick for through, yardstick in pairs]
    print(f"twin  {statistics.median(p[0] for p in pairs) / 1e6:7.0f} Mbit/s (median of {len(pairs)})")
    print(f"bare  {statistics.median(p[1] for p in pairs) / 1e6:7.0f} Mbit/s")
    print(f"ratio {statistics.median(ratios):7.2f} (lowest {min(ratios):.2f}, highest {max(ratios):.2f})")


if __name__ == "__main__":
    main()
