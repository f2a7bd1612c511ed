"""What filters let through, of whole ranges and of rules that are known in part; packets decide the rest."""

from dataclasses import replace
from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from twinspan.network.filters import (
    ICMP,
    TCP,
    UDP,
    Admitted,
    Box,
    Filter,
    Rule,
    Traffic,
    aws_rules,
    azure_filter,
    azure_rules,
    judge,
)

REMOTE, HALF = IPv4Network("10.1.0.0/16"), IPv4Network("10.1.0.0/17")
OTHER_HALF = IPv4Network("10.1.128.0/17")
WEB = Traffic(source=REMOTE, protocol=TCP, destination_ports=(443, 443))


def group(*rules: tuple[str | None, tuple[int, int] | None, IPv4Network | None]) -> Filter:
    return Filter(
        name="sg",
        rules=tuple(
            rule
            for protocol, ports, peer in rules
            for rule in aws_rules("rule", "ingress", protocol=protocol, ports=ports, peers=[peer])
        ),
    )


def nsg(*rules: tuple[int, bool | None, str | None]) -> Filter:
    made = [
        rule
        for priority, allow, source in rules
        for rule in azure_rules(
            f"r{priority}",
            priority=priority,
            allow=allow,
            protocol="*",
            ends=((source,), ("*",)),
            ports=(("*",), ("*",)),
            connected=[REMOTE],
        )
    ]
    return azure_filter("nsg", made, "ingress", connected=[REMOTE])


def test_a_range_passes_whole_only_if_the_rules_together_cover_it() -> None:
    both = (("tcp", (443, 443), HALF), ("tcp", (400, 500), OTHER_HALF))
    assert judge([group(*both)], WEB).admitted is Admitted.ALL
    assert judge([group(both[0])], WEB).admitted is Admitted.SOME
    assert judge([group(("udp", (443, 443), REMOTE))], WEB).admitted is Admitted.NONE


def test_what_no_rule_names_is_named_by_its_sources() -> None:
    answer = judge([group(("tcp", (443, 443), HALF), ("udp", (53, 53), OTHER_HALF))], Traffic(source=REMOTE))
    assert answer.silenced() == ((), ())
    answer = judge([group(("tcp", (443, 443), HALF))], Traffic(source=REMOTE))
    assert answer.silenced() == ((OTHER_HALF,), ())


def test_what_a_plan_does_not_tell_leaves_open_what_it_may_be_about_and_nothing_else() -> None:
    unknown = group(("tcp", (443, 443), HALF), ("tcp", None, REMOTE))
    assert judge([unknown], WEB).admitted is Admitted.UNKNOWN
    assert (
        judge([unknown], Traffic(source=HALF, protocol=TCP, destination_ports=(443, 443))).admitted == "all"
    )
    assert judge([unknown], Traffic(source=REMOTE, protocol=UDP)).admitted is Admitted.NONE
    assert judge([group(("tcp", (443, 443), None))], Traffic(source=REMOTE)).silenced() == ((), (REMOTE,))


def test_an_unknown_rule_matters_only_if_another_verdict_could_follow() -> None:
    assert judge([nsg((100, True, None), (200, True, "*"))], WEB).admitted is Admitted.ALL
    assert judge([nsg((100, False, None), (200, True, "*"))], WEB).admitted is Admitted.UNKNOWN
    assert judge([nsg((100, None, "*"))], WEB).admitted is Admitted.UNKNOWN
    assert (
        judge([nsg((100, True, "Storage"))], Traffic(source=IPv4Network("8.8.8.8/32"))).admitted == "unknown"
    )


def test_the_groups_of_subnet_and_interface_must_both_admit() -> None:
    closed, inward = nsg((100, False, str(HALF))), replace(WEB, destination=REMOTE)
    assert judge([nsg(), nsg()], inward).admitted is Admitted.ALL
    for filters in ([nsg(), closed], [closed, nsg()]):
        answer = judge(filters, inward)
        part = answer.first(passes=False)
        assert answer.admitted is Admitted.SOME
        assert part is not None
        assert part.rule is not None
        assert part.rule.number == 100


def test_an_established_flow_passes_a_filter_that_keeps_state_and_no_other() -> None:
    flow = Traffic(source=REMOTE, protocol=ICMP, established=True)
    assert judge([group()], flow).admitted is Admitted.ALL
    assert judge([Filter(name="acl", rules=(), stateful=False)], flow).admitted is Admitted.NONE


_RANGES = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(sorted).map(lambda ends: (ends[0], ends[1]))
_BOXES = st.tuples(_RANGES, _RANGES, _RANGES, _RANGES, _RANGES)
_RULES = st.builds(
    Rule,
    name=st.just("r"),
    allow=st.sampled_from([True, False, None]),
    boxes=st.lists(_BOXES, max_size=3).map(tuple),
    known=st.booleans(),
)


def inside(packet: tuple[int, ...], box: Box) -> bool:
    return all(first <= number <= last for number, (first, last) in zip(packet, box, strict=True))


def fates(rules: list[Rule], packet: tuple[int, ...]) -> set[bool]:
    """Say what may become of one packet, rule by rule."""
    found = set()
    for rule in rules:
        if any(inside(packet, box) for box in rule.boxes):
            found |= {True, False} if rule.allow is None else {rule.allow}
            if rule.known:
                return found
    return found | {False}


@given(st.lists(_RULES, max_size=5), st.tuples(*[st.integers(0, 3)] * 5))
def test_each_packet_of_a_set_has_the_fate_that_it_has_alone(
    rules: list[Rule], packet: tuple[int, ...]
) -> None:
    answer = judge([Filter(name="f", rules=tuple(rules))], Traffic())
    parts = [part for part in answer.parts if inside(packet, part.box)]
    may = fates(rules, packet)
    assert [part.passes for part in parts] == [None if len(may) > 1 else may.pop()]
