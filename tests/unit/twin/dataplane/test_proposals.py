"""Algorithms of both clouds in strongSwan's words."""

import pytest

from twinspan.errors import UnknownAlgorithmError
from twinspan.network.model import IpsecPolicy, Phase
from twinspan.twin.dataplane.charon_config import retransmission_base
from twinspan.twin.dataplane.proposals import (
    aws_encryption_name,
    aws_esp_proposals,
    aws_ike_proposals,
    aws_integrity_name,
    azure_esp_proposals,
    azure_ike_proposals,
    group_number,
)


def _policy(**changes: str) -> IpsecPolicy:
    words = {
        "ike_encryption": "AES256",
        "ike_integrity": "SHA256",
        "dh_group": "DHGroup14",
        "ipsec_encryption": "AES256",
        "ipsec_integrity": "SHA256",
        "pfs_group": "PFS2048",
    }
    return IpsecPolicy(**{**words, **changes}, sa_life_time_seconds=3600, sa_data_size_kilobytes=1024)


def _phase(encryption: str, integrity: str, group: int) -> Phase:
    return Phase(
        encryption_algorithms=(encryption,),
        integrity_algorithms=(integrity,),
        dh_group_numbers=(group,),
        lifetime_seconds=3600,
    )


def test_the_designs_policy_is_the_same_on_both_sides() -> None:
    policy = _policy(
        ike_encryption="GCMAES256",
        ike_integrity="SHA384",
        dh_group="ECP384",
        ipsec_encryption="GCMAES256",
        ipsec_integrity="GCMAES256",
        pfs_group="ECP384",
    )
    phase = _phase("AES256-GCM-16", "SHA2-384", 20)

    assert azure_ike_proposals(policy) == aws_ike_proposals(phase) == ("aes256gcm16-prfsha384-ecp384",)
    assert azure_esp_proposals(policy) == aws_esp_proposals(phase) == ("aes256gcm16-ecp384",)


def test_the_conservative_policy_is_the_same_on_both_sides() -> None:
    phase = _phase("AES256", "SHA2-256", 14)

    assert azure_ike_proposals(_policy()) == aws_ike_proposals(phase) == ("aes256-sha256-modp2048",)
    assert azure_esp_proposals(_policy()) == aws_esp_proposals(phase) == ("aes256-sha256-modp2048",)


def test_empty_lists_are_all_that_aws_knows_weakest_first() -> None:
    plain, combined = aws_ike_proposals(Phase(lifetime_seconds=28800))

    assert plain.startswith("aes128-aes256-sha1-sha256-sha384-sha512-modp1024-modp2048-")
    assert combined.startswith("aes128gcm16-aes256gcm16-prfsha1-")
    assert "modp1536" not in plain
    assert "modp1536" in aws_esp_proposals(Phase(lifetime_seconds=3600))[0]


def test_azure_without_pfs_asks_for_no_group() -> None:
    assert azure_esp_proposals(_policy(pfs_group="None")) == ("aes256-sha256",)


@pytest.mark.parametrize(
    "changes", [{"ike_encryption": "AES512"}, {"dh_group": "DHGroup99"}, {"ike_integrity": "sha256"}]
)
def test_a_word_that_azure_does_not_know_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(UnknownAlgorithmError, match=next(iter(changes.values()))):
        azure_ike_proposals(_policy(**changes))


@pytest.mark.parametrize("phase", [_phase("AES192", "SHA1", 2), _phase("AES128", "MD5", 2)])
def test_a_word_that_aws_does_not_know_is_refused(phase: Phase) -> None:
    with pytest.raises(UnknownAlgorithmError):
        aws_ike_proposals(phase)


def test_charons_words_become_those_of_aws() -> None:
    assert aws_encryption_name("AES_GCM_16", 256) == "AES256-GCM-16"
    assert aws_integrity_name("PRF_HMAC_SHA2_384") == "SHA2-384"
    assert aws_integrity_name("HMAC_SHA1_96") == "SHA1"
    assert aws_integrity_name("") == ""
    assert group_number("ECP_384") == 20
    assert group_number("") is None


@pytest.mark.parametrize("total_s", [5, 10, 20, 35, 60, 3590])
def test_all_retransmissions_take_the_time_that_is_asked_for(total_s: float) -> None:
    base = retransmission_base(total_s)

    assert sum(0.5 * base**n for n in range(6)) == pytest.approx(total_s, rel=0.01)


def test_retransmissions_take_three_seconds_at_least() -> None:
    assert retransmission_base(0.5) == pytest.approx(1.0)
