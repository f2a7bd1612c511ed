"""Template expressions, as far as the deployments of the Azure CLI need them.

Source: Azure Resource Manager, "Syntax and expressions in ARM templates" and "ARM template functions".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType

from twinspan.twin.azure.documents import Json
from twinspan.twin.azure.errors import ArmError

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?[0-9]{1,18}(?![0-9]))|(?P<name>[A-Za-z_]\w*)|(?P<sign>[()\[\],.]))"
)
_DEEPEST = 40
_MOST_VALUES = 20_000
LONGEST_TEXT = 100_000
"""Characters of the longest text that an expression makes; Azure's is 131,072."""

Function = Callable[[list[Json]], Json]


class Bounds:
    """How deep and how long one template is evaluated: variables and references can name each other.

    Entered once for each value and each part of an expression.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._left = _MOST_VALUES

    def __enter__(self) -> None:
        if self._depth >= _DEEPEST:
            raise invalid_template(f"nested deeper than {_DEEPEST}")
        if self._left == 0:
            raise invalid_template(f"more than {_MOST_VALUES} values to evaluate")
        self._depth += 1
        self._left -= 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1


def invalid_template(message: str) -> ArmError:
    """Return the refusal of a template."""
    return ArmError(400, "InvalidTemplate", f"Deployment template validation failed: '{message}'.")


def resolve(value: Json, functions: Mapping[str, Function], bounds: Bounds) -> Json:
    """Return `value` with every expression in it evaluated.

    Args:
        value: Part of a template.
        functions: What expressions may call, by lower-case name.
        bounds: What is left of the template's depth and length.

    Raises:
        ArmError: `InvalidTemplate`: a syntax error, an unknown function or member, or past the bounds.
    """
    with bounds:
        if isinstance(value, dict):
            return {name: resolve(item, functions, bounds) for name, item in value.items()}
        if isinstance(value, list):
            return [resolve(item, functions, bounds) for item in value]
        if isinstance(value, str) and value.startswith("[["):
            return value[1:]
        if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
            source = value[1:-1]
            return _Expression(source=source, tokens=_tokens(source), bounds=bounds).evaluate(functions)
        return value


def _tokens(source: str) -> list[tuple[str, str]]:
    """Split an expression into (kind, text)."""
    tokens: list[tuple[str, str]] = []
    place = 0
    while place < len(source.rstrip()):
        match = _TOKEN.match(source, place)
        if match is None or match.lastgroup is None:
            raise invalid_template(f"the language expression '{source}' has a syntax error at {place}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return tokens


@dataclass(slots=True, kw_only=True)
class _Expression:
    """A recursive descent over the tokens of one expression."""

    source: str
    tokens: list[tuple[str, str]]
    bounds: Bounds
    place: int = 0

    def evaluate(self, functions: Mapping[str, Function]) -> Json:
        value = self._value(functions)
        if self.place != len(self.tokens):
            raise self._wrong()
        return value

    def _value(self, functions: Mapping[str, Function]) -> Json:
        kind, token = self._next()
        if kind == "text":
            return token[1:-1].replace("''", "'")
        if kind == "number":
            return int(token)
        if kind != "name":
            raise self._wrong()
        with self.bounds:
            arguments = self._arguments(functions)
            function = functions.get(token.lower())
            if function is None:
                known = ", ".join(sorted(functions))
                raise invalid_template(f"the template function '{token}' is not one of the twin's: {known}")
            return self._members(function(arguments), functions)

    def _arguments(self, functions: Mapping[str, Function]) -> list[Json]:
        self._expect("(")
        arguments: list[Json] = []
        while self._peek() != ")":
            if arguments:
                self._expect(",")
            arguments.append(self._value(functions))
        self._expect(")")
        return arguments

    def _members(self, value: Json, functions: Mapping[str, Function]) -> Json:
        """Follow `.name` and `[index]` after a call."""
        while self._peek() in {".", "["}:
            if self._peek() == ".":
                self._expect(".")
                key: Json = self._next()[1]
            else:
                self._expect("[")
                key = self._value(functions)
                self._expect("]")
            value = self._step(value, key)
        return value

    def _step(self, value: Json, key: Json) -> Json:
        """Return one member or item."""
        if isinstance(value, dict) and isinstance(key, str):
            for name, item in value.items():
                if name.lower() == key.lower():
                    return item
        if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            return value[key]
        raise invalid_template(f"the language expression property '{key}' of '{self.source}' doesn't exist")

    def _peek(self) -> str | None:
        if self.place >= len(self.tokens):
            return None
        kind, token = self.tokens[self.place]
        return token if kind == "sign" else None

    def _next(self) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise self._wrong()
        self.place += 1
        return self.tokens[self.place - 1]

    def _expect(self, sign: str) -> None:
        if self._next() != ("sign", sign):
            raise self._wrong()

    def _wrong(self) -> ArmError:
        return invalid_template(f"the language expression '{self.source}' has a syntax error")
