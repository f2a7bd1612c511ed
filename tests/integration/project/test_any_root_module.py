"""Users' root modules on the twin's two APIs: what is theirs stays as it is; bad input is one error."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from project_apis import Apis, running_apis

from twinspan.command import run
from twinspan.errors import DesignError, HostError
from twinspan.project.environment import Environment
from twinspan.project.isolation import Store
from twinspan.project.local_state import local_state
from twinspan.project.terraform import Terraform

DESIGNS = Path(__file__).parents[2] / "designs"
SUBSCRIPTION = "7a7a7a7a-1111-4222-8333-444444444444"
CLOUDS = f"""
provider "aws" {{
  region     = "eu-west-1"
  profile    = "production"
  access_key = "AKIAIOSFODNN7EXAMPLE"
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

  assume_role {{
    role_arn = "arn:aws:iam::123456789012:role/admin"
  }}

  endpoints {{
    ec2 = "https://ec2.eu-west-1.amazonaws.com"
    sts = "https://sts.eu-west-1.amazonaws.com"
  }}
}}

provider "aws" {{
  alias   = "other"
  region  = "us-east-1"
  profile = "production"
}}

provider "azurerm" {{
  features {{}}
  subscription_id = "{SUBSCRIPTION}"
}}

resource "aws_vpc" "here" {{
  cidr_block = "10.1.0.0/16"
}}

resource "aws_vpc" "there" {{
  provider   = aws.other
  cidr_block = "10.2.0.0/16"
}}

resource "azurerm_resource_group" "group" {{
  name     = "group"
  location = "westeurope"
}}
"""
BACKENDS: Mapping[str, str] = {
    "azurerm": 'backend "azurerm" {\n storage_account_name = "a"\n container_name = "c"\n key = "k"\n }',
    "cloud": 'cloud {\n organization = "o"\n workspaces {\n name = "w"\n }\n }',
    "consul": 'backend "consul" {\n path = "p"\n address = "consul.example.com"\n }',
    "cos": 'backend "cos" {\n bucket = "b"\n region = "r"\n }',
    "gcs": 'backend "gcs" {\n bucket = "b"\n }',
    "http": 'backend "http" {\n address = "https://state.example.com"\n }',
    "kubernetes": 'backend "kubernetes" {\n secret_suffix = "s"\n }',
    "local": 'backend "local" {\n path = "theirs.tfstate"\n }',
    "none": "",
    "oss": 'backend "oss" {\n bucket = "b"\n }',
    "pg": 'backend "pg" {\n conn_str = "postgres://user:pass@db.example.com/state"\n }',
    "remote": 'backend "remote" {\n organization = "o"\n workspaces {\n name = "w"\n }\n }',
    "s3": 'backend "s3" {\n bucket = "b"\n key = "k"\n region = "us-east-1"\n profile = "p"\n }',
}
"""Source: Terraform 1.11, "Available Backends"."""

pytestmark = pytest.mark.skipif(
    shutil.which("terraform") is None, reason="terraform is not on PATH; run `make install`"
)


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apis]:
    with running_apis(tmp_path_factory.mktemp("apis")) as apis:
        yield apis


class Project:
    """One root module and where the twin keeps its state."""

    def __init__(self, apis: Apis, folder: Path, states: Path) -> None:
        self.apis, self.folder, self.states = apis, folder, states

    @property
    def env(self) -> Environment:
        return Environment.load(self.folder)

    def terraform(
        self, *allowed: str, variables: Mapping[str, str] | None = None, var_files: tuple[Path, ...] = ()
    ) -> Terraform:
        return Terraform(
            self.env,
            process_environment=self.apis.variables,
            providers="offline",
            variables=variables,
            var_files=var_files,
            states=self.states,
            allowed=allowed,
        )

    def write(self, text: str, *, name: str = "all.tf") -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def refusal(self, *allowed: str) -> DesignError:
        """What a plan of it is refused with; nothing of the run is left in the folder or the twin's."""
        before = digests(self.folder)
        with pytest.raises(DesignError) as refused, self.terraform(*allowed) as terraform:
            terraform.plan()
        assert digests(self.folder) == before
        assert not list(self.states.rglob("*.tfstate")) or [
            file.parent.name for file in self.states.rglob("*.tfstate")
        ] == ["data"]
        assert refused.value.exit_code == 2
        assert "Traceback" not in str(refused.value)
        return refused.value


@pytest.fixture
def project(apis: Apis, tmp_path: Path) -> Project:
    return Project(apis, tmp_path / "live", tmp_path / "twin" / "states")


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("design", "var_file", "count"),
    [("one-static", None, 16), ("four-by-count/live", None, 28), ("sentences", "where.json", 7)],
)
def test_a_design_of_another_style_lives_and_is_not_touched(
    apis: Apis, tmp_path: Path, design: str, var_file: str | None, count: int
) -> None:
    shutil.copytree(DESIGNS, tmp_path / "designs")
    project = Project(apis, tmp_path / "designs" / design, tmp_path / "states")
    before = digests(tmp_path / "designs")
    files = (project.folder / var_file,) if var_file else ()

    with project.terraform(var_files=files) as terraform:
        applied = terraform.apply()
        again = terraform.plan()
        state = local_state(project.env, project.states)
        destroyed = terraform.destroy()

    assert applied.summary.added == count
    assert again.changes == ()
    assert len(state.resources) == count
    assert destroyed.summary.removed == count
    assert local_state(project.env, project.states).resources == ()
    assert digests(tmp_path / "designs") == before


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_no_backend_is_asked_and_the_state_is_the_twins(project: Project, backend: str) -> None:
    project.write(f"terraform {{\n {BACKENDS[backend]}\n}}\n{CLOUDS}")
    before = digests(project.folder)

    with project.terraform() as terraform:
        assert terraform.apply().summary.added == 3
        blocks = [
            vpc["CidrBlock"]
            for region in ("eu-west-1", "us-east-1")
            for vpc in project.apis.ec2_in(region).describe_vpcs()["Vpcs"]
            if not vpc["IsDefault"]
        ]
        group = next(
            resource.values["id"]
            for resource in local_state(project.env, project.states).of("azurerm_resource_group")
        )
        terraform.destroy()

    assert blocks == ["10.1.0.0/16", "10.2.0.0/16"]
    assert SUBSCRIPTION in group
    assert digests(project.folder) == before


def test_the_selected_workspace_has_a_state_of_its_own(project: Project) -> None:
    project.write('output "workspace" {\n value = terraform.workspace\n}\nresource "terraform_data" "x" {}\n')
    (project.folder / ".terraform").mkdir()
    (project.folder / ".terraform" / "environment").write_text("staging")

    with project.terraform() as terraform:
        terraform.apply()
        assert terraform.outputs() == {"workspace": "staging"}

    assert len(local_state(project.env, project.states).resources) == 1
    (project.folder / ".terraform" / "environment").unlink()
    assert local_state(project.env, project.states).resources == ()


def test_variables_come_from_everywhere_that_terraform_takes_them(project: Project, tmp_path: Path) -> None:
    names = ("option", "file", "auto", "plain", "json", "default")
    project.write(
        "\n".join(f'variable "{name}" {{\n default = "default"\n}}' for name in names)
        + '\noutput "all" {\n value = ['
        + ", ".join(f"var.{name}" for name in names)
        + "]\n}\n"
    )
    project.write('auto = "auto"\nfile = "auto"', name="x.auto.tfvars")
    project.write('plain = "plain"', name="terraform.tfvars")
    project.write('{"json": "json"}', name="y.auto.tfvars.json")
    given = tmp_path / "given.tfvars"
    given.write_text('file = "file"\noption = "file"')

    with project.terraform(variables={"option": "option"}, var_files=(given,)) as terraform:
        terraform.apply()
        assert terraform.outputs()["all"] == ["option", "file", "auto", "plain", "json", "default"]


def test_modules_above_the_folder_and_behind_links_are_found(project: Project) -> None:
    away = project.folder.parent / "elsewhere" / "module"
    away.mkdir(parents=True)
    (away / "m.tf").write_text('output "text" {\n value = file("${path.module}/../text")\n}\n')
    (away.parent / "text").write_text("found")
    project.write(
        'module "m" {\n source = "./linked/module"\n}\noutput "text" {\n value = module.m.text\n}\n'
    )
    (project.folder / "linked").symlink_to("../elsewhere", target_is_directory=True)
    before = digests(project.folder.parent / "elsewhere")

    with project.terraform() as terraform:
        terraform.apply()
        assert terraform.outputs() == {"text": "found"}

    assert digests(project.folder.parent / "elsewhere") == before


def test_offline_providers_are_there_in_whatever_version_is_asked_for(project: Project) -> None:
    project.write(
        """
        terraform {
          required_providers {
            aws     = { source = "hashicorp/aws", version = ">= 6.28, < 7" }
            azurerm = { source = "hashicorp/azurerm", version = "4.31.0" }
          }
        }
        provider "aws" { region = "eu-west-1" }
        provider "azurerm" {
          features {}
        }
        resource "aws_vpc" "one" { cidr_block = "10.9.0.0/16" }
        resource "azurerm_resource_group" "one" {
          name     = "one"
          location = "westeurope"
        }
        """
    )

    with project.terraform() as terraform:
        assert len(terraform.plan().changes) == 2


def test_a_type_that_only_the_real_provider_may_have_leads_to_it(project: Project) -> None:
    project.write('provider "aws" { region = "eu-west-1" }\nresource "aws_kms_key" "one" {}\n')

    refused = project.refusal()

    assert "aws_kms_key" in refused.problem
    assert "--providers real" in refused.remedy


def test_an_error_after_data_was_read_says_where_it_was_written(project: Project) -> None:
    project.write(
        'provider "aws" { region = "eu-west-1" }\ndata "aws_caller_identity" "one" {}\n'
        'output "shown" { value = sensitive(data.aws_caller_identity.one.account_id) }\n'
    )

    assert project.refusal().where == "live/all.tf line 3"


def test_versions_that_nothing_meets_are_refused(project: Project) -> None:
    project.write(
        'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws", version = "> 6, < 6" }\n'
        '  }\n}\nresource "aws_vpc" "one" { cidr_block = "10.9.0.0/16" }\n'
    )

    with pytest.raises(HostError, match=r"> 6.*, < 6"), project.terraform() as terraform:
        terraform.plan()


def test_providers_of_downloaded_modules_are_forced_too(project: Project, tmp_path: Path) -> None:
    module = tmp_path / "repository"
    module.mkdir()
    (module / "m.tf").write_text(CLOUDS)
    who = ("-c", "user.email=a@example.com", "-c", "user.name=a")
    for argv in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "x")):
        run(["git", *argv], cwd=module)
    project.write(f'module "m" {{\n source = "git::file://{module}"\n}}\n')

    for _ in range(2):
        with project.terraform() as terraform:
            terraform.apply()
    with project.terraform() as terraform:
        assert terraform.destroy().summary.removed == 3


def test_of_two_runs_at_once_the_second_is_refused(project: Project) -> None:
    project.write('resource "terraform_data" "x" {}\n')
    with (
        project.terraform() as terraform,
        project.terraform() as second,
    ):
        terraform.init()
        with pytest.raises(HostError, match="another command works on this root module"):
            second.init()


def test_a_provider_that_could_leave_the_machine_is_refused_before_it_is_fetched(project: Project) -> None:
    project.write('resource "datadog_monitor" "x" {\n name = "x"\n}\n')
    project.write(
        'terraform {\n required_providers {\n datadog = { source = "DataDog/datadog" }\n }\n}\n', name="v.tf"
    )
    refused = project.refusal()
    assert "the provider datadog/datadog could leave this machine" in refused.problem
    assert "--allow-provider datadog" in refused.remedy
    with project.terraform("datadog") as terraform, pytest.raises(HostError, match="cannot be installed"):
        terraform.plan()


def test_a_cloud_under_another_name_is_refused(project: Project) -> None:
    project.write(
        'terraform {\n required_providers {\n amazon = { source = "hashicorp/aws" }\n }\n}\n'
        'provider "amazon" {\n region = "eu-west-1"\n}\n'
        'resource "aws_vpc" "x" {\n provider = amazon\n cidr_block = "10.0.0.0/16"\n}\n'
    )
    assert 'local name "amazon"' in project.refusal().problem


def test_somebodys_state_is_not_read(project: Project) -> None:
    other = project.folder.parent / "other.tfstate"
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_text(
        json.dumps(
            {
                "version": 4,
                "terraform_version": "1.9.0",
                "serial": 1,
                "lineage": "x",
                "outputs": {"o": {"value": "theirs", "type": "string"}},
                "resources": [],
            }
        )
    )
    project.write(
        'data "terraform_remote_state" "other" {\n backend = "local"\n'
        f' config = {{ path = "{other}" }}\n}}\n'
        'output "o" {\n value = data.terraform_remote_state.other.outputs.o\n}\n'
    )
    assert "terraform_remote_state would read a state" in project.refusal().problem
    with project.terraform("terraform_remote_state") as terraform:
        terraform.apply()
        assert terraform.outputs() == {"o": "theirs"}


@pytest.mark.parametrize("when", ["create", "destroy"])
def test_a_provisioner_does_not_run_unless_it_is_allowed(project: Project, tmp_path: Path, when: str) -> None:
    ran = tmp_path / "ran"
    project.write('module "m" {\n source = "./m"\n}\n')
    (project.folder / "m").mkdir()
    (project.folder / "m" / "m.tf").write_text(
        f'resource "terraform_data" "x" {{\n provisioner "local-exec" {{\n when = {when}\n'
        f'  command = "touch {ran}"\n }}\n}}\n'
    )
    with project.terraform() as terraform, pytest.raises(DesignError) as refused:
        terraform.apply()
    assert refused.value.where == "live module.m.terraform_data.x"
    assert "its provisioner local-exec would run a command" in refused.value.problem
    assert not ran.exists()
    with project.terraform("local-exec") as terraform:
        terraform.apply()
        terraform.destroy()
    assert ran.exists()


BAD: Mapping[str, tuple[str, str, str]] = {
    "syntax": ('resource "aws_vpc" "x" {\n  cidr_block = \n}\n', "Invalid expression", "Correct"),
    "type": ('resource "aws_vcp" "x" {}\n', "Invalid resource type", "Correct"),
    "variable": (
        'variable "region" {}\noutput "o" {\n value = var.region\n}\n',
        "the variable region has no value",
        "--var region=VALUE",
    ),
    "no folder": (
        'module "m" {\n source = "./none"\n}\n',
        "Unreadable module directory",
        "copy the module beside",
    ),
    "repository": (
        'module "m" {\n source = "git::file:///no/such/repository"\n}\n',
        "Failed to download module",
        "Correct its source",
    ),
    "registry": (
        'module "m" {\n source = "127.0.0.1:9/somebody/vpn/aws"\n version = "1.0.0"\n}\n',
        "m",
        "connect to the registry",
    ),
    "cycle": ('locals {\n a = local.b\n b = local.a\n}\noutput "o" {\n value = local.a\n}\n', "Cycle", ""),
}


@pytest.mark.parametrize("kind", sorted(BAD))
def test_bad_input_is_one_error_with_a_remedy(project: Project, kind: str) -> None:
    text, problem, remedy = BAD[kind]
    project.write(text)
    refused = project.refusal()
    assert problem in refused.problem
    assert remedy in refused.remedy
    assert refused.where.startswith("live")


def test_a_state_of_a_newer_terraform_is_bad_input(project: Project) -> None:
    project.write('resource "terraform_data" "x" {}\n')
    store = Store.of(project.states, project.env)
    store.folder.mkdir(parents=True)
    state = {
        "version": 5,
        "terraform_version": "99.0.0",
        "serial": 1,
        "lineage": "x",
        "outputs": {},
        "resources": [],
    }
    store.state("default").write_text(json.dumps(state))
    with project.terraform() as terraform, pytest.raises(DesignError, match="format version 5"):
        terraform.plan()
