"""Finds every fault: each module of the packages `data_plane`, `api` and `clusters` declares its own.

A module has `FAULTS`, a tuple of `FaultType`, and `DRILLS`, a tuple of the drills that break just those.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from twinspan.faults.definition import Drill, FaultType

PACKAGES = ("data_plane", "api", "clusters")


@cache
def faults_in(*packages: str) -> Mapping[str, FaultType]:
    """Return id -> fault of the packages; nothing else is imported."""
    return {fault.id: fault for module in _modules(packages) for fault in module.FAULTS}


@cache
def drills() -> tuple[Drill, ...]:
    """Return the drills that break one fault each, in the order of their modules' names."""
    return tuple(drill for module in _modules(PACKAGES) for drill in module.DRILLS)


def _modules(packages: tuple[str, ...]) -> Iterator[ModuleType]:
    for package in packages:
        parent = import_module(f"twinspan.faults.{package}")
        for module in iter_modules(parent.__path__):
            yield import_module(f"{parent.__name__}.{module.name}")
