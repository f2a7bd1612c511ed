from dataclasses import replace

import pytest

from twinspan.command import Completed
from twinspan.errors import CloudRefusedError, CloudUnreachableError, CommandError, DesignError, HostError
from twinspan.project.accounts import cloud_environment
from twinspan.project.environment import Environment, StateLocation
from twinspan.project.failures import explain, no_bucket, no_provider
from twinspan.project.messages import Diagnostic

ENDED = Completed(argv=("terraform", "apply"), returncode=1, stdout="", stderr="what it said")
LOCKED = Diagnostic(
    severity="error",
    summary="Error acquiring the state lock",
    detail="Error message: ...\nLock Info:\n  ID:        1234-5678\n  Operation: OperationTypeApply\n"
    "  Who:       me@here\n  Version:   1.11.4\n  Created:   2026-11-22 22:00:00 UTC\n  Info:      \n",
)
VALUE = Diagnostic(
    severity="error",
    summary="Invalid value for variable",
    detail="name X is bad. Use small letters, e.g. twinspan-dev.\n\n"
    "This was checked by the validation rule at a:1.",
    file="terraform.tfvars",
    line=3,
)


@pytest.fixture
def env(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("tree") / "envs" / "dev"
    return Environment(
        folder=folder,
        tree=folder.parent.parent,
        state=StateLocation(bucket="bkt", key="k", region="us-east-1"),
    )


def test_a_refused_value_is_bad_input_with_its_own_remedy(env: Environment) -> None:
    error = explain(env, [VALUE], ENDED, applying=False)
    assert isinstance(error, DesignError)
    assert str(error) == "dev/terraform.tfvars line 3: name X is bad. Use small letters, e.g. twinspan-dev."


@pytest.mark.parametrize(
    ("given", "where"),
    [
        pytest.param((), "dev/terraform.tfvars line 2", id="file"),
        pytest.param(("aws",), "dev: --var aws", id="command-line"),
    ],
)
@pytest.mark.parametrize("summary", ["Invalid value for variable", "Invalid value for input variable"])
def test_a_value_that_the_root_module_hands_on_is_looked_for_where_it_was_written(
    env: Environment, given: tuple[str, ...], where: str, summary: str
) -> None:
    env.folder.mkdir(parents=True)
    (env.folder / "terraform.tfvars").write_text('name = "x"\naws  = {\n  aws = "y"\n}\n')
    handed_on = replace(VALUE, summary=summary, file="main.tf", line=6, snippet="aws = var.aws")
    error = explain(env, [handed_on], ENDED, applying=False, variables=given)
    assert isinstance(error, DesignError)
    assert error.where == where
    assert "var.aws" not in error.remedy


def test_a_value_that_a_module_computes_is_named_by_the_modules_file(env: Environment) -> None:
    nested = replace(VALUE, file="../../modules/vpn/main.tf", line=7, snippet="gateway = var.azure")
    error = explain(env, [nested], ENDED, applying=False)
    assert isinstance(error, DesignError)
    assert error.where == "../modules/vpn/main.tf line 7"


def test_a_parse_error_is_bad_input_and_shows_the_line(env: Environment) -> None:
    broken = Diagnostic(
        severity="error", summary="Missing expression", file="terraform.tfvars", line=9, snippet="name = ["
    )
    error = explain(env, [broken, broken], ENDED, applying=False)
    assert isinstance(error, DesignError)
    assert error.where == "dev/terraform.tfvars line 9"
    assert "(and 1 more)" in error.problem
    assert error.remedy == "Correct `name = [` there"


def test_a_held_lock_names_its_holder_and_how_to_free_it(env: Environment) -> None:
    error = explain(env, [LOCKED], ENDED, applying=False)
    assert isinstance(error, HostError)
    assert error.exit_code == 3
    assert "Error acquiring the state lock: s3://bkt/k is in use (me@here, OperationTypeApply" in str(error)
    assert f"`terraform -chdir={env.folder} force-unlock 1234-5678`" in error.remedy


def test_a_missing_bucket_gives_the_command_that_makes_it(env: Environment) -> None:
    missing = Diagnostic(
        severity="error", summary='Failed to get existing workspaces: S3 bucket "bkt" does not exist.'
    )
    assert no_bucket([missing])
    error = explain(env, [missing], ENDED, applying=False)
    assert isinstance(error, HostError)
    assert (
        f"terraform -chdir={env.tree}/bootstrap apply -var bucket=bkt -var region=us-east-1" in error.remedy
    )


def test_a_provider_that_cannot_be_had_is_the_machines_lack(env: Environment) -> None:
    missing = Diagnostic(severity="error", summary="Failed to query available provider packages")
    assert no_provider([missing])
    assert isinstance(explain(env, [missing], ENDED, applying=False), HostError)


def test_an_api_that_does_not_answer_is_told_from_one_that_refuses(env: Environment) -> None:
    silent = Diagnostic(
        severity="error",
        summary="reading VPC",
        detail="dial tcp 127.0.0.1:1: connection refused",
        address="aws_vpc.x",
    )
    refusing = Diagnostic(
        severity="error", summary="creating VPC", detail="VpcLimitExceeded", address="aws_vpc.x"
    )
    assert isinstance(explain(env, [silent], ENDED, applying=True), CloudUnreachableError)
    error = explain(env, [refusing], ENDED, applying=True)
    assert isinstance(error, CloudRefusedError)
    assert "aws_vpc.x" in str(error)
    assert "VpcLimitExceeded" in str(error)


REFUSED_BY_AWS = Diagnostic(
    severity="error",
    summary="creating EC2 VPN Gateway: operation error EC2: CreateVpnGateway, StatusCode: 400, "
    "api error VpnGatewayLimitExceeded: The maximum number is 5.",
    address="aws_vpn_gateway.x",
)
REFUSED_BY_AZURE = Diagnostic(
    severity="error",
    summary='creating Public I P Address (Subscription: "f85f"\nResource Group Name: "rg"): performing: '
    "unexpected status 400 (400 Bad Request) with error: PublicIPCountLimitReached: Cannot create more.",
    detail='creating Public I P Address (Subscription: "f85f"\nResource Group Name: "rg"): performing: '
    "unexpected status 400 (400 Bad Request) with error: PublicIPCountLimitReached: Cannot create more.",
    address="azurerm_public_ip.y",
)


def test_errors_of_the_real_providers_are_cut_down_to_the_clouds_own_words(env: Environment) -> None:
    error = explain(env, [REFUSED_BY_AWS, REFUSED_BY_AZURE], ENDED, applying=True)
    assert isinstance(error, CloudRefusedError)
    assert error.code == "VpnGatewayLimitExceeded"
    assert str(error).splitlines() == [
        "aws_vpn_gateway.x refused with VpnGatewayLimitExceeded: The maximum number is 5.",
        "  azurerm_public_ip.y: PublicIPCountLimitReached: Cannot create more.",
    ]


def test_a_whole_answer_in_a_providers_error_is_shortened(env: Environment) -> None:
    long = Diagnostic(severity="error", summary=f"creating Alert: unexpected status 201: {'x' * 5000}")
    assert len(str(explain(env, [long], ENDED, applying=True))) < 1000


def test_a_failure_without_any_message_shows_what_terraform_wrote(env: Environment) -> None:
    error = explain(env, [], ENDED, applying=False)
    assert isinstance(error, CommandError)
    assert "what it said" in str(error)


def test_a_shell_that_points_at_a_twin_is_refused_for_the_cloud() -> None:
    for name, value in (
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ("ARM_METADATA_HOSTNAME", "localhost:4567"),
    ):
        with pytest.raises(HostError, match=f"still points at a twin \\({name}="):
            cloud_environment({name: value, "ARM_SUBSCRIPTION_ID": "x"})


def test_without_a_subscription_the_cloud_is_refused() -> None:
    with pytest.raises(HostError, match="set ARM_SUBSCRIPTION_ID"):
        cloud_environment({"PATH": "/bin"})


def test_the_shells_own_environment_goes_to_the_cloud() -> None:
    present = {"ARM_SUBSCRIPTION_ID": "x", "AWS_PROFILE": "me"}
    assert cloud_environment(present) == present
