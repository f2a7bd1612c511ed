"""The lists that the Terraform modules validate with are those of `network/`, which they cannot import."""

import json
import re
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from twinspan.network import asns, ipsec, limits, ranges, timers

MODULES = Path(__file__).parents[3] / "terraform" / "modules"


def source(module: str) -> str:
    return "\n".join(path.read_text() for path in sorted((MODULES / module).glob("*.tf")))


def lists(module: str, of: str) -> list[set[str | int]]:
    """Return what `contains([...], of)` lists, one set for each time that it stands in a module."""
    texts = re.findall(rf"contains\((\[[^]]*\]), {re.escape(of)}\)", source(module))
    return [set(json.loads(text)) for text in texts]


def bounds(module: str, of: str) -> set[tuple[int, int]]:
    """Return the bounds in `of >= LEAST && of <= MOST`."""
    of = re.escape(of)
    pairs = re.findall(rf"{of} >= (\d+) && {of} <= (\d+)", source(module))
    return {(int(least), int(most)) for least, most in pairs}


def ends(*blocks: range) -> set[tuple[int, int]]:
    return {(block[0], block[-1]) for block in blocks}


def test_asns() -> None:
    single, *blocks = asns.IANA_RESERVED_ASNS[:3]
    azure = asns.AZURE_RESERVED_ASNS | {*single}
    assert lists("azure/vpn_gateway", "connection.remote_asn") == [azure]
    assert bounds("azure/vpn_gateway", "connection.remote_asn") >= ends(*blocks)
    assert lists("azure/vpn_gateway", "var.gateway.asn") == [
        azure - {asns.AZURE_DEFAULT_ASN},
        set(asns.AWS_RESERVED_ASNS),
    ]
    assert bounds("azure/vpn_gateway", "var.gateway.asn") == {(1, asns.LARGEST_ASN - 1), *ends(*blocks)}
    assert lists("aws/customer_gateway", "var.bgp_asn") == [set(asns.AWS_RESERVED_ASNS)]
    assert bounds("aws/vpn", "var.amazon_side_asn") == ends(*asns.AWS_ASNS)


def test_skus() -> None:
    zoned = {sku: what for sku, what in limits.GATEWAY_SKUS.items() if sku != limits.BASIC_SKU}
    second_only = {sku for sku, what in zoned.items() if what.generations == limits.GENERATIONS[1:]}
    assert lists("azure/vpn_gateway", "var.gateway.sku") == [set(zoned), second_only]
    assert lists("azure/vpn_gateway", "var.gateway.generation") == [set(limits.GENERATIONS)]


def test_ranges_of_aks() -> None:
    texts = re.findall(r"for taken in (\[[^]]*\])", source("azure/aks"))
    assert [set(map(IPv4Network, json.loads(text))) for text in texts] == [set(ranges.AKS_RESERVED)] * 2


def test_algorithms() -> None:
    policy = "ipsec_policy"
    assert lists(policy, "name") == [set(ipsec.AWS_ENCRYPTION)]
    strong = {aws for aws, words in ipsec.INTEGRITY.items() if not ipsec.AZURE_WEAK & set(words)}
    assert lists(policy, "var.policy.ike_integrity") == [strong]
    least, most = timers.AWS_PHASE2_LIFETIME_S.least, timers.AWS_PHASE2_LIFETIME_S.most
    assert bounds(policy, "var.policy.ipsec_lifetime_seconds") == {(least, most)}
    assert f"ike_lifetime_seconds = {timers.AZURE_IKE_LIFETIME_S}" in source(policy)


@pytest.mark.parametrize(
    ("name", "translation"),
    [
        ("azure_encryption", ipsec.ENCRYPTION),
        ("azure_integrity", ipsec.INTEGRITY),
        ("azure_dh_group", ipsec.IKE_GROUP),
        ("azure_pfs_group", ipsec.PFS_GROUP),
    ],
)
def test_translations(name: str, translation: ipsec.Translation) -> None:
    (block,) = re.findall(rf"{name} = {{([^}}]*)}}", source("ipsec_policy"))
    pairs = re.findall(r'"?([\w-]+)"?\s*= "(\w+)"', block)
    assert pairs
    assert [(aws, azure) for aws, azure in pairs if azure not in translation[aws]] == []
