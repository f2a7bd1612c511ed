"""From nothing to the first encrypted ping: twin up, then `terraform apply` of an environment, then ping.

Beside it, in the same run, what Terraform takes to apply the same tree with nothing to do: the floor under
any apply. Needs root. Makes and removes twins of its own.

    sudo .venv/bin/python benchmarks/time_to_ping.py terraform/envs/dev --runs 3
"""

import argparse
import statistics
import time
from pathlib import Path

from own_twin import NETWORK_ONLY, own_twin, timed

from twinspan.errors import TwinspanError
from twinspan.probe.ping import ping
from twinspan.target.hosts import hosts_of
from twinspan.target.target import open_target
from twinspan.target.twin import TwinPlace
from twinspan.wait import wait_until


def first_ping(env: Path, name: str) -> float:
    """Return how long it takes, in seconds, until a host in AWS hears one in Azure."""
    begin = time.monotonic()
    with hosts_of(open_target(env, TwinPlace(name)), pairs=1) as hosts:
        ((aws, azure),) = hosts.pairs

        def heard() -> bool:
            try:
                return ping(aws.host, azure.host, count=1).received == 1
            except TwinspanError:
                return False

        wait_until(heard, bool, what="answer from Azure", timeout_s=60)
    return time.monotonic() - begin


def main() -> None:
    """Measure the runs and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("env", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    runs = []
    for _ in range(arguments.runs):
        with own_twin() as (name, up):
            apply = timed("apply", str(arguments.env), "--name", name, *NETWORK_ONLY)
            heard = first_ping(arguments.env, name)
            again = timed("apply", str(arguments.env), "--name", name, *NETWORK_ONLY)
        runs.append((up, apply, heard, again))
    up, apply, heard, again = (statistics.median(column) for column in zip(*runs, strict=True))
    whole = statistics.median(sum(run[1:3]) for run in runs)
    print(f"twin up                  {up:6.1f} s (medians of {len(runs)})")
    print(f"apply                    {apply:6.1f} s")
    print(f"then the first ping      {heard:6.1f} s")
    print(f"apply to first ping      {whole:6.1f} s")
    print(f"apply with nothing to do {again:6.1f} s: the ratio is {whole / again:.1f}")


if __name__ == "__main__":
    main()
