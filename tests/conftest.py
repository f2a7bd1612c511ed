"""What holds for every test."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

WITH_ROOT = ("dataplane", "e2e", "integration/kubernetes", "integration/twin", "real")
"""Where tests that need root are; `make test-root` looks nowhere else."""

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
    """Refuse a test that needs root where `make test-root` would not find it."""
    places = [Path(__file__).parent / each for each in WITH_ROOT]
    if item.get_closest_marker("root") and not any(item.path.is_relative_to(each) for each in places):
        raise pytest.UsageError(f"{item.nodeid} needs root: it belongs into one of {', '.join(WITH_ROOT)}")
