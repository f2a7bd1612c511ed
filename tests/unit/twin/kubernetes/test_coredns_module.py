"""The Go module of the clusters' DNS: what goes into it, and what must not."""

import re
from pathlib import Path

MODULE = Path(__file__).parents[4] / "coredns"
CLOUDS = (
    "aws",
    "azure",
    "cloud.google.com",
    "google.golang.org/api",
    "datadog",
    "hashicorp/nomad",
    "openzipkin",
)


def required() -> dict[str, str]:
    requirements = re.findall(
        r"^\s*(?:require )?(\S+\.\S+/\S+) (v\S+)", (MODULE / "go.mod").read_text(), re.MULTILINE
    )
    return dict(requirements)


def test_no_sdk_of_a_cloud_is_compiled_in() -> None:
    modules = required()
    assert len(modules) > 10
    assert [name for name in modules if any(cloud in name.lower() for cloud in CLOUDS)] == []


def test_its_kubernetes_client_is_of_the_clusters_version() -> None:
    client = {required()[f"k8s.io/{name}"] for name in ("api", "apimachinery", "client-go")}
    assert client == {"v0.35.4"}
