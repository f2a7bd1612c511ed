"""Running clusters, shared by the tests of a module: each leaves them as it found them."""

from collections.abc import Iterator

import pytest
from cluster_harness import Clusters, Parts, both, running_clusters

from twinspan.errors import HostError
from twinspan.twin.kubernetes.images import ensure_images
from twinspan.twin.kubernetes.programs import find_programs


@pytest.fixture(scope="session")
def parts() -> Parts:
    """The programs and images that `make kubernetes` provides."""
    try:
        programs = find_programs()
    except HostError as error:
        pytest.skip(str(error))
    return Parts(programs=programs.folder, images=ensure_images(programs.folder))


@pytest.fixture(scope="module")  # not longer: with idle clusters a small machine is too slow for the rest
def clusters(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    """Both clusters, ready, with a pod `tools` in each that tells callers their address."""
    with running_clusters(tmp_path_factory.mktemp("clusters"), parts) as both_clusters:
        both_clusters.want(*both(parts))
        for name in ("east", "west"):
            both_clusters.until_ready(name)
            both_clusters.open_api(name)
            both_clusters.pod(name, "tools")
        both_clusters.plane.until_established(4)
        yield both_clusters


@pytest.fixture
def tools(clusters: Clusters) -> dict[str, str]:
    """Cluster -> address of its pod `tools`."""
    return {
        name: clusters.kubectl(name, "get", "pod", "tools", "-o", "jsonpath={.status.podIP}").stdout
        for name in ("east", "west")
    }
