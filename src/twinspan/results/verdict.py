"""All checks together, and whether all is well."""

from pydantic import Field

from twinspan.results.document import Answer, derived
from twinspan.results.finding import CheckResult
from twinspan.results.outcome import Outcome


class Verdict(Answer):
    """The results of all checks that a command has made."""

    results: tuple[CheckResult, ...] = Field(
        validation_alias="checks",
        serialization_alias="checks",
        description="In the order of the catalogue.",
    )

    def counts(self, result: CheckResult) -> bool:
        """Whether this result fails the whole."""
        return result.outcome.bad

    @derived
    def passed(self) -> bool:
        """Whether anything was checked, and nothing that counts was found."""
        return bool(self.results) and not any(map(self.counts, self.results))

    @property
    def held(self) -> int:
        """How many rules hold; information is nothing against one."""
        return sum(result.quiet or result.outcome is Outcome.PASS for result in self.results)

    def result(self, check_id: str) -> CheckResult:
        """Return one check's result.

        Raises:
            KeyError: There is no such check.
        """
        for result in self.results:
            if result.id == check_id:
                return result
        raise KeyError(check_id)

    def count(self, outcome: Outcome) -> int:
        """Return how many checks ended so."""
        return sum(result.outcome is outcome for result in self.results)
