"""A few of Kubernetes' own tests on both clusters; `make test-conformance` runs hundreds."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from twinspan.errors import HostError
from twinspan.twin.kubernetes.programs import find_programs

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tools"))

from conformance import MODULES  # noqa: E402
from conformance_images import ARCHIVE, asked_for, names_of, pack  # noqa: E402
from conformance_suite import Suite, find_suite  # noqa: E402

pytestmark = [pytest.mark.root, pytest.mark.slow]


@pytest.fixture(scope="module")
def suite() -> Suite:
    try:
        find_programs()
        return find_suite(MODULES)
    except HostError as error:
        pytest.skip(str(error))


def test_images_are_packed_for_all_tags_that_the_suite_asks_for(suite: Suite, tmp_path: Path) -> None:
    pack(tmp_path / ARCHIVE, suite, coredns=find_programs().folder / "coredns")
    with tarfile.open(tmp_path / ARCHIVE) as archive:
        index = archive.extractfile("index.json")
        assert index is not None
        packed = {each["annotations"]["io.containerd.image.name"] for each in json.load(index)["manifests"]}
    listed = asked_for(suite)
    names = [names_of(image, listed) for image in ("agnhost", "busybox", "jessie-dnsutils", "nginx", "pause")]
    assert all(names)
    assert packed == {name for each in names for name in each}


@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("suite")
def test_tests_of_each_kind_pass_on_both_clusters(tmp_path: Path) -> None:
    aws = os.environ.get("TWINSPAN_AWSCLI")
    if aws is None:
        pytest.skip("EKS' tokens need the AWS CLI: its path in TWINSPAN_AWSCLI (`make test-slow` does)")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "conformance.py"), "--short", "--out", str(tmp_path)],
        env={**os.environ, "PATH": f"{Path(aws).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    for cluster in ("eks", "aks"):
        cases = ET.parse(tmp_path / f"junit_{cluster}_01.xml").iter("testcase")
        assert sum(case.get("status") == "passed" for case in cases) > 5
