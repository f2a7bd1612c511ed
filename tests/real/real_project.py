"""One environment of `terraform/` on a twin of its own, driven by the real providers."""

import json
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.mgmt.resource.resources import ResourceManagementClient

from twinspan.cloud.aws.client import service_client
from twinspan.cloud.azure.client import clients as azure_clients
from twinspan.cloud.endpoints import Endpoints
from twinspan.command import environment, run
from twinspan.project.environment import Environment
from twinspan.project.outcome import Outcome, Providers
from twinspan.project.terraform import Terraform
from twinspan.twin import lifecycle
from twinspan.twin.client import twin_endpoints

TREE = Path(__file__).parents[2] / "terraform"


@dataclass(frozen=True, slots=True, kw_only=True)
class RealProject:
    """Terraform with the real providers, and both APIs of the twin that it works on."""

    terraform: Terraform
    endpoints: Endpoints
    tfvars: str
    scratch: Path

    @property
    def azure(self) -> ResourceManagementClient:
        assert self.endpoints.azure
        return azure_clients(self.endpoints.azure).resources

    def aws(self, service: str) -> Any:
        assert self.endpoints.aws
        return service_client(self.endpoints.aws, service)

    def variable(self, name: str) -> str:
        """The value that the environment's own file gives a variable, as HCL."""
        match = re.search(rf"^{name}\s+= (\{{\n.*?^\}}|.*?)$", self.tfvars, re.MULTILINE | re.DOTALL)
        assert match, name
        return match[1]

    def change(self, **variables: str) -> tuple[Outcome, Mapping[str, list[str]]]:
        """Apply with other values, which stay for what comes after; return what became of which address."""
        self.terraform.variables |= variables
        saved = self.scratch / "change"
        actions = _actions(self.plan_document(saved))
        try:
            return self.terraform.apply(plan=saved), actions
        finally:
            saved.unlink()

    def planned(self) -> Mapping[str, list[str]]:
        """What a plan would do now: address -> actions; empty if nothing."""
        return _actions(self.plan_document())

    def plan_document(self, save: Path | None = None) -> Mapping[str, Any]:
        plan = save or self.scratch / "plan"
        self.terraform.plan(save=plan)
        try:
            return self.terraform.show_json(plan)
        finally:
            if save is None:
                plan.unlink()

    def resources(self) -> list[Mapping[str, Any]]:
        """Every managed resource of the state: address, type and values."""

        def walk(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
            yield from module.get("resources", ())
            for child in module.get("child_modules", ()):
                yield from walk(child)

        root = self.terraform.show_json().get("values", {}).get("root_module", {})
        return [resource for resource in walk(root) if resource["mode"] == "managed"]

    def attributes(self) -> dict[str, Mapping[str, Any]]:
        """Every managed resource's values, by address."""
        return {resource["address"]: resource["values"] for resource in self.resources()}

    def forget(self, addresses: Sequence[str]) -> None:
        """Take resources out of the state; they stay in the clouds."""
        workspace, _ = self.terraform._prepared()
        self.terraform._answer(workspace, ["state", "rm", *addresses])

    def import_blocks(self, ids: Mapping[str, str]) -> Path:
        """Have the next plan import resources: address -> id."""
        workspace, _ = self.terraform._prepared()
        file = workspace.folder / "imports_of_a_test.tf"
        blocks = (f"import {{\n  to = {address}\n  id = {json.dumps(ids[address])}\n}}\n" for address in ids)
        file.write_text("".join(blocks))
        return file

    def left_in_the_clouds(self) -> dict[str, list[str]]:
        """Everything but the state's bucket that either cloud still holds."""
        ec2, iam = self.aws("ec2"), self.aws("iam")
        gone = ("deleted", "deleting")
        left: dict[str, list[str]] = {
            "vpc": [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]],
            "address": [address["AllocationId"] for address in ec2.describe_addresses()["Addresses"]],
            "nat": [
                gateway["NatGatewayId"]
                for gateway in ec2.describe_nat_gateways()["NatGateways"]
                if gateway["State"] not in gone
            ],
            "eks": self.aws("eks").list_clusters()["clusters"],
            "logs": [
                log_group["logGroupName"] for log_group in self.aws("logs").describe_log_groups()["logGroups"]
            ],
            "sns": [topic["TopicArn"] for topic in self.aws("sns").list_topics()["Topics"]],
            "alarm": [
                alarm["AlarmName"] for alarm in self.aws("cloudwatch").describe_alarms()["MetricAlarms"]
            ],
            "dashboard": [
                dashboard["DashboardName"]
                for dashboard in self.aws("cloudwatch").list_dashboards().get("DashboardEntries", [])
            ],
            "role": [
                role["RoleName"]
                for role in iam.list_roles()["Roles"]
                if "/aws-service-role/" not in role["Path"]
            ],
            "group": [resource_group.name or "" for resource_group in self.azure.resource_groups.list()],
            "resource": [resource.id or "" for resource in self.azure.resources.list()],
        }
        for key, name, identity in (
            ("VpnGateways", "vpn_gateways", "VpnGatewayId"),
            ("VpnConnections", "vpn_connections", "VpnConnectionId"),
            ("CustomerGateways", "customer_gateways", "CustomerGatewayId"),
        ):
            resources = getattr(ec2, f"describe_{name}")()[key]
            left[name] = [resource[identity] for resource in resources if resource["State"] not in gone]
        return {kind: names for kind, names in left.items() if names}


def _actions(plan: Mapping[str, Any]) -> Mapping[str, list[str]]:
    return {
        change["address"]: change["change"]["actions"]
        for change in plan["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }


@contextmanager
def real_project(
    name: str, scratch: Path, config: Path, *, providers: Providers = "real"
) -> Iterator[RealProject]:
    """Have environment `name` on a fresh twin, with the providers of a Terraform CLI configuration."""
    tree = scratch / "terraform"
    shutil.copytree(TREE, tree, symlinks=True, ignore=shutil.ignore_patterns(".terraform*"))
    env = Environment.load(tree / "envs" / name)
    twin = f"real-{name}-{secrets.token_hex(3)}"
    lifecycle.up(twin)
    try:
        variables = environment(**lifecycle.environment(twin), TF_CLI_CONFIG_FILE=str(config))
        with Terraform(env, process_environment=variables, providers=providers) as terraform:
            yield RealProject(
                terraform=terraform,
                endpoints=twin_endpoints(twin),
                tfvars=(env.folder / "terraform.tfvars").read_text(),
                scratch=scratch,
            )
    finally:
        lifecycle.down(twin, purge=True)


def bootstrap_life(project: RealProject) -> str:
    """Plan and import the state's bucket, which the project's first `init` has made; return what differs."""
    workspace, _ = project.terraform._prepared()
    folder = workspace.folder.parents[1] / "bootstrap"
    state = project.terraform._env.state
    assert state
    bucket = state.bucket
    arguments = [f"-var=bucket={bucket}", f"-var=region={state.region}"]
    variables = project.terraform._process_environment(workspace, {}) | {
        "TF_DATA_DIR": str(project.scratch / "bootstrap-data")
    }
    types = (
        "aws_s3_bucket.state",
        "aws_s3_bucket_versioning.state",
        "aws_s3_bucket_server_side_encryption_configuration.state",
        "aws_s3_bucket_public_access_block.state",
    )
    run(["terraform", "init", "-input=false"], cwd=folder, env=variables, timeout_s=120)
    for address in types:
        argv = ["terraform", "import", "-input=false", *arguments, address, bucket]
        run(argv, cwd=folder, env=variables, timeout_s=120)
    argv = ["terraform", "plan", "-input=false", "-no-color", "-detailed-exitcode", *arguments]
    done = run(argv, cwd=folder, env=variables, timeout_s=120, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
