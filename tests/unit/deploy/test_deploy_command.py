"""`twinspan deploy`, up to where it needs clusters."""

import subprocess
import sys
from pathlib import Path

TWINSPAN = Path(sys.executable).parent / "twinspan"


def deploy(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(TWINSPAN), "deploy", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "TWINSPAN_HOME": str(folder), "COLUMNS": "200"},
    )


def test_a_folder_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    done = deploy(tmp_path, "none")
    assert done.returncode == 2
    assert "none: there is no such folder" in done.stderr


def test_bad_yaml_is_named_with_file_and_line_before_any_cluster_is_asked(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "x.yaml").write_text("a: [1\nb: 2\n")
    done = deploy(tmp_path, "app")
    assert done.returncode == 2
    assert "app/x.yaml line 2: this is no YAML" in done.stderr


def test_real_accounts_are_not_changed_unasked(tmp_path: Path) -> None:
    done = deploy(tmp_path, "app", "--on", "cloud")
    assert done.returncode == 130
    assert "on real accounts?" in done.stderr
