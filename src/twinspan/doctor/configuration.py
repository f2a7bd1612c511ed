"""What a configuration asks for, found out without building anything and without an account."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twinspan.doctor.on_twin import providers_of_plan, wanted_by_plan, wanted_by_state
from twinspan.errors import ForeignProvidersError, TwinspanError
from twinspan.project.dry_plan import DryProviders, Inputs, dry_plan, dry_terraform
from twinspan.project.environment import Environment
from twinspan.project.graph import Wanted
from twinspan.project.plan import Plan, read_plan
from twinspan.project.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What is known of a configuration.

    Attributes:
        wanted: Its resources and data sources; None if not even they are known.
        providers: Its providers.
        plan: What will be built; None if that is not known.
        problem: Why something is not known; empty if all is.
    """

    wanted: tuple[Wanted, ...] | None = None
    providers: tuple[str, ...] = ()
    plan: Plan | None = None
    problem: str = ""


def look_at(source: Source, *, providers: DryProviders, inputs: Inputs) -> Configuration:
    """Find out what is asked for.

    Raises:
        DesignError: It is a user's root module that does not parse.
    """
    if source.document is not None:
        return _planned(source.document, where=source.name)
    if source.state is not None:
        return Configuration(wanted=tuple(wanted_by_state(source.state)), plan=source.state.plan)
    if source.environment is None:
        return Configuration()
    if source.environment.state is None:
        return _root_module(source.environment, providers, inputs)
    try:
        return _planned(dry_plan(source.environment, providers=providers, inputs=inputs), where=source.name)
    except TwinspanError as error:
        return Configuration(problem=str(error))


def _planned(document: Mapping[str, Any], *, where: str) -> Configuration:
    return Configuration(
        wanted=tuple(wanted_by_plan(document)),
        providers=tuple(providers_of_plan(document)),
        plan=read_plan(document, where=f"plan of {where}"),
    )


def _root_module(env: Environment, providers: DryProviders, inputs: Inputs) -> Configuration:
    """Ask Terraform for the graph, which needs no values; then for a plan, if one can be had."""
    with tempfile.TemporaryDirectory(prefix="twinspan-doctor-") as scratch:
        saved = Path(scratch) / "plan"
        with dry_terraform(env, Path(scratch), providers=providers, inputs=inputs) as terraform:
            try:
                graph = terraform.graph()
            except ForeignProvidersError as error:
                return Configuration(wanted=(), providers=error.names, problem=str(error))
            sources = tuple({used.source for used in graph.providers})
            try:
                terraform.plan(save=saved)
                document = terraform.show_json(saved)
            except TwinspanError as error:
                return Configuration(wanted=graph.wanted, providers=sources, problem=str(error))
    plan = read_plan(document, where=f"plan of {env.name}")
    return Configuration(wanted=graph.wanted, providers=sources, plan=plan)
