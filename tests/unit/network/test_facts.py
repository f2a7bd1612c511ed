"""Facts of `network/` against what the clouds' own descriptions and the documents say."""

import json
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from twinspan.network import asns, ipsec
from twinspan.network.ranges import eks_default_services
from twinspan.rules.asns import azure_problem
from twinspan.twin.aws.eks.placement import service_cidr
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.types.bgp import check_asn

ARM = Path(__file__).parents[2] / "contract" / "arm_members.json"


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("ikeEncryption", ipsec.AZURE_IKE_ENCRYPTION),
        ("ikeIntegrity", ipsec.AZURE_IKE_INTEGRITY),
        ("dhGroup", ipsec.AZURE_IKE_GROUPS),
        ("ipsecEncryption", ipsec.AZURE_IPSEC_ENCRYPTION),
        ("ipsecIntegrity", ipsec.AZURE_IPSEC_INTEGRITY),
        ("pfsGroup", ipsec.AZURE_PFS_GROUPS),
    ],
)
def test_azures_words_are_those_of_arm(member: str, words: tuple[str, ...]) -> None:
    text = next(
        line for line in ARM.read_text().splitlines() if f'"properties/ipsecPolicies/[]/{member}"' in line
    )
    (wording,) = json.loads("{" + text.strip().rstrip(",") + "}").values()
    assert sorted(wording.removeprefix("required ").split("|")) == sorted(words)


def test_every_word_that_azure_proposes_by_default_is_one_of_its_own() -> None:
    for cipher, digest, group in ipsec.AZURE_DEFAULT_IKE:
        assert cipher in ipsec.AZURE_IKE_ENCRYPTION
        assert digest in ipsec.AZURE_IKE_INTEGRITY
        assert group in ipsec.AZURE_IKE_GROUPS
    for cipher, digest in ipsec.AZURE_DEFAULT_IPSEC:
        assert cipher in ipsec.AZURE_IPSEC_ENCRYPTION
        assert digest in ipsec.AZURE_IPSEC_INTEGRITY
    assert set(ipsec.AZURE_DEFAULT_PFS) <= set(ipsec.AZURE_PFS_GROUPS)


def test_aws_offers_groups_that_are_known() -> None:
    known = {group.number for group in ipsec.GROUPS}
    assert known >= {*ipsec.AWS_PHASE1_GROUPS, *ipsec.AWS_PHASE2_GROUPS}
    assert not known & {*ipsec.AWS_POST_QUANTUM_GROUPS}


def test_azure_has_no_sha2_512() -> None:
    assert ipsec.in_azure(["SHA2-512"], ipsec.INTEGRITY) == {"SHA2-512"}
    assert ipsec.in_aws("SHA512", ipsec.INTEGRITY) is None


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    "asn", [0, 1, 8074, 23456, 64512, 65514, 65515, 65516, 65517, 65535, 4200000000, 2**32 - 2, 2**32 - 1]
)
def test_the_plan_and_the_twin_refuse_the_same_asns_at_azure(asn: int, *, own: bool) -> None:
    try:
        check_asn(asn, where="g", own=own)
    except ArmError:
        assert azure_problem(asn, own=own)
    else:
        assert azure_problem(asn, own=own) == ""


def test_the_last_asn_is_reserved() -> None:
    assert asns.iana_reserves(2**32 - 1)
    assert azure_problem(2**32 - 1, own=True) == "is reserved by IANA"


@pytest.mark.parametrize(
    ("vpc", "services"),
    [
        ("10.0.0.0/16", "172.20.0.0/16"),
        ("192.168.0.0/16", "10.100.0.0/16"),
        ("172.20.0.0/16", "10.100.0.0/16"),
        ("10.100.0.0/16", "172.20.0.0/16"),
    ],
)
def test_eks_gives_a_service_range_that_does_not_meet_the_vpc(vpc: str, services: str) -> None:
    assert eks_default_services([IPv4Network(vpc)]) == IPv4Network(services)
    assert service_cidr(None, [IPv4Network(vpc)]) == services
