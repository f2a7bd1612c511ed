"""A verification for machines: JSON and JUnit."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import broken_networks
import pytest
import verified_network as vn
from pydantic import ValidationError
from rich.console import Console

from twinspan.verify import Verification
from twinspan.verify.document import VerificationDocument
from twinspan.verify.evaluate import evaluate
from twinspan.verify.facts import Facts
from twinspan.verify.junit import as_junit
from twinspan.verify.tree import as_tree, summary


def verification(facts: Facts) -> Verification:
    return Verification(expected_from="test", results=evaluate(facts), duration_s=0.25)


@pytest.mark.parametrize(
    "broken", [broken_networks.other_key, broken_networks.longer_dpd, lambda facts: facts]
)
def test_the_json_form_fits_its_schema(broken: broken_networks.Damage) -> None:
    found = verification(broken(vn.healthy()))

    read = VerificationDocument.model_validate_json(json.dumps(found.as_dict()))

    assert read.passed is found.passed
    assert [(cause.check, cause.subject) for cause in read.root_causes] == [
        (result.id, finding.subject) for result, finding in found.root_causes
    ]
    assert len(read.drift) == len(found.drift)


def test_a_member_that_the_schema_does_not_know_is_noticed() -> None:
    document = {**verification(vn.healthy()).as_dict(), "more": 1}

    with pytest.raises(ValidationError, match="more"):
        VerificationDocument.model_validate(document)


def test_junit_tells_failures_from_what_follows_and_from_what_is_not_known() -> None:
    broken = broken_networks.wrong_local_gateway(broken_networks.aws_tunnel_down(vn.healthy()))
    silent = replace(broken, bgp={}, bgp_problems={vn.azure_network().subscription_id: "GatewayBusy"})

    suite = ET.fromstring(as_junit(verification(silent)))

    kinds = {case.get("name", "")[:6]: [child.tag for child in case] for case in suite}
    assert kinds["VPN-02"] == kinds["VPN-03"] == ["failure"]
    assert kinds["BGP-01"] == ["error"]
    assert kinds["ACC-01"] == ["system-out"]
    assert int(suite.get("tests", "0")) == len(list(suite))
    failed = next(case for case in suite if case.get("name", "").startswith("VPN-03"))
    text = "".join(failed.itertext())
    assert "fault: PeerReachability" in text
    assert "see: aws ec2 describe-vpn-connections" in text
    assert "fix: The two configurations agree" in text


def test_no_form_shows_a_key() -> None:
    found = verification(broken_networks.other_key(vn.healthy()))
    console = Console(record=True, width=4000, file=None, quiet=True)
    console.print(as_tree(found, every=True))
    text = as_junit(found) + json.dumps(found.as_dict()) + console.export_text()

    assert "the pre-shared keys of vpn-00 and dev-tunnel1 differ" in text
    assert "Key.of." not in text
    assert "Other.Key1" not in text


def test_the_last_line_counts_causes_and_drift_apart() -> None:
    text = summary(verification(broken_networks.other_key(vn.healthy())))

    assert text.startswith("red: ")
    assert "1 to mend, 1 not as planned" in text
