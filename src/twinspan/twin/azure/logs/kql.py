"""The part of the Kusto query language that asks a table for rows.

`AzureDiagnostics | where Category == "TunnelDiagnosticLog" and TimeGenerated > ago(1h) | project A, B |
order by TimeGenerated desc | take 10`. Everything else is refused.

Source: Kusto Query Language, operators where, project, order (sort), take (limit) and count.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.logs.table import Stored

TABLE = "AzureDiagnostics"
TIME = "TimeGenerated"
COLUMNS = (
    TIME,
    "ResourceId",
    "Category",
    "ResourceGroup",
    "SubscriptionId",
    "ResourceProvider",
    "Resource",
    "ResourceType",
    "OperationName",
    "Level",
    "Message",
    "instance_s",
    "remoteIP_s",
    "status_s",
    "stateChangeReason_s",
    "Type",
)
"""What the table has, in this order."""

_LONGEST = 4000
"""Characters of a query; taking one apart takes a time that grows with their square."""
_TEXT = r"(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')"
_CONDITION = re.compile(
    rf"(?P<column>\w+)\s*(?P<operator>==|!=|=~|!~|\bcontains\b|\bhas\b|\bstartswith\b)\s*{_TEXT}"
)
_SINCE = re.compile(
    rf"{TIME}\s*(?P<operator>>=|>|<=|<)\s*"
    r"(?:ago\((?P<count>\d{1,6})(?P<unit>[dhms])\)|datetime\((?P<moment>[^)]+)\))"
)
_ORDER = re.compile(r"by\s+(?P<column>\w+)(?:\s+(?P<way>asc|desc))?")
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_PIPE = re.compile(r"\|(?=(?:[^\"']|\"[^\"]*\"|'[^']*')*$)")
_AND = re.compile(r"\s+and\s+(?=(?:[^\"']|\"[^\"]*\"|'[^']*')*$)")
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "==": lambda own, operand: own == operand,
    "!=": lambda own, operand: own != operand,
    "=~": lambda own, operand: own.lower() == operand.lower(),
    "!~": lambda own, operand: own.lower() != operand.lower(),
    "contains": lambda own, operand: operand.lower() in own.lower(),
    "has": lambda own, operand: (
        re.search(rf"(?<!\w){re.escape(operand)}(?!\w)", own, re.IGNORECASE) is not None
    ),
    "startswith": lambda own, operand: own.lower().startswith(operand.lower()),
}
_TIMES: Mapping[str, Callable[[float, float], bool]] = {
    ">": lambda own, operand: own > operand,
    ">=": lambda own, operand: own >= operand,
    "<": lambda own, operand: own < operand,
    "<=": lambda own, operand: own <= operand,
}


class QueryError(ArmError):
    """A query that makes no sense, or is beyond the twin; in the words of the query API.

    Source: Azure Monitor Log Analytics API, errors.
    """

    def __init__(self, message: str) -> None:
        super().__init__(400, "BadArgumentError", f"The request had some invalid properties: {message}")
        self._inner = message

    def document(self) -> JsonObject:
        """Return the body of the answer."""
        inner: JsonObject = {"code": "SyntaxError", "message": self._inner}
        return {"error": {"message": self.message, "code": self.code, "innererror": inner}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A table: columns with types, and rows."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Json, ...], ...]

    def document(self) -> JsonObject:
        """Return it as the query API does."""
        return {
            "tables": [
                {
                    "name": "PrimaryResult",
                    "columns": [{"name": name, "type": kind} for name, kind in self.columns],
                    "rows": [list(row) for row in self.rows],
                }
            ]
        }


def run(query: str, rows: Sequence[Stored]) -> Result:
    """Answer a query.

    Args:
        query: In Kusto's language.
        rows: What the table holds.

    Raises:
        QueryError: It is not one that the twin can answer; says at what.
    """
    if len(query) > _LONGEST:
        raise QueryError(f"The query has {len(query)} characters; the twin reads {_LONGEST}.")
    table, *steps = [part.strip() for part in _PIPE.split(query.strip())]
    if table != TABLE:
        raise QueryError(f"'{table}' is not a table; the twin has {TABLE} only.")
    selected_rows = list(rows)
    shown: tuple[str, ...] = COLUMNS
    for step in steps:
        word, _, rest = step.partition(" ")
        match word:
            case "where":
                tests = [_test(condition.strip()) for condition in _AND.split(rest.strip())]
                selected_rows = [row for row in selected_rows if all(test(row) for test in tests)]
            case "project":
                shown = tuple(_known(name.strip(), shown) for name in rest.split(","))
            case "order" | "sort":
                selected_rows = _ordered(selected_rows, rest.strip(), shown)
            case "take" | "limit":
                selected_rows = selected_rows[: _count(rest.strip())]
            case "count" if not rest:
                return Result(columns=(("Count", "long"),), rows=((len(selected_rows),),))
            case _:
                raise QueryError(
                    f"The twin cannot answer '| {step}'; it knows where, project, order by, take and count."
                )
    return Result(
        columns=tuple((name, "datetime" if name == TIME else "string") for name in shown),
        rows=tuple(tuple(_value(row, name) for name in shown) for row in selected_rows),
    )


def _known(name: str, shown: Sequence[str]) -> str:
    if name not in shown:
        raise QueryError(f"'project' operator: Failed to resolve scalar expression named '{name}'")
    return name


def _value(row: Stored, name: str) -> str:
    if name == TIME:
        return datetime.fromtimestamp(row.at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return row.columns.get(name, "")


def _test(condition: str) -> Callable[[Stored], bool]:
    """Return what a condition of `where` asks of a row."""
    match = _CONDITION.fullmatch(condition)
    if match is not None:
        column, test = _known(match["column"], COLUMNS), _TESTS[match["operator"]]
        literal = match["double"] if match["double"] is not None else match["single"]
        return lambda row: test(_value(row, column), literal)
    since = _SINCE.fullmatch(condition)
    if since is None:
        raise QueryError(
            f"The twin cannot test '{condition}'; it knows COLUMN == \"text\" and TimeGenerated > ago(1h)."
        )
    compare, moment_s = _TIMES[since["operator"]], _moment(since)
    return lambda row: compare(row.at_s, moment_s)


def _moment(since: re.Match[str]) -> float:
    if since["count"] is not None:
        return time.time() - int(since["count"]) * _UNITS[since["unit"]]
    try:
        moment = datetime.fromisoformat(since["moment"].strip("\"' "))
    except ValueError as error:
        raise QueryError(f"'{since['moment']}' is not a datetime.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _ordered(rows: list[Stored], clause: str, shown: Sequence[str]) -> list[Stored]:
    match = _ORDER.fullmatch(clause)
    if match is None:
        raise QueryError(f"The twin cannot order '{clause}'; it knows by COLUMN asc or desc.")
    column = _known(match["column"], shown)
    return sorted(rows, key=lambda row: _value(row, column), reverse=match["way"] != "asc")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise QueryError(f"'{text}' is not a number of rows.")
    return int(text[:9])
