from pathlib import Path

import pytest

from twinspan import extras
from twinspan.errors import HostError

METADATA = """\
Metadata-Version: 2.4
Name: twinspan
Version: 999
Requires-Dist: pytest; extra == 'twin'
Requires-Dist: none-such[server,s3]==5.2.5; extra == 'twin'
Requires-Dist: none-such.either>=1; (python_version < '99') and extra == "twin"
Requires-Dist: no-such-drawing; extra == 'report'
Requires-Dist: no-such-core>=8.2,<9
"""


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "twinspan-999.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(METADATA)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("_installed")
def test_what_an_extra_lacks_is_named_and_nothing_else() -> None:
    assert extras.missing("twin") == ("none-such", "none-such.either")
    assert extras.missing("report") == ("no-such-drawing",)


@pytest.mark.usefixtures("_installed")
def test_the_refusal_holds_what_lacks_and_the_command_that_installs_it() -> None:
    with pytest.raises(HostError) as refused:
        extras.require("report", by="a page", otherwise="write none")
    assert "no-such-drawing" in refused.value.problem
    assert "pip install 'twinspan[report]'" in refused.value.remedy
    assert refused.value.remedy.endswith("write none")


def test_what_is_installed_is_not_refused() -> None:
    extras.require("twin", by="this test")
    extras.require("report", by="this test")
