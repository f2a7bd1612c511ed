"""The nftables words that all three kinds of filter are written with."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from twinspan.network.limits import LAST_PORT
from twinspan.network.ranges import ANYWHERE

_COMMENT_LENGTH = 120  # nftables takes 128 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One chain: where it hooks in, what becomes of the rest, and its rules in order.

    A chain without a hook is for rules of others to go to.
    """

    name: str
    hook: str = ""
    policy: str = ""
    rules: Sequence[str]
    priority: str = "filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A filter at one interface of a node, which forwards for its pods, instead of at a whole host.

    It looks at what comes in before kube-proxy changes destinations, and at what goes out as it is on the
    wire. Everything that does not cross the interface passes: pods of one node are not filtered.
    """

    device: str

    def chain(self, *, name: str, inbound: bool, rules: Sequence[str]) -> Chain:
        """Return a chain for one direction; `rules` must decide on every packet."""
        others = f'{"iif" if inbound else "oif"}name != "{self.device}" accept'
        if inbound:
            # after connection tracking (-200), before dstnat (-100)
            return Chain(
                name=name, hook="prerouting", priority="-150", policy="accept", rules=[others, *rules]
            )
        # after srcnat (100)
        return Chain(name=name, hook="postrouting", priority="150", policy="accept", rules=[others, *rules])

    def table(self, name: str) -> str:
        """Return the name of the interface's own table."""
        return f"{name}_{self.device}"


def filter_chain(*, name: str, inbound: bool, rules: Sequence[str], edge: Edge | None) -> Chain:
    """Return the chain of one direction, at an interface of a node or (None) at a host."""
    if edge is not None:
        return edge.chain(name=name, inbound=inbound, rules=rules)
    return Chain(name=name, hook="input" if inbound else "output", policy="drop", rules=rules)


def table_text(name: str, chains: Sequence[Chain]) -> str:
    """Return nftables text that replaces a table in one transaction, so that no packet slips between.

    Args:
        name: Table of family `ip`; need not exist yet.
        chains: Its chains; none at all removes the table.
    """
    # A delete fails if there is nothing to delete, so the table is named first.
    lines = [f"table ip {name}", f"delete table ip {name}"]
    if chains:
        lines.append(f"table ip {name} {{")
        for chain in chains:
            lines.append(f"  chain {chain.name} {{")
            if chain.hook:
                lines.append(
                    f"    type filter hook {chain.hook} priority {chain.priority}; policy {chain.policy};"
                )
            lines.extend(f"    {rule}" for rule in chain.rules)
            lines.append("  }")
        lines.append("}")
    return "\n".join(lines) + "\n"


def rule_text(matches: Iterable[str], verdict: str, *, comment: str) -> str:
    """Return one counted rule; the counter and the comment tell later which rule decided.

    Args:
        matches: Match expressions; empty ones (no condition) are left out.
        verdict: `accept`, `drop`, `return`, or `goto` and a chain.
        comment: What the rule is in the cloud's words; anything nftables could misread is replaced.
    """
    safe = re.sub(r"[^A-Za-z0-9 ._:/*-]", "_", comment)[:_COMMENT_LENGTH]
    return " ".join([*(match for match in matches if match), "counter", verdict, f'comment "{safe}"'])


def address_match(field: str, networks: Iterable[IPv4Network], *, negate: bool = False) -> str:
    """Return the match of an address field against ranges; empty text if every address matches.

    Args:
        field: `saddr` or `daddr`.
        networks: At least one; overlapping ones are joined, as nftables refuses overlaps.
        negate: Match what is outside all of them.

    Raises:
        ValueError: No range, or the negation of everything: such a rule matches nothing at all.
    """
    joined = list(collapse_addresses(networks))
    if not joined or (negate and joined == [ANYWHERE]):
        raise ValueError("a match needs at least one address")
    if joined == [ANYWHERE]:
        return ""
    return f"ip {field} {'!= ' if negate else ''}{{ {', '.join(map(str, joined))} }}"


def own_rules(field: str, own: Sequence[IPv4Network], *, comment: str) -> list[str]:
    """Return the rule that drops packets of others, for (`daddr`) or from (`saddr`) an interface.

    Args:
        field: `saddr` or `daddr`.
        own: The interface's addresses; none: every packet may pass.
        comment: What the check is in the cloud's words.
    """
    return [rule_text([address_match(field, own, negate=True)], "drop", comment=comment)] if own else []


def port_match(direction: str, ranges: Iterable[tuple[int, int]], *, protocols: str = "") -> str:
    """Return the match of a transport port against ranges; empty text if every port matches.

    Args:
        direction: `sport` or `dport`.
        ranges: First and last port, both included; overlapping ones are joined.
        protocols: nftables' set of transport protocols the ports belong to, when the rule names none.

    Raises:
        ValueError: No range, or one that is upside down or outside 0-65535.
    """
    joined = _join(ranges)
    if joined == [(0, LAST_PORT)]:
        return ""
    words = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in joined)
    return " ".join(
        filter(None, [protocols and f"meta l4proto {protocols}", f"th {direction} {{ {words} }}"])
    )


def host(address: IPv4Address | str) -> IPv4Network:
    """Return the /32 of one address."""
    return IPv4Network(f"{address}/32")


def _join(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if not 0 <= first <= last <= LAST_PORT:
            raise ValueError(f"{first}-{last} is no port range within 0-{LAST_PORT}")
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    if not joined:
        raise ValueError("a match needs at least one port range")
    return joined
