"""The clusters' DNS: every object that EKS and AKS install."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from twinspan.network.clouds import Cloud
from twinspan.twin.dataplane.clusters.dns_manifests import dns_objects

sys.path.append(str(Path(__file__).parents[1] / "unit" / "twin" / "dataplane"))

from plain_cluster import PLAIN_CLUSTER


@pytest.mark.parametrize("side", ["aws", "azure"])
def test_all_objects_of_the_clusters_dns_are_as_recorded(side: Cloud, request: pytest.FixtureRequest) -> None:
    spec = replace(PLAIN_CLUSTER, side=side)
    text = yaml.dump_all(dns_objects(spec).values(), Dumper=_Literal, sort_keys=False)
    file = Path(__file__).parent / "dns" / f"{side}.yaml"
    if request.config.getoption("--update-golden", default=False):
        file.write_text(text)
    assert file.read_text() == text, "run pytest tests/golden --update-golden"


class _Literal(yaml.SafeDumper):
    """Writes a Corefile as people do, line by line."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the name is PyYAML's
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Literal.add_representer(str, _text)
