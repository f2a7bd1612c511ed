"""What a destroy would leave is named before it begins, with what removes it."""

from pathlib import Path

import pytest
from azure.mgmt.network.models import RouteTable
from test_terraform_on_the_apis import apis, env, process_environment

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.aws.client import clients as aws_clients
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.azure.client import clients as azure_clients
from twinspan.cloud.azure.client import close
from twinspan.cloud.endpoints import Endpoints
from twinspan.project.environment import Environment
from twinspan.project.leftovers import leftovers
from twinspan.project.terraform import Terraform

__all__ = ["apis", "env", "process_environment"]


def endpoints_of(variables: dict[str, str], region: str) -> Endpoints:
    url = f"https://{variables['ARM_METADATA_HOSTNAME']}"
    return Endpoints(
        aws=AwsEndpoint(
            region=region,
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            access_key_id=variables["AWS_ACCESS_KEY_ID"],
            secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        ),
        azure=AzureEndpoint(
            subscription_id=variables["ARM_SUBSCRIPTION_ID"],
            resource_manager_url=url,
            authority=url,
            tenant_id=variables["ARM_TENANT_ID"],
            client_id=variables["ARM_CLIENT_ID"],
            client_secret=variables["ARM_CLIENT_SECRET"],
            ca_certificate=Path(variables["SSL_CERT_FILE"]),
        ),
    )


@pytest.mark.slow
def test_only_what_the_state_lacks_is_left_and_its_removal_works(
    env: Environment, process_environment: dict[str, str]
) -> None:
    assert env.state
    endpoints = endpoints_of(process_environment, env.state.region)
    assert endpoints.aws
    assert endpoints.azure
    with Terraform(env, process_environment=process_environment, providers="offline") as terraform:
        terraform.apply()
        state = terraform.state()
        assert list(leftovers(state, endpoints)) == []

        (group,) = (resource.values for resource in state.of("azurerm_resource_group"))
        (vpc,) = (resource.values for resource in state.of("aws_vpc"))
        network, ec2 = azure_clients(endpoints.azure).network, aws_clients(endpoints.aws).ec2
        network.route_tables.begin_create_or_update(
            group["name"], "by-hand", RouteTable(location=group["location"])
        ).result()
        subnet = ec2.create_subnet(VpcId=vpc["id"], CidrBlock="10.2.250.0/24")["Subnet"]["SubnetId"]
        resources_left = dict(leftovers(state, endpoints))

        table = f"{group['id']}/providers/Microsoft.Network/routeTables/by-hand"
        assert {held.id.lower() for held in resources_left.values()} == {table.lower(), subnet}
        assert ["azurerm_resource_group" in address for address in resources_left] == [
            held.id != subnet for held in resources_left.values()
        ]
        removal = next(held.removal for held in resources_left.values() if held.id == subnet)
        assert removal == f"aws ec2 delete-subnet --subnet-id {subnet}"
        ec2.delete_subnet(SubnetId=subnet)
        network.route_tables.begin_delete(group["name"], "by-hand").result()
        assert list(leftovers(state, endpoints)) == []
        terraform.destroy()
    close(endpoints.azure)
