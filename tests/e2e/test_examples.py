"""The designs in `examples/` that are not ours in style: applied, verified, used, drilled, destroyed."""

from pathlib import Path

import pytest
from example_runs import applied, check_everything_that_only_looks, check_verify_drill_and_destroy

pytestmark = [pytest.mark.root, pytest.mark.long, pytest.mark.timeout(900)]


def test_branch_office_joins_a_machine_on_each_side(tmp_path: Path) -> None:
    with applied("branch-office", tmp_path, providers="offline") as run:
        run.verify()
        assert run.pings("server", "10.61.10.4")
        check_everything_that_only_looks(run, tmp_path)
        check_verify_drill_and_destroy(run)


def test_four_tunnels_by_count_are_all_up(tmp_path: Path) -> None:
    with applied("four-tunnels-by-count", tmp_path, providers="offline") as run:
        run.verify()
        assert len(run.tunnels()) == 4
        check_verify_drill_and_destroy(run)


def test_packets_of_the_spoke_pass_the_router(tmp_path: Path) -> None:
    with applied("router", tmp_path, providers="offline") as run:
        run.verify()
        before = run.forwarded("router")
        assert run.pings("worker", "10.81.1.10")
        assert run.forwarded("router") - before >= 3
        check_everything_that_only_looks(run, tmp_path)
        check_verify_drill_and_destroy(run)
