"""What a client of Azure Monitor's metrics may ask. Source: Azure Monitor REST API, Metrics - List."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from twinspan.twin.azure.errors import bad_request

POINTS_LIMIT = 1440
"""Values of one series that are answered at most."""

_GRAINS_S = (60, 300, 900, 1800, 3600, 21600, 43200, 86400)
_AGGREGATIONS = frozenset({"average", "count", "maximum", "minimum", "total"})
_DURATION = re.compile(
    r"P(?:(?P<D>\d{1,5})D)?(?:T(?:(?P<H>\d{1,5})H)?(?:(?P<M>\d{1,5})M)?(?:(?P<S>\d{1,5})S)?)?"
)
_CLAUSE = re.compile(r"\(?\s*(?P<name>[A-Za-z]\w*)\s+eq\s+'(?P<value>[^']*)'\s*\)?", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_OR = re.compile(r"\s+or\s+", re.IGNORECASE)
_ORDER = re.compile(r"(?P<measure>[a-z]+)(?:\s+(?P<way>asc|desc))?", re.IGNORECASE)
_TOP = 10
_LONGEST_S = 2 * 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question.

    Attributes:
        names: Metrics; empty for the first one there is.
        start_s: Begin, in seconds since 1970, on a whole interval.
        end_s: End.
        interval_s: Length of an interval, in seconds.
        aggregations: In small letters; empty for each metric's own.
        wanted: Dimension -> values; `*` is any. The answer is split by them.
        top: How many series at most.
        order: Aggregation to sort by, and whether the largest comes first.
        metadata_only: Only name the series.
    """

    names: tuple[str, ...]
    start_s: float
    end_s: float
    interval_s: int
    aggregations: tuple[str, ...]
    wanted: Mapping[str, frozenset[str]]
    top: int
    order: tuple[str, bool] | None
    metadata_only: bool

    def takes(self, dims: Mapping[str, str]) -> bool:
        """Whether a series with these dimensions is meant."""
        own = {name.lower(): value.lower() for name, value in dims.items()}
        return all(
            "*" in values or own.get(name.lower(), "") in {value.lower() for value in values}
            for name, values in self.wanted.items()
        )


def parse_query(query: Mapping[str, str], *, period_s: int) -> Query:
    """Read a request's parameters.

    Raises:
        ArmError: One of them makes no sense; says which.
    """
    begin_s, end_s = _timespan(query.get("timespan"))
    interval_s = _interval(query.get("interval"), period_s=period_s, whole_s=end_s - begin_s)
    begin_s -= begin_s % (interval_s if query.get("interval", "").upper() != "FULL" else period_s)
    if (end_s - begin_s) / interval_s > POINTS_LIMIT:
        raise bad_request(
            "BadRequest",
            f"The timespan has more than {POINTS_LIMIT} intervals. Ask for fewer, or longer ones.",
        )
    aggregations = tuple(_words(query.get("aggregation", "").lower()))
    unknown = set(aggregations) - _AGGREGATIONS - {"none"}
    if unknown:
        raise bad_request("BadRequest", f"Detected invalid aggregation input: {', '.join(sorted(unknown))}")
    return Query(
        names=tuple(_words(query.get("metricnames", ""))),
        start_s=begin_s,
        end_s=end_s,
        interval_s=interval_s,
        aggregations=tuple(aggregation for aggregation in aggregations if aggregation != "none"),
        wanted=_filter(query.get("$filter", "")),
        top=_number(query.get("top")),
        order=_order(query.get("orderby")),
        metadata_only=query.get("resulttype", "").lower() == "metadata",
    )


def time_grains(period_s: int) -> tuple[int, ...]:
    """Return the intervals that can be asked for, in seconds: the grain, and Azure's longer ones."""
    return (period_s, *(grain for grain in _GRAINS_S if grain > period_s and grain % period_s == 0))


def duration(seconds: int) -> str:
    """Write an interval as ISO 8601 has it, e.g. `PT5M`."""
    for letter, unit in (("D", 86400), ("H", 3600), ("M", 60)):
        if seconds % unit == 0:
            return f"P{seconds // unit}D" if letter == "D" else f"PT{seconds // unit}{letter}"
    return f"PT{seconds}S"


def iso(at_s: float) -> str:
    """Write a time as Azure Monitor does, UTC."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _timespan(text: str | None) -> tuple[float, float]:
    if text is None:
        now_s = time.time()
        return now_s - 3600, now_s
    begin, slash, end = unquote(text).partition("/")  # the Azure CLI quotes it twice
    try:
        moments = tuple(datetime.fromisoformat(part.strip().replace(" ", "+")) for part in (begin, end))
        begin_s, end_s = ((t if t.tzinfo else t.replace(tzinfo=UTC)).timestamp() for t in moments)
        for moment_s in (begin_s - _LONGEST_S, end_s + _LONGEST_S):
            datetime.fromtimestamp(moment_s, UTC)  # the years that there are end there
    except (ValueError, OverflowError):
        slash = ""
    if not slash or begin_s >= end_s:
        raise bad_request(
            "BadRequest", f"Detected invalid timespan input: {text}. It must be start/end, in ISO 8601."
        )
    return begin_s, end_s


def _interval(text: str | None, *, period_s: int, whole_s: float) -> int:
    grains = time_grains(period_s)
    if text is None:
        return next((grain for grain in grains if grain >= 60), grains[-1])  # noqa: PLR2004 - PT1M is the default
    if text.upper() == "FULL":
        return max(int(whole_s) + 2 * period_s, 1)
    match = _DURATION.fullmatch(text.upper())
    units = {"D": 86400, "H": 3600, "M": 60, "S": 1}
    seconds = sum(int(match[u] or 0) * length for u, length in units.items()) if match else 0
    if seconds not in grains:
        raise bad_request(
            "BadRequest",
            f"Detected invalid time grain input: {text}. Valid values are "
            f"{','.join(duration(grain) for grain in grains)},FULL",
        )
    return seconds


def _filter(text: str) -> dict[str, frozenset[str]]:
    dimensions: dict[str, frozenset[str]] = {}
    for clause in _AND.split(text.strip()) if text.strip() else ():
        matches = [_CLAUSE.fullmatch(part.strip()) for part in _OR.split(clause)]
        names = {match["name"].lower() for match in matches if match}
        if None in matches or len(names) != 1:
            raise bad_request(
                "BadRequest", f"Invalid filter '{text}'. It must be like: Name eq 'value' and Other eq '*'"
            )
        parts = [match for match in matches if match]
        dimensions[parts[0]["name"]] = frozenset(match["value"] for match in parts)
    return dimensions


def _number(text: str | None) -> int:
    if text is None:
        return _TOP
    if not text.isascii() or not text.isdigit() or not int(text[:9]) > 0:
        raise bad_request("BadRequest", f"Detected invalid top input: {text}. It must be a positive number.")
    return int(text[:9])


def _order(text: str | None) -> tuple[str, bool] | None:
    if text is None:
        return None
    match = _ORDER.fullmatch(text.strip())
    if match is None or match["measure"].lower() not in _AGGREGATIONS:
        raise bad_request("BadRequest", f"Detected invalid orderby input: {text}. An example: average desc")
    return match["measure"].lower(), (match["way"] or "asc").lower() == "desc"
