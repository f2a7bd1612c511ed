"""Leave out records whose values are not of their kind: one would have the agent refuse all the others."""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from twinspan.network.model import AwsNetwork, AzureNetwork
from twinspan.twin.attempts import attempt

S = TypeVar("S")
N = TypeVar("N", AwsNetwork, AzureNetwork)


def fitting(specs: Iterable[S], *, name: Callable[[S], object], problems: list[str]) -> tuple[S, ...]:
    """Return the records that arrive at another process as they were sent.

    Args:
        specs: Dataclasses of the model or of the data plane.
        name: How one is called in a problem.
        problems: Gets a line for each that does not fit.
    """

    def checked(spec: S) -> S:
        kind: Any = type(spec)
        adapter = _adapter(kind)
        adapter.validate_python(adapter.dump_python(spec, mode="json", warnings="error"))
        return spec

    return tuple(attempt(specs, checked, name=lambda spec: str(name(spec)), problems=problems))


def fitting_network(network: N, problems: list[str]) -> N:
    """Return one cloud's network without the objects that have values of another kind than they can have."""
    objects: dict[str, Any] = {
        member.name: fitting(value, name=lambda item: item.id, problems=problems)
        for member in fields(network)
        if member.name not in _CLUSTERS and isinstance(value := getattr(network, member.name), tuple)
    }
    return replace(network, **objects)


_CLUSTERS = {"eks_clusters", "aks_clusters"}
"""Made into specifications elsewhere."""


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - mypy takes no class of unknown kind for hashable
    return TypeAdapter(kind)
