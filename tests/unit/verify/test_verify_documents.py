"""A verification for machines: JSON and JUnit."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import broken_networks
import healthy_network as vn
import pytest
from rich.console import Console

from twinspan.results.document import as_json
from twinspan.results.junit import as_junit
from twinspan.rules.observed.facts import Facts
from twinspan.verify import Verification
from twinspan.verify.evaluate import evaluate
from twinspan.verify.text import as_tree, summary


def verification(facts: Facts) -> Verification:
    return Verification(expected_from="test", results=evaluate(facts), duration_s=0.25)


@pytest.mark.parametrize(
    "broken", [broken_networks.other_key, broken_networks.longer_dpd, lambda facts: facts]
)
def test_the_json_form_names_causes_and_drift_and_can_be_read_again(broken: broken_networks.Damage) -> None:
    verdict = verification(broken(vn.healthy()))

    printed = json.loads(as_json(verdict))

    assert printed["passed"] is verdict.passed
    assert printed["root_causes"] == [
        {"check": result.id, "subject": finding.subject} for result, finding in verdict.root_causes
    ]
    assert len(printed["drift"]) == len(verdict.drift)
    assert as_json(Verification.model_validate(printed)) == as_json(verdict)


def test_junit_tells_failures_from_what_follows_and_from_what_is_not_known() -> None:
    broken = broken_networks.wrong_local_gateway(broken_networks.aws_tunnel_down(vn.healthy()))
    silent = replace(broken, bgp={}, bgp_problems={vn.azure_network().subscription_id: "GatewayBusy"})

    suite = ET.fromstring(as_junit(verification(silent), command="verify"))

    kinds = {case.get("name", "")[:6]: [child.tag for child in case] for case in suite}
    assert kinds["VPN-02"] == kinds["VPN-03"] == ["failure"]
    assert kinds["BGP-11"] == ["error"]
    assert kinds["ACC-01"] == ["system-out"]
    assert int(suite.get("tests", "0")) == len(list(suite))
    failed = next(case for case in suite if case.get("name", "").startswith("VPN-03"))
    text = "".join(failed.itertext())
    assert "fault: PeerReachability" in text
    assert "see: aws ec2 describe-vpn-connections" in text
    assert "fix: The two configurations agree" in text


def test_no_form_shows_a_key() -> None:
    verdict = verification(broken_networks.other_key(vn.healthy()))
    console = Console(record=True, width=4000, file=None, quiet=True)
    console.print(as_tree(verdict, every=True))
    text = as_junit(verdict, command="verify") + as_json(verdict) + console.export_text()

    assert "not the key of vpn-00 tunnel1_preshared_key" in text
    assert "Key.of." not in text
    assert "Other.Key1" not in text


def test_the_last_line_counts_causes_and_drift_apart() -> None:
    text = summary(verification(broken_networks.other_key(vn.healthy())))

    assert text.startswith("red: ")
    assert "1 to repair, 1 not as planned" in text
