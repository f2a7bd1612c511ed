"""The journal of a rotation: what is read back, and what cannot be."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from twinspan.errors import HostError
from twinspan.rotate.change import saved_of
from twinspan.rotate.journal import Journal
from twinspan.rotate.tunnels import Tunnel

PLACE = "twin dev/../0 us-west-2"
TUNNEL = Tunnel(
    key="tunnel1",
    label="tunnel1 (203.0.113.10)",
    vpn_connection_id="vpn-0a",
    outside_ip_address=IPv4Address("203.0.113.10"),
    azure_connection_id="/subscriptions/0/connections/tunnel1",
    number=1,
    static=False,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path))
    return tmp_path


def test_what_is_open_is_read_back() -> None:
    journal = Journal.at(PLACE)
    with journal.held():
        journal.begin(PLACE, (TUNNEL,))
        journal.mark(TUNNEL, "open", {"connection": {"name": "tunnel1"}})

    assert saved_of(Journal.at(PLACE)) == {"tunnel1": {"connection": {"name": "tunnel1"}}}


def test_a_rotation_that_has_ended_leaves_nothing(home: Path) -> None:
    journal = Journal.at(PLACE)
    with journal.held():
        journal.begin(PLACE, (TUNNEL,))
        journal.end()

    assert Journal.at(PLACE).record is None
    assert list(home.rglob("*.json")) == []


def test_a_place_stays_in_the_folder(home: Path) -> None:
    assert Journal.at(PLACE).path.parent == home / "rotations.d"


def test_a_damaged_journal_is_named() -> None:
    path = Journal.at(PLACE).path
    path.parent.mkdir()
    path.write_text("{")

    with pytest.raises(HostError) as refused:
        Journal.at(PLACE)

    assert str(path) in refused.value.problem
