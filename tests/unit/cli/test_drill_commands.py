"""What `twinspan drill` refuses before it looks at any network, and what it lists."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from twinspan.cli.drill import drill
from twinspan.drill.catalogue import DRILLS
from twinspan.errors import DesignError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(drill, arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["meteor"], "there is no drill meteor"),
        ([], "no drill is named"),
        (["tunnel-down", "--on", "cloud"], "cannot break this"),
        (["connection-recreated", "--on", "cloud"], "--yes"),
        (["wrong-key", "--on", "cloud"], "--yes"),
    ],
)
def test_a_drill_that_cannot_be_is_refused_in_words(arguments: list[str], said: str) -> None:
    refused = run("run", *arguments)

    assert isinstance(refused.exception, DesignError)
    assert said in str(refused.exception)


@pytest.mark.parametrize("option", [["--repeat", "0"], ["--limit", "-1"], ["--rate-hz", "1e9"]])
def test_numbers_out_of_range_are_refused(option: list[str]) -> None:
    assert run("run", "tunnel-down", *option).exit_code == 2


def test_the_catalogue_is_listed_in_full_both_ways() -> None:
    listed = json.loads(run("list", "--format", "json").output)

    assert [listed_drill["name"] for listed_drill in listed] == [known_drill.name for known_drill in DRILLS]
    assert all(listed_drill["expected"]["aws->azure"]["source"] for listed_drill in listed)
    assert run("list").exit_code == 0


def test_series_that_are_not_there_cannot_be_compared(tmp_path: Path) -> None:
    refused = run("compare", str(tmp_path), str(tmp_path))

    assert isinstance(refused.exception, DesignError)
    assert "series.json" in str(refused.exception)


def test_the_list_is_a_line_for_each_drill_and_show_tells_the_rest() -> None:
    listed = run("list").output

    assert all(
        sum(line.startswith(f"{known_drill.name} ") for line in listed.splitlines()) == 1
        for known_drill in DRILLS
    )
    output = run("show", "wrong-key").output
    assert "--yes only" in output
    assert "ModifyVpnTunnelOptions" in output
    assert json.loads(run("show", "idle", "--format", "json").output)["name"] == "idle"
    assert isinstance(run("show", "meteor").exception, DesignError)
