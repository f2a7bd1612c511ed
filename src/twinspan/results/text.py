"""A verdict for a reader: a tree with evidence and remedies, or a line for each finding."""

from collections.abc import Iterable, Iterator

from rich.text import Text
from rich.tree import Tree

from twinspan.results.finding import CheckResult, Finding
from twinspan.results.outcome import Outcome, Severity
from twinspan.results.verdict import Verdict

_MARKS = {
    Outcome.PASS: ("✓", "green"),
    Outcome.FAIL: ("✗", "red"),
    Outcome.INCONCLUSIVE: ("?", "yellow"),
    Outcome.SKIPPED: ("-", "dim"),
    Outcome.WAIVED: ("~", "dim"),
}
_MILD = ("!", "yellow")
"""Of what is no error."""


def tree_of(verdict: Verdict, *, headline: str, every: bool = False) -> Tree:
    """Return a tree that a person reads from the top: layers, checks, and what is wrong with what.

    Args:
        verdict: What was found.
        headline: The tree's root.
        every: List objects that passed, too.
    """
    tree = Tree(Text(headline, style="bold"), guide_style="dim")
    for section in dict.fromkeys(result.section for result in verdict.results):
        branch = tree.add(Text(section, style="bold"))
        results = [result for result in verdict.results if result.section == section]
        quiet = [] if every else [result for result in results if result.quiet]
        if quiet:
            branch.add(Text.assemble(("✓ ", "green"), _held(len(quiet))))
        for result in results:
            if result not in quiet:
                _add_check(branch, result, every=every)
    return tree


def _held(count: int) -> str:
    return "1 rule of configuration holds" if count == 1 else f"{count} rules of configuration hold"


def summary_of(verdict: Verdict, *, duration_s: float, parts: Iterable[tuple[int, str]]) -> str:
    """Return the verdict in one line, e.g. `green: 14 of 14 checks passed in 0.9 s`.

    Args:
        verdict: What was found.
        duration_s: How long it took, in seconds.
        parts: Further counts and what they are of; left out where the count is 0.
    """
    colour = "green" if verdict.passed else "red"
    text = f"{colour}: {verdict.held} of {len(verdict.results)} checks passed in {duration_s:.1f} s"
    return ", ".join([text, *(f"{count} {what}" for count, what in parts if count)])


def lines_of(verdict: Verdict, *, every: bool = False) -> Iterator[str]:
    """Yield a line for each finding: what is wrong first, what is merely worth knowing last.

    Args:
        verdict: What was found.
        every: Name the checks that hold, too.
    """
    for severity in reversed(Severity):
        for result in verdict.results:
            if result.severity is severity:
                for finding in result.findings:
                    yield finding_line(result, finding)
    if every:
        for result in verdict.results:
            if result.outcome is Outcome.PASS:
                yield f"pass {result.id} {result.title}"


def finding_line(result: CheckResult, finding: Finding) -> str:
    """Return one finding as one line."""
    word = result.severity if finding.outcome is Outcome.FAIL else finding.outcome
    text = f"{word} {result.id} {finding.subject}: {finding.evidence}."
    if finding.outcome is Outcome.WAIVED:
        return f"{text} Waived: {finding.waiver}"
    return f"{text} {finding.remedy}." if finding.remedy else text


def _add_check(branch: Tree, result: CheckResult, *, every: bool) -> None:
    mark, style = _mark(result, result.outcome)
    count = f"{result.passed}/{result.total} " if result.total else ""
    line = Text.assemble((f"{mark} ", style), (result.id, "bold"), f"  {count}{result.title}")
    node = branch.add(line)
    reasons = {finding.evidence for finding in result.findings}
    if result.outcome is Outcome.SKIPPED and len(reasons) == 1 and not every:
        node.add(Text(reasons.pop(), style="dim"))
    else:
        for finding in result.findings:
            if every or finding.outcome is not Outcome.PASS:
                _add_finding(node, finding, *_mark(result, finding.outcome))
    for note in result.notes:
        node.add(Text(f"expected: {note}", style="dim"))


def _mark(result: CheckResult, outcome: Outcome) -> tuple[str, str]:
    if outcome is Outcome.FAIL and result.severity is not Severity.ERROR:
        return _MILD
    return _MARKS[outcome]


def _add_finding(node: Tree, finding: Finding, mark: str, style: str) -> None:
    leaf = node.add(Text.assemble((f"{mark} {finding.subject}", style), f": {finding.evidence}"))
    if finding.outcome is Outcome.SKIPPED:
        return
    if finding.fault:
        leaf.add(Text.assemble(("fault: ", "dim"), finding.fault))
    if finding.command:
        leaf.add(Text.assemble(("see: ", "dim"), finding.command))
    if finding.remedy:
        leaf.add(Text.assemble(("fix: ", "bold"), finding.remedy))
