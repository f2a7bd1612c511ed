"""Running data planes; each ends with its test or module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from plane_harness import Plane, running
from reference_network import reference_network


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Plane]:
    """An empty data plane."""
    yield from running(tmp_path)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """The reference network, 4 of 4 up, one host on each side; tests must leave it as it is."""
    for plane in running(tmp_path_factory.mktemp("full")):
        result = plane.apply(*reference_network())
        assert result.problems == ()
        plane.until_established(4)
        _first, second = plane.attach_pair()
        plane.until_reaches("aws-host", second)
        yield plane
