"""hashicorp/aws itself makes one of each object that has nothing behind it, changes it, and takes it away."""

import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from twinspan.command import Completed, environment, run
from twinspan.twin import lifecycle

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(1200)]
DESIGN = Path(__file__).parent / "objects"
LISTED = {
    "VPC endpoints": 2,
    "flow logs": 2,
    "KMS keys": 3,
    "secrets": 2,
    "zones of Route 53": 2,
    "subnet groups of RDS": 1,
    "subnet groups of ElastiCache": 1,
    "subnet groups of Redshift": 1,
}
_CHANGED = {"note": "second", "wide": "true"}
_STYLE = '{"provider": {"aws": {"s3_use_path_style": true}}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """The design in a folder of its own, on a twin of its own."""

    twin: str
    folder: Path
    config: Path

    def terraform(self, *arguments: str, check: bool = True) -> Completed:
        variables = environment(**lifecycle.environment(self.twin), TF_CLI_CONFIG_FILE=str(self.config))
        argv = ["terraform", *arguments, "-input=false", "-no-color"]
        return run(argv, cwd=self.folder, env=variables, timeout_s=900, check=check)

    def apply(self, **variables: str) -> None:
        self.terraform("apply", "-auto-approve", *_given(variables))

    def planned(self, **variables: str) -> str:
        """Return what a plan would do; empty if nothing."""
        done = self.terraform("plan", "-detailed-exitcode", *_given(variables), check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def listed(self) -> dict[str, int]:
        entries = lifecycle.status(self.twin).objects_only
        return {entry.kind: len(entry.names) for entry in entries if entry.kind in LISTED}


def _given(variables: Mapping[str, str]) -> list[str]:
    return [f"-var={name}={value}" for name, value in variables.items()]


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory, provider_config: Path) -> Iterator[Objects]:
    scratch = tmp_path_factory.mktemp("objects")
    shutil.copytree(DESIGN, scratch / "design")
    (scratch / "design" / "style_override.tf.json").write_text(_STYLE)
    twin = f"real-objects-{secrets.token_hex(3)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(scratch / "home"))
        lifecycle.up(twin)
        try:
            opened = Objects(twin=twin, folder=scratch / "design", config=provider_config)
            opened.terraform("init")
            yield opened
        finally:
            lifecycle.down(twin, purge=True)


def test_they_are_made_and_a_second_plan_is_empty(objects: Objects) -> None:
    objects.apply()

    assert objects.planned() == ""
    assert objects.listed() == LISTED
    assert lifecycle.status(objects.twin).problems == ()


def test_they_are_changed_and_a_second_plan_is_empty(objects: Objects) -> None:
    objects.apply(**_CHANGED)

    assert objects.planned(**_CHANGED) == ""


def test_a_restart_changes_nothing(objects: Objects) -> None:
    lifecycle.down(objects.twin)
    lifecycle.up(objects.twin)

    assert objects.planned(**_CHANGED) == ""


def test_they_are_destroyed(objects: Objects) -> None:
    objects.terraform("destroy", "-auto-approve", *_given(_CHANGED))

    # A key stays for the days in which its deletion can be cancelled.
    assert objects.listed() in ({}, {"KMS keys": LISTED["KMS keys"]})
