"""The CoreDNS that clusters run: what it can do, and that it starts."""

import re
from pathlib import Path

import pytest

from twinspan.command import run
from twinspan.errors import HostError
from twinspan.twin.kubernetes.programs import find_programs

MAIN = Path(__file__).parents[3] / "coredns" / "main.go"


@pytest.fixture
def program() -> Path:
    try:
        return find_programs().folder / "coredns"
    except HostError as error:
        pytest.skip(str(error))


def test_it_has_the_plug_ins_of_the_module_and_no_others(program: Path) -> None:
    imported = set(re.findall(r'coredns/plugin/(\w+)"', MAIN.read_text()))
    listed = set(run([str(program), "-plugins"]).stdout.split())
    assert {"kubernetes", "forward", "rewrite"} <= imported
    assert listed - imported == {"prometheus"}  # the package is `metrics`
    assert imported - listed == {"metrics"}
