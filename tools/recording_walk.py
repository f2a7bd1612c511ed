"""Takes one root module through its life with the real providers: create, plan, change, import, destroy."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twinspan.command import Completed, environment, run

_LIMIT_S = 1800.0
_LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'
_NO_IMPORT = {"aws_vpn_gateway_attachment", "aws_vpn_gateway_route_propagation"}
"""The provider cannot import them. Source: their pages in the provider's documentation, "Import"."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One managed resource in a state."""

    type: str
    address: str
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change in place.

    Attributes:
        name: What changes, e.g. `tag`.
        variables: Values of variables from now on.
        overrides: Files of HCL that are put beside the configuration: path in the tree -> text.
    """

    name: str
    variables: Mapping[str, object] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Walk:
    """Terraform in a copy of a tree.

    Attributes:
        tree: The copy.
        root: The root module in it.
        variables: Environment of Terraform.
        snapshots: What the state holds after each step.
        imported: Types of which one resource was imported.
        problems: Plans that should have been empty, and imports that were not.
    """

    tree: Path
    root: Path
    variables: Mapping[str, str]
    values: dict[str, object] = field(default_factory=dict)
    snapshots: list[list[Resource]] = field(default_factory=list)
    imported: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)

    @classmethod
    def copy(cls, tree: Path, root: str, folder: Path, variables: Mapping[str, str]) -> "Walk":
        """Copy a tree into a folder; the state is local there."""
        copy = folder / "tree"
        ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "tests")
        shutil.copytree(tree, copy, symlinks=True, ignore=ignored)
        walk = cls(tree=copy, root=copy / root, variables=variables)
        (walk.root / "local_state_override.tf").write_text(_LOCAL_STATE)
        return walk

    def init(self) -> dict[str, str]:
        """Install the providers and return their versions."""
        self._terraform("init", "-input=false")
        version = json.loads(self._terraform("version", "-json").stdout)
        return {name.rpartition("/")[2]: value for name, value in version["provider_selections"].items()}

    def schemas(self) -> dict[str, Any]:
        """Return the providers' schemas of the types in use."""
        shown = json.loads(self._terraform("providers", "schema", "-json").stdout)
        return dict(shown["provider_schemas"])

    def apply(self, step: Step) -> None:
        """Change the configuration, apply it, and see that a second plan is empty."""
        self.values |= step.variables
        (self.root / "recording.auto.tfvars.json").write_text(json.dumps(self.values))
        for path, text in step.overrides.items():
            (self.tree / path).write_text(text)
        self._terraform("apply", "-auto-approve", "-input=false", "-no-color")
        self._keep_state()

    def plan(self) -> None:
        """See whether a plan is empty."""
        done = self._terraform("plan", "-detailed-exitcode", "-input=false", "-no-color", check=False)
        if done.returncode:
            self.problems.append(f"a second plan is not empty:\n{_changes(done)}")

    def import_one_of_each_type(self) -> None:
        """Forget one resource of each type and import it again."""
        chosen: dict[str, Resource] = {}
        for resource in self.snapshots[-1]:
            chosen.setdefault(resource.type, resource)
        picked = [resource for kind, resource in chosen.items() if kind not in _NO_IMPORT]
        self._terraform("state", "rm", *(resource.address for resource in picked))
        blocks = [
            f"import {{\n  to = {resource.address}\n  id = {json.dumps(identity)}\n}}\n"
            for resource in picked
            for identity in [import_id(resource.type, resource.values)]
        ]
        (self.root / "imports.tf").write_text("\n".join(blocks))
        done = self._terraform("apply", "-auto-approve", "-input=false", "-no-color")
        if f"{len(picked)} imported, 0 added" not in done.stdout or ", 0 destroyed" not in done.stdout:
            self.problems.append(f"an import made or removed something:\n{_changes(done)}")
        (self.root / "imports.tf").unlink()
        self._keep_state()
        self.imported = tuple(sorted(resource.type for resource in picked))

    def destroy(self) -> None:
        """Destroy everything."""
        self._terraform("apply", "-destroy", "-auto-approve", "-input=false")

    def _keep_state(self) -> None:
        state = json.loads((self.root / "terraform.tfstate").read_text())
        self.snapshots.append(resources_of(state))

    def _terraform(self, *argv: str, check: bool = True) -> Completed:
        return run(
            ["terraform", *argv],
            cwd=self.root,
            env=environment(**self.variables),
            timeout_s=_LIMIT_S,
            check=check,
        )


def resources_of(state: Values) -> list[Resource]:
    """Return the managed resources that a state file holds."""
    return [
        Resource(type=row["type"], address=_address(row, instance), values=instance["attributes"])
        for row in state["resources"]
        if row["mode"] == "managed"
        for instance in row["instances"]
    ]


def import_id(kind: str, values: Values) -> str:
    """Return what the provider imports a resource of a type by; most take the resource's id."""
    match kind:
        case "aws_route":
            return f"{values['route_table_id']}_{values['destination_cidr_block']}"
        case "aws_route_table_association":
            return f"{values['subnet_id']}/{values['route_table_id']}"
        case "aws_iam_role_policy_attachment":
            return f"{values['role']}/{values['policy_arn']}"
        case _:
            return str(values["id"])


def _changes(done: Completed) -> str:
    """Return what Terraform would do, without the lines of what it read."""
    return done.stdout.rpartition("Terraform will perform")[2] + done.stderr


def _address(row: Values, instance: Values) -> str:
    module = f"{row['module']}." if "module" in row else ""
    index = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
    return f"{module}{row['type']}.{row['name']}{index}"
