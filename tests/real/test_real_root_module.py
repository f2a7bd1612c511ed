"""A user's root module by the real providers, with real-looking accounts in it; no packet leaves."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "integration" / "project"))

from test_any_root_module import BACKENDS, CLOUDS

ALONE = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
PROGRAM = Path(__file__).parents[1] / "integration" / "project" / "counted_run.py"
FOUR = Path(__file__).parents[1] / "designs" / "four-by-count" / "live"

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(1800)]


def test_no_packet_of_the_real_providers_leaves(tmp_path: Path, provider_config: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "all.tf").write_text(f"terraform {{\n {BACKENDS['s3']}\n}}\n{CLOUDS}")
    done = subprocess.run(
        [*ALONE, sys.executable, str(PROGRAM), "real", "isolated", str(folder), str(FOUR)],
        env={
            "HOME": str(tmp_path),
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "COUNTED_CONFIG": str(provider_config),
        },
        capture_output=True,
        text=True,
        timeout=1700,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["runs"] == {str(folder): 3, str(FOUR): 28}
    assert report["removed"] == 3
    assert report["packets"] == 0
    assert report["packets_with_one_sent"] == 1
