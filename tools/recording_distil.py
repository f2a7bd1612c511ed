"""Turns what passed into requests with placeholders, and what the provider needs in the answers."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from contract_documents import INSIDE, Tree, error_code, open_strings, read_body
from contract_exchange import Exchange, Recording
from contract_expectation import CONTAINS, PLACEHOLDER, kind_of
from recording_placeholders import Placeholders, strings, tokens_of
from recording_proxy import RawExchange
from recording_state import Scalar, StateFacts
from recording_statuses import accepted
from recording_walk import Resource

_HEADERS = ("content-type", "if-match", "if-none-match")
_NOT_KEPT = re.compile(r"x-amz-(content-sha256|date|security-token|user-agent)")
_POLLED = ("azure-asyncoperation", "location")
_STATES = ("state", "status")
_PASSING = re.compile(r"in ?progress|\w+ing", re.IGNORECASE)
"""A state that a provider waits to be over."""
_PROVIDERS = re.compile(r"^/subscriptions/[^/]+/providers\?")
_FORM = "x-www-form-urlencoded"
_COLLECTION = "value"
"""The member of an answer of ARM that holds what is listed."""
_REFUSED = 400
_ACCEPTED = 202
"""What a poll is answered with while the operation goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """What was recorded of one root module; holds the secrets of a twin that is gone."""

    root: str
    providers: dict[str, str]
    schemas: dict[str, Any]
    snapshots: list[list[Resource]]
    imported: tuple[str, ...]
    problems: list[str]
    fixed: dict[str, str]
    exchanges: list[RawExchange]


@dataclass(kw_only=True)
class _Call:
    """One request, read."""

    raw: RawExchange
    form: dict[str, str]
    body: Tree
    answer: Tree

    @property
    def refused(self) -> bool:
        """Whether the answer was an error."""
        return self.raw.status >= _REFUSED


def distil(raw: Raw) -> Recording:
    """Return what passed as a recording."""
    calls = [_read(exchange) for exchange in raw.exchanges]
    names = Placeholders(raw.fixed)
    names.learn(
        [[call.raw.target, *call.form.values(), *strings(call.body)] for call in calls],
        [([*call.raw.answer_headers.values(), *strings(call.answer)], call.answer) for call in calls],
    )
    facts = StateFacts.read(raw.snapshots, raw.schemas, names.hide)
    distiller = _Distiller(names=names, facts=facts)
    exchanges = _without_repetitions(_merged([distiller.exchange(call) for call in calls]))
    types = {resource.type for snapshot in raw.snapshots for resource in snapshot}
    return Recording(
        root=raw.root,
        providers=raw.providers,
        types=tuple(sorted(types)),
        imported=raw.imported,
        exchanges=exchanges,
    )


def _read(raw: RawExchange) -> _Call:
    kind = raw.headers.get("content-type", "")
    tree = read_body(raw.answer_headers.get("content-type", ""), raw.answer)
    if _FORM in kind:
        form = read_body(kind, raw.body)
        assert isinstance(form, dict)  # noqa: S101 - what read_body makes of a form
        return _Call(raw=raw, form={name: str(value) for name, value in form.items()}, body=None, answer=tree)
    text = raw.body.decode()
    body: Tree = json.loads(text) if text and "json" in kind else (text or None)
    return _Call(raw=raw, form={}, body=body, answer=tree)


def _merged(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Return the last of each run of one request: of polls, and of a write that was refused at first."""
    merged: list[Exchange] = []
    for exchange in exchanges:
        last = merged[-1] if merged else None
        if last is not None and _key(last) == _key(exchange) and (last.reads or last.statuses[0] >= _REFUSED):
            merged.pop()
            repeated = exchange.repeated or last.repeated or _needs(last) != _needs(exchange)
            merged.append(replace(exchange, repeated=repeated))
        else:
            merged.append(exchange)
    return merged


def _passes(exchange: Exchange) -> bool:
    """Whether a read shows something that the provider waits to be over."""
    states = [value for name, value in _leaves(exchange.answer, "") if _is_state(name, value)]
    return exchange.statuses == (_ACCEPTED,) or any(_PASSING.fullmatch(str(state)) for state in states)


def _key(exchange: Exchange) -> str:
    """Return what makes two requests the same."""
    return json.dumps([exchange.service, exchange.method, exchange.target, exchange.form, exchange.body])


def _needs(exchange: Exchange) -> str:
    return json.dumps([exchange.statuses, exchange.error, exchange.answer, exchange.answer_headers])


def _without_repetitions(exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """Leave out reads that were answered before, just so, and those of states that pass by themselves."""
    known: dict[str, str] = {}
    kept = []
    for exchange in exchanges:
        if not exchange.reads or not (_passes(exchange) or known.get(_key(exchange)) == _needs(exchange)):
            kept.append(exchange)
        known[_key(exchange)] = _needs(exchange)
    return tuple(kept)


@dataclass(kw_only=True)
class _Distiller:
    """Distils calls in their order."""

    names: Placeholders
    facts: StateFacts
    sent: set[tuple[str, str]] = field(default_factory=set)
    """Members that requests have set so far: name in small letters, value as text."""
    tokens: set[str] = field(default_factory=set)
    """What looks made up, but was sent by a provider first."""

    def exchange(self, call: _Call) -> Exchange:
        """Return one request and what is needed of its answer."""
        raw = call.raw
        self._note(call)
        hidden = self.names.hide_in(call.body)
        region, service = raw.scope
        error = error_code(call.answer, raw.answer_headers.get("x-amzn-errortype", ""))
        return Exchange(
            step=raw.step,
            cloud="aws" if raw.cloud == "aws" else "azure",
            method=raw.method,
            target=self.names.hide(raw.target),
            statuses=self._statuses(call),
            service=service,
            region=region,
            headers={name: self.names.hide(value) for name, value in raw.headers.items() if _is_kept(name)},
            form={name: self.names.hide(value) for name, value in call.form.items()},
            body=hidden,
            answer_headers=self._answer_headers(call),
            answer=None if call.refused else self._answer(call),
            error=error if call.refused and raw.cloud == "aws" else "",
        )

    def _note(self, call: _Call) -> None:
        body = open_strings(call.body)
        if isinstance(call.body, str):
            body = read_body(call.raw.headers.get("content-type", ""), call.body.encode())
        for name, value in _leaves(body, ""):
            self.sent.add((name.lower(), _text(self.names.hide_in(value))))
        for path, value in call.form.items():
            name = next((part for part in reversed(path.split(".")) if not part.isdigit()), path)
            for inner, leaf in _leaves(open_strings(value), name):
                self.sent.add((inner.lower(), _text(self.names.hide_in(leaf))))
        self.tokens |= tokens_of([call.raw.target, *call.form.values(), *strings(call.body)])

    def _statuses(self, call: _Call) -> tuple[int, ...]:
        raw = call.raw
        if call.refused or (raw.method == "GET" and raw.status == _ACCEPTED):
            return (raw.status,)
        if raw.cloud == "aws":
            return (200, 201, 202, 204)
        return accepted(raw.method, raw.target) or (raw.status,)

    def _answer_headers(self, call: _Call) -> dict[str, str]:
        """Return the headers that the provider follows: of the two for polling the first that is there."""
        if call.raw.cloud == "aws":
            region = call.raw.answer_headers.get("x-amz-bucket-region")
            return {"x-amz-bucket-region": region} if region else {}
        for name in _POLLED:
            hidden = self.names.hide(call.raw.answer_headers.get(name, ""))
            if any("." in placeholder for placeholder in PLACEHOLDER.findall(hidden)):
                return {name: hidden}
        return {}

    def _answer(self, call: _Call) -> Tree:
        answer = self._tree(call.answer, "")
        if _PROVIDERS.match(call.raw.target) and isinstance(answer, dict):
            return {name: {CONTAINS: value} for name, value in answer.items() if isinstance(value, list)}
        return answer

    def _tree(self, tree: Tree, name: str) -> Tree:
        """Return what is needed of a tree; None if nothing is."""
        if isinstance(tree, dict):
            needed = {
                inner: self._tree(value, name if inner == INSIDE else inner) for inner, value in tree.items()
            }
            return {self.names.hide(n): value for n, value in needed.items() if value is not None} or None
        if isinstance(tree, list):
            if not tree:
                return [] if name == _COLLECTION or self.facts.knows(name) else None
            elements = [self._tree(value, name) for value in tree]
            if all(element is None for element in elements):
                return None
            return [
                _any(value) if element is None else element
                for element, value in zip(elements, tree, strict=True)
            ]
        return self._leaf(tree, name)

    def _leaf(self, value: Tree, name: str) -> Tree:
        if value is None or value == "":
            return value if self.facts.knows(name) and value == "" else None
        hidden = self.names.hide_in(value)
        if isinstance(hidden, str) and PLACEHOLDER.search(hidden):
            return "<string>" if self._is_made_up(hidden) else hidden
        if _is_state(name, hidden) or (name.lower(), _text(hidden)) in self.sent:
            return hidden
        scalar = _scalar(value)
        weight = self._weight(str(hidden)) if scalar is None else self.facts.scalar(name, scalar)
        return hidden if weight == "compared" else kind_of(hidden) if weight else None

    def _weight(self, hidden: str) -> str:
        """Return what a string is to a plan: `compared`, `read`, or nothing to it."""
        if hidden in self.facts.settable and not self._is_made_up(hidden):
            return "compared"
        return "read" if hidden in self.facts.settable | self.facts.computed else ""

    def _is_made_up(self, hidden: str) -> bool:
        return self.names.is_made_up(hidden, self.tokens)


def _is_state(name: str, value: Tree) -> bool:
    return isinstance(value, str) and name.lower().endswith(_STATES)


def _is_kept(header: str) -> bool:
    return header in _HEADERS or (header.startswith("x-amz-") and not _NOT_KEPT.fullmatch(header))


def _leaves(tree: Tree, name: str) -> list[tuple[str, Tree]]:
    if isinstance(tree, dict):
        return [
            leaf
            for inner, value in tree.items()
            for leaf in _leaves(value, name if inner == INSIDE else inner)
        ]
    if isinstance(tree, list):
        return [leaf for value in tree for leaf in _leaves(value, name)]
    return [(name, tree)]


def _text(value: Tree) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scalar(value: Tree) -> Scalar | None:
    """Return a number or truth value, out of the strings of XML, too; else None."""
    if isinstance(value, bool | int | float):
        return value
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if isinstance(value, str) and value.isdigit() and len(value) < 12 else None  # noqa: PLR2004


def _any(value: Tree) -> Tree:
    kinds: dict[type, Literal["object", "list"]] = {dict: "object", list: "list"}
    return {} if kinds.get(type(value)) == "object" else kind_of(value)
