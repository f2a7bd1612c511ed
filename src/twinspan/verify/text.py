"""A verification for a reader."""

from rich.tree import Tree

from twinspan.results import Outcome
from twinspan.results.text import summary_of, tree_of
from twinspan.verify.findings import Verification


def as_tree(verification: Verification, *, every: bool = False) -> Tree:
    """Return the tree; objects that passed are listed only with `every`."""
    return tree_of(verification, headline=f"expected: {verification.expected_from}", every=every)


def summary(verification: Verification) -> str:
    """Return the verdict in one line, e.g. `green: 14 of 14 checks passed in 0.9 s`."""
    causes = len({(result.id, finding.subject) for result, finding in verification.root_causes})
    drifted, skipped = len(verification.drift), verification.count(Outcome.SKIPPED)
    parts = (
        (causes, "to repair"),
        (drifted, "not as planned"),
        (skipped, "skipped"),
        (verification.warnings, "warnings"),
    )
    return summary_of(verification, duration_s=verification.duration_s, parts=parts)
