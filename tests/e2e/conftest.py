"""Fixtures of whole runs."""

from collections.abc import Iterator

import pytest
import verify_lab
from verify_lab import Lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """dev on a twin of the module's own, whole."""
    home = tmp_path_factory.mktemp("faults")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINSPAN_HOME", str(home / "home"))
        with verify_lab.lab(home / "home") as built:
            whole = built.verify(wait_s=verify_lab.SEEN_WITHIN_S)
            assert whole.passed, verify_lab.causes(whole)
            yield built
