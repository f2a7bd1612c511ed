"""What `terraform -json` says while it works, as typed events.

Source: Terraform, "Machine-Readable UI" (message types) and "JSON Output Format" (diagnostics).
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

State = Literal["started", "running", "done", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceEvent:
    """Terraform began, goes on with, or ended one resource.

    Attributes:
        address: E.g. `module.aws_vpc.aws_vpc.this`.
        action: `create`, `update`, `delete`, `read`...
        state: How far it is.
        elapsed_s: Since its start, in seconds.
    """

    address: str
    action: str
    state: State
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """One resource that Terraform would change.

    Attributes:
        address: The resource.
        action: `create`, `update`, `replace`, `delete`...
        drift: Whether it is a change that happened outside Terraform.
    """

    address: str
    action: str
    drift: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """An error or a warning.

    Attributes:
        severity: `error` or `warning`.
        summary: One line.
        detail: More; may be empty.
        address: The resource it is about; empty if none.
        file: The file it is about, as Terraform names it; empty if none.
        line: The line there; 0 if none.
        snippet: The source at that place; empty if none.
        expression: The value that the place belongs to, e.g. `var.aws`; empty if unknown.
    """

    severity: str
    summary: str
    detail: str = ""
    address: str = ""
    file: str = ""
    line: int = 0
    snippet: str = ""
    expression: str = ""

    def as_line(self) -> str:
        """The whole as one line."""
        detail = " ".join(self.detail.split())
        place = self.address or (f"{self.file}:{self.line}" if self.file else "")
        return ": ".join(part for part in (place, self.summary, detail) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How many resources were, or would be, added, changed and removed."""

    added: int
    changed: int
    removed: int


Event = ResourceEvent | PlannedChange | Diagnostic | Summary
OnEvent = Callable[[Event], None]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Resource(_Wire):
    addr: str


class _Hook(_Wire):
    resource: _Resource
    action: str = ""
    elapsed_seconds: float = 0.0


class _Change(_Wire):
    resource: _Resource
    action: str


class _Position(_Wire):
    line: int = 0


class _Range(_Wire):
    filename: str = ""
    start: _Position = _Position()


class _Snippet(_Wire):
    code: str = ""
    context: str | None = None


class _Diagnostic(_Wire):
    severity: str
    summary: str
    detail: str = ""
    address: str = ""
    range: _Range = _Range()
    snippet: _Snippet | None = None


class _Changes(_Wire):
    add: int = 0
    change: int = 0
    remove: int = 0


class _Message(_Wire):
    type: str = ""
    level: str = Field(default="", alias="@level")
    text: str = Field(default="", alias="@message")
    hook: _Hook | None = None
    change: _Change | None = None
    changes: _Changes | None = None
    diagnostic: _Diagnostic | None = None


_HOOKS: dict[str, State] = {
    "apply_start": "started",
    "apply_progress": "running",
    "apply_complete": "done",
    "apply_errored": "failed",
}


def parse(line: str) -> Event | None:
    """Return the event that a line of `terraform ... -json` reports; None if it reports none of ours."""
    try:
        message = _Message.model_validate(json.loads(line))
    except (json.JSONDecodeError, ValidationError):
        return None
    if message.hook is not None and message.type in _HOOKS:
        return ResourceEvent(
            address=message.hook.resource.addr,
            action=message.hook.action,
            state=_HOOKS[message.type],
            elapsed_s=message.hook.elapsed_seconds,
        )
    if message.change is not None and message.type in ("planned_change", "resource_drift"):
        return PlannedChange(
            address=message.change.resource.addr,
            action=message.change.action,
            drift=message.type == "resource_drift",
        )
    if message.changes is not None:
        return Summary(
            added=message.changes.add, changed=message.changes.change, removed=message.changes.remove
        )
    return _diagnostic(message.diagnostic) if message.diagnostic is not None else None


_COLOUR, _BAR = re.compile(r"\x1b\[[0-9;]*m"), re.compile(r"^[│╷╵] ?", re.MULTILINE)
_PLAIN = re.compile(r"^(?P<severity>Error|Warning): (?P<summary>.+)$", re.MULTILINE)
_PLACE = re.compile(r"^\s+on (?P<file>\S+) line (?P<line>\d+).*\n(?:\s+\d+: (?P<code>.*)\n)?", re.MULTILINE)


def read_plain(text: str) -> tuple[Diagnostic, ...]:
    """Return the errors of a command that has no JSON form, from what it writes for people."""
    text = _BAR.sub("", _COLOUR.sub("", text))
    marks = list(_PLAIN.finditer(text))
    ends = [*(mark.start() for mark in marks), len(text)][1:]
    return tuple(
        _plain(mark, text[mark.end() : end])
        for mark, end in zip(marks, ends, strict=True)
        if mark["severity"] == "Error"
    )


def _plain(mark: re.Match[str], body: str) -> Diagnostic:
    place = _PLACE.search(body)
    return Diagnostic(
        severity=mark["severity"].lower(),
        summary=mark["summary"],
        detail=" ".join(body[place.end() if place else 0 :].split()),
        file=place["file"] if place else "",
        line=int(place["line"]) if place else 0,
        snippet=(place["code"] or "").strip() if place else "",
    )


def _diagnostic(wire: _Diagnostic) -> Diagnostic:
    snippet = wire.snippet or _Snippet()
    return Diagnostic(
        severity=wire.severity,
        summary=wire.summary,
        detail=wire.detail,
        address=wire.address,
        file=wire.range.filename,
        line=wire.range.start.line,
        snippet=snippet.code.strip(),
        expression=snippet.context or "",
    )
