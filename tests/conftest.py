"""What holds for every test."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

MAKEFILE = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8")
WITH_ROOT = re.findall(r"^WITH_ROOT := \$\(addprefix tests/,(.*)\)$", MAKEFILE, re.MULTILINE)[0].split()
"""Folders of tests that need root: `make test-root` and `make test-drills` look nowhere else."""

# How fast this machine is at the moment is nothing that a test may fail of. In CI the examples are the same
# each time, so that a change is judged by itself; elsewhere they go on looking.
settings.register_profile(
    "any machine",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Refuse a test that needs root, or the machine alone, where `make` would not find it."""
    places = [Path(__file__).parent / each for each in WITH_ROOT]
    marked = item.get_closest_marker("root") or item.get_closest_marker("alone")
    if marked and not any(item.path.is_relative_to(each) for each in places):
        raise pytest.UsageError(f"{item.nodeid} belongs into one of the folders {', '.join(WITH_ROOT)}")
