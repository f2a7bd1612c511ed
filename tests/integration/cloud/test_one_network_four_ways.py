"""One network from a plan, a state, both APIs and the tests' builder: it is the same each time."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import compared_networks as compared
import healthy_network as vn
import pytest

from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.reader import read_network
from twinspan.command import environment, run
from twinspan.network.links import tunnel_links
from twinspan.network.model import Network
from twinspan.network.unknown import Unknown
from twinspan.project.network import network_of
from twinspan.project.plan import load_plan
from twinspan.project.state import load_state
from twinspan.rules.observed.expectation import from_network, from_resources
from twinspan.twin.providers.mirror import write_mirror

HERE = Path(__file__).parent
STATUS = {
    "vpn_gateways.state",
    "customer_gateways.state",
    "vpn_connections.state",
    "virtual_network_gateways.provisioning_state",
    "connections.provisioning_state",
    "connections.connection_status",
    "connections.ingress_bytes_transferred",
    "connections.egress_bytes_transferred",
}
"""What only a cloud can say, and Terraform keeps nowhere."""
CHOSEN = {
    "account_id.account_id",
    "subscription_id.subscription_id",
    "customer_gateways.ip_address",
    "vpn_connections.outside_ip_address",
    "public_ip_addresses.ip_address",
    "virtual_network_gateways.public_ip_address",
    "virtual_network_gateways.default_bgp_ip_address",
    "local_network_gateways.gateway_ip_address",
}
"""What a cloud chooses when it makes the objects."""
_CONNECTIONS = [f"/aws/vpn_connections/vpn_connections instance{n}" for n in (0, 1)]
TELEMETRY = {f"{connection}/tunnels/{n}/telemetry" for connection in _CONNECTIONS for n in (0, 1)}
"""A state has none, and without a data plane no tunnel comes up."""
_DEFAULT_GROUP = "security_groups default"
OWN_INGRESS = {
    f"/aws/security_groups/{_DEFAULT_GROUP}/permissions/ingress -1 -1 -1 None {_DEFAULT_GROUP} None"
}
"""AWS documents that members of a default group may talk to each other; moto makes the group without it."""
LEARNED = {
    f"/aws/route_tables/route_tables private-{zone}-table/routes/"
    "10.1.0.0/16 vpn_gateways dev active EnableVgwRoutePropagation"
    for zone in "ab"
}
"""What a gateway learns of a tunnel that is up."""


@dataclass(frozen=True, kw_only=True)
class Ways:
    plan: Network[Unknown]
    state: Network[Unknown]
    live: Network
    built: Network


@pytest.fixture(scope="module")
def ways(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Ways:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not on PATH; run `make install`")
    assert endpoints.aws
    folder = tmp_path_factory.mktemp("healthy")
    shutil.copy(HERE / "healthy" / "main.tf", folder)
    variables = _environment(endpoints, write_mirror(tmp_path_factory.mktemp("providers")))

    def terraform(*argv: str) -> str:
        return run(["terraform", *argv], cwd=folder, env=variables, timeout_s=100).stdout

    terraform("init", "-no-color")
    terraform("plan", "-no-color", "-out=plan.bin")
    plan = load_plan(terraform("show", "-json", "plan.bin"), where="plan")
    terraform("apply", "-no-color", "plan.bin")
    state = load_state((folder / "terraform.tfstate").read_text(), where="state", remedy="")
    live, _ = read_network(replace(endpoints, aws=replace(endpoints.aws, region="eu-west-1")))
    return Ways(
        plan=network_of(plan),
        state=network_of(state.plan),
        live=_without_default_vpc(live),
        built=vn.without_clusters(Network(aws=vn.aws_network(), azure=vn.azure_network())),
    )


def _environment(endpoints: Endpoints, cli_config: Path) -> dict[str, str]:
    aws, azure = endpoints.aws, endpoints.azure
    assert aws
    assert azure
    assert azure.resource_manager_url
    return environment(
        AWS_ENDPOINT_URL=aws.endpoint_url,
        AWS_ACCESS_KEY_ID=aws.access_key_id,
        AWS_SECRET_ACCESS_KEY=aws.secret_access_key,
        AWS_PROFILE=None,
        ARM_METADATA_HOSTNAME=azure.resource_manager_url.removeprefix("https://"),
        ARM_SUBSCRIPTION_ID=azure.subscription_id,
        ARM_TENANT_ID=azure.tenant_id,
        ARM_CLIENT_ID=azure.client_id,
        ARM_CLIENT_SECRET=azure.client_secret,
        SSL_CERT_FILE=str(azure.ca_certificate),
        TF_CLI_CONFIG_FILE=str(cli_config),
        TF_PLUGIN_CACHE_DIR=None,
        PATH=os.environ["PATH"],
    )


def _without_default_vpc(network: Network) -> Network:
    """Return the network without the VPC that every account has in every region."""
    aws = network.aws
    assert aws
    (vpc,) = (candidate for candidate in aws.vpcs if candidate.name == "dev")
    return replace(
        network,
        aws=replace(
            aws,
            vpcs=(vpc,),
            subnets=tuple(subnet for subnet in aws.subnets if subnet.vpc_id == vpc.id),
            route_tables=tuple(table for table in aws.route_tables if table.vpc_id == vpc.id),
            security_groups=tuple(
                security_group for security_group in aws.security_groups if security_group.vpc_id == vpc.id
            ),
            network_acls=tuple(
                network_acl for network_acl in aws.network_acls if network_acl.vpc_id == vpc.id
            ),
        ),
    )


def test_a_plan_is_the_network_that_its_state_is(ways: Ways) -> None:
    assert compared.differences(ways.plan, ways.state) == {}
    assert compared.addresses(ways.plan) == compared.addresses(ways.state)


def test_a_state_is_the_network_that_both_clouds_show(ways: Ways) -> None:
    assert compared.differences(ways.state, ways.live).keys() == TELEMETRY | OWN_INGRESS
    assert compared.addresses(ways.live) == {}


def test_what_the_tests_build_is_the_network_that_both_clouds_show(ways: Ways) -> None:
    differences = compared.differences(ways.built, ways.live)

    status = {f"/azure/connections/connections dev-tunnel{n}/connection_status" for n in range(1, 5)}
    telemetry = {place for place in differences if place.rpartition("/")[0] in TELEMETRY}
    assert differences.keys() - telemetry == LEARNED | OWN_INGRESS | status | {"/azure/subscription_id"}


def test_what_the_tests_build_is_the_network_of_the_state(ways: Ways) -> None:
    differences = compared.differences(ways.built, ways.state)

    assert differences.keys() == LEARNED | TELEMETRY | {"/azure/subscription_id"}


def test_a_plan_leaves_open_what_a_cloud_chooses_and_a_state_nothing_but_status(ways: Ways) -> None:
    assert compared.not_known(ways.plan) == STATUS | CHOSEN
    assert compared.not_known(ways.state) == STATUS


def test_nothing_of_the_configuration_is_without_a_place(ways: Ways) -> None:
    for network in (ways.plan, ways.state):
        assert network.unplaced == ()
        assert network.malformed == ()


def test_the_tunnels_meet_the_same_connections_in_all_of_them(ways: Ways) -> None:
    joined = [
        {
            (
                link.vpn_connection.name,
                link.azure_connection.name,
                link.instance.ip_configuration_name,
                link.mutual,
            )
            for link in tunnel_links(network)
            if link.vpn_connection and link.azure_connection and link.instance
        }
        for network in (ways.plan, ways.state, ways.live, ways.built)
    ]

    assert len(joined[0]) == 4
    assert all(link_set == joined[0] for link_set in joined)


def test_the_state_expects_what_is_there(ways: Ways) -> None:
    expected = from_resources(ways.state, source="state")

    assert expected
    assert ways.live.aws
    assert ways.live.azure
    assert expected.tunnel_count == from_network(ways.live).tunnel_count == 4
    assert [tunnel.key for tunnel in expected.tunnels] == ["tunnel1", "tunnel2", "tunnel3", "tunnel4"]
    assert set(expected.vpn_connection_ids) == {connection.id for connection in ways.live.aws.vpn_connections}
    assert expected.virtual_network_gateway_ids == (ways.live.azure.virtual_network_gateways[0].id,)
    names = {subnet.id: subnet.name for subnet in ways.live.aws.subnets}
    assert {names[subnet_id] for subnet_id in expected.private_subnet_ids} == {"private-a", "private-b"}
