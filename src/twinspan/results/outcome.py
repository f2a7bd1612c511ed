"""How bad something is, and how a check of it ended."""

from enum import StrEnum


class Severity(StrEnum):
    """How bad it is if a check does not hold, from the least to the worst."""

    INFO = "info"
    """Worth knowing; nothing is wrong."""
    WARNING = "warning"
    """It will work, but worse than it could."""
    ERROR = "error"
    """It cannot be built, or will not carry traffic."""

    def at_least(self, other: "Severity") -> bool:
        """Whether it is as bad as another, or worse."""
        order = list(Severity)
        return order.index(self) >= order.index(other)


class Outcome(StrEnum):
    """How a check, or a check of one object, ended."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """The plan or the cloud did not say, so nothing is proven; counts as failed unless it is allowed."""
    SKIPPED = "skipped"
    """Not judged, with the reason as evidence: an earlier check failed, or the means are missing."""
    WAIVED = "waived"
    """It fails, and somebody has decided to live with it."""

    @property
    def bad(self) -> bool:
        """Whether it keeps the whole from being good by itself."""
        return self in {Outcome.FAIL, Outcome.INCONCLUSIVE}
