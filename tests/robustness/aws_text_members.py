"""Requests in which one text makes no sense: each text of each AWS operation that is served, in turn."""

from collections.abc import Iterator, Sequence
from itertools import cycle
from threading import Lock
from typing import Any

from aws_requests import OPERATIONS, AwsClient, AwsUnderTest, operation_model
from aws_values import Values
from botocore.model import ListShape, MapShape, Shape, StructureShape
from robustness_runner import Sent

_KEY = "key"
Path = tuple[str, ...]


def text_members() -> list[tuple[str, str, Path]]:
    """Return service, operation and path of every text that is not a choice of the model's."""
    return [
        (service, name, path)
        for service, names in OPERATIONS.items()
        for name in names
        for path in _paths(operation_model(service, name).input_shape, ())
    ]


class SweepingClient(AwsClient):
    """Asks for one member after the other, with every request of an ordinary kind in between.

    Args:
        cases: What is still to be sent; the clients of one run share it.
        texts: What is put in.
    """

    def __init__(self, seed: int, port: int, cases: "SharedCases", texts: Sequence[str]) -> None:
        super().__init__(seed, port, lambda: None)
        self._cases = cases
        self._texts = texts
        self._own = cycle((True, False))

    def next(self) -> Sent:
        """Return the next request."""
        case = self._cases.next() if next(self._own) else None
        if case is None:
            return super().next()
        (service, name, path), text = case
        values = self.values(service, 0.0)
        shape = operation_model(service, name).input_shape
        params = _with(values, shape, path, text) if shape is not None else {}
        return self.request(service, name, params)


class SharedCases:
    """Members and texts, each given out once."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._cases = iter([(member, text) for text in texts for member in text_members()])
        self._giving = Lock()

    def next(self) -> tuple[tuple[str, str, Path], str] | None:
        """Return the next one, None after the last."""
        with self._giving:
            return next(self._cases, None)


class Sweep(AwsUnderTest):
    """A running AWS API whose clients go through all text members.

    Args:
        api: The API.
        texts: What is put into each.
    """

    def __init__(self, api: AwsUnderTest, texts: Sequence[str]) -> None:
        super().__init__(api.api)
        self._texts = texts
        self._cases = SharedCases(texts)

    @property
    def requests(self) -> int:
        """Return how many requests send everything."""
        return 2 * len(self._texts) * len(text_members()) + 50

    def client(self, seed: int) -> SweepingClient:
        """Return a client of its own."""
        return SweepingClient(seed, self.port, self._cases, self._texts)


def _paths(shape: Shape | None, within: Sequence[str]) -> Iterator[Path]:
    if isinstance(shape, StructureShape):
        if shape.name not in within:
            for name, member in shape.members.items():
                yield from ((name, *path) for path in _paths(member, (*within, shape.name)))
    elif isinstance(shape, ListShape):
        yield from _paths(shape.member, within)
    elif isinstance(shape, MapShape):
        yield (_KEY,)
        yield from _paths(shape.value, within)
    elif shape is not None and shape.type_name == "string" and not shape.metadata.get("enum"):
        yield ()


def _with(values: Values, shape: Shape, path: Path, text: str) -> Any:
    """Return a value for a shape in which a text stands at a path, all else as usual."""
    if isinstance(shape, StructureShape):
        params = values.structure(shape, deep=1)
        for name in shape.required_members:
            params.setdefault(name, values.value(name, shape.members[name], deep=1))
        name, *rest = path
        params[name] = _with(values, shape.members[name], tuple(rest), text)
        params.pop("DryRun", None)
        return params
    if isinstance(shape, ListShape):
        return [_with(values, shape.member, path, text)]
    if isinstance(shape, MapShape):
        if path == (_KEY,):
            return {text: values.value("Value", shape.value)}
        return {"Name": _with(values, shape.value, path, text)}
    return text
