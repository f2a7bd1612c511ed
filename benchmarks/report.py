"""How long a report takes to build from what was measured, and how large the page is.

Nothing is sent: the network is read from a twin without clusters; the drill is recorded once and copied.
Beside it, in the same run, `twinspan verify`, which reads the same clouds. Needs root. Makes and removes a
twin of its own.

    sudo .venv/bin/python benchmarks/report.py terraform/envs/dev --runs 3
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from own_twin import NETWORK_ONLY, own_twin, timed

RECORDED = 10
"""Runs of the drill in the report, as `--repeat 10` keeps them."""


def copies(run: Path, folder: Path) -> None:
    """Keep a recorded run as often as a series of ten has runs."""
    for number in range(2, RECORDED + 1):
        shutil.copytree(run, folder / f"run-{number:03}")


def main() -> None:
    """Measure the runs and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("env", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    env = str(arguments.env)
    with tempfile.TemporaryDirectory() as scratch, own_twin() as (name, _):
        drills, page = Path(scratch) / "drills", Path(scratch) / "report.html"
        timed("apply", env, "--name", name, *NETWORK_ONLY)
        timed("verify", env, "--name", name, "--wait", "90")
        timed("drill", "run", "tunnel-down", env, "--name", name, "--out", str(drills))
        copies(drills / "run-001", drills)
        report = ("report", env, "--name", name, "--no-probe", "--out", str(page))
        whole = [timed(*report, "--drills", str(drills)) for _ in range(arguments.runs)]
        without = [timed(*report) for _ in range(arguments.runs)]
        verify = [timed("verify", env, "--name", name) for _ in range(arguments.runs)]
        size = page.stat().st_size
        timed(*report, "--drills", str(drills))
        larger = page.stat().st_size
    print(f"report with {RECORDED} runs of a drill {statistics.median(whole):6.1f} s, {larger / 1e3:.0f} kB")
    print(f"report without drills       {statistics.median(without):6.1f} s, {size / 1e3:.0f} kB")
    print(f"verify, beside it           {statistics.median(verify):6.1f} s")
    print(f"ratio of report to verify   {statistics.median(whole) / statistics.median(verify):6.1f}")


if __name__ == "__main__":
    main()
