"""Whatever a user's Terraform says of backends, credentials and endpoints, no packet leaves the machine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "project"))

from test_any_root_module import BACKENDS, CLOUDS

ALONE = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
PROGRAM = Path(__file__).parents[1] / "project" / "counted_run.py"

pytestmark = [
    pytest.mark.root,
    pytest.mark.long,
    pytest.mark.skipif(
        shutil.which("terraform") is None, reason="terraform is not on PATH; run `make install`"
    ),
]


def counted(folders: list[Path], *, providers: str = "offline", isolated: bool = True) -> dict[str, Any]:
    """Plan root modules, apply and destroy the first, where everything that leaves is counted."""
    unshare = [] if os.geteuid() == 0 else ["sudo", "-n", "--preserve-env"]
    how = "isolated" if isolated else "as it is"
    argv = [*unshare, *ALONE, sys.executable, str(PROGRAM), providers, how]
    done = subprocess.run(
        [*argv, *map(str, folders)], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["packets_with_one_sent"] == report["packets"] + 1
    return report


def write(folder: Path, backend: str, clouds: str = CLOUDS) -> Path:
    folder.mkdir()
    (folder / "all.tf").write_text(f"terraform {{\n {BACKENDS[backend]}\n}}\n{clouds}")
    return folder


def test_with_no_backend_and_no_provider_block_does_a_packet_leave(tmp_path: Path) -> None:
    folders = [write(tmp_path / backend, backend) for backend in sorted(BACKENDS)]
    report = counted(folders)
    assert report["runs"] == {str(folder): 3 for folder in folders}
    assert report["removed"] == 3
    assert report["packets"] == 0


def test_without_the_overrides_packets_would_leave(tmp_path: Path) -> None:
    # A profile that this machine lacks would end the run before anything is sent.
    clouds = "\n".join(line for line in CLOUDS.splitlines() if "profile" not in line)
    report = counted([write(tmp_path / "s3", "s3", clouds)], isolated=False)
    assert report["packets"] > 0
