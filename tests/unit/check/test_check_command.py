import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from twinspan.rules.catalogue import CATALOGUE, CONFIGURATION

ROOT = Path(__file__).parents[3]
PLAN = ROOT / "tests" / "golden" / "check" / "base.json"
GATEWAY = '"sku": "VpnGw1AZ"'
STATE = ROOT / "tests" / "terraform" / "state_before_one_module.json"


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twinspan.cli.main", "check", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    text = PLAN.read_text()
    assert GATEWAY in text
    file = tmp_path / "plan.json"
    file.write_text(text.replace(GATEWAY, '"sku": "VpnGw1"'))
    return file


def test_a_good_plan_ends_with_0_and_says_how_much_was_looked_at() -> None:
    done = run("--plan", str(PLAN))
    assert done.returncode == 0, done.stderr
    assert "0 errors, 0 warnings, 0 inconclusive" in done.stdout.splitlines()[-1]


def test_a_bad_plan_ends_with_1_and_one_line_per_finding(broken: Path) -> None:
    done = run("--plan", str(broken))
    assert done.returncode == 1
    looked, first, *_ = done.stdout.splitlines()
    assert looked == f"plan: {broken}"
    assert first.startswith("error GW-03 module.azure_vpn_gateway.azurerm_virtual_network_gateway.this sku: ")
    assert first.endswith("Take VpnGw1AZ.")


def test_standard_input_is_read(broken: Path) -> None:
    done = run("--plan", "-", stdin=broken.read_text())
    assert done.returncode == 1
    assert "standard input: not good" in done.stdout


def test_json_has_a_versioned_schema_and_every_check(broken: Path) -> None:
    done = run("--plan", str(broken), "--format", "json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["schema"] == "twinspan/check/2"
    assert report["passed"] is False
    assert report["errors"] == 1
    assert [check["id"] for check in report["checks"]] == [rule.id for rule in CONFIGURATION]
    (sku,) = [check for check in report["checks"] if check["id"] == "GW-03"]
    assert sku["outcome"] == "fail"
    assert sku["findings"][0]["remedy"] == "Take VpnGw1AZ"


def test_junit_names_the_failed_check(broken: Path, tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    assert run("--plan", str(broken), "--junit", str(file)).returncode == 1
    suite = ET.fromstring(file.read_text())
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == (
        str(len(CONFIGURATION)),
        "1",
        "0",
    )
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == ["GW-03 the SKU is offered"]


def test_information_can_be_made_to_fail() -> None:
    assert run("--plan", str(PLAN), "--fail-on", "info").returncode == 1


def test_a_waiver_with_a_reason_lets_a_finding_pass(broken: Path, tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.toml"
    waivers.write_text('[[waiver]]\nid = "GW-03"\nreason = "an old gateway that is imported"\n')
    done = run("--plan", str(broken), "--waivers", str(waivers))
    assert done.returncode == 0
    assert "Waived: an old gateway that is imported" in done.stdout


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (PLAN.read_text()[:5000], "this is no complete JSON document"),
        ('{"format_version": "2.0"}', "format 2.0 is not understood"),
        ('{"format_version": "1.2", "planned_values": {}}', "there is no VPN in it"),
    ],
)
def test_a_bad_document_is_bad_input_and_never_good(text: str, problem: str) -> None:
    done = run("--plan", "-", stdin=text)
    assert done.returncode == 2
    assert problem in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_missing_file_and_a_binary_plan_are_bad_input(tmp_path: Path) -> None:
    missing = run("--plan", str(tmp_path / "none.json"))
    assert (missing.returncode, "cannot be read" in missing.stderr) == (2, True)
    binary = tmp_path / "plan"
    binary.write_bytes(b"PK\x03\x04\xff\xfe\x80")
    done = run("--plan", str(binary))
    assert (done.returncode, "Terraform cannot read this saved plan here" in done.stderr) == (2, True)


def test_a_junit_file_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    done = run("--plan", str(PLAN), "--junit", str(tmp_path / "none" / "junit.xml"))
    assert done.returncode == 2
    assert "cannot be written" in " ".join(done.stderr.split())


def test_ids_are_unique_and_every_rule_says_its_id() -> None:
    ids = [rule.id for rule in CATALOGUE]
    assert len(set(ids)) == len(ids)
    for rule in CATALOGUE:
        assert (rule.examine.__doc__ or "").startswith(f"{rule.id}: "), rule.id
        assert rule.explanation


def test_a_state_is_checked_and_what_is_wrong_in_it_is_named_by_its_address() -> None:
    good = run("--state", str(STATE))
    assert good.returncode == 0, good.stdout
    assert "0 errors, 0 warnings, 0 inconclusive" in good.stdout.splitlines()[-1]

    text = STATE.read_text()
    assert text.count('"dh_group": "ECP384"') > 1
    done = run(
        "--state",
        "-",
        "--format",
        "json",
        stdin=text.replace('"dh_group": "ECP384"', '"dh_group": "DHGroup1"', 1),
    )
    failed = {
        check["id"]: check["findings"] for check in json.loads(done.stdout)["checks"] if check["findings"]
    }
    assert done.returncode == 1
    assert "POL-01" in failed
    assert "azurerm_virtual_network_gateway_connection" in failed["POL-01"][0]["subject"]


def test_a_plan_is_no_state_and_one_thing_is_checked_at_a_time() -> None:
    assert run("--state", str(PLAN)).returncode == 2
    assert run("--state", str(STATE), "--plan", str(PLAN)).returncode == 2


@pytest.mark.parametrize(
    "given", [("--plan", str(PLAN)), ("--state", str(STATE)), (str(PLAN),), ("--on", "twin")]
)
def test_variables_are_refused_where_nothing_is_planned(given: tuple[str, ...]) -> None:
    done = run(*given, "--var", "region=eu-central-1")

    assert done.returncode == 2
    assert "--var" in done.stderr
