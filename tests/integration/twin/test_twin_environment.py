"""`twinspan twin env`, evaluated by a real shell and used by unmodified clients."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from twinspan.errors import HostError
from twinspan.twin import lifecycle
from twinspan.twin.rundir import RunDir

pytestmark = pytest.mark.root

TWINSPAN = f"{sys.executable} -m twinspan.cli.main"
NOISE = {
    "AWS_PROFILE": "does-not-exist",
    "AWS_SESSION_TOKEN": "left over",
    "AWS_SECURITY_TOKEN": "left over",
    "AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:9",
    "AWS_CA_BUNDLE": "/nonexistent",
    "ARM_USE_OIDC": "true",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
}


def bash(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euc", script],
        env={**os.environ, **NOISE},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.fixture
def evaluate(running: str) -> str:
    """The shell command that makes a shell use the running twin."""
    return f'eval "$({TWINSPAN} twin env --no-az --name {running})"; '


@pytest.mark.skipif(shutil.which("aws") is None, reason="no AWS CLI: pip install awscli")
def test_the_aws_cli_uses_the_twin_after_eval(evaluate: str) -> None:
    made = bash(evaluate + "aws ec2 create-vpc --cidr-block 10.99.0.0/16 --query Vpc.CidrBlock --output text")
    asked = bash(evaluate + "aws ec2 describe-vpcs --query 'Vpcs[].CidrBlock' --output text")
    assert (made.returncode, made.stdout.strip()) == (0, "10.99.0.0/16"), made.stderr
    assert "10.99.0.0/16" in asked.stdout.split()


def test_azure_is_trusted_by_clients_that_use_the_bundle(evaluate: str) -> None:
    script = (
        "import os, urllib.request as u; h = os.environ['ARM_METADATA_HOSTNAME']; "
        "print(u.urlopen(f'https://{h}/metadata/endpoints?api-version=2022-09-01').status)"
    )
    done = bash(f'{evaluate} {sys.executable} -c "{script}"')
    assert (done.returncode, done.stdout.strip()) == (0, "200"), done.stderr


def test_what_would_get_in_the_way_is_unset(evaluate: str) -> None:
    done = bash(evaluate + "env -0")
    variables = dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)
    assert set(NOISE) & set(variables) == {"HTTPS_PROXY", "HTTP_PROXY"}
    assert {"localhost", "127.0.0.1"} <= set(variables["NO_PROXY"].split(","))
    assert variables["AWS_REGION"] == "us-west-2"


def test_evaluating_twice_changes_nothing(evaluate: str) -> None:
    once, twice = bash(evaluate + "env | sort"), bash(evaluate + evaluate + "env | sort")
    assert once.stdout == twice.stdout
    assert once.returncode == 0


def test_the_bundle_holds_the_system_s_authorities_and_the_twin_s(running: str) -> None:
    variables = lifecycle.environment(running)
    bundle = Path(str(variables["SSL_CERT_FILE"])).read_text()
    authority = (RunDir(running).tls / "ca.pem").read_text()
    assert authority in bundle
    assert bundle.count("BEGIN CERTIFICATE") > 50


def test_json_has_null_for_what_is_to_be_unset(running: str) -> None:
    done = bash(f"{TWINSPAN} twin env --no-az --name {running} --format json")
    variables = json.loads(done.stdout)
    assert variables["AWS_PROFILE"] is None
    assert variables["TWINSPAN_NAME"] == running
    assert variables["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_a_twin_that_is_down_has_no_environment(name: str) -> None:
    with pytest.raises(HostError, match="is not up"):
        lifecycle.environment(name)
    lifecycle.up(name)
    lifecycle.down(name)
    with pytest.raises(HostError, match="is not up"):
        lifecycle.environment(name)


def test_the_command_line_starts_shows_and_stops_a_twin(name: str) -> None:
    up = bash(f"{TWINSPAN} twin up --name {name} --format json")
    again = bash(f"{TWINSPAN} twin up --name {name}")
    shown = bash(f"{TWINSPAN} twin status --name {name} --format json")
    logs = bash(f"{TWINSPAN} twin logs control --name {name}")
    wrong = bash(f"{TWINSPAN} twin logs nonsense --name {name}")
    down = bash(f"{TWINSPAN} twin down --name {name} --format json")
    assert json.loads(up.stdout)["state"] == "up"
    assert (again.returncode, "already up" in again.stderr) == (0, True)
    assert json.loads(shown.stdout)["pids"]["control"] == json.loads(up.stdout)["pids"]["control"]
    assert "control | " in logs.stdout
    assert (wrong.returncode, "control" in wrong.stderr) == (2, True)
    assert (down.returncode, json.loads(down.stdout)["ran"]) == (0, True)
