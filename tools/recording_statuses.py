"""With which statuses the azurerm provider takes an answer: `arm_operations.json` says so."""

import json
import re
from functools import cache
from pathlib import Path

_FACTS = Path(__file__).resolve().parents[1] / "tests/contract/arm_operations.json"
_POLL = re.compile(r"/(?:operations|operationresults|operationstatuses)/", re.IGNORECASE)
_OF_A_POLL = (200, 201, 204)
"""Of the end of an operation: 202 goes on. Source: go-azure-sdk, resourcemanager, poller_lro.go."""


def accepted(method: str, target: str) -> tuple[int, ...]:
    """Return the statuses that the provider takes as success; empty if its SDK has no such operation.

    Args:
        method: In capitals.
        target: Path and query.
    """
    path = target.partition("?")[0].rstrip("/")
    if _POLL.search(path):
        return _OF_A_POLL
    return next((statuses for pattern, statuses in _operations(method) if pattern.fullmatch(path)), ())


@cache
def _operations(method: str) -> tuple[tuple[re.Pattern[str], tuple[int, ...]], ...]:
    """Return the operations of a method; those with the fewest parameters first."""
    rows = [row for row in json.loads(_FACTS.read_text())["operations"] if row["method"] == method]
    rows.sort(key=lambda row: row["path"].count("{}"))
    return tuple((_pattern(row["path"]), tuple(row["go"])) for row in rows if "go" in row)


def _pattern(path: str) -> re.Pattern[str]:
    """Return what a path looks like; a scope, the parameter at its start, has any number of segments."""
    start = "/.+" if path.startswith("/{}") else ""
    rest = path.removeprefix("/{}") if start else path
    return re.compile(start + "[^/]+".join(map(re.escape, rest.split("{}"))), re.IGNORECASE)
