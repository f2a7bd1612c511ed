"""A few of Kubernetes' own tests on both clusters; `make test-conformance` runs hundreds."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from twinspan.command import run
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


@pytest.fixture(scope="module")
def images(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked archive of the images that tests run."""
    folder = tmp_path_factory.mktemp("images")
    pack(folder / ARCHIVE, suite, coredns=find_programs().folder / "coredns")
    run(["tar", "-xf", str(folder / ARCHIVE), "-C", str(folder)])
    return folder


def blob(images: Path, pointer: Mapping[str, str]) -> Path:
    return images / "blobs" / pointer["digest"].replace(":", "/")


def manifests(images: Path) -> Mapping[str, Mapping[str, str]]:
    listed = json.loads((images / "index.json").read_text())["manifests"]
    return {manifest["annotations"]["io.containerd.image.name"]: manifest for manifest in listed}


@pytest.fixture(scope="module")
def agnhost(images: Path, suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a container of agnhost's image."""
    root = tmp_path_factory.mktemp("root")
    newest = names_of("agnhost", asked_for(suite))[-1]
    for layer in json.loads(blob(images, manifests(images)[newest]).read_text())["layers"]:
        run(["tar", "-xf", str(blob(images, layer)), "-C", str(root)])
    return root


def test_images_are_packed_for_all_tags_that_the_suite_asks_for(images: Path, suite: Suite) -> None:
    listed = asked_for(suite)
    names = [names_of(image, listed) for image in ("agnhost", "busybox", "jessie-dnsutils", "nginx", "pause")]
    assert all(names)
    assert manifests(images).keys() == {name for tags in names for name in tags}


def in_container(root: Path, *argv: str, **variables: str) -> str:
    """Run a program as a container would; a shell of busybox that stands alone needs `/proc`."""
    script = f'mount -t proc proc "{root}/proc" && exec chroot "{root}" "$@" 2>&1'
    argv = ("unshare", "--mount", "bash", "-c", script, "bash", *argv)
    return run(argv, env={**os.environ, **variables}, check=False).stdout


def test_the_shell_of_an_image_runs_what_is_on_its_path(agnhost: Path) -> None:
    assert "OpenBSD netcat" in in_container(agnhost, "sh", "-c", "nc -h")
    assert "GNU Wget" in in_container(agnhost, "sh", "-c", "wget --version")
    assert "BusyBox" in in_container(agnhost, "sh", "-c", "httpd --help")


def test_variables_with_signs_in_their_names_reach_the_children_of_a_shell(agnhost: Path) -> None:
    output = in_container(agnhost, "sh", "-c", "env", **{"some-name": "some value"})
    assert "some-name=some value" in output.splitlines()


def test_agnhost_finds_a_certificate_to_serve_with(agnhost: Path) -> None:
    certificate = x509.load_pem_x509_certificate((agnhost / "localhost.crt").read_bytes())
    key = load_pem_private_key((agnhost / "localhost.key").read_bytes(), password=None)
    assert certificate.public_key() == key.public_key()


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
