"""Terraform on a user's root module, on a twin, without touching anything of the user's.

The module tree is copied; any backend becomes a local one in the twin's own folder; endpoints and credentials
are the twin's, whatever provider blocks and the environment say. What would leave this machine is refused by
name before it runs. As a second line of defence HTTP proxies lead nowhere: the providers reach loopback only.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from twinspan.errors import CommandError, DesignError, HostError
from twinspan.project import foreign_providers
from twinspan.project.environment import Environment
from twinspan.project.graph import Graph, read_graph
from twinspan.project.messages import Diagnostic, read_plain
from twinspan.project.module_copy import below, copy_modules, modules_of
from twinspan.project.workspace import Workspace, offline_providers

_NOWHERE = "http://127.0.0.1:9"
"""The discard port: a proxy that refuses."""
_KEPT = frozenset(
    {
        "ARM_CLIENT_ID",
        "ARM_CLIENT_SECRET",
        "ARM_METADATA_HOSTNAME",
        "ARM_SUBSCRIPTION_ID",
        "ARM_TENANT_ID",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
    }
)
"""What the twin itself says of endpoints and credentials; all else that SDKs read in the environment goes."""
_DROPPED = re.compile(r"(ARM|AWS|AZURE|TF_CLI_ARGS|TF_CLOUD|TF_REATTACH|TF_WORKSPACE)(_|$)|TF_DATA_DIR$")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_LISTED = re.compile(r"provider\[([^\]\s]+)\]")
_WORKSPACE = re.compile(r"[\w.-]{1,90}")

Run = Callable[[Workspace, Sequence[str]], tuple[int, Sequence[Diagnostic]]]
"""Runs a command that speaks JSON: how it ended, and all that it complained of."""
Answer = Callable[[Workspace, Sequence[str]], str]
"""Runs a command and returns what it printed. Raises CommandError."""


@dataclass(frozen=True, slots=True)
class Store:
    """What a twin keeps of a user's root module: its state there, and the modules that were downloaded.

    Attributes:
        folder: Of this root module alone; closed to others.
    """

    folder: Path

    @classmethod
    def of(cls, states: Path, env: Environment) -> "Store":
        """Return the store of a root module among all that a twin keeps."""
        digest = hashlib.sha256(str(env.folder).encode()).hexdigest()
        return cls(states / digest[:16])

    @property
    def data(self) -> Path:
        """`TF_DATA_DIR`."""
        return self.folder / "data"

    def state(self, workspace: str) -> Path:
        """Return the state file of a workspace. Source: Terraform, "Backend Type: local"."""
        if workspace == "default":
            return self.folder / "terraform.tfstate"
        return self.folder / "workspaces" / workspace / "terraform.tfstate"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one run at a time work on it.

        Raises:
            HostError: Another one does.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise HostError(
                    problem="another command works on this root module on the same twin",
                    remedy="Wait for it to end",
                ) from error
            yield


def workspace_of(env: Environment) -> str:
    """Return the Terraform workspace that is selected in a folder, or in this shell.

    Source: Terraform, "Workspaces": TF_WORKSPACE, else the file `environment` of Terraform's folder.
    """
    chosen = os.environ.get("TF_WORKSPACE", "")
    selected = env.folder / ".terraform" / "environment"
    if not chosen and selected.is_file():
        chosen = selected.read_text().strip()
    if chosen and not _WORKSPACE.fullmatch(chosen):
        raise DesignError(
            where=f"{env.name}: workspace {chosen[:40]!r}",
            problem="this cannot be the name of a workspace",
            remedy="Unset TF_WORKSPACE, or select another one with `terraform workspace select`",
        )
    return chosen or "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """A root module, ready to be copied and made harmless.

    Attributes:
        env: The root module.
        store: Where its state on the twin is.
        run: Runs Terraform and hears its complaints.
        answer: Runs Terraform and returns its output.
        explain: Makes an exception of complaints.
        allowed: Providers, provisioners and data sources that the user allows.
        schemas: Where schemas of providers are kept, since asking a real one takes seconds.
        accounts: Whose accounts the providers reach: the twin's; none, so that they do not ask who they are;
            or those of this shell, with all that provider blocks say of them.
    """

    env: Environment
    store: Store
    run: Run
    answer: Answer
    explain: Callable[[Sequence[Diagnostic]], Exception]
    allowed: frozenset[str] = field(default_factory=frozenset)
    schemas: Path
    accounts: Literal["twin", "none", "own"] = "twin"

    def copy(self, home: Path, *, config: Path | None) -> Workspace:
        """Copy the module tree into the new folder `home`, with another backend; nothing is installed yet.

        Args:
            home: Goes with the run.
            config: Terraform's CLI configuration; None for the user's, whose lock file comes along then.

        Raises:
            DesignError: A module cannot be had, or a provider could leave this machine.
        """
        data, folder = self.store.data, self.env.folder
        for left in (*data.glob(f"modules/**/{foreign_providers.OVERRIDE}"), data / "terraform.tfstate"):
            left.unlink(missing_ok=True)
        self._answered(Workspace(folder=folder, data=data, config=config), ["get", "-no-color"])
        local = [
            module.folder for module in modules_of(folder, data) if not module.folder.is_relative_to(data)
        ]
        copy_modules(dict.fromkeys(local), to=home)
        workspace = Workspace(folder=below(home, folder), data=data, config=config)
        lock = folder / ".terraform.lock.hcl"
        if config is None and lock.is_file():
            shutil.copy(lock, workspace.folder)
        _write(workspace.folder, {}, backend=self._backend)
        if self.accounts != "own":
            asked_for = self._providers(workspace, home / "twinspan-asking")
            foreign_providers.refuse_providers(asked_for, allowed=self.allowed, where=self.env.name)
        return workspace

    def _providers(self, workspace: Workspace, scratch: Path) -> set[str]:
        """Return which providers are asked for, before any is fetched.

        Terraform answers once the backend is initialised. That comes first in an `init`, which then finds no
        provider in an empty folder; in a data folder of its own, for Terraform remembers such a folder.
        """
        data, empty = scratch / "data", scratch / "empty"
        for folder in (data, empty):
            folder.mkdir(parents=True)
        modules = self.store.data / "modules"
        if modules.is_dir():
            (data / "modules").symlink_to(modules)
        asking = Workspace(folder=workspace.folder, data=data, config=workspace.config)
        self.run(asking, ["init", "-get=false", f"-plugin-dir={empty}"])
        return set(_LISTED.findall(self._answered(asking, ["providers", "-no-color"])))

    def force(self, workspace: Workspace) -> Graph:
        """Take back, in an initialised copy, what provider blocks say of endpoints and credentials.

        Raises:
            DesignError: The configuration is not valid.
        """
        graph = read_graph(self._answered(workspace, ["graph", "-type=plan"]))
        if self.accounts == "own":
            return graph
        clouds = [used for used in graph.providers if foreign_providers.is_cloud(used.source)]
        schemas = self._schemas(workspace, {used.source for used in clouds})
        folders = {module.key: module.folder for module in modules_of(workspace.folder, self.store.data)}
        blocks: dict[Path, dict[str, dict[str, Any]]] = {}
        for used in clouds:
            module = blocks.setdefault(folders[used.module], {})
            block = foreign_providers.override(
                used.source, schemas[used.source], alias=used.alias, anonymous=self.accounts == "none"
            )
            # Two calls of one module name the same block.
            module.setdefault(used.source.rpartition("/")[2], {})[used.alias] = block
        for folder, providers in blocks.items():
            written = {name: [*by_alias.values()] for name, by_alias in providers.items()}
            _write(folder, written, backend=self._backend if folder == workspace.folder else None)
        status, complaints = self.run(workspace, ["init", "-reconfigure"])
        foreign_providers.refuse_renamed(complaints, where=self.env.name)
        if status != 0:
            raise self.explain(complaints)
        return graph

    @property
    def _backend(self) -> dict[str, str]:
        """Source: Terraform, "Backend Type: local"."""
        return {
            "path": str(self.store.state("default")),
            "workspace_dir": str(self.store.folder / "workspaces"),
        }

    def permit(self, graph: Graph) -> None:
        """Refuse to run what reads somebody's state.

        Raises:
            DesignError: It does.
        """
        if self.accounts != "own":
            foreign_providers.refuse_readers(graph, allowed=self.allowed, where=self.env.name)

    def environment(self, base: Mapping[str, str], *, installing: bool) -> dict[str, str]:
        """Return the environment of Terraform's process.

        Args:
            base: The twin's, in a shell of the user's.
            installing: Modules and providers come from where the user's own proxies lead.
        """
        if self.accounts == "own":
            return {**base, "TF_WORKSPACE": workspace_of(self.env)}
        kept = {name: value for name, value in base.items() if name in _KEPT or not _DROPPED.match(name)}
        kept |= {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "TF_WORKSPACE": workspace_of(self.env),
        }
        if not installing and not self.allowed:
            kept |= dict.fromkeys(_PROXIES, _NOWHERE)
            kept |= dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1")
        return kept

    def _answered(self, workspace: Workspace, argv: Sequence[str]) -> str:
        """Return what a command printed, whose complaints are for people to read."""
        try:
            return self.answer(workspace, argv)
        except CommandError as error:
            diagnostic = Diagnostic(severity="error", summary=" ".join(error.stderr.split()))
            raise self.explain(read_plain(error.stderr) or [diagnostic]) from error

    def _schemas(self, workspace: Workspace, sources: set[str]) -> dict[str, Any]:
        """Return the schemas of these providers' own blocks."""
        selected = json.loads(self.answer(workspace, ["version", "-json"]))["provider_selections"]
        own = offline_providers(workspace)
        kept = {
            source: self.schemas / f"{source.replace('/', '_')}_{selected[source]}.json"
            for source in sources
            if foreign_providers.short_name(source) not in own
        }
        known = {source: json.loads(file.read_text()) for source, file in kept.items() if file.is_file()}
        if known.keys() != sources:
            shown = json.loads(self.answer(workspace, ["providers", "schema", "-json"]))["provider_schemas"]
            known = {source: shown[source]["provider"].get("block", {}) for source in sources}
            self.schemas.mkdir(parents=True, exist_ok=True)
            for source, file in kept.items():
                file.write_text(json.dumps(known[source]))
        return known


def _write(folder: Path, providers: Mapping[str, Any], *, backend: Mapping[str, str] | None) -> None:
    """Write the override file of a module, again if it is there; without a backend it keeps its own."""
    text: dict[str, Any] = {"provider": providers} if providers else {}
    if backend is not None:
        text["terraform"] = {"backend": {"local": backend}}
    (folder / foreign_providers.OVERRIDE).write_text(json.dumps(text))
