"""Runs Terraform on one environment: with progress, the right providers, and errors people understand."""

import json
import os
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from twinspan import command
from twinspan.errors import CloudRefusedError, CommandError, DesignError, HostError, TwinspanError
from twinspan.project import failures
from twinspan.project.environment import Environment
from twinspan.project.foreign_providers import is_of_override, refuse_provisioners
from twinspan.project.graph import Graph
from twinspan.project.isolation import Isolation, Store
from twinspan.project.messages import Diagnostic, OnEvent, ResourceEvent, Summary, parse
from twinspan.project.outcome import Heard, Outcome, Providers, changes_of
from twinspan.project.state import State, load_state
from twinspan.project.workspace import WorkingCopies, Workspace, offline_providers

Choice = Literal["auto", "real", "offline"]

_REGISTRY = {"TF_REGISTRY_CLIENT_TIMEOUT": "5", "TF_REGISTRY_DISCOVERY_RETRY": "0"}
"""How long `auto` waits for a registry that does not answer, in seconds, before it goes on without."""


class Terraform:
    """Terraform on one environment; a context manager, which removes the working copy at its end.

    Args:
        env: The environment.
        process_environment: The whole environment of Terraform's process: endpoints and credentials.
        providers: `real` from a registry or mirror, `offline` (twin only), or `auto`: real if possible.
        on_event: Called with everything Terraform reports, as it happens.
        variables: Values that win over those of the environment's files, as text, by the variable's name.
        var_files: Files with values, which win over those that Terraform reads by itself.
        states: Where the twin keeps the states of users' root modules; None for real accounts.
        allowed: Providers, provisioners and data sources of users' root modules that may leave this machine.
        dry: Nothing will be applied: `real` providers have the accounts of this shell, offline ones none.

    Attributes:
        variables: The same; may be changed between two runs.
    """

    def __init__(
        self,
        env: Environment,
        *,
        process_environment: Mapping[str, str],
        providers: Choice = "auto",
        on_event: OnEvent | None = None,
        variables: Mapping[str, str] | None = None,
        var_files: Sequence[Path] = (),
        states: Path | None = None,
        allowed: Collection[str] = (),
        dry: bool = False,
    ) -> None:
        self._env = env
        self._environment = dict(process_environment)
        self._choice = providers
        self._on_event = on_event
        self.variables = dict(variables or {})
        self._var_files = [file.absolute() for file in var_files]
        self._copies = WorkingCopies()
        self._closing = ExitStack()
        self._closing.callback(self._copies.close)
        self._dry = dry
        self._isolation = self._isolate(states, frozenset(allowed)) if states and not env.state else None
        self._graph = Graph(providers=(), wanted=())
        self._ready: tuple[Workspace, Providers] | None = None
        self._offline = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the working copy."""
        self._closing.close()

    def init(self) -> Providers:
        """Install the providers and open the state; on the twin make the state bucket if it is missing.

        Raises:
            DesignError: The environment does not parse.
            HostError: A provider, Terraform or (in a cloud) the state bucket is missing.
            CloudError: The state cannot be reached.
        """
        return self._prepared()[1]

    @property
    def offline_providers(self) -> tuple[str, ...]:
        """Which providers are twinspan's own, e.g. `hashicorp/azurerm`; empty if both are real."""
        return offline_providers(self._prepared()[0])

    def plan(self, *, save: Path | None = None, destroy: bool = False) -> Outcome:
        """Compute what `apply`, or with `destroy` what `destroy` would do.

        Args:
            destroy: Plan the removal of everything.
            save: Write the plan there for `apply`; the caller's folder must be closed to others, for a plan
                holds secrets in clear text.

        Raises:
            TwinspanError: As `init`; also a held lock, or values that are refused.
        """
        options = [*(["-destroy"] if destroy else []), *([f"-out={save}"] if save else [])]
        return self._run("plan", ["plan", *options, *self._options()])

    def apply(self, *, plan: Path | None = None) -> Outcome:
        """Make what the environment says; with `plan`, exactly what was planned.

        Raises:
            TwinspanError: As `plan`; also a cloud that refuses.
        """
        if plan is None and self._isolation is not None:
            return self._looked_through("apply")
        return self._run("apply", ["apply", "-auto-approve", *([str(plan)] if plan else self._options())])

    def destroy(self) -> Outcome:
        """Remove everything the state knows.

        Raises:
            TwinspanError: As `apply`.
        """
        if self._isolation is not None:
            return self._looked_through("destroy")
        return self._run("destroy", ["destroy", "-auto-approve", *self._options()])

    def outputs(self) -> Mapping[str, Any]:
        """Return the outputs by name, as JSON values; empty before the first apply."""
        workspace, _ = self._prepared()
        wire = json.loads(self._answer(workspace, ["output", "-json"]))
        return {name: output["value"] for name, output in wire.items()}

    def state(self) -> State:
        """Return what Terraform has applied; it holds secrets. Empty before the first apply."""
        workspace, _ = self._prepared()
        text = self._answer(workspace, ["state", "pull"])
        return load_state(text, where="the state", remedy="Apply again") if text.strip() else State()

    def show_json(self, plan: Path | None = None) -> Mapping[str, Any]:
        """Return `terraform show -json` of the state or of a saved plan.

        It holds secrets: never write it anywhere.
        """
        workspace, _ = self._prepared()
        shown: Mapping[str, Any] = json.loads(
            self._answer(workspace, ["show", "-json", *([str(plan)] if plan else [])])
        )
        return shown

    @property
    def on_this_machine(self) -> bool:
        """Whether the AWS endpoint is one of this machine, hence a twin's."""
        host = urlsplit(self._environment.get("AWS_ENDPOINT_URL", "")).hostname
        return host in ("127.0.0.1", "localhost", "::1")

    def _options(self) -> list[str]:
        files = [f"-var-file={file}" for file in self._var_files]
        return [*files, *(f"-var={name}={value}" for name, value in self.variables.items())]

    def _prepared(self) -> tuple[Workspace, Providers]:
        if self._ready is None:
            self._ready = self._prepare()
        return self._ready

    def _prepare(self) -> tuple[Workspace, Providers]:
        if self._isolation is not None:
            return self._prepare_isolated(self._isolation)
        if self._choice == "offline" and not self.on_this_machine:
            raise HostError(
                problem="the offline providers work with a twin only, and AWS_ENDPOINT_URL names none",
                remedy="Use --on twin, or --providers real",
            )
        if self.on_this_machine and self._env.state is None:
            raise AssertionError("on a twin a user's root module needs a place for its state")
        if not self.on_this_machine:
            workspace = Workspace(folder=self._env.folder)
            self._initialise(workspace)
            return workspace, "real"
        if self._choice != "offline":
            workspace = self._copies.copy(self._env, self._env.folder, purpose="real")
            if self._initialise(workspace, fall_back=self._choice == "auto"):
                return workspace, "offline" if offline_providers(workspace) else "real"
        workspace = self._copies.copy(
            self._env, self._env.folder, purpose="offline", config=self._copies.offline_config()
        )
        self._initialise(workspace)
        return workspace, "offline"

    def _isolate(self, states: Path, allowed: frozenset[str]) -> Isolation:
        return Isolation(
            env=self._env,
            store=Store.of(states, self._env),
            run=self._complaints,
            answer=self._answer,
            explain=self._explained,
            allowed=allowed,
            schemas=_cache() / "provider-schemas",
            accounts="own" if self._dry and self._choice == "real" else "none" if self._dry else "twin",
        )

    def _prepare_isolated(self, isolation: Isolation) -> tuple[Workspace, Providers]:
        self._closing.enter_context(isolation.store.locked())
        workspace = None
        if self._choice != "offline":
            workspace = isolation.copy(self._copies.home / "real", config=None)
            if not self._initialise(workspace, fall_back=self._choice == "auto"):
                workspace = None
        if workspace is None:
            config, self._offline = self._copies.offline_config(), True
            workspace = isolation.copy(self._copies.home / "offline", config=config)
            self._initialise(workspace)
        self._graph = isolation.force(workspace)
        return workspace, "offline" if offline_providers(workspace) else "real"

    def graph(self) -> Graph:
        """Return what a root module of a user's asks for, without planning anything.

        Raises:
            TwinspanError: As `init`.
        """
        self._prepared()
        return self._graph

    def _looked_through(self, operation: str) -> Outcome:
        """Plan, refuse what would run commands, and apply just that plan."""
        saved = self._copies.home / "plan"
        planned = self.plan(save=saved, destroy=operation == "destroy")
        allowed = self._isolation.allowed if self._isolation else ()
        refuse_provisioners(self.show_json(saved), allowed=allowed, where=self._env.name)
        done = self._run(operation, ["apply", "-auto-approve", str(saved)])
        return replace(
            done,
            changes=planned.changes,
            warnings=tuple(dict.fromkeys((*planned.warnings, *done.warnings))),
            duration_s=planned.duration_s + done.duration_s,
        )

    def _initialise(self, workspace: Workspace, *, fall_back: bool = False) -> bool:
        """Run `terraform init`; return False if a provider cannot be had and `fall_back` allows that."""
        argv = ["init", *(["-backend-config=backend.hcl", "-reconfigure"] if self._env.state else [])]
        extra = _REGISTRY if fall_back else {}
        ended, heard = self._stream(workspace, argv, extra=extra)
        errors = heard.of("error")
        if ended.returncode != 0 and failures.no_bucket(errors) and self.on_this_machine:
            self._make_bucket(workspace)
            ended, heard = self._stream(workspace, argv, extra=extra)
            errors = heard.of("error")
        while (
            ended.returncode != 0 and workspace.config and self._copies.add_versions(workspace.config, errors)
        ):
            ended, heard = self._stream(workspace, argv, extra=extra)
            errors = heard.of("error")
        if ended.returncode == 0:
            return True
        if fall_back and failures.no_provider(errors):
            return False
        raise failures.explain(self._env, errors, ended, applying=False)

    def _make_bucket(self, like: Workspace) -> None:
        """Make the twin's state bucket with the same module that makes a real one."""
        env, state = self._env, self._env.state
        if state is None or not env.bootstrap.is_dir():
            raise failures.missing_bucket(env)
        workspace = self._copies.copy(env, env.bootstrap, purpose="bootstrap", config=like.config)
        ended, heard = self._stream(workspace, ["init"], extra=_REGISTRY)
        if ended.returncode != 0 and failures.no_provider(heard.of("error")) and self._choice == "auto":
            workspace = replace(workspace, config=self._copies.offline_config())
            ended, heard = self._stream(workspace, ["init"])
        if ended.returncode == 0:
            variables = [f"-var=bucket={state.bucket}", f"-var=region={state.region}"]
            ended, heard = self._stream(workspace, ["apply", "-auto-approve", *variables])
        if ended.returncode != 0:
            raise failures.explain(env, heard.of("error"), ended, applying=heard.applying)

    def _run(self, operation: str, argv: Sequence[str]) -> Outcome:
        start = time.monotonic()
        workspace, providers = self._prepared()
        if self._isolation is not None:
            self._isolation.permit(self._graph)
        ended, heard = self._stream(workspace, argv, on_event=self._on_event)
        if ended.returncode != 0:
            raise failures.explain(
                self._env,
                heard.of("error"),
                ended,
                applying=heard.applying,
                variables=self.variables,
                offline=providers == "offline",
            )
        summaries = [event for event in heard.events if isinstance(event, Summary)]
        return Outcome(
            operation=operation,
            providers=providers,
            summary=summaries[-1] if summaries else Summary(added=0, changed=0, removed=0),
            changes=changes_of(heard.events),
            resources=tuple(
                event for event in heard.events if isinstance(event, ResourceEvent) and event.state == "done"
            ),
            warnings=tuple(
                dict.fromkeys(
                    warning.as_line()
                    for warning in heard.of("warning")
                    if self._isolation is None or not is_of_override(warning)
                )
            ),
            duration_s=time.monotonic() - start,
        )

    def _stream(
        self,
        workspace: Workspace,
        argv: Sequence[str],
        *,
        extra: Mapping[str, str] | None = None,
        on_event: OnEvent | None = None,
    ) -> tuple[command.Completed, Heard]:
        heard = Heard()

        started: dict[str, float] = {}

        def on_line(line: str) -> None:
            event = parse(line)
            if event is None:
                return
            if isinstance(event, ResourceEvent):
                start = started.setdefault(event.address, time.monotonic())
                event = replace(event, elapsed_s=round(time.monotonic() - start, 3))
            heard.events.append(event)
            if on_event is not None:
                on_event(event)

        first, *rest = argv
        whole = ["terraform", first, "-json", "-input=false", *rest]
        ended = command.stream(
            whole,
            cwd=workspace.folder,
            env=self._process_environment(workspace, extra or {}, installing=first == "init"),
            on_line=on_line,
        )
        return ended, heard

    def _complaints(self, workspace: Workspace, argv: Sequence[str]) -> tuple[int, Sequence[Diagnostic]]:
        ended, heard = self._stream(workspace, argv)
        return ended.returncode, [*heard.of("error"), *heard.of("warning")]

    def _explained(self, complaints: Sequence[Diagnostic]) -> TwinspanError:
        errors = [complaint for complaint in complaints if complaint.severity == "error"]
        ended = command.Completed(argv=("terraform",), returncode=1, stdout="", stderr="")
        error = failures.explain(
            self._env, errors, ended, applying=False, variables=self.variables, offline=self._offline
        )
        if not isinstance(error, CloudRefusedError):
            return error
        # No cloud has been asked yet: what is refused is what was written.
        problem = errors[0].as_line().rstrip(".")
        return DesignError(where=self._env.name, problem=problem, remedy="Correct it in the Terraform files")

    def _answer(self, workspace: Workspace, argv: Sequence[str]) -> str:
        whole = ["terraform", *argv]
        done = command.run(
            whole,
            cwd=workspace.folder,
            env=self._process_environment(workspace, {}, installing=argv[0] == "get"),
            check=False,
        )
        if done.returncode != 0:
            raise CommandError(whole, done.returncode, done.stderr)
        return done.stdout

    def _process_environment(
        self, workspace: Workspace, extra: Mapping[str, str], *, installing: bool = False
    ) -> dict[str, str]:
        base = self._environment
        if self._isolation is not None:
            base = self._isolation.environment(base, installing=installing)
        merged = {**base, **extra, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        if workspace.data is not None:
            merged["TF_DATA_DIR"] = str(workspace.data)
        if workspace.config is not None:
            merged["TF_CLI_CONFIG_FILE"] = str(workspace.config)
            # A cache would go on offering today's wrappers when they are long gone.
            merged.pop("TF_PLUGIN_CACHE_DIR", None)
        elif workspace.data is not None and not merged.get("TF_CLI_CONFIG_FILE"):
            merged.setdefault("TF_PLUGIN_CACHE_DIR", str(_plugin_cache()))
        merged.setdefault("PATH", os.defpath)
        return merged


def _plugin_cache() -> Path:
    """Real providers are large; working copies share one download."""
    cache = _cache() / "terraform-plugins"
    cache.mkdir(parents=True, exist_ok=True)
    return cache


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twinspan"
