"""What holds for every test."""

import gc
import os
import re
from collections.abc import Iterator
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


@pytest.fixture(scope="module", autouse=True)
def what_is_left_open_shows_here(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collect garbage after slow modules: a socket left open fails the module that left it."""
    yield
    if request.node.get_closest_marker("slow") or request.node.get_closest_marker("long"):
        gc.collect()


def pytest_collection_finish() -> None:
    """Search for garbage seldom, and never among modules and tests themselves, which stay to the end."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_sessionfinish() -> None:
    """Look for what was left open once; pytest goes on to do so five times, through what is left."""
    gc.collect()
    gc.freeze()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Refuse a test that needs root, or the machine alone, where `make` would not find it."""
    places = [Path(__file__).parent / folder for folder in WITH_ROOT]
    marked = item.get_closest_marker("root") or item.get_closest_marker("alone")
    if marked and not any(item.path.is_relative_to(place) for place in places):
        raise pytest.UsageError(f"{item.nodeid} belongs into one of the folders {', '.join(WITH_ROOT)}")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Refuse bytes that no one can read as a test's name: packed ones differ from second to second."""
    if isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable()):
        raise pytest.UsageError(f"give {val[:20]!r} a name: pytest.param(..., id=...)")
    return None
