"""Keys are rotated on a running twin: no packet is lost, and Terraform has nothing to change afterwards."""

import json
import subprocess
from typing import Any

import pytest
import verify_lab
from verify_lab import Lab

from twinspan.rotate.document import Rotation

pytestmark = [pytest.mark.root, pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(900)]

RATE_HZ = 2000.0


def twinspan(lab: Lab, *arguments: str, expect: int = 0) -> str:
    argv = [str(verify_lab.TWINSPAN), *arguments, "--name", lab.name]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == expect, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def rotation_of(text: str) -> Rotation:
    document: dict[str, Any] = json.loads(text)
    return Rotation.model_validate(document)


def test_all_keys_change_and_no_packet_is_lost(lab: Lab) -> None:
    tunnels = ["tunnel1", "tunnel2", "tunnel3", "tunnel4"]
    before = {key: lab.key_of(key) for key in tunnels}

    answer = twinspan(lab, "rotate", str(lab.env), "--rate-hz", str(RATE_HZ), "--tag", "--format", "json")

    rotation = rotation_of(answer)
    after = {key: lab.key_of(key) for key in tunnels}
    assert [tunnel.outcome for tunnel in rotation.tunnels] == ["rotated"] * 4
    assert not set(before.values()) & set(after.values())
    assert rotation.counted
    assert {name: loss.lost for name, loss in rotation.packets.items()} == {"aws->azure": 0, "azure->aws": 0}
    assert [key for key in (*before.values(), *after.values()) if key in answer] == []


def test_the_next_plan_is_empty_though_tags_were_added(lab: Lab) -> None:
    chosen = [part for variable in verify_lab.NETWORK_ONLY for part in ("--var", variable)]

    planned = twinspan(lab, "plan", str(lab.env), "--providers", "offline", *chosen)

    assert "0 to add, 0 to change, 0 to destroy" in planned or "no changes" in planned.lower()
