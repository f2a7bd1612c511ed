"""A verification as a tree that a person reads from the top: layers, checks, and what is wrong with what."""

from collections.abc import Iterable

from rich.text import Text
from rich.tree import Tree

from twinspan.verify.findings import CheckResult, Finding, Outcome, Verification

_MARKS = {
    Outcome.PASS: ("✓", "green"),
    Outcome.FAIL: ("✗", "red"),
    Outcome.INCONCLUSIVE: ("?", "yellow"),
    Outcome.SKIPPED: ("-", "dim"),
}


def as_tree(verification: Verification, *, every: bool = False) -> Tree:
    """Return the tree; objects that passed are listed only with `every`."""
    return tree_of(verification.results, headline=_headline(verification), every=every)


def tree_of(results: Iterable[CheckResult], *, headline: str, every: bool) -> Tree:
    """Return the tree of any results, section by section."""
    tree = Tree(Text(headline, style="bold"), guide_style="dim")
    branches: dict[str, Tree] = {}
    for result in results:
        branch = branches.get(result.section) or tree.add(Text(result.section, style="bold"))
        branches[result.section] = branch
        _add_check(branch, result, every=every)
    return tree


def summary(verification: Verification) -> str:
    """Return the verdict in one line, e.g. `green: 14 of 14 checks passed in 0.9 s`."""
    passed = sum(result.outcome is Outcome.PASS for result in verification.results)
    skipped = sum(result.outcome is Outcome.SKIPPED for result in verification.results)
    colour = "green" if verification.passed else "red"
    causes = len({(result.id, finding.subject) for result, finding in verification.root_causes})
    text = (
        f"{colour}: {passed} of {len(verification.results)} checks passed in {verification.duration_s:.1f} s"
    )
    parts = ((causes, "to mend"), (len(verification.drift), "not as planned"), (skipped, "skipped"))
    return ", ".join([text, *(f"{count} {what}" for count, what in parts if count)])


def _headline(verification: Verification) -> str:
    return f"expected: {verification.expected_from}"


def _add_check(branch: Tree, result: CheckResult, *, every: bool) -> None:
    mark, style = _MARKS[result.outcome]
    line = Text.assemble(
        (f"{mark} ", style),
        (result.id, "bold"),
        f"  {result.passed_count}/{len(result.findings)} {result.title}",
    )
    node = branch.add(line)
    reasons = {finding.evidence for finding in result.findings}
    if result.outcome is Outcome.SKIPPED and len(reasons) == 1 and not every:
        node.add(Text(reasons.pop(), style="dim"))
    else:
        for finding in result.findings:
            if every or finding.outcome is not Outcome.PASS:
                _add_finding(node, finding)
    for note in result.notes:
        node.add(Text(f"expected: {note}", style="dim"))


def _add_finding(node: Tree, finding: Finding) -> None:
    mark, style = _MARKS[finding.outcome]
    leaf = node.add(Text.assemble((f"{mark} {finding.subject}", style), f": {finding.evidence}"))
    if finding.outcome is Outcome.SKIPPED:
        return
    if finding.fault:
        leaf.add(Text.assemble(("fault: ", "dim"), finding.fault))
    if finding.command:
        leaf.add(Text.assemble(("see: ", "dim"), finding.command))
    if finding.remedy:
        leaf.add(Text.assemble(("fix: ", "bold"), finding.remedy))
