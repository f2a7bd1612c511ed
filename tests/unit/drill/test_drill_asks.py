"""Before a real cloud is disturbed somebody is asked."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from twinspan.cli.drill_text import agreed
from twinspan.drill.catalogue import named
from twinspan.drill.choice import countable, permitted
from twinspan.drill.senders import Sender, Senders
from twinspan.errors import DesignError
from twinspan.target.cloud import CloudPlace
from twinspan.target.place import Place
from twinspan.target.twin import TwinPlace

NOBODY = Senders(kind="none")
TWIN, CLOUD = TwinPlace(), CloudPlace()


@pytest.mark.parametrize(("answer", "goes_on"), [("y\n", True), ("n\n", False), ("", False)])
def test_what_it_breaks_is_told_and_only_a_yes_goes_on(answer: str, goes_on: bool) -> None:
    went_on = []

    @click.command()
    def asking() -> None:
        agreed([named("endpoint-replaced")], yes=False)
        went_on.append(True)

    ended = CliRunner().invoke(asking, input=answer)

    assert "Disturb the real cloud now?" in ended.output
    assert bool(went_on) is goes_on
    assert (ended.exit_code == 0) is goes_on


def test_with_yes_nobody_is_asked() -> None:
    agreed([named("endpoint-replaced")], yes=True)


def test_what_takes_minutes_to_build_again_needs_a_yes_of_its_own() -> None:
    with pytest.raises(DesignError, match="Add --yes"):
        permitted(named("connection-recreated"), CLOUD, yes=False, senders=NOBODY)
    permitted(named("connection-recreated"), CLOUD, yes=True, senders=NOBODY)
    permitted(named("endpoint-replaced"), CLOUD, yes=False, senders=NOBODY)


@pytest.mark.parametrize(
    ("name", "place", "sender", "remedy"),
    [
        ("endpoint-replaced", CLOUD, "hosts", "Use --from pods"),
        ("eks-node-lost", TWIN, "pods", "Leave out --from"),
        ("tunnel-down", TWIN, "none", "Leave out --from"),
    ],
)
def test_who_cannot_tell_what_a_drill_costs_is_refused(
    name: str, place: Place, sender: Sender, remedy: str
) -> None:
    with pytest.raises(DesignError, match=remedy):
        permitted(named(name), place, yes=True, senders=Senders(kind=sender))


def test_alerts_are_waited_for_only_where_one_can_ring() -> None:
    senders = Senders(kind="hosts", alerts_s=60)
    with pytest.raises(DesignError, match="Leave out --until-alert"):
        permitted(named("nsg-deny"), TWIN, yes=True, senders=senders)
    permitted(named("tunnel-down"), TWIN, yes=True, senders=senders)


@pytest.mark.parametrize(
    ("alerts_s", "repeat", "limit_s", "out", "named_as"),
    [
        (None, 3, None, None, "--repeat: nobody"),
        (None, None, 5.0, Path("x"), "--limit, --out: nobody"),
        (60.0, None, None, None, "--until-alert: nobody"),
    ],
)
def test_what_nobody_counts_is_neither_repeated_nor_limited_nor_kept(
    alerts_s: float | None, repeat: int | None, limit_s: float | None, out: Path | None, named_as: str
) -> None:
    with pytest.raises(DesignError, match=f"{named_as}.*Add --from pods"):
        countable(Senders(kind="none", alerts_s=alerts_s), repeat=repeat, limit_s=limit_s, out=out)
    countable(Senders(kind="pods", alerts_s=alerts_s), repeat=repeat, limit_s=limit_s, out=out)


def test_what_no_api_can_break_is_refused_on_a_cloud_whatever_is_said() -> None:
    with pytest.raises(DesignError, match="--on twin"):
        permitted(named("tunnel-down"), CLOUD, yes=True, senders=NOBODY)
