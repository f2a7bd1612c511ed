"""Keys are changed tunnel by tunnel; whoever is killed or refused, both ends have one key in the end."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from rotation_parts import PLACE, Apis, rotator

from twinspan.drill.report import Moment
from twinspan.errors import HostError
from twinspan.home import home
from twinspan.rotate.journal import Journal
from twinspan.wait import pause

pytest_plugins = ("rotation_fixtures",)
pytestmark = pytest.mark.timeout(300)

MOMENTS = int(os.environ.get("TWINSPAN_KILLS", "2"))
"""How many rotations are killed, at random moments."""
SEED = random.SystemRandom().randrange(1_000_000)


def assert_whole(apis: Apis, before: list[tuple[str, str]]) -> None:
    """Every tunnel has one key, another than before, BGP and its routes; and nothing is left to be done."""
    after = apis.key_pairs()
    apis.until_up(4)
    assert [aws == azure for aws, azure in after] == [True] * 4
    assert not {key for pair in before for key in pair} & {key for pair in after for key in pair}
    assert Journal.at(PLACE).record is None


@pytest.mark.slow
def test_every_tunnel_gets_a_key_of_its_own_and_its_bgp_back(apis: Apis) -> None:
    before = apis.key_pairs()
    connections = [link.azure_connection for link in apis.links()]
    steps: list[str] = []

    with Journal.at(PLACE).held():
        rotation = rotator(apis.endpoints, tell=lambda moment: steps.append(moment.what)).rotate(())

    assert rotation.passed
    assert [tunnel.outcome for tunnel in rotation.tunnels] == ["rotated"] * 4
    assert_whole(apis, before)
    assert len({aws for aws, _ in apis.key_pairs()}) == 4
    restored = [link.azure_connection for link in apis.links()]
    assert [c.custom_bgp_addresses for c in restored if c] == [
        c.custom_bgp_addresses for c in connections if c
    ]
    secrets = {key for pair in (*before, *apis.key_pairs()) for key in pair}
    shown = [*steps, rotation.model_dump_json(), *(f.read_text() for f in home().rglob("*") if f.is_file())]
    assert [text for text in shown for key in secrets if key in text] == []


def test_a_tag_says_since_when_a_key_is(apis: Apis) -> None:
    first = next(link for link in apis.links() if link.joined)

    with Journal.at(PLACE).held():
        assert rotator(apis.endpoints, tagged=True).rotate((first.key,)).passed

    days = {
        link.key: link.tunnel.key_changed_on for link in apis.links() if link.tunnel and link.vpn_connection
    }
    assert days == {**dict.fromkeys(days, ""), first.key: datetime.now(UTC).date().isoformat()}


@pytest.mark.slow
@pytest.mark.parametrize(("cloud", "status"), [("aws", 503), ("azure", 429)])
def test_a_cloud_that_is_sick_for_a_while_is_asked_again(
    apis: Apis, cloud: Literal["aws", "azure"], status: int
) -> None:
    before = apis.key_pairs()
    recoveries: list[threading.Timer] = []

    def sicken(moment: Moment) -> None:
        if moment.what.startswith("off the routes") and not recoveries:
            apis.sicken(cloud, status)
            recoveries.append(threading.Timer(3.0, apis.well))
            recoveries[0].start()

    with Journal.at(PLACE).held():
        rotation = rotator(apis.endpoints, tell=sicken).rotate(())

    assert len(recoveries) == 1
    assert rotation.passed
    assert_whole(apis, before)


@pytest.mark.slow
def test_a_cloud_that_stays_sick_is_told_of_and_resume_finishes(apis: Apis) -> None:
    before = apis.key_pairs()

    def sicken(moment: Moment) -> None:
        if moment.what == "AWS has the new key":
            apis.sicken("azure", 500)

    with Journal.at(PLACE).held():
        broken = rotator(apis.endpoints, again_within_s=2.0, tell=sicken).rotate(())

    assert not broken.passed
    assert [tunnel.outcome for tunnel in broken.tunnels] == ["unfinished", *["not reached"] * 3]
    with pytest.raises(HostError, match="broken off"):
        rotator(apis.endpoints).rotate(())

    apis.well()
    with Journal.at(PLACE).held():
        finished = rotator(apis.endpoints).resume(only_repair=False)

    assert [tunnel.outcome for tunnel in finished.tunnels] == ["repaired", *["rotated"] * 4]
    assert_whole(apis, before)


@pytest.mark.slow
def test_a_cloud_that_refuses_for_good_gets_its_old_key_back(apis: Apis) -> None:
    before = apis.key_pairs()

    def sicken(moment: Moment) -> None:
        if moment.what == "AWS has the new key":
            apis.sicken("azure", 500)
        if moment.what.startswith("failed"):
            apis.well()

    with Journal.at(PLACE).held():
        rotation = rotator(apis.endpoints, again_within_s=2.0, tell=sicken).rotate(())

    assert [tunnel.outcome for tunnel in rotation.tunnels] == ["rolled back", *["not reached"] * 3]
    assert apis.key_pairs() == before
    apis.until_up(4)


def test_two_rotations_at_once_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path))
    with (
        Journal.at(PLACE).held(),
        pytest.raises(HostError, match="another rotation"),
        Journal.at(PLACE).held(),
    ):
        pass


def test_the_journal_is_closed_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path))
    journal = Journal.at(PLACE)
    with journal.held():
        journal.begin(PLACE, ())

    assert oct(journal.path.stat().st_mode)[-3:] == "600"
    assert oct(journal.path.parent.stat().st_mode)[-3:] == "700"


@pytest.mark.slow
@pytest.mark.parametrize("number", range(MOMENTS))
def test_whoever_is_killed_is_finished(apis: Apis, number: int) -> None:
    before = apis.key_pairs()
    moment_s = random.Random(SEED + number).uniform(0.0, 8.0)
    script = Path(__file__).with_name("killed_rotation.py")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(apis.told) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "begins\n"
        pause(moment_s)
        process.send_signal(signal.SIGKILL)
        said = process.stdout.read().splitlines()

    with Journal.at(PLACE).held():
        again = rotator(apis.endpoints)
        rotation = again.rotate(()) if Journal.at(PLACE).record is None else again.resume(only_repair=False)

    assert rotation.passed, (SEED + number, moment_s, said)
    assert_whole(apis, before)
