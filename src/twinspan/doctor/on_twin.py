"""What a configuration asks for that a twin has, or has not: types, arguments, providers.

Nothing is built for it: a plan and a state name what they hold, and of a folder Terraform is asked, which
needs no cloud for that.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from twinspan.doctor.findings import MACHINE, Check, bad, good
from twinspan.project.foreign_providers import reads_state, refused_providers
from twinspan.project.graph import Wanted
from twinspan.project.plan import Plan
from twinspan.project.state import State
from twinspan.results import CheckResult
from twinspan.results.support import Need, Support
from twinspan.target.place import Serves

_KEYS = re.compile(r"\[[^\]]*\]")
SERVED = Check(
    id="TWIN-01",
    title="The twin has all that the configuration asks for",
    section=MACHINE,
    source="the tables of what the twin's two APIs serve",
)
_LEAVES = "it could leave this machine; `apply --allow-provider` lets it run on a twin"


def wanted_by_plan(document: Mapping[str, Any]) -> Iterator[Wanted]:
    """Yield what the configuration in a plan asks for, as `terraform show -json` prints it."""
    yield from _wanted_in(document.get("configuration", {}).get("root_module", {}), "")


def _wanted_in(module: Mapping[str, Any], path: str) -> Iterator[Wanted]:
    for resource in module.get("resources", ()):
        yield Wanted(mode=resource["mode"], type=resource["type"], address=f"{path}{resource['address']}")
    for name, call in module.get("module_calls", {}).items():
        yield from _wanted_in(call.get("module", {}), f"{path}module.{name}.")


def providers_of_plan(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the whole addresses of a plan's providers."""
    for provider in document.get("configuration", {}).get("provider_config", {}).values():
        yield provider["full_name"]


def wanted_by_state(state: State) -> Iterator[Wanted]:
    """Yield what a state holds."""
    for resource in state.resources:
        yield Wanted(mode="managed", type=resource.type, address=resource.address)


def needs_on_twin(
    serves: Serves, resources: Iterable[Wanted], *, plan: Plan | None = None, providers: Iterable[str] = ()
) -> tuple[Need, ...]:
    """Return what is asked for, what is refused first.

    Args:
        serves: What the twin has.
        resources: Resources and data sources.
        plan: What is known of their arguments; None if nothing is.
        providers: Whole addresses, or short ones, of the providers.
    """
    order = ("refused", "objects only", "packets")
    foreign = refused_providers(providers, allowed=())
    needs = [
        *(
            Need(kind="provider", name=name, support=Support(level="refused", reason=_LEAVES))
            for name in foreign
        ),
        *_types(serves, resources, foreign={name.rpartition("/")[2] for name in foreign}),
        *(_arguments(serves, plan) if plan else ()),
    ]
    return tuple(sorted(needs, key=lambda need: (order.index(need.support.level), need.kind, need.name)))


def _types(serves: Serves, resources: Iterable[Wanted], *, foreign: set[str]) -> Iterator[Need]:
    addresses: dict[tuple[str, str], list[str]] = defaultdict(list)
    state_readers = set()
    for resource in resources:
        addresses[resource.mode, resource.type].append(resource.address)
        if reads_state(resource):
            state_readers.add(resource.type)
    for (mode, type_name), places in addresses.items():
        support = serves.support_of(mode, type_name)
        if type_name in state_readers or type_name.partition("_")[0] in foreign:
            support = Support(level="refused", reason=_LEAVES)
        yield Need(
            kind="data" if mode == "data" else "ephemeral" if mode == "ephemeral" else "resource",
            name=type_name,
            support=support,
            addresses=tuple(sorted(places)),
        )


def _arguments(serves: Serves, plan: Plan) -> Iterator[Need]:
    """Yield the refused arguments that somebody has written; what a cloud has filled in is none of them."""
    written = dict(_written_in(plan.configuration, ""))
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for resource in plan.resources:
        names = written.get(_KEYS.sub("", resource.address), frozenset())
        for argument, lack in serves.refused_arguments(resource.type, resource.values).items():
            if argument in names:
                places[f"{resource.type}.{argument}", lack].append(resource.address)
    for (name, lack), addresses in places.items():
        service = serves.support_of("managed", name.partition(".")[0]).service
        support = Support(level="refused", service=service, reason=f"the twin has {lack}")
        yield Need(kind="argument", name=name, support=support, addresses=tuple(addresses))


def _written_in(module: Mapping[str, Any], path: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the address of each resource, without keys, and the names of all arguments that it sets."""
    for resource in module.get("resources", ()):
        yield f"{path}{resource['address']}", frozenset(_names(resource.get("expressions", {})))
    for name, call in module.get("module_calls", {}).items():
        yield from _written_in(call.get("module", {}), f"{path}module.{name}.")


def _names(expressions: object) -> Iterator[str]:
    """Source: Terraform, "JSON Output Format", block expressions representation."""
    if isinstance(expressions, Mapping):
        for name, inner in expressions.items():
            yield name
            yield from _names(inner)
    elif isinstance(expressions, list):
        for inner in expressions:
            yield from _names(inner)


def served(needs: Iterable[Need]) -> CheckResult:
    """Return the check that says whether a twin has all of it."""
    needs = tuple(needs)
    refused = [need for need in needs if need.support.level == "refused"]
    if not refused:
        return SERVED.of(good("configuration", f"{len(needs)} types and providers, none of them refused"))
    return SERVED.of(
        *(
            bad(
                need.name,
                f"refused: {need.support.reason}",
                remedy=f"Leave out {', '.join(need.addresses) or need.name} on the twin",
            )
            for need in refused
        )
    )
