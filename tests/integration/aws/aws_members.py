"""Sends each member of an operation's input, and looks for it in what the API shows afterwards.

`tests/contract/aws_members.json` says, for each operation that makes or changes something, how it is called,
where its effect is seen, how it is undone, what goes with a member, and which values a member has.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from aws_calls import Caller
from botocore.exceptions import ClientError, ParamValidationError
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from moto.core.utils import get_service_model

from twinspan.twin.aws.requests.edge import MODELS

TABLE: Mapping[str, Any] = json.loads((Path(__file__).parents[2] / "contract/aws_members.json").read_text())
_CHOICES = 2
_NOT_FOUND = 404
"""Values of an enumeration that are tried."""
_GENERIC = {"[]", "{}", "Value", "value", "Key", "key", "name", "Name", "enabled", "type", "Id"}
_TEXTS: Mapping[str, str] = TABLE["texts"]
_NOT_SENT: Mapping[str, str] = TABLE["not sent"]
_SAMPLES: Mapping[str, Sequence[Any]] = {
    "blob": [b"sent"],
    "boolean": [True, False],
    "double": [1.5],
    "float": [1.5],
    "map": [{"sent-key": "sent-value"}],
    "structure": [{}],
    "timestamp": ["2030-01-01T00:00:00+00:00"],
}
_LEFT_OUT = ("", "false", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An operation, and how its effect is seen.

    Attributes:
        call: As in the table of calls.
        before: Calls in front of each trial.
        see: Calls whose answers show the effect.
        undo: Calls after each trial; those that have nothing to undo may fail.
        kind: What tags are for.
        only: Paths that are tried; none: all.
        whole: The call can be made as it is; else a member must be added.
        beside: First letters of a path -> parameters that go with it.
        values: Path -> values to send.
        not_shown: Path -> why it is not in any answer.
        refused: Path -> code of a refusal other than that the twin cannot do it, and its words if it names
            the member in others.
    """

    call: Sequence[Any]
    before: Sequence[Sequence[Any]] = ()
    see: Sequence[Sequence[Any]] = ()
    undo: Sequence[Sequence[Any]] = ()
    only: Sequence[str] = ()
    kind: str = ""
    whole: bool = True
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    not_shown: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.call[0]}.{self.call[1]}"

    @property
    def operation(self) -> OperationModel:
        service, name = self.call[0], self.call[1]
        model: OperationModel = get_service_model(MODELS.get(service, service)).operation_model(name)
        return model


def subjects() -> list[Subject]:
    """Return the table's subjects."""
    return [
        Subject(**{key.replace(" ", "_"): value for key, value in row.items()}) for row in TABLE["subjects"]
    ]


def members(shape: Shape, where: str = "", above: tuple[str, ...] = ()) -> Iterator[tuple[str, Shape]]:
    """Yield the path and the shape of everything in an input that has a value of its own."""
    if shape.name in above:
        return
    if isinstance(shape, StructureShape) and shape.members:
        for name, member in shape.members.items():
            yield from members(member, f"{where}.{name}" if where else name, (*above, shape.name))
    elif isinstance(shape, ListShape):
        yield from members(shape.member, f"{where}[]", above)
    elif isinstance(shape, MapShape):
        yield f"{where}{{}}", shape
    else:
        yield where, shape


def leaves(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Yield place and plain text of everything in an answer."""
    if isinstance(value, Mapping):
        yield where, _plain(value)
        for name, item in value.items():
            yield from leaves(item, f"{where}/{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, f"{where}/{place}")
    else:
        yield where, _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, str) and value.startswith("{"):
        with suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, Mapping | list | bool):
        return json.dumps(value, sort_keys=True, default=str)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, datetime) else str(value)


class Trial:
    """Tries the members of one subject."""

    _numbers = count(1)

    def __init__(self, caller: Caller, subject: Subject) -> None:
        self._caller, self._subject = caller, subject
        self._baseline: Mapping[str, str] = {}
        self._names: Mapping[str, Any] = {}
        """Names as the baseline was seen; each trial makes new ones."""

    def verdicts(self) -> Iterator[str]:
        """Yield what is wrong with how members are treated."""
        subject = self._subject
        shape = subject.operation.input_shape
        assert shape is not None, subject.name
        self._baseline = dict(leaves(self._seen(subject.call[2] if subject.whole else None)))
        self._names = dict(self._caller.names)
        for path, member in members(shape):
            last = re.split(r"[.\[{]", path.rstrip("[]{}"))[-1]
            if last in _NOT_SENT or _listed(path, subject.not_shown) or path not in (subject.only or (path,)):
                continue
            text = self._verdict(path, member)
            if text:
                yield f"{subject.name} {path}: {text}"

    def _verdict(self, path: str, member: Shape) -> str:
        present = _at(self._subject.call[2], path)
        if isinstance(present, str) and present.startswith("$"):
            kept_value = self._names[present[1:]]
            return (
                "" if _plain(kept_value) in self._baseline.values() else f"dropped: {kept_value} is nowhere"
            )
        good = False
        values = self._subject.values.get(path) or _values(path, member)
        for value in values:
            text = self._try(path, value)
            if text == "as before" and (value is False or len(values) > 1):
                continue
            if text:
                return f"{value!r}: {text}"
            good = True
        return "" if good else f"{values} change nothing"

    def _try(self, path: str, value: Any) -> str:
        """Send a value. Return what is wrong; nothing if it is shown, or refused by name."""
        subject = self._subject
        params = _with(subject, path, value)
        try:
            shown = dict(leaves(self._seen(params)))
        except ClientError as error:
            return self._refusal(path, value, error.response["Error"])
        except ParamValidationError as error:
            return f"botocore does not send it: {error}"
        (sent,) = value.values() if path.endswith("{}") else (value,)
        plain = _plain(self._caller.filled(sent))
        places = [place for place, text in shown.items() if text == plain]
        if any(self._baseline.get(place) != plain for place in places):
            return ""
        return "as before" if places or plain in _LEFT_OUT else "dropped"

    def _refusal(self, path: str, value: Any, error: Mapping[str, Any]) -> str:
        code, text = error["Code"], error["Message"].lower()
        names = [step for step in re.split(r"[.\[\]{}]+", path) if step and step not in _GENERIC]
        expected, _, words = self._subject.refused.get(path, "UnsupportedOperation").partition(": ")
        plain = _plain(self._caller.filled(value)).lower()
        named = any(word.lower() in text for word in ([words] if words else [*names, plain]))
        if code == expected and named:
            return ""
        return f"refused: {code}: {error['Message']}"

    def _seen(self, params: Mapping[str, Any] | None) -> list[Any]:
        """Make the call, if there are parameters, and return all that is shown of its effect; undo it."""
        caller, subject = self._caller, self._subject
        caller.names["kind"] = subject.kind
        caller.names["trial"] = f"trial-{next(self._numbers)}"
        for call in subject.before:
            caller.run(call)
        service, name, _, *keep = subject.call
        try:
            shown = [caller.run([service, name, params, *keep])] if params is not None else [{}]
            shown += [effect for call in subject.see for effect in self._looked(call)]
        finally:
            for call in subject.undo:
                with suppress(ClientError, KeyError):
                    caller.run(call)
        return shown

    def _looked(self, call: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
        """Yield what a call shows; what is not there shows nothing."""
        try:
            yield self._caller.run(call)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != _NOT_FOUND:
                raise


def _listed(path: str, table: Mapping[str, str]) -> bool:
    return any(
        path == prefix or path.startswith((f"{prefix}.", f"{prefix}[", f"{prefix}{{")) for prefix in table
    )


def _with(subject: Subject, path: str, value: Any) -> dict[str, Any]:
    """Return a subject's parameters with one member set."""
    params = copy.deepcopy(dict(subject.call[2]))
    for start, others in {**TABLE["beside"], **subject.beside}.items():
        if path.startswith(start):
            params |= copy.deepcopy(others)
    shape = subject.operation.input_shape
    assert shape is not None
    _put(params, _steps(path), value, shape)
    return params


def _steps(path: str) -> list[str]:
    return re.findall(r"\[\]|[^.\[\]{}]+", path)


def _put(holder: Any, steps: list[str], value: Any, shape: Shape) -> None:
    step, *rest = steps
    inner = shape.member if isinstance(shape, ListShape) else shape.members[step]  # type: ignore[attr-defined]
    if not rest:
        if step == "[]":
            holder[:] = [value]
        else:
            holder[step] = value
        return
    if step == "[]":
        if not holder:
            holder.append(_needed(inner, rest[0]))
        _put(holder[0], rest, value, inner)
        return
    if step not in holder:
        holder[step] = [] if rest[0] == "[]" else _needed(inner, rest[0])
    _put(holder[step], rest, value, inner)


def _needed(shape: Shape, but: str) -> Any:
    """Return a structure with its required members."""
    if not isinstance(shape, StructureShape):
        return {} if not isinstance(shape, ListShape) else []
    return {
        name: [value] if isinstance(member, ListShape) else value
        for name in shape.required_members
        if name != but
        for member in [shape.members[name]]
        for value in [_values(name, member.member if isinstance(member, ListShape) else member)[0]]
    }


def _at(params: Any, path: str) -> Any:
    for step in _steps(path):
        if step == "[]":
            params = params[0] if params else None
        else:
            params = params.get(step) if isinstance(params, Mapping) else None
    return params


def _values(path: str, shape: Shape) -> list[Any]:
    """Return values for a member, of which the first would be good alone."""
    known = next((values for end, values in TABLE["values"].items() if path.endswith(end)), None)
    if known is not None:
        return list(known)
    if shape.metadata.get("enum"):
        return list(shape.metadata["enum"][:_CHOICES])
    if shape.type_name in {"integer", "long"}:
        return [max(int(shape.metadata.get("min", 0)), 0) + 1]
    if shape.type_name in _SAMPLES:
        return list(_SAMPLES[shape.type_name])
    name = [step for step in _steps(path) if step != "[]"][-1]
    return next(([text] for pattern, text in _TEXTS.items() if re.search(pattern, name)), ["sent-text"])
