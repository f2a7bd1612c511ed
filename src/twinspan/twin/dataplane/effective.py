"""What is in force for a machine's network interface in Azure, read back from the kernel."""

import json
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, summarize_address_range
from typing import Any

from twinspan.network.ranges import ANYWHERE
from twinspan.twin.dataplane.commands import run_inside
from twinspan.twin.dataplane.filters import NSG_TABLE
from twinspan.twin.dataplane.filters_nsg import AT_INTERFACE, AT_SUBNET
from twinspan.twin.dataplane.filters_text import Edge
from twinspan.twin.dataplane.interfaces import Interface
from twinspan.twin.dataplane.wire import InterfaceState, KernelRoute, LoadedRule

_LIMIT_S = 20.0
_DIRECTIONS = {"inbound": "Inbound", "outbound": "Outbound"}
"""Chain -> direction of the rules in it."""


def interface_state(interface: Interface) -> InterfaceState:
    """Return the routes of an interface's subnet and the rules of its filters.

    Raises:
        CommandError: The kernel cannot be asked.
    """
    table = interface.router.table_number(interface.subnet_id)
    routes = _asked(interface.router.namespace, ["ip", "-j", "-4", "route", "show", "table", str(table)])
    rules = _asked(interface.namespace, ["nft", "-j", "list", "ruleset"])
    return InterfaceState(
        routes=tuple(map(_route, routes)),
        rules=tuple(_merged(_rules(rules["nftables"], interface.device))),
    )


def _asked(namespace: str, argv: list[str]) -> Any:  # noqa: ANN401 - whatever the program prints
    return json.loads(run_inside(namespace, argv, timeout_s=_LIMIT_S, stdin=None, capture=True).stdout)


def _route(entry: Mapping[str, Any]) -> KernelRoute:
    """Source: iproute2, `ip -json route`."""
    hops = [hop.get("gateway") for hop in entry.get("nexthops", ())] or [entry.get("gateway")]
    return KernelRoute(
        destination=ANYWHERE if entry["dst"] == "default" else IPv4Network(entry["dst"]),
        kind=entry.get("type", "unicast"),
        protocol=entry.get("protocol", ""),
        metric=entry.get("metric", 0),
        next_hops=tuple(IPv4Address(hop) for hop in hops if hop),
    )


def _rules(listed: list[dict[str, Any]], device: str) -> Iterator[LoadedRule]:
    """Yield the rules that came of a network security group's. Source: libnftables-json(5)."""
    tables = {Edge(device=device).table(f"{NSG_TABLE}{at}"): at for at in (AT_SUBNET, AT_INTERFACE)}
    for entry in listed:
        rule = entry.get("rule", {})
        priority, _, name = rule.get("comment", "").partition(" ")
        if rule.get("table") not in tables or rule["chain"] not in _DIRECTIONS or not priority.isdecimal():
            continue
        yield LoadedRule(
            at_interface=tables[rule["table"]] == AT_INTERFACE,
            direction=_DIRECTIONS[rule["chain"]],
            priority=int(priority),
            name=name,
            allows=not any("drop" in part for part in rule["expr"]),
            sources=_networks(rule["expr"], "saddr"),
            destinations=_networks(rule["expr"], "daddr"),
        )


def _networks(expressions: list[dict[str, Any]], field: str) -> tuple[IPv4Network, ...]:
    """Return the ranges that a rule names; none if it names no address, or all but some."""
    for expression in expressions:
        match = expression.get("match", {})
        payload = match.get("left", {}).get("payload", {}) if isinstance(match.get("left"), dict) else {}
        if payload.get("field") == field and match.get("op") == "==":
            right = match["right"]
            elements = right["set"] if isinstance(right, dict) and "set" in right else [right]
            return tuple(network for element in elements for network in _blocks(element))
    return ()


def _blocks(element: Any) -> list[IPv4Network]:  # noqa: ANN401 - an address, or an object with a prefix or range
    if isinstance(element, str):
        return [IPv4Network(element)]
    if "range" in element:  # what nftables makes of neighbours
        first, last = map(IPv4Address, element["range"])
        return list(summarize_address_range(first, last))
    return [IPv4Network(f"{element['prefix']['addr']}/{element['prefix']['len']}")]


def _merged(rules: Iterator[LoadedRule]) -> Iterator[LoadedRule]:
    """Yield one rule for each that was asked for: alternatives of one are several in the kernel."""
    first: dict[tuple[object, ...], LoadedRule] = {}
    for rule in rules:
        key = (rule.at_interface, rule.direction, rule.priority)
        known = first.get(key, rule)
        first[key] = LoadedRule(
            at_interface=rule.at_interface,
            direction=rule.direction,
            priority=rule.priority,
            name=rule.name,
            allows=rule.allows,
            sources=tuple(dict.fromkeys((*known.sources, *rule.sources))),
            destinations=tuple(dict.fromkeys((*known.destinations, *rule.destinations))),
        )
    yield from first.values()
