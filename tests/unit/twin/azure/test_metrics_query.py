"""What a client may ask Azure Monitor, and what it may not."""

import pytest

from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.metrics_query import parse_query

SPAN = "2026-11-22T12:00:07Z/2026-11-22T12:10:00Z"


def test_a_whole_question_is_understood() -> None:
    query = parse_query(
        {
            "metricnames": "TunnelIngressBytes, BgpPeerStatus",
            "timespan": SPAN,
            "interval": "PT1M",
            "aggregation": "Total,Average",
            "$filter": "ConnectionName eq '*' and (Instance eq 'a' or Instance eq 'b')",
            "top": "3",
            "orderby": "total desc",
        },
        period_s=10,
    )
    assert query.names == ("TunnelIngressBytes", "BgpPeerStatus")
    assert query.end_s - query.start_s == 600
    assert query.interval_s == 60
    assert query.aggregations == ("total", "average")
    assert query.order == ("total", True)
    assert query.top == 3
    assert query.takes({"ConnectionName": "x", "Instance": "B"})
    assert not query.takes({"ConnectionName": "x", "Instance": "c"})


def test_with_the_clouds_grain_one_minute_is_refused_and_the_answer_names_what_is_valid() -> None:
    with pytest.raises(ArmError, match="PT5M,PT15M"):
        parse_query({"timespan": SPAN, "interval": "PT1M"}, period_s=300)
    assert parse_query({"timespan": SPAN}, period_s=300).interval_s == 300


def test_full_is_one_interval_over_everything() -> None:
    query = parse_query({"timespan": SPAN, "interval": "FULL"}, period_s=10)
    assert query.interval_s >= query.end_s - query.start_s


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timespan", "yesterday"),
        ("timespan", "2026-11-22T12:00:00Z"),
        ("timespan", "2026-11-22T12:00:00Z/2026-11-22T11:00:00Z"),
        ("timespan", "2026-11-01T12:00:00Z/2026-11-22T11:00:00Z"),
        ("interval", "PT7S"),
        ("interval", "5m"),
        ("aggregation", "median"),
        ("$filter", "Instance"),
        ("$filter", "Instance gt '1'"),
        ("$filter", "Instance eq 'a' or RemoteIP eq 'b'"),
        ("top", "0"),
        ("top", "-1"),
        ("top", "many"),
        ("orderby", "size desc"),
    ],
)
def test_what_makes_no_sense_is_a_bad_request(name: str, value: str) -> None:
    with pytest.raises(ArmError) as refused:
        parse_query({"timespan": SPAN, "interval": "PT1M", name: value}, period_s=10)
    assert refused.value.status == 400
