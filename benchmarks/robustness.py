"""How the twin's APIs take a million requests that nobody would send: none may be answered 5xx or not at all.

Nothing of a network is built: the APIs alone run, with four clients at once each. Needs no root.

    .venv/bin/python benchmarks/robustness.py --api both --requests 1000000 --seed 1
"""

import argparse
import importlib
import sys
import tempfile
from pathlib import Path

PART = 20_000
"""Requests of a part; what was seen so far is shown on standard error after each."""
GENERATORS = Path(__file__).resolve().parents[1] / "tests" / "robustness"
SERVERS = {"aws": "aws_requests", "azure": "azure_under_test"}
"""API -> the module there that serves it."""


def main() -> int:
    """Run the requests and print what was seen; 1 if an API did what none may do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", choices=(*SERVERS, "both"), default="both")
    parser.add_argument("--requests", type=int, default=1_000_000, help="for each API")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.path.insert(0, str(GENERATORS))
    runner = importlib.import_module("robustness_runner")
    faults = 0
    for name in SERVERS if arguments.api == "both" else (arguments.api,):
        server = importlib.import_module(SERVERS[name])
        with tempfile.TemporaryDirectory() as folder, server.serving(Path(folder)) as api:
            report = runner.run_in_parts(
                api,
                requests=arguments.requests,
                seed=arguments.seed,
                part=PART,
                progress=lambda seen: print(seen, file=sys.stderr, flush=True),
            )
        print(report)
        for fault in report.faults:
            print(fault)
        faults += report.kinds.total()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
