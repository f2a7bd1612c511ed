"""Facts about the clouds stand in `network/` alone; read from the source, so it holds for every module."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from pathlib import Path

import pytest

from twinspan.network import asns, ipsec, limits, ranges, timers
from twinspan.network.azure import GATEWAY_SUBNET

SRC = Path(__file__).parents[3] / "src" / "twinspan"
MODULES = sorted(path for path in SRC.rglob("*.py") if path.parent != SRC / "network")

Fact = str | int
Place = tuple[str, Fact]

WORDS = frozenset(
    {
        GATEWAY_SUBNET,
        *limits.GATEWAY_SKUS,
        *limits.RETIRED_GATEWAY_SKUS,
        limits.VPN_GATEWAYS_QUOTA,
        limits.CUSTOMER_GATEWAYS_QUOTA,
        limits.VPN_CONNECTIONS_QUOTA,
        limits.EKS_CLUSTERS_QUOTA,
        *ipsec.AWS_ENCRYPTION,
        *ipsec.AWS_INTEGRITY,
        *ipsec.AZURE_IKE_ENCRYPTION,
        *ipsec.AZURE_IKE_INTEGRITY,
        *ipsec.AZURE_IKE_GROUPS,
        *ipsec.AZURE_IPSEC_ENCRYPTION,
        *ipsec.AZURE_IPSEC_INTEGRITY,
        *ipsec.AZURE_PFS_GROUPS,
        *(cipher.keyword for cipher in ipsec.CIPHERS),
        *(cipher.charon[0] for cipher in ipsec.CIPHERS),
        *(digest.keyword for digest in ipsec.DIGESTS),
        *(digest.charon for digest in ipsec.DIGESTS),
        *(group.keyword for group in ipsec.GROUPS),
        *(group.charon for group in ipsec.GROUPS),
    }
) - {ipsec.NONE}
"""Algorithms, SKUs and quota codes. `None` is the word of many other members of ARM's bodies."""

NUMBERS = frozenset(
    {
        asns.AWS_DEFAULT_ASN,
        asns.AWS_DEFAULT_CUSTOMER_ASN,
        asns.AZURE_DEFAULT_ASN,
        asns.LARGEST_ASN,
        *asns.AWS_RESERVED_ASNS,
        *asns.AZURE_RESERVED_ASNS,
        *(end for block in (*asns.AWS_ASNS, *asns.IANA_RESERVED_ASNS) for end in (block[0], block[-1])),
        timers.AZURE_IKE_LIFETIME_S,
        timers.AZURE_DEFAULT_SA_LIFETIME_S,
        timers.AZURE_SA_LIFETIME_S.stop,
        timers.AZURE_DEFAULT_SA_DATA_SIZE_KB,
        limits.AZURE_TUNNEL_MTU,
        limits.AZURE_TUNNEL_MSS,
        limits.AWS_SAMPLE_MSS,
        *limits.AWS_INNER_MTU.values(),
    }
) - {2**16 - 1}
"""Numbers that mean nothing else; the one left out is the last port as well as an ASN."""

NAMED = re.compile(r"hold_s|keepalive|dpd|lifetime_s|rekey|_per_|at_most|_most_|_asn(s|$)", re.IGNORECASE)
"""Names of quotas, timers and ASNs: even numbers that mean other things too are in `network/`."""

_PRICE = "its list price, which only this rule names"
_PUBLIC_ADDRESS = "a SKU of public addresses, not of gateways"
_EKS_ALONE = "a quota of EKS that nothing but its API counts"
_OWN = "a limit of the twin's own"
_DEFAULT_RULE = "the priority of a default rule of an NSG"
EXCEPTIONS: Mapping[Place, str] = {
    ("rules/costs.py", "VpnGw1AZ"): _PRICE,
    ("rules/costs.py", "VpnGw2AZ"): _PRICE,
    ("rules/gateway_addresses.py", "Basic"): _PUBLIC_ADDRESS,
    ("twin/azure/types/public_ip_addresses.py", "Basic"): _PUBLIC_ADDRESS,
    ("twin/providers/azurerm/network.py", "Basic"): _PUBLIC_ADDRESS,
    ("twin/aws/eks/call.py", "TAGS_PER_RESOURCE"): _EKS_ALONE,
    ("twin/aws/eks/nodegroups.py", "NODEGROUPS_PER_CLUSTER"): _EKS_ALONE,
    ("twin/aws/eks/nodegroups.py", "NODES_PER_NODEGROUP"): _EKS_ALONE,
    ("twin/aws/eks/nodegroups.py", "TAINTS_AT_MOST"): _EKS_ALONE,
    ("twin/aws/eks/placement.py", "PUBLIC_ACCESS_CIDRS_AT_MOST"): _EKS_ALONE,
    ("twin/aws/eks/placement.py", "SECURITY_GROUPS_AT_MOST"): _EKS_ALONE,
    ("twin/azure/templates.py", "_MOST_VALUES"): _OWN,
    ("twin/dataplane/delay_line.py", "_HELD_AT_MOST"): _OWN,
    ("twin/azure/tokens.py", "LIFETIME_S"): "the life of an access token",
    ("twin/azure/types/network_security_groups.py", 65000): _DEFAULT_RULE,
    ("twin/providers/aws/storage.py", "AES256"): "encryption of S3's objects",
}
"""Where a module says something else with the same word -> what it says."""


def facts_of(source: str) -> Iterator[Fact]:
    """Yield what a module says of its own: facts, and names of quotas and timers that it gives a number."""
    docstring_ids: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant() as docstring):
                docstring_ids.add(id(docstring))
            case ast.Constant(value=str() | int() as value) if id(node) not in docstring_ids and is_fact(
                value
            ):
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                for name, number_node in zip(names, values, strict=True):
                    yield from named_number(name, number_node)
            case (
                ast.Assign(targets=[name], value=number_node)
                | ast.AnnAssign(target=name, value=ast.expr() as number_node)
            ):
                yield from named_number(name, number_node)
            case _:
                pass


def named_number(name: ast.expr, value: ast.expr) -> Iterator[str]:
    if isinstance(name, ast.Name) and NAMED.search(name.id) and literal_number(value):
        yield name.id


def literal_number(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=number):
            return type(number) is int
        case ast.Tuple(elts=parts) | ast.Call(func=ast.Name(id="range"), args=parts):
            return any(literal_number(part) for part in parts)
        case _:
            return False


def is_fact(value: Fact) -> bool:
    return value in WORDS or value in NUMBERS or as_network(value) in addresses()


@cache
def addresses() -> frozenset[IPv4Network]:
    networks: set[IPv4Network] = set()
    for value in vars(ranges).values():
        for address in value if isinstance(value, tuple | frozenset) else (value,):
            if isinstance(address, IPv4Address | IPv4Network):
                networks.add(IPv4Network(address))
    return frozenset(networks)


def as_network(text: Fact) -> IPv4Network | None:
    try:
        return IPv4Network(text) if isinstance(text, str) and text.count(".") == 3 else None
    except (AddressValueError, NetmaskValueError, ValueError):
        return None


@cache
def places() -> frozenset[Place]:
    """Return where a fact stands outside `network/`."""
    return frozenset(
        (str(path.relative_to(SRC)), fact) for path in MODULES for fact in facts_of(path.read_text())
    )


def test_no_fact_stands_outside_network() -> None:
    assert places() - EXCEPTIONS.keys() == set()


@pytest.mark.parametrize("place", EXCEPTIONS)
def test_every_exception_is_needed(place: Place) -> None:
    assert place in places()


def test_there_is_one_type_for_the_two_clouds() -> None:
    both = re.compile(r"""Literal\[\s*["'](?:aws|azure)["'],\s*["'](?:aws|azure)["'],?\s*\]""")
    assert [str(path.relative_to(SRC)) for path in MODULES if both.search(path.read_text())] == []


def test_a_fact_elsewhere_would_be_found() -> None:
    source = '"""SHA1"""\nA = "SHA256"\nROUTES_PER_TABLE = 7\nB = ("10.0.0.0/8", 64512, 7, "x")'
    assert set(facts_of(source)) == {"SHA256", "ROUTES_PER_TABLE", "10.0.0.0/8", 64512}
