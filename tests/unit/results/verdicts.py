"""Any verdicts, for property tests."""

from typing import Literal

from hypothesis import strategies as st
from pydantic import Field

from twinspan.results import CheckResult, Finding, Outcome, Severity, Verdict


class AnyVerdict(Verdict):
    schema_: Literal["twinspan/any/1"] = Field(default="twinspan/any/1", alias="schema")


def _tuples(of: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=3).map(tuple)


words = st.text(max_size=12)
findings = st.fixed_dictionaries(
    {
        **dict.fromkeys(("subject", "evidence", "command", "remedy", "fault", "waiver", "branch"), words),
        "outcome": st.sampled_from(Outcome),
    }
).map(Finding.model_validate)
results = st.fixed_dictionaries(
    {
        "id": st.from_regex(r"[A-Z]{2,4}-[0-9]{2}", fullmatch=True),
        "title": words,
        "section": st.sampled_from(["", "Tunnels", "Routes"]),
        "severity": st.sampled_from(Severity),
        "findings": _tuples(findings),
        "notes": _tuples(words),
    }
).map(CheckResult.model_validate)
verdicts = _tuples(results).map(lambda every: AnyVerdict.model_validate({"results": every}))
