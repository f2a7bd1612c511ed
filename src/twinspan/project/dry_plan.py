"""Plans an environment from nothing in a copied tree, with a local backend: no state, no twin."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from twinspan import command
from twinspan.errors import CommandError
from twinspan.project import failures
from twinspan.project.environment import Environment
from twinspan.project.messages import Diagnostic, parse
from twinspan.project.terraform import Terraform
from twinspan.project.workspace import WorkingCopies, Workspace

DryProviders = Literal["offline", "real"]

_NOWHERE = "http://127.0.0.1:9"
"""The discard port: a request that should not be made fails at once."""
_NOBODY = "00000000-0000-0000-0000-000000000000"
_OVERRIDE = "twinspan_check_override.tf"
_LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'
_NOBODYS = {
    "TWINSPAN_PLAN_ONLY": "1",
    "AWS_PROFILE": None,
    "AWS_SESSION_TOKEN": None,
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nobody",
    "AWS_ENDPOINT_URL": _NOWHERE,
    "ARM_SUBSCRIPTION_ID": _NOBODY,
    "ARM_TENANT_ID": _NOBODY,
    "ARM_CLIENT_ID": _NOBODY,
    "ARM_CLIENT_SECRET": "nobody",
    "ARM_METADATA_HOSTNAME": None,
}
"""Credentials of no account, and no endpoint."""
_NO_ACCOUNT = """
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
"""
"""Source: Terraform, "Override Files"; hashicorp/aws, provider arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Values of variables, besides those in files that Terraform reads by itself.

    Attributes:
        variables: Name -> value as text; they win over all files.
        var_files: Files with values.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    var_files: Sequence[Path] = ()

    @property
    def options(self) -> list[str]:
        """Terraform's options for them."""
        files = [f"-var-file={file.absolute()}" for file in self.var_files]
        return [*files, *(f"-var={name}={value}" for name, value in self.variables.items())]


def dry_plan(
    env: Environment, *, providers: DryProviders = "offline", inputs: Inputs | None = None
) -> Mapping[str, Any]:
    """Return `terraform show -json` of a plan that builds `env` from nothing.

    It may hold secrets that the files spell out: never write it anywhere.

    Args:
        env: The root module; its own folder and state stay untouched.
        providers: `offline`: twinspan's own, without any account. `real`: those of the lock file, with the
            credentials of this shell.
        inputs: Values of variables.

    Raises:
        DesignError: The environment does not parse.
        HostError: Terraform or a provider is missing.
        CommandError: Terraform failed otherwise.
    """
    inputs = inputs or Inputs()
    copies = WorkingCopies()
    try:
        if env.state is None:
            return _of_any_root_module(env, copies.home, providers, inputs)
        workspace = _workspace(copies, env, providers)
        environment = _environment(workspace, providers)
        saved = copies.home / "plan"
        _run(env, workspace, environment, ["init"])
        _run(env, workspace, environment, ["plan", "-lock=false", f"-out={saved}", *inputs.options])
        argv = ["terraform", "show", "-json", str(saved)]
        done = command.run(argv, cwd=workspace.folder, env=environment, check=False)
        if done.returncode != 0:
            raise CommandError(argv, done.returncode, done.stderr)
        shown: Mapping[str, Any] = json.loads(done.stdout)
        return shown
    finally:
        copies.close()


def _of_any_root_module(
    env: Environment, home: Path, providers: DryProviders, inputs: Inputs
) -> Mapping[str, Any]:
    saved = home / "plan"
    with dry_terraform(env, home, providers=providers, inputs=inputs) as terraform:
        terraform.plan(save=saved)
        return terraform.show_json(saved)


def dry_terraform(
    env: Environment, home: Path, *, providers: DryProviders, inputs: Inputs | None = None
) -> Terraform:
    """Return Terraform for a root module of a user's that is only looked at; its state is in `home`."""
    inputs = inputs or Inputs()
    return Terraform(
        env,
        process_environment=command.environment() if providers == "real" else command.environment(**_NOBODYS),
        providers=providers,
        variables=inputs.variables,
        var_files=inputs.var_files,
        states=home / "states",
        dry=True,
    )


def _workspace(copies: WorkingCopies, env: Environment, providers: DryProviders) -> Workspace:
    config = copies.offline_config() if providers == "offline" else None
    workspace = copies.copy(env, env.folder, purpose="check", config=config)
    (workspace.folder / _OVERRIDE).write_text(_LOCAL_BACKEND + (_NO_ACCOUNT if config else ""))
    return workspace


def _environment(workspace: Workspace, providers: DryProviders) -> dict[str, str]:
    common = {
        "TF_DATA_DIR": str(workspace.data),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "PATH": os.environ.get("PATH", os.defpath),
    }
    if providers == "real":
        return command.environment(**common)
    return command.environment(
        **common,
        **_NOBODYS,
        TF_CLI_CONFIG_FILE=str(workspace.config),
        # A cache would go on offering today's wrappers when they are long gone.
        TF_PLUGIN_CACHE_DIR=None,
    )


def _run(env: Environment, workspace: Workspace, environment: Mapping[str, str], argv: list[str]) -> None:
    errors: list[Diagnostic] = []

    def on_line(line: str) -> None:
        event = parse(line)
        if isinstance(event, Diagnostic) and event.severity == "error":
            errors.append(event)

    first, *rest = argv
    ended = command.stream(
        ["terraform", first, "-json", "-input=false", *rest],
        cwd=workspace.folder,
        env=environment,
        on_line=on_line,
    )
    if ended.returncode != 0:
        raise failures.explain(env, errors, ended, applying=False)
