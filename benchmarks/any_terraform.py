"""From `twinspan apply` of any Terraform to the verdict of `verify`: with offline and with real providers.

Both are measured in turn in one run, each time on a twin of its own. The real ones are hashicorp/aws and
hashicorp/azurerm from the filesystem mirror that TWINSPAN_PROVIDER_MIRROR names; without it they are left
out. The time that `twin up` takes is not in the sum. Needs root.

    sudo -E .venv/bin/python benchmarks/any_terraform.py examples/four-tunnels-by-count --runs 3
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from own_twin import TWINSPAN, own_twin

_UP_WITHIN_S = "120"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run.

    Attributes:
        resources: How many were made.
        apply_s: From the start of `apply` to its end, in seconds.
        verify_s: From there to the verdict, in seconds; the tunnels come up meanwhile.
    """

    resources: int
    apply_s: float
    verify_s: float

    @property
    def whole_s(self) -> float:
        """From the start of `apply` to the verdict, in seconds."""
        return self.apply_s + self.verify_s


def measured(folder: Path, providers: str) -> Measured:
    """Apply a root module on a twin of its own, until `verify` has judged it; red ends the benchmark."""
    with own_twin() as (name, _):
        begin = time.monotonic()
        argv = [TWINSPAN, "apply", str(folder), "--name", name, "--providers", providers, "--format", "json"]
        applied = subprocess.run(argv, check=True, capture_output=True, text=True)
        built = time.monotonic()
        argv = [TWINSPAN, "verify", str(folder), "--name", name, "--wait", _UP_WITHIN_S]
        subprocess.run(argv, check=True, capture_output=True)
        judged = time.monotonic()
    summary = json.loads(applied.stdout)["summary"]
    return Measured(resources=summary["added"], apply_s=built - begin, verify_s=judged - built)


def use_mirror(folder: Path) -> bool:
    """Have Terraform take the real providers from TWINSPAN_PROVIDER_MIRROR; return whether it is set."""
    mirror = os.environ.get("TWINSPAN_PROVIDER_MIRROR")
    if not mirror:
        return False
    config = folder / "terraformrc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    os.environ["TF_CLI_CONFIG_FILE"] = str(config)
    return True


def main() -> None:
    """Measure both kinds of providers in turn and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    runs: dict[str, list[Measured]] = {"offline": []}
    with tempfile.TemporaryDirectory() as scratch:
        if use_mirror(Path(scratch)):
            runs["real"] = []
        for _ in range(arguments.runs):
            for providers, kept in runs.items():
                kept.append(measured(arguments.folder, providers))
    for providers, kept in runs.items():
        print(
            f"{providers:8} providers, {kept[0].resources} resources (medians of {len(kept)}): "
            f"apply {statistics.median(run.apply_s for run in kept):6.1f} s, "
            f"then verify {statistics.median(run.verify_s for run in kept):6.1f} s, "
            f"together {statistics.median(run.whole_s for run in kept):6.1f} s"
        )
    if "real" in runs:
        ratios = [
            real.whole_s / offline.whole_s
            for real, offline in zip(runs["real"], runs["offline"], strict=True)
        ]
        print(
            f"real to offline: ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
