"""The command that each finding names runs as it is printed, with the real aws and az."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from cloud_cli import environment_of, program, signed_in
from verify_lab import Lab

from twinspan.network.model import AzureRoute
from twinspan.rules.observed.facts import Facts
from twinspan.verify.evaluate import evaluate

pytestmark = [pytest.mark.root, pytest.mark.long]


def spoiled(facts: Facts) -> Facts:
    """Return facts in which all tunnels' ends disagree: some commands are shown for what is wrong alone."""
    aws, azure = facts.network.aws, facts.network.azure
    assert aws
    assert azure
    tunnel = {
        "ike_versions": ("ikev1",),
        "phase2": replace(aws.vpn_connections[0].tunnels[0].phase2, encryption_algorithms=("AES128",)),
    }
    connections = tuple(
        replace(connection, tunnels=tuple(replace(end, **tunnel) for end in connection.tunnels))  # type: ignore[arg-type]
        for connection in aws.vpn_connections
    )
    stray = replace(aws.route_tables[0].routes[0], destination=IPv4Network("10.1.2.0/24"), target="eni-0a")
    hole = AzureRoute(name="hole", address_prefix=IPv4Network("10.2.0.0/24"), next_hop_type="None")
    network = replace(
        facts.network,
        aws=replace(
            aws,
            vpn_connections=connections,
            customer_gateways=tuple(replace(gateway, bgp_asn=65001) for gateway in aws.customer_gateways),
            route_tables=tuple(replace(table, routes=(*table.routes, stray)) for table in aws.route_tables),
        ),
        azure=replace(
            azure,
            connections=tuple(
                replace(connection, custom_bgp_addresses={}) for connection in azure.connections
            ),
            local_network_gateways=tuple(
                replace(gateway, asn=64999) for gateway in azure.local_network_gateways
            ),
            route_tables=tuple(replace(table, routes=(*table.routes, hole)) for table in azure.route_tables),
        ),
    )
    keys = dict.fromkeys(facts.secrets.azure, "Another.Key1")
    return replace(facts, network=network, secrets=replace(facts.secrets, azure=keys))


def named(lab: Lab) -> set[str]:
    """Every command of a verification, but those that run on a host or have a place to fill in."""
    results = (*lab.verify().results, *evaluate(spoiled(lab.facts())))
    commands = {finding.command for result in results for finding in result.findings}
    return {
        command
        for command in commands
        if command and not command.startswith("on ") and " GROUP" not in command
    }


def run_all(commands: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Run them in bash; return command -> what it said, of those that failed or showed nothing."""

    def run(command: str) -> tuple[str, str]:
        done = subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            text=True,
            check=False,
            env=dict(environment),
            timeout=120,
        )
        nothing = done.stdout.strip() in {"", "[]", "null", "[[]]"}
        return command, f"{done.returncode}: {done.stdout}{done.stderr}" if done.returncode or nothing else ""

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return {command: said for command, said in pool.map(run, sorted(commands)) if said}


def test_the_aws_commands_run_as_printed(lab: Lab, tmp_path: Path) -> None:
    environment = environment_of(lab, tmp_path, program("TWINSPAN_AWSCLI", "aws"))
    commands = {part for command in named(lab) if "<(" not in command for part in command.split("; ")}
    aws = {command for command in commands if command.startswith("aws ")}

    assert len(aws) > 20
    assert run_all(aws, environment) == {}


@pytest.mark.az
def test_the_az_commands_run_as_printed(lab: Lab, tmp_path: Path) -> None:
    aws, az = program("TWINSPAN_AWSCLI", "aws"), program("TWINSPAN_AZ", "az")
    environment = signed_in(lab, tmp_path, az)
    environment["PATH"] = f"{aws.parent}:{environment['PATH']}"
    commands = {part for command in named(lab) if "<(" not in command for part in command.split("; ")}
    both = sorted(command for command in named(lab) if "<(" in command)[:1]

    assert run_all({command for command in commands if command.startswith("az ")}, environment) == {}
    assert run_all(both, environment) == {}
    assert "sha256sum" in both[0]
