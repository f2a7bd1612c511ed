"""Both readers on several regions and subscriptions of the twin's APIs."""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from azure.mgmt.network import models

from twinspan.cloud.aws.client import clients as aws_clients
from twinspan.cloud.azure import act
from twinspan.cloud.azure.client import clients as azure_clients
from twinspan.cloud.azure.rest import get
from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.reader import read_network
from twinspan.errors import CloudRefusedError
from twinspan.network.model import AwsNetwork, AzureNetwork
from twinspan.network.regions import region_of, regions_of
from twinspan.network.subscriptions import subscriptions_of

REGIONS = ("eu-central-1", "us-east-1")
OTHER = "22222222-2222-4222-8222-222222222222"


@dataclass(frozen=True, slots=True)
class Both:
    """What was read, and of which VPCs and VNets."""

    aws: AwsNetwork
    azure: AzureNetwork
    vpcs: tuple[str, str]
    vnets: tuple[str, str]


@pytest.fixture(scope="module")
def both(endpoints: Endpoints) -> Iterator[Both]:
    """A VPC in each region, a VNet of one name in a group of one name in each subscription."""
    assert endpoints.aws
    assert endpoints.azure
    ec2 = [aws_clients(endpoints.aws.in_region(region)).ec2 for region in REGIONS]
    vpcs = [name.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"] for name in ec2]
    subscriptions = (endpoints.azure.subscription_id, OTHER)
    places = [azure_clients(endpoints.azure.in_subscription(subscription)) for subscription in subscriptions]
    vnets = []
    for place in places:
        place.resources.resource_groups.create_or_update("same", {"location": "westeurope"})
        space = models.AddressSpace(address_prefixes=["10.2.0.0/16"])
        body = models.VirtualNetwork(
            location="westeurope", properties=models.VirtualNetworkPropertiesFormat(address_space=space)
        )
        made = place.network.virtual_networks.begin_create_or_update("same", "vnet", body).result()
        vnets.append(str(made.id).lower())
    network, _ = read_network(endpoints.reading(REGIONS, subscriptions))
    assert network.aws
    assert network.azure
    yield Both(network.aws, network.azure, (vpcs[0], vpcs[1]), (vnets[0], vnets[1]))
    for client, vpc in zip(ec2, vpcs, strict=True):
        client.delete_vpc(VpcId=vpc)
    for place in places:
        place.resources.resource_groups.begin_delete("same").result()


def test_objects_of_all_regions_are_read_and_tell_theirs(both: Both) -> None:
    assert {*both.vpcs} <= {vpc.id for vpc in both.aws.vpcs}
    assert [region_of(both.aws, vpc) for vpc in both.vpcs] == [*REGIONS]
    tables = {table.vpc_id: table.id for table in both.aws.route_tables}
    assert [region_of(both.aws, tables[vpc]) for vpc in both.vpcs] == [*REGIONS]
    assert regions_of(both.aws)[:2] == REGIONS


def test_equal_names_in_two_subscriptions_are_two_networks(both: Both) -> None:
    assert len({*both.vnets}) == 2
    assert {*both.vnets} <= {vnet.id for vnet in both.azure.virtual_networks}
    assert OTHER in subscriptions_of(both.azure)


def test_a_subscription_lists_what_is_its_own(endpoints: Endpoints, both: Both) -> None:
    assert endpoints.azure
    listed = azure_clients(endpoints.azure.in_subscription(OTHER)).network.virtual_networks.list_all()
    assert [str(vnet.id).lower() for vnet in listed] == [both.vnets[1]]


def test_one_main_region_alone_is_read_as_before(endpoints: Endpoints, both: Both) -> None:
    assert endpoints.aws
    network, _ = read_network(Endpoints(aws=endpoints.aws.in_region(REGIONS[1]), azure=None))
    assert network.aws
    assert both.vpcs[0] not in {vpc.id for vpc in network.aws.vpcs}
    assert {vpc.region for vpc in network.aws.vpcs} == {""}


def test_a_malformed_subscription_is_refused(endpoints: Endpoints) -> None:
    assert endpoints.azure
    with pytest.raises(CloudRefusedError) as refused:
        get(replace(endpoints.azure), "/subscriptions/sandbox/resourceGroups", api_version="2021-04-01")
    assert refused.value.code == "InvalidSubscriptionId"


def test_a_change_is_made_in_the_subscription_that_owns_what_changes(
    endpoints: Endpoints, both: Both
) -> None:
    assert both.vnets
    assert endpoints.azure
    gateways = azure_clients(endpoints.azure.in_subscription(OTHER)).network.local_network_gateways
    body = {
        "location": "westeurope",
        "properties": {
            "gatewayIpAddress": "203.0.113.9",
            "localNetworkAddressSpace": {"addressPrefixes": ["10.9.0.0/16"]},
        },
    }
    made = gateways.begin_create_or_update("same", "far", body).result()  # type: ignore[call-overload]
    document = act.read_resource(endpoints.azure, str(made.id))

    space = {"addressPrefixes": ["10.8.0.0/16"]}
    document["properties"]["localNetworkAddressSpace"] = space
    act.put_local_network_gateway(endpoints.azure, document)

    changed = act.read_resource(endpoints.azure, str(made.id))
    assert changed["properties"]["localNetworkAddressSpace"] == space


def test_every_change_asks_the_subscription_that_owns_its_object() -> None:
    calls = [
        ast.unparse(node.args[0])
        for node in ast.walk(ast.parse(inspect.getsource(act)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "clients"
    ]
    assert len(calls) > 4
    assert [call for call in calls if not call.startswith("endpoint.owning(")] == []
