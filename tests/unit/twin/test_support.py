"""What `doctor` says of Terraform types comes from what the two APIs serve; all of it is gone over here."""

import pytest

from twinspan.twin.aws.requests.lacks import ANYWHERE
from twinspan.twin.aws.requests.served import OBJECTS_ONLY, SERVED
from twinspan.twin.azure import absent
from twinspan.twin.azure.types import RESOURCE_TYPES
from twinspan.twin.providers import aws as aws_provider
from twinspan.twin.providers import azurerm as azurerm_provider
from twinspan.twin.support import aws, azure, refused_arguments, support_of

AWS_TYPES = sorted(aws_provider.definition().resources)
AZURE_TYPES = sorted(azurerm_provider.definition().resources)
AZURE_NAMES = {
    **{arm_type: name for name, arm_type in azure._TYPES.items()},
    **{azure.arm_type_of(name): name for name in AZURE_TYPES},
}
"""ARM type -> the azurerm type that makes it, where the one does not follow from the other."""
PARTS = {
    "microsoft.network/virtualnetworkgateways/natrules": "azurerm_virtual_network_gateway_nat_rule",
    "microsoft.network/expressroutecircuits": "azurerm_express_route_circuit",
    "microsoft.network/networkinterfaces": "azurerm_network_interface",
    "microsoft.network/virtualnetworks/virtualnetworkpeerings": "azurerm_virtual_network_peering",
    "microsoft.network/natgateways": "azurerm_nat_gateway",
    "microsoft.network/applicationgateways": "azurerm_application_gateway",
    "microsoft.network/bastionhosts": "azurerm_bastion_host",
    "microsoft.network/publicipprefixes": "azurerm_public_ip_prefix",
    "microsoft.network/applicationsecuritygroups": "azurerm_application_security_group",
    "microsoft.network/privateendpoints": "azurerm_private_endpoint",
    "microsoft.network/networkwatchers": "azurerm_network_watcher",
    "microsoft.network/virtualwans": "azurerm_virtual_wan",
    "microsoft.network/virtualhubs": "azurerm_virtual_hub",
    "microsoft.network/vpngateways": "azurerm_vpn_gateway",
    "microsoft.network/vpnsites": "azurerm_vpn_site",
    "microsoft.storage/storageaccounts": "azurerm_storage_account",
    "microsoft.compute/availabilitysets": "azurerm_availability_set",
    "microsoft.compute/sshpublickeys": "azurerm_ssh_public_key",
    "microsoft.compute/images": "azurerm_image",
    "microsoft.compute/proximityplacementgroups": "azurerm_proximity_placement_group",
    "microsoft.compute/snapshots": "azurerm_snapshot",
}


@pytest.mark.parametrize("name", AWS_TYPES + AZURE_TYPES)
def test_what_the_offline_providers_apply_is_refused_nowhere(name: str) -> None:
    assert support_of("managed", name).level in {"packets", "objects only"}


@pytest.mark.parametrize("name", sorted(aws_provider.definition().data_sources))
def test_what_the_offline_providers_read_is_refused_nowhere(name: str) -> None:
    assert support_of("data", name).level in {"packets", "objects only"}


@pytest.mark.parametrize("arm_type", sorted(RESOURCE_TYPES))
def test_every_arm_type_of_the_twin_has_an_azurerm_type_that_is_served(arm_type: str) -> None:
    network = arm_type.startswith(azure._NETWORK) and arm_type not in azure._ENTRIES
    name = AZURE_NAMES.get(arm_type) or PARTS[arm_type]
    support = support_of("managed", name)
    assert (support.level, support.service) == (
        "packets" if network else "objects only",
        arm_type.partition("/")[0],
    )


@pytest.mark.parametrize("arm_type", sorted(absent.TYPES))
def test_every_arm_type_that_is_absent_is_refused_with_its_reason(arm_type: str) -> None:
    support = support_of("managed", AZURE_NAMES.get(arm_type) or PARTS[arm_type])
    assert (support.level, support.reason) == ("refused", f"the twin has {absent.TYPES[arm_type]}")


@pytest.mark.parametrize("operation", sorted(OBJECTS_ONLY))
def test_calls_with_nothing_behind_them_are_objects_only(operation: str) -> None:
    names = {
        "AllocateAddress": "aws_eip",
        "CreateDhcpOptions": "aws_vpc_dhcp_options",
        "CreateFlowLogs": "aws_flow_log",
        "CreateKeyPair": "aws_key_pair",
        "CreateLaunchTemplate": "aws_launch_template",
        "CreateNatGateway": "aws_nat_gateway",
        "CreateVolume": "aws_ebs_volume",
        "CreateVpcEndpoint": "aws_vpc_endpoint",
        "ImportKeyPair": "aws_key_pair",
        "ModifyVpcEndpoint": "aws_vpc_endpoint_subnet_association",
        "PutParameter": "aws_ssm_parameter",
    }
    support = support_of("managed", names[operation])
    assert (support.level, support.reason) == ("objects only", OBJECTS_ONLY[operation])


@pytest.mark.parametrize(
    "operation",
    sorted(name for name in SERVED["ec2"] if name.startswith("Create") and name not in OBJECTS_ONLY),
)
def test_every_object_that_ec2_makes_here_has_packets(operation: str) -> None:
    """The type is spelled from the call: CreateVpnGateway is aws_vpn_gateway."""
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)
    name = words.replace("_create", "aws")
    spelled = {"aws_tags": "aws_ec2_tag", "aws_network_acl_entry": "aws_network_acl_rule"}.get(name, name)
    assert support_of("managed", spelled).level == "packets"


@pytest.mark.parametrize(
    ("mode", "name", "level"),
    [
        ("managed", "aws_db_subnet_group", "objects only"),
        ("managed", "aws_elasticache_subnet_group", "objects only"),
        ("managed", "aws_redshift_subnet_group", "objects only"),
        ("managed", "aws_kms_key", "objects only"),
        ("managed", "aws_kms_alias", "objects only"),
        ("managed", "aws_kms_grant", "objects only"),
        ("managed", "aws_route53_record", "objects only"),
        ("managed", "aws_route53_zone", "objects only"),
        ("managed", "aws_secretsmanager_secret", "objects only"),
        ("managed", "aws_secretsmanager_secret_policy", "objects only"),
        ("managed", "aws_secretsmanager_secret_version", "objects only"),
        ("data", "aws_elasticache_subnet_group", "objects only"),
        ("data", "aws_route53_zone", "objects only"),
        ("data", "aws_secretsmanager_secret_version", "objects only"),
        ("managed", "aws_db_instance", "refused"),
        ("managed", "aws_elasticache_cluster", "refused"),
        ("managed", "aws_kms_external_key", "objects only"),
        ("managed", "aws_kms_replica_key", "objects only"),
        ("managed", "aws_redshift_cluster", "refused"),
        ("managed", "aws_route53_health_check", "refused"),
        ("managed", "aws_secretsmanager_secret_rotation", "refused"),
    ],
)
def test_of_services_beside_the_network_objects_alone_are_there(mode: str, name: str, level: str) -> None:
    assert support_of(mode, name).level == level


def test_an_ipv6_entry_of_a_network_acl_is_no_refused_argument() -> None:
    entries = [{"ipv6_cidr_block": "::/0"}]
    for name in ("aws_network_acl", "aws_default_network_acl"):
        assert refused_arguments(name, {"ingress": entries}) == {}
    assert refused_arguments("aws_network_acl_rule", {"ipv6_cidr_block": "::/0"}) == {}


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("aws_kms_key", "kms"),
        ("aws_db_subnet_group", "rds"),
        ("aws_redshift_subnet_group", "redshift"),
        ("aws_route53_zone", "route53"),
        ("aws_secretsmanager_secret", "secretsmanager"),
        ("aws_lb", "elasticloadbalancing"),
        ("aws_lambda_function", "lambda"),
    ],
)
def test_of_another_service_the_service_is_named(name: str, service: str) -> None:
    support = support_of("managed", name)
    expected = "refused" if service not in SERVED else "objects only"
    assert (support.level, support.service) == (expected, service)


def test_what_nobody_knows_is_refused() -> None:
    assert support_of("managed", "aws_no_such_thing").level == "refused"
    assert support_of("managed", "azurerm_no_such_thing").level == "refused"
    assert support_of("data", "aws_no_such_thing").level == "refused"


@pytest.mark.parametrize("name", ["random_id", "terraform_data", "tls_private_key"])
def test_what_asks_no_cloud_is_objects_only(name: str) -> None:
    assert support_of("managed", name).level == "objects only"


@pytest.mark.parametrize("name", ["aws_iam_policy_document", "aws_partition", "azurerm_client_config"])
def test_what_the_provider_works_out_itself_is_not_refused(name: str) -> None:
    assert support_of("data", name).level == "objects only"


def _argument(member: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in member).lstrip("_")


@pytest.mark.parametrize("member", sorted(ANYWHERE["ec2"]))
def test_every_member_that_ec2_refuses_is_a_refused_argument(member: str) -> None:
    argument = _argument(member)
    assert refused_arguments("aws_vpc", {argument: "set"}) == {argument: ANYWHERE["ec2"][member]}
    assert refused_arguments("aws_vpc", {argument: None}) == {}


def test_an_argument_in_a_block_is_found_and_one_that_is_served_is_not() -> None:
    routes = [{"cidr_block": "10.0.0.0/8", "gateway_id": "vgw-1"}, {"local_gateway_id": "lgw-1"}]
    refusals = refused_arguments("aws_route_table", {"route": routes, "vpc_id": "vpc-1"})
    assert list(refusals) == ["local_gateway_id"]


def test_a_name_of_the_provider_that_is_not_the_apis_is_known() -> None:
    refusals = refused_arguments("aws_vpc", {"assign_generated_ipv6_cidr_block": True})
    assert refusals == {"assign_generated_ipv6_cidr_block": "no IPv6"}


def test_the_region_of_a_call_is_that_of_its_service() -> None:
    assert aws.service_of("aws_cloudwatch_log_group") == "logs"
    assert aws.service_of("aws_cloudwatch_metric_alarm") == "monitoring"
    assert aws.service_of("aws_vpc") == "ec2"
