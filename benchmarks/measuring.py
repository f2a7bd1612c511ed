"""What measuring and watching cost: the packet rate of drills without loss, and throughput beside `monitor`.

The rate is raised until packets are lost in a network where nothing is broken. Throughput is measured in
turn without and with `twinspan monitor serve`, pair by pair. One scrape a minute, as shipped, costs less than
any machine's noise; so it is scraped without a pause, which costs enough to be seen, and what that takes
is shared out among the scrapes. Needs root. Makes and removes a twin of its own.

    sudo .venv/bin/python benchmarks/measuring.py terraform/envs/dev --pairs 20
"""

import argparse
import json
import statistics
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from own_twin import NETWORK_ONLY, TWINSPAN, own_twin, timed

from twinspan.drill.flows import measure
from twinspan.probe.iperf import iperf
from twinspan.protocols import Host
from twinspan.target.hosts import hosts_of
from twinspan.target.target import open_target
from twinspan.target.twin import TwinPlace

SHIPPED_S = 60.0
"""Seconds between two scrapes in `monitoring/prometheus/prometheus.yml`."""
RATES_HZ = (1_000, 2_000, 5_000, 10_000, 20_000)
_SCRAPE_WITHIN_S = 30


@contextmanager
def watched(env: Path, name: str, *, every_s: float) -> Iterator[list[int]]:
    """Serve metrics and scrape them while the block runs; yields the sizes of the answers in bytes."""
    argv = [TWINSPAN, "monitor", "serve", str(env), "--name", name, "--port", "0", "--format", "json"]
    sizes: list[int] = []
    ended = threading.Event()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as monitor:
        assert monitor.stdout is not None
        output = ""
        while not output.rstrip().endswith("}"):
            output += monitor.stdout.readline()
        url = str(json.loads(output)["url"])

        def scrape() -> None:
            while True:
                with urllib.request.urlopen(url, timeout=_SCRAPE_WITHIN_S) as answer:  # noqa: S310 - our own
                    sizes.append(len(answer.read()))
                if ended.wait(every_s):
                    return

        scraper = threading.Thread(target=scrape)
        scraper.start()
        try:
            yield sizes
        finally:
            ended.set()
            scraper.join()
            monitor.terminate()


def throughput(aws: Host, azure: Host, seconds: int) -> float:
    """Return bits per second of one flow from AWS to Azure."""
    return next(d.bits_per_s for d in iperf(aws, azure, seconds=seconds).directions if d.source_side == "aws")


def print_rates(aws: Host, azure: Host, seconds: int) -> None:
    """Print what became of the packets at each rate."""
    for rate_hz in RATES_HZ:
        for name, flows in measure(aws, azure, rate_hz=rate_hz, duration_s=seconds).directions.items():
            rate = flows.sent / (flows.ended_s - flows.started_s)
            late_ms = flows.pacing_error_max_s * 1000
            print(
                f"{name} {rate_hz:6} Hz asked, {rate:8.0f} sent, {flows.lost} lost, late by {late_ms:.1f} ms"
            )


def main() -> None:
    """Print the rates, then both throughputs and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("env", type=Path)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--every", type=float, default=0.0, help="Seconds between two scrapes.")
    arguments = parser.parse_args()
    env, seconds = arguments.env, arguments.seconds
    with own_twin() as (name, _):
        timed("apply", str(env), "--name", name, *NETWORK_ONLY)
        timed("verify", str(env), "--name", name, "--wait", "60")
        with hosts_of(open_target(env, TwinPlace(name)), pairs=1) as hosts:
            ((aws, azure),) = hosts.pairs
            print_rates(aws.host, azure.host, seconds)
            pairs, scraped = [], 0
            for number in range(arguments.pairs):
                throughputs: dict[bool, float] = {}
                # Every second pair the other way round, so that a machine that slows down favours neither.
                for beside in (False, True) if number % 2 else (True, False):
                    if beside:
                        with watched(env, name, every_s=arguments.every) as sizes:
                            throughputs[beside] = throughput(aws.host, azure.host, seconds)
                            scraped += len(sizes)
                    else:
                        throughputs[beside] = throughput(aws.host, azure.host, seconds)
                pairs.append((throughputs[False], throughputs[True]))
    ratios = [beside / alone for alone, beside in pairs]
    print(
        f"without monitor {statistics.median(p[0] for p in pairs) / 1e6:7.0f} Mbit/s (median of {len(pairs)})"
    )
    print(f"with monitor    {statistics.median(p[1] for p in pairs) / 1e6:7.0f} Mbit/s")
    print(f"ratio {statistics.median(ratios):.3f} (lowest {min(ratios):.3f}, highest {max(ratios):.3f})")
    # The ratio of sums weighs every second alike; iperf3 runs both ways, so a measurement is twice as long.
    lost = 1 - sum(p[1] for p in pairs) / sum(p[0] for p in pairs)
    each_s = lost * len(pairs) * 2 * seconds / scraped
    spread = statistics.stdev(ratios) / len(ratios) ** 0.5
    print(f"of all throughput {lost:.1%} went to {scraped} scrapes, {spread:.1%} standard error")
    print(f"a scrape costs {each_s:.3f} s of throughput: {each_s / SHIPPED_S:.2%} at one in {SHIPPED_S:g} s")


if __name__ == "__main__":
    main()
