"""What can be wrong with a request, before anybody has looked at what it asks for."""

from enum import StrEnum


class FlawKind(StrEnum):
    """How a parameter fails its model. The API that was asked chooses its own code for each."""

    SYNTAX = "syntax"
    """The body is no form, no JSON, no XML."""
    UNKNOWN = "unknown"
    """The operation has no such parameter."""
    MISSING = "missing"
    """A required parameter is not there."""
    TYPE = "type"
    """A number, a time, a list... is expected, and something else is there."""
    VALUE = "value"
    """Of the right type, and outside the choices, the range, the length or the pattern."""


class Flaw(Exception):  # noqa: N818 - not an error of ours: an answer to the client
    """A parameter that the operation's model does not allow.

    Attributes:
        fault: How it fails.
        where: Its name on the wire, e.g. `Filter.1.Value.2`; empty if the request as a whole is meant.
        value: What was given; `hidden` if the model marks it as a secret.
        need: What is allowed there, as a sentence without its full stop.
    """

    def __init__(self, fault: FlawKind, where: str, need: str, *, value: str = "") -> None:
        super().__init__(f"{where}: {need}")
        self.fault = fault
        self.where = where
        self.value = value
        self.need = need
