"""The recorder, with the offline providers: what it writes fits the APIs that it was made with."""

import shutil
import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "tools"))

from contract_clouds import contract_clouds
from contract_exchange import load, save
from contract_replay import Replay
from record_provider_calls import record
from recording_distil import Raw, distil

from twinspan.twin.providers.mirror import write_mirror

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("terraform") is None, reason="terraform is not on PATH; run `make install`"
    ),
]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Raw:
    folder = tmp_path_factory.mktemp("recording")
    mirror = write_mirror(tmp_path_factory.mktemp("providers")).parent / "mirror"
    return record("bootstrap", folder, mirror)


def test_what_was_recorded_can_be_kept_and_played(raw: Raw, tmp_path: Path) -> None:
    recording = distil(raw)
    assert recording.types == recording.imported
    assert {exchange.step for exchange in recording.exchanges} >= {"create", "tag", "destroy"}
    save(recording, tmp_path / "bootstrap.jsonl.gz")
    assert load(tmp_path / "bootstrap.jsonl.gz") == recording
    with contract_clouds(tmp_path) as clouds, closing(Replay(clouds=clouds)) as replay:
        shortfall = replay.run(recording)
    assert shortfall is None, str(shortfall)


def test_a_recording_is_a_small_part_of_what_passed(raw: Raw) -> None:
    recording = distil(raw)
    assert 0 < len(recording.exchanges) < len(raw.exchanges) / 2
