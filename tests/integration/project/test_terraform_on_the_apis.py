"""Terraform with the offline providers on the twin's two real APIs: state, lock, whole life, bad input."""

import shutil
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from mypy_boto3_ec2 import EC2Client
from project_apis import Apis, running_apis

from twinspan.errors import DesignError, HostError, TwinspanError
from twinspan.project.environment import Environment, StateLocation
from twinspan.project.messages import Event, PlannedChange, ResourceEvent
from twinspan.project.terraform import Terraform
from twinspan.twin.providers.mirror import write_mirror

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="terraform is not on PATH; run `make install`"
)


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apis]:
    with running_apis(tmp_path_factory.mktemp("apis")) as apis:
        yield apis


@pytest.fixture
def process_environment(apis: Apis) -> dict[str, str]:
    return dict(apis.variables)


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    """A copy of the tree, with a state bucket and names of its own."""
    tree = tmp_path / "terraform"
    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*")
    shutil.copytree(ROOT / "terraform", tree, symlinks=True, ignore=ignored)
    unique = uuid.uuid4().hex[:8]
    for name in ("dev", "prod"):
        backend, tfvars = tree / "envs" / name / "backend.hcl", tree / "envs" / name / "terraform.tfvars"
        backend.write_text(backend.read_text().replace("twinspan-terraform-state", f"test-{unique}"))
        text = tfvars.read_text().replace(f'"twinspan-{name}"', f'"test-{unique}"')
        # Clusters need a data plane, which these tests leave out.
        tfvars.write_text(f"{text}\nkubernetes_enabled = false\n")
    return Environment.load(tree / "envs" / "dev")


def kept(env: Environment) -> StateLocation:
    assert env.state
    return env.state


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def whole_life(terraform: Terraform, ec2: EC2Client) -> None:
    """Apply, plan again (nothing), change behind its back, plan (that), apply, destroy, plan (all)."""
    applied = terraform.apply()
    assert applied.summary.added == len(applied.resources) > 50
    tunnels = terraform.outputs()["tunnels"]
    assert set(tunnels) == {"tunnel1", "tunnel2", "tunnel3", "tunnel4"}
    assert len({tunnel["outside_ip_address"] for tunnel in tunnels.values()}) == 4
    assert terraform.plan().changes == ()

    group = terraform.outputs()["aws_workload_security_group_id"]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    ingress = [rule["SecurityGroupRuleId"] for rule in rules["SecurityGroupRules"] if not rule["IsEgress"]]
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=ingress)
    drifted = [change.address for change in terraform.plan().changes if not change.drift]
    assert len(drifted) == 1
    assert "aws_vpc_security_group_ingress_rule.remote" in drifted[0]
    assert terraform.apply().summary.added == 1

    destroyed = terraform.destroy()
    assert destroyed.summary.removed == applied.summary.added
    assert terraform.plan().summary.added == applied.summary.added
    assert terraform.outputs() == {}
    left = ec2.describe_vpcs(Filters=[{"Name": "tag:project", "Values": ["twinspan"]}])
    assert left["Vpcs"] == []


@pytest.mark.long
@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_whole_life_of_an_environment_with_the_offline_providers(
    env: Environment, apis: Apis, process_environment: dict[str, str], name: str
) -> None:
    env = Environment.load(env.folder.parent / name)
    with Terraform(env, process_environment=process_environment, providers="offline") as terraform:
        whole_life(terraform, apis.ec2)


@pytest.mark.long
def test_the_whole_life_of_an_environment_with_the_real_aws_provider(
    env: Environment, apis: Apis, process_environment: dict[str, str], tmp_path: Path
) -> None:
    aws = Path("registry.terraform.io") / "hashicorp" / "aws"
    mirrors = [folder for folder in sorted(Path("/opt").glob("*")) if (folder / aws).is_dir()]
    if not mirrors:
        pytest.skip("no filesystem mirror with the real hashicorp/aws below /opt")
    offline = write_mirror(tmp_path / "providers").parent / "mirror"
    config = tmp_path / "terraformrc"
    config.write_text(
        "disable_checkpoint = true\nprovider_installation {\n"
        f'  filesystem_mirror {{\n    path = "{mirrors[0]}"\n    include = ["hashicorp/aws"]\n  }}\n'
        f'  filesystem_mirror {{\n    path = "{offline}"\n    include = ["hashicorp/azurerm"]\n  }}\n}}\n'
    )
    process_environment["TF_CLI_CONFIG_FILE"] = str(config)
    with Terraform(env, process_environment=process_environment, providers="real") as terraform:
        assert terraform.offline_providers == ("hashicorp/azurerm",)
        whole_life(terraform, apis.ec2)


@pytest.mark.long
def test_progress_is_reported_while_it_happens_with_the_time_each_took(
    env: Environment, process_environment: dict[str, str]
) -> None:
    events: list[Event] = []
    with Terraform(
        env, process_environment=process_environment, providers="offline", on_event=events.append
    ) as terraform:
        applied = terraform.apply()
        terraform.destroy()
    done = [event for event in events if isinstance(event, ResourceEvent) and event.state == "done"]
    assert tuple(done[: len(applied.resources)]) == applied.resources
    assert all(0 < event.elapsed_s < applied.duration_s for event in applied.resources)


def test_the_missing_bucket_is_made_versioned_encrypted_and_private(
    env: Environment, apis: Apis, process_environment: dict[str, str]
) -> None:
    with Terraform(env, process_environment=process_environment, providers="offline") as terraform:
        assert terraform.init() == "offline"
    client = apis.s3
    assert client.get_bucket_versioning(Bucket=kept(env).bucket)["Status"] == "Enabled"
    rules = client.get_bucket_encryption(Bucket=kept(env).bucket)["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    block = client.get_public_access_block(Bucket=kept(env).bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}


def test_a_tree_without_the_bootstrap_module_is_told_that_the_bucket_is_missing(
    env: Environment, process_environment: dict[str, str]
) -> None:
    shutil.rmtree(env.bootstrap)
    with (
        Terraform(env, process_environment=process_environment, providers="offline") as terraform,
        pytest.raises(HostError, match=f"the state bucket {kept(env).bucket} does not exist"),
    ):
        terraform.init()


def test_a_plan_counts_every_resource_and_leaves_the_tree_untouched(
    env: Environment, process_environment: dict[str, str]
) -> None:
    before = files(env.tree)
    events: list[Event] = []
    with Terraform(
        env, process_environment=process_environment, providers="offline", on_event=events.append
    ) as terraform:
        outcome = terraform.plan()
        assert terraform.outputs() == {}
    assert outcome.summary.added == len(outcome.changes)
    assert outcome.summary.added > 50
    assert {event for event in events if isinstance(event, PlannedChange)} == set(outcome.changes)
    assert any("offline provider" in warning for warning in outcome.warnings)
    assert files(env.tree) == before


def test_auto_falls_back_to_the_offline_providers_when_no_other_can_be_installed(
    env: Environment, process_environment: dict[str, str], tmp_path: Path
) -> None:
    empty = tmp_path / "empty-mirror"
    empty.mkdir()
    config = tmp_path / "terraformrc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{empty}"\n  }}\n}}\n')
    process_environment["TF_CLI_CONFIG_FILE"] = str(config)
    with Terraform(env, process_environment=process_environment) as terraform:
        assert terraform.init() == "offline"
    with (
        Terraform(env, process_environment=process_environment, providers="real") as terraform,
        pytest.raises(HostError, match="a Terraform provider cannot be installed"),
    ):
        terraform.init()


@pytest.mark.long
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            'cidr_block      = "10.2.0.0/16"',
            'cidr_block      = "10.1.0.0/16"',
            r"dev/terraform\.tfvars line \d+: aws\.cidr_block 10\.1\.0\.0/16 .* overlaps azure\.address",
            id="overlap",
        ),
        pytest.param(
            "azure = {", "azure = [", r"dev/terraform\.tfvars line \d+: .*Correct `", id="malformed"
        ),
        pytest.param("VpnGw1AZ", "VpnGw1", r"gateway\.sku VpnGw1 must be VpnGw1AZ to VpnGw5AZ", id="sku"),
        pytest.param(
            "tunnels = {",
            "tunnel = {",
            r"dev/variables\.tf line \d+: the variable tunnels has no value",
            id="missing",
        ),
        pytest.param("= 65000", '= "many"', r"dev/terraform\.tfvars line \d+: .*number", id="type"),
    ],
)
def test_bad_input_is_explained_with_its_place_and_changes_nothing(
    env: Environment, apis: Apis, *, old: str, new: str, expected: str
) -> None:
    tfvars = env.folder / "terraform.tfvars"
    text = tfvars.read_text()
    assert old in text
    tfvars.write_text(text.replace(old, new))
    with (
        Terraform(env, process_environment=apis.variables, providers="offline") as terraform,
        pytest.raises(DesignError, match=expected),
    ):
        terraform.apply()
    # Some versions of Terraform read the variables so early that not even the state's bucket is made.
    made = [bucket["Name"] for bucket in apis.s3.list_buckets()["Buckets"]]
    assert kept(env).bucket not in made or "Contents" not in apis.s3.list_objects_v2(Bucket=kept(env).bucket)


@pytest.mark.long
def test_of_two_applies_at_once_one_builds_and_the_other_is_told_who_holds_the_lock(
    env: Environment, apis: Apis, process_environment: dict[str, str]
) -> None:
    refused: list[TwinspanError] = []
    built: list[int] = []
    barrier = threading.Barrier(2)

    def apply(terraform: Terraform) -> None:
        barrier.wait()
        try:
            built.append(terraform.apply().summary.added)
        except TwinspanError as error:
            refused.append(error)

    with (
        Terraform(env, process_environment=process_environment, providers="offline") as one,
        Terraform(env, process_environment=process_environment, providers="offline") as other,
    ):
        one.init()
        other.init()
        threads = [threading.Thread(target=apply, args=(terraform,)) for terraform in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(built) == 1
        assert built[0] > 50
        assert len(refused) == 1
        assert isinstance(refused[0], HostError)
        assert refused[0].exit_code == 3
        assert "Error acquiring the state lock" in str(refused[0])
        assert "force-unlock" in refused[0].remedy
        assert one.destroy().summary.removed == built[0]
    keys = [entry["Key"] for entry in apis.s3.list_objects_v2(Bucket=kept(env).bucket)["Contents"]]
    assert keys == [kept(env).key]


@pytest.mark.long
def test_a_variable_wins_over_the_files_of_the_environment(
    env: Environment, apis: Apis, process_environment: dict[str, str]
) -> None:
    with Terraform(
        env, process_environment=process_environment, providers="offline", variables={"tags": '{"a" = "b"}'}
    ) as terraform:
        terraform.apply()
        (vpc,) = apis.ec2.describe_vpcs(Filters=[{"Name": "tag:a", "Values": ["b"]}])["Vpcs"]
        assert "project" not in {tag["Key"] for tag in vpc["Tags"]}
        assert terraform.plan().changes == ()
        terraform.destroy()


@pytest.mark.long
@pytest.mark.parametrize("variables", [{"nme": "x"}, {"name": "Not A Name"}, {"aws": "{"}])
def test_a_variable_that_is_unknown_or_wrong_is_bad_input(
    env: Environment, process_environment: dict[str, str], variables: dict[str, str]
) -> None:
    with Terraform(
        env, process_environment=process_environment, providers="offline", variables=variables
    ) as terraform:
        terraform.init()
        with pytest.raises(DesignError, match=next(iter(variables))):
            terraform.plan()
