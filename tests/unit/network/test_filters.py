"""What filters let through, of whole ranges and of rules that are known in part; packets decide the rest."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinspan.network.aws_defaults import default_entries
from twinspan.network.aws_filters import aws_rules, network_acl_filter, security_group_filter
from twinspan.network.azure_filters import (
    application_security_group_members,
    azure_filter,
    azure_rules,
    network_security_group_filter,
)
from twinspan.network.filters import ICMP, TCP, UDP, Admitted, Filter, Rule, Traffic, judge
from twinspan.network.model import (
    AzureNetwork,
    IpPermission,
    NetworkAcl,
    NetworkAclEntry,
    NetworkInterface,
    NetworkSecurityGroup,
    SecurityGroup,
    SecurityRule,
)
from twinspan.network.packet_sets import Box
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown

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


def permission(**changes: Any) -> IpPermission[Unknown]:
    every: dict[str, Any] = {"ip_protocol": "-1", "from_port": -1, "to_port": -1, "cidr": REMOTE}
    return IpPermission(direction="ingress", **{**every, **changes})


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, True),
        ({"ip_protocol": UNKNOWN}, None),
        ({"ip_protocol": "tcp", "from_port": UNKNOWN, "to_port": 443}, None),
        ({"cidr": UNKNOWN}, None),
        ({"cidr": None, "group_id": UNKNOWN}, None),
        ({"cidr": None, "group_id": "sg-2"}, False),
        ({"cidr": None, "prefix_list_id": "pl-1"}, None),
    ],
)
def test_what_a_planned_group_does_not_tell_leaves_open_what_it_admits(
    changes: dict[str, Any], passes: object
) -> None:
    planned = SecurityGroup(
        id="sg-1", name=CLOUD_CHOOSES, vpc_id=UNKNOWN, permissions=(permission(**changes),)
    )

    answer = judge([security_group_filter([planned], "ingress")], WEB)

    assert {part.passes for part in answer.parts} == {passes}


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, False),
        ({"allow": UNKNOWN}, None),
        ({"rule_number": UNKNOWN}, False),
        ({"protocol": UNKNOWN}, None),
        ({"protocol": "6", "port_range": (UNKNOWN, UNKNOWN)}, None),
        ({"cidr_block": UNKNOWN}, None),
    ],
)
def test_what_a_planned_entry_does_not_tell_leaves_open_what_it_denies(
    changes: dict[str, Any], passes: object
) -> None:
    first: dict[str, Any] = {"rule_number": 1, "protocol": "-1", "allow": False, "cidr_block": REMOTE}
    entries = (NetworkAclEntry(egress=False, **{**first, **changes}), *default_entries())
    acl = NetworkAcl(id="acl-1", vpc_id=UNKNOWN, default=False, subnet_ids=(), entries=entries)

    answer = judge([network_acl_filter(acl, "ingress", subnet=IPv4Network("10.2.1.0/24"))], WEB)

    assert {part.passes for part in answer.parts} == {passes}


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, False),
        ({"access": UNKNOWN}, None),
        ({"direction": UNKNOWN}, None),
        ({"direction": "Outbound"}, True),
        ({"protocol": UNKNOWN}, None),
        ({"source_address_prefixes": (UNKNOWN,)}, None),
        ({"destination_port_ranges": ("443", UNKNOWN)}, False),
    ],
)
def test_what_a_planned_rule_does_not_tell_leaves_open_what_it_denies(
    changes: dict[str, Any], passes: object
) -> None:
    rule: dict[str, Any] = {
        "name": "r",
        "priority": 100,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "*",
        "source_address_prefixes": ("*",),
        "source_port_ranges": ("*",),
        "destination_address_prefixes": ("*",),
        "destination_port_ranges": ("*",),
    }
    planned = NetworkSecurityGroup(
        id="nsg", name=UNKNOWN, address="nsg.a", security_rules=(SecurityRule(**{**rule, **changes}),)
    )

    within = replace(WEB, destination=HALF)
    answer = judge([network_security_group_filter(planned, "ingress", connected=[REMOTE])], within)

    assert {part.passes for part in answer.parts} == {passes}


_GROUPED: dict[str, Any] = {
    "name": "web",
    "priority": 100,
    "direction": "Inbound",
    "access": "Deny",
    "protocol": "*",
    "source_address_prefixes": ("*",),
    "source_port_ranges": ("*",),
    "destination_address_prefixes": (),
    "destination_port_ranges": ("*",),
    "destination_application_security_group_ids": ("asg",),
}


@pytest.mark.parametrize(
    ("members", "groups", "passes"),
    [
        ({"asg": [HALF]}, ("asg",), {False}),
        ({"asg": []}, ("asg",), {True}),
        ({}, ("asg",), {True}),
        ({"asg": [None]}, ("asg",), {None}),
        ({"asg": []}, (UNKNOWN,), {None}),
        (None, ("asg",), {None}),
    ],
)
def test_a_rule_of_application_security_groups_is_about_their_members(
    members: Any, groups: tuple[Any, ...], passes: set[bool | None]
) -> None:
    rule = SecurityRule(**(_GROUPED | {"destination_application_security_group_ids": groups}))
    planned: NetworkSecurityGroup[Unknown] = NetworkSecurityGroup(
        id="nsg", name="nsg", security_rules=(rule,)
    )
    traffic = Traffic(source=HALF, destination=HALF)

    group_filter = network_security_group_filter(planned, "ingress", connected=[REMOTE], members=members)

    assert {part.passes for part in judge([group_filter], traffic).parts} == passes


def test_an_interface_that_may_be_in_any_group_leaves_all_open() -> None:
    rule: SecurityRule[Unknown] = SecurityRule(**_GROUPED)
    interfaces: list[NetworkInterface[Unknown]] = [
        NetworkInterface(
            id=name,
            name=name,
            subnet_id="a",
            private_ip_addresses=(address,),
            application_security_group_ids=groups,
        )
        for name, address, groups in (
            ("one", IPv4Address("10.0.0.4"), ("asg",)),
            ("two", UNKNOWN, ("asg",)),
            ("three", IPv4Address("10.0.0.6"), (UNKNOWN,)),
        )
    ]
    network: AzureNetwork[Unknown] = AzureNetwork(
        subscription_id="s",
        network_security_groups=(NetworkSecurityGroup(id="nsg", name="nsg", security_rules=(rule,)),),
        network_interfaces=tuple(interfaces),
    )

    assert application_security_group_members(network) == {"asg": [IPv4Network("10.0.0.4"), None, None]}


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
    possible_fates = set()
    for rule in rules:
        if any(inside(packet, box) for box in rule.boxes):
            possible_fates |= {True, False} if rule.allow is None else {rule.allow}
            if rule.known:
                return possible_fates
    return possible_fates | {False}


@given(st.lists(_RULES, max_size=5), st.tuples(*[st.integers(0, 3)] * 5))
def test_each_packet_of_a_set_has_the_fate_that_it_has_alone(
    rules: list[Rule], packet: tuple[int, ...]
) -> None:
    answer = judge([Filter(name="f", rules=tuple(rules))], Traffic())
    parts = [part for part in answer.parts if inside(packet, part.box)]
    may = fates(rules, packet)
    assert [part.passes for part in parts] == [None if len(may) > 1 else may.pop()]
