"""Plans an environment from nothing in a copied tree, with a local backend: no state, no twin."""

import json
import os
from collections.abc import Mapping
from typing import Any, Literal

from twinspan import command
from twinspan.errors import CommandError
from twinspan.project import failures
from twinspan.project.environment import Environment
from twinspan.project.messages import Diagnostic, parse
from twinspan.project.workspace import WorkingCopies, Workspace

DryProviders = Literal["offline", "real"]

_NOWHERE = "http://127.0.0.1:9"
"""The discard port: a request that should not be made fails at once."""
_NOBODY = "00000000-0000-0000-0000-000000000000"
_OVERRIDE = "twinspan_check_override.tf"
_LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'
_NO_ACCOUNT = """
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
"""
"""Source: Terraform, "Override Files"; hashicorp/aws, provider arguments."""


def dry_plan(env: Environment, *, providers: DryProviders = "offline") -> Mapping[str, Any]:
    """Return `terraform show -json` of a plan that builds `env` from nothing.

    It may hold secrets that the files spell out: never write it anywhere.

    Args:
        env: The environment; its own folder and state stay untouched.
        providers: `offline`: twinspan's own, without any account. `real`: those of the lock file, with the
            credentials of this shell.

    Raises:
        DesignError: The environment does not parse.
        HostError: Terraform or a provider is missing.
        CommandError: Terraform failed otherwise.
    """
    copies = WorkingCopies()
    try:
        workspace = _workspace(copies, env, providers)
        environment = _environment(workspace, providers)
        saved = copies.home / "plan"
        _run(env, workspace, environment, ["init"])
        _run(env, workspace, environment, ["plan", "-lock=false", f"-out={saved}"])
        argv = ["terraform", "show", "-json", str(saved)]
        done = command.run(argv, cwd=workspace.folder, env=environment, check=False)
        if done.returncode != 0:
            raise CommandError(argv, done.returncode, done.stderr)
        shown: Mapping[str, Any] = json.loads(done.stdout)
        return shown
    finally:
        copies.close()


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
        TF_CLI_CONFIG_FILE=str(workspace.config),
        # A cache would go on offering today's wrappers when they are long gone.
        TF_PLUGIN_CACHE_DIR=None,
        TWINSPAN_PLAN_ONLY="1",
        AWS_PROFILE=None,
        AWS_SESSION_TOKEN=None,
        AWS_ACCESS_KEY_ID="nobody",
        AWS_SECRET_ACCESS_KEY="nobody",  # noqa: S106 - of no account
        AWS_ENDPOINT_URL=_NOWHERE,
        ARM_SUBSCRIPTION_ID=_NOBODY,
        ARM_TENANT_ID=_NOBODY,
        ARM_CLIENT_ID=_NOBODY,
        ARM_CLIENT_SECRET="nobody",  # noqa: S106 - of no account
        ARM_METADATA_HOSTNAME=None,
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
