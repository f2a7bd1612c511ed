"""Queries of the log table, against plain Python on the same rows."""

import random
import time
from typing import Any

import pytest

from twinspan.twin.azure.logs.kql import COLUMNS, QueryError, run
from twinspan.twin.azure.logs.table import Stored

CATEGORIES = ("TunnelDiagnosticLog", "RouteDiagnosticLog", "IKEDiagnosticLog")


def rows(count: int = 60) -> list[Stored]:
    """Two minutes apart; the newest is a minute old, so that no one is an hour old while a test runs."""
    chance, newest_s = random.Random(7), time.time() - 60
    return [
        Stored(
            at_s=newest_s - 120 * number,
            columns={
                "Category": chance.choice(CATEGORIES),
                "Message": f"message {number} | with a bar and more",
                "status_s": chance.choice(["Connected", "Disconnected"]),
            },
        )
        for number in range(count)
    ]


def shown(query: str, given: list[Stored]) -> list[dict[str, Any]]:
    result = run(query, given)
    names = [name for name, _ in result.columns]
    return [dict(zip(names, row, strict=True)) for row in result.rows]


def messages(query: str, given: list[Stored]) -> list[str]:
    return [row["Message"] for row in shown(query, given)]


def test_without_any_step_all_columns_of_all_rows_are_shown() -> None:
    shown_rows = shown("AzureDiagnostics", rows(3))
    assert len(shown_rows) == 3
    assert tuple(shown_rows[0]) == COLUMNS
    assert shown_rows[0]["remoteIP_s"] == ""


def test_where_order_and_take_do_what_python_does() -> None:
    given = rows()
    expected_rows = sorted(
        (
            row
            for row in given
            if row.columns["Category"] == CATEGORIES[0] and row.columns["status_s"] != "Connected"
        ),
        key=lambda row: -row.at_s,
    )[:5]
    query = f"""AzureDiagnostics
    | where Category == "{CATEGORIES[0]}" and status_s != 'Connected'
    | order by TimeGenerated desc
    | take 5"""
    assert messages(query, given) == [row.columns["Message"] for row in expected_rows]


def test_a_bar_or_and_in_quotes_is_text() -> None:
    assert len(messages('AzureDiagnostics | where Message contains "| with a bar and more"', rows())) == 60
    assert messages('AzureDiagnostics | where Message has "message 7"', rows()) == [
        "message 7 | with a bar and more"
    ]


def test_times_are_compared_as_times() -> None:
    given = rows()
    assert len(messages("AzureDiagnostics | where TimeGenerated > ago(1h)", given)) == 30
    assert len(messages("AzureDiagnostics | where TimeGenerated < ago(60m)", given)) == 30


def test_rows_are_counted() -> None:
    assert shown('AzureDiagnostics | where status_s =~ "CONNECTED" | count', rows())[0]["Count"] == sum(
        row.columns["status_s"] == "Connected" for row in rows()
    )


def test_projected_columns_come_in_their_order() -> None:
    assert [tuple(row) for row in shown("AzureDiagnostics | project status_s, Category", rows(1))] == [
        ("status_s", "Category")
    ]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "Heartbeat",
        "AzureDiagnostics | summarize count() by Category",
        "AzureDiagnostics | where nothing == 'x'",
        "AzureDiagnostics | where Category == 'a' or Category == 'b'",
        "AzureDiagnostics | where Category == 'a",
        "AzureDiagnostics | where TimeGenerated > datetime(soon)",
        "AzureDiagnostics | project Category, nothing",
        "AzureDiagnostics | project Category | order by status_s",
        "AzureDiagnostics | order by",
        "AzureDiagnostics | take all",
        "AzureDiagnostics |",
    ],
)
def test_what_it_cannot_answer_is_refused_in_the_apis_words(query: str) -> None:
    with pytest.raises(QueryError) as refused:
        run(query, rows(1))
    document: Any = refused.value.document()
    assert document["error"]["code"] == "BadArgumentError"
    assert document["error"]["innererror"]["code"] == "SyntaxError"
    assert document["error"]["innererror"]["message"]


def test_a_long_query_is_refused_before_it_is_taken_apart() -> None:
    with pytest.raises(QueryError, match="1000017 characters"):
        run("AzureDiagnostics " + "|" * 1_000_000, [])
