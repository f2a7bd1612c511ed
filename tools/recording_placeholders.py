"""Finds what the twin made up and a provider sent back: ids, addresses, keys."""

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from contract_documents import Tree
from contract_expectation import PLACEHOLDER

_ADDRESS = r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d|/)"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MADE_UP = re.compile(
    rf"(?P<uuid>{_UUID})|(?P<aws>(?<![a-z])[a-z]+(?:-[a-z]+)*-(?:[0-9a-f]{{17}}|[0-9a-f]{{8}})\b)"
    rf"|(?P<hex>\b[0-9a-f]{{24,64}}\b)|(?P<iam>\bA[RI][A-Z]A[A-Z0-9]{{16,}}\b)"
    rf"|(?P<address>{_ADDRESS})|(?P<time>\d{{4}}-\d\d-\d\dT\d\d:\d\d)"
)
_KEYS = ("presharedkey", "pre_shared_key")


class Placeholders:
    """Names for what differs from run to run.

    Args:
        fixed: What every twin has, by name: addresses, subscription and the like.
    """

    def __init__(self, fixed: Mapping[str, str]) -> None:
        self._names = {value: name for name, value in fixed.items()}
        self._names |= {quote(value, safe=""): name for name, value in fixed.items()}
        self._special = self._compiled()

    def learn(self, requests: Sequence[Sequence[str]], answers: Sequence[tuple[Sequence[str], Tree]]) -> None:
        """Name what first stands in an answer and then in a later request.

        Args:
            requests: The strings of each request, in order.
            answers: The strings of each answer, its headers among them, and its body.
        """
        first = _first_use(requests, {key for _, body in answers for key in _secrets(body)})
        counts: dict[str, int] = {}
        for number, (texts, body) in enumerate(answers):
            for kind, token in (*_tokens(texts), *(("key", key) for key in _secrets(body))):
                if token in self._names or first.get(token, -1) <= number:
                    continue
                counts[kind] = counts.get(kind, 0) + 1
                self._names[token] = f"{kind}.{counts[kind]}"
        self._special = self._compiled()

    def hide(self, text: str) -> str:
        """Return a text with placeholders."""
        text = self._special.sub(self._placeholder, text)
        return _MADE_UP.sub(self._placeholder, text)

    def _placeholder(self, match: re.Match[str]) -> str:
        name = self._names.get(match[0])
        return match[0] if name is None else f"${{{name}}}"

    def hide_in(self, tree: Tree) -> Tree:
        """Return a tree with placeholders in its strings."""
        if isinstance(tree, dict):
            return {self.hide(name): self.hide_in(value) for name, value in tree.items()}
        if isinstance(tree, list):
            return [self.hide_in(value) for value in tree]
        return self.hide(tree) if isinstance(tree, str) else tree

    def is_made_up(self, hidden: str, sent: frozenset[str] | set[str]) -> bool:
        """Whether a text with placeholders still holds something that the twin made up."""
        return any(token not in sent for _, token in _tokens([PLACEHOLDER.sub("", hidden)]))

    def _compiled(self) -> re.Pattern[str]:
        """Return the pattern of what has a name, but does not look made up: hosts, keys and the like."""
        special = [value for value in self._names if not _MADE_UP.fullmatch(value)]
        longest_first = sorted(special, key=len, reverse=True)
        return re.compile("|".join(f"{re.escape(value)}(?![0-9])" for value in longest_first))


def _first_use(requests: Sequence[Sequence[str]], keys: set[str]) -> dict[str, int]:
    """Return in which request each thing that an answer may have given is used first."""
    first: dict[str, int] = {}
    for number, texts in enumerate(requests):
        used = [key for key in keys if any(key in text for text in texts)]
        for token in (*used, *(token for _, token in _tokens(texts))):
            first.setdefault(token, number)
    return first


def strings(tree: Tree) -> Iterator[str]:
    """Yield the strings of a tree."""
    if isinstance(tree, dict):
        for value in tree.values():
            yield from strings(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from strings(value)
    elif isinstance(tree, str):
        yield tree


def tokens_of(texts: Sequence[str]) -> set[str]:
    """Return what looks made up in some texts."""
    return {token for _, token in _tokens(texts)}


def _tokens(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        for match in _MADE_UP.finditer(text):
            kind, token = str(match.lastgroup), match[0]
            if kind == "address" and not _is_address(token):
                continue
            yield (token.rpartition("-")[0] if kind == "aws" else kind), token


def _is_address(text: str) -> bool:
    return all(int(part) <= 255 for part in text.split("."))  # noqa: PLR2004  an octet


def _secrets(tree: Tree) -> Iterator[str]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            if isinstance(value, str) and name.lower() in _KEYS and value:
                yield value
            else:
                yield from _secrets(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _secrets(value)
