"""The clusters' DNS: every object that EKS and AKS install."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
import yaml

from twinspan.network.clouds import Cloud
from twinspan.twin.dataplane.clusters.dns_manifests import dns_objects
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.spec import ClusterSpec


@pytest.mark.parametrize("side", ["aws", "azure"])
def test_all_objects_of_the_clusters_dns_are_as_recorded(side: Cloud, request: pytest.FixtureRequest) -> None:
    spec = ClusterSpec(
        key="k",
        side=side,
        name="k",
        region="r",
        authority=ClusterAuthority(certificate="c", key="k", service_account_key="s"),
        network_ranges=(IPv4Network("10.2.0.0/16"),),
        service_network=IPv4Network("172.20.0.0/16"),
        dns_address=IPv4Address("172.20.0.10"),
        api_socket="k.api",
        programs="",
        images="",
    )
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
