"""What ENV of a command is: a folder with a root module, a plan, a state, or nothing at all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from twinspan import command
from twinspan.errors import DesignError
from twinspan.project.environment import Environment
from twinspan.project.messages import read_plain
from twinspan.project.plan import read_plan
from twinspan.project.state import State, load_state, state_of_values

Kind = Literal["environment", "root module", "plan", "state", "network"]

_ZIP = b"PK\x03\x04"
"""Source: Terraform, internal/plans/planfile: a saved plan is a ZIP archive."""
_REMEDY = (
    "Give a folder with Terraform files, a plan (from `terraform plan -out=FILE`, or what"
    " `terraform show -json FILE` prints of it), or a state (from `terraform state pull`)"
)
_STATE_REMEDY = "Give the output of `terraform state pull`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a command looks at.

    Attributes:
        kind: What it turned out to be.
        name: Its name for a reader: the folder's or file's.
        path: Where it is; None for the network that is there.
        environment: The root module, if it is a folder.
        document: `terraform show -json` of a plan. May hold secrets, so never shown.
        state: Of a state file.
    """

    kind: Kind
    name: str
    path: Path | None = None
    environment: Environment | None = None
    document: Mapping[str, Any] | None = field(default=None, repr=False)
    state: State | None = field(default=None, repr=False)

    @property
    def line(self) -> str:
        """One line that says what it is."""
        return f"{self.kind}: {self.path or self.name}"

    def folder(self, operation: str) -> Environment:
        """Return the root module.

        Raises:
            DesignError: It is none, but `operation` needs one.
        """
        if self.environment is None:
            raise DesignError(
                where=str(self.path or operation),
                problem=f"this is a {self.kind}, and {operation} needs Terraform files",
                remedy="Give the folder of the root module",
            )
        return self.environment


THERE = Source(kind="network", name="what is there")
"""The network that is there, whoever made it."""


def source_of(path: Path | None) -> Source:
    """Find out what a path is; None is the network that is there.

    Raises:
        DesignError: It is none of what ENV can be, or does not parse.
        HostError: It is a saved plan, and Terraform is not installed.
    """
    if path is None:
        return THERE
    if path.is_file():
        return _file(path)
    environment = Environment.load(path)
    kind: Kind = "environment" if environment.state else "root module"
    return Source(kind=kind, name=environment.name, path=environment.folder, environment=environment)


def _file(path: Path) -> Source:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DesignError(
            where=str(path), problem=f"cannot be read: {error.strerror}", remedy=_REMEDY
        ) from error
    if content.startswith(_ZIP):
        return _plan(path, saved_plan(path))
    try:
        document = json.loads(content)
    except ValueError as error:
        raise DesignError(
            where=str(path), problem="this is neither a plan nor a state", remedy=_REMEDY
        ) from error
    if isinstance(document, dict) and "format_version" in document:
        return _plan(path, document)
    if isinstance(document, dict) and "version" in document and "resources" in document:
        state = load_state(content, where=str(path), remedy=_STATE_REMEDY)
        return Source(kind="state", name=path.name, path=path.resolve(), state=state)
    raise DesignError(where=str(path), problem="this is neither a plan nor a state", remedy=_REMEDY)


def is_saved_plan(path: Path) -> bool:
    """Whether a file is what `terraform plan -out` writes."""
    try:
        with path.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError:
        return False


def _plan(path: Path, document: Mapping[str, Any]) -> Source:
    read_plan(document, where=str(path))
    return Source(kind="plan", name=path.name, path=path.resolve(), document=document)


def saved_plan(path: Path) -> Mapping[str, Any]:
    """Return `terraform show -json` of a saved plan; asked where it lies, or else in the current folder.

    Only reads: Terraform takes the providers' schemas from where `terraform init` has put them.

    Raises:
        DesignError: Terraform does not understand it there.
        HostError: Terraform is not installed.
    """
    variables = command.environment(CHECKPOINT_DISABLE="1", TF_CLI_ARGS=None, TF_IN_AUTOMATION="1")
    argv = ["terraform", "show", "-json", "-no-color", str(path.resolve())]
    complaint = ""
    for folder in dict.fromkeys((path.resolve().parent, Path.cwd())):
        done = command.run(argv, cwd=folder, env=variables, check=False)
        if done.returncode == 0:
            shown: Mapping[str, Any] = json.loads(done.stdout)
            return shown
        complaint = complaint or done.stderr
    errors = read_plain(complaint)
    raise DesignError(
        where=str(path),
        problem=f"Terraform cannot read this saved plan here: {errors[0].as_line() if errors else complaint}",
        remedy="Go to the folder in which it was made and initialised, or give what `terraform show -json"
        f" {path.name}` prints there",
    )


def existing_state(source: Source) -> State:
    """Return what a plan was made upon: all that was there before it.

    Raises:
        DesignError: That is nothing.
    """
    prior = (source.document or {}).get("prior_state")
    state = state_of_values((prior or {}).get("values") or {})
    if not state.resources:
        raise DesignError(
            where=str(source.path),
            problem="nothing of this plan exists yet",
            remedy="Apply it first, or look at it with `twinspan check`",
        )
    return state
