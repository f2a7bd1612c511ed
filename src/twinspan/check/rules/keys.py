"""Pre-shared keys; they are compared, never shown."""

import re
from collections.abc import Iterator

from twinspan.check.design import Design, Tunnel
from twinspan.project.joins import references
from twinspan.project.plan import UNKNOWN
from twinspan.results import Finding

_ALLOWED = re.compile(r"[A-Za-z1-9._][A-Za-z0-9._]{7,63}")
"""Source: EC2 API, VpnTunnelOptionsSpecification.PreSharedKey; within what Azure takes."""

_VARYING = ("each", "count", "var", "local", "module")
_OWN_KEYS = "Give every tunnel its own key, best by leaving it to AWS"


def _keys(design: Design) -> Iterator[tuple[str, str, str]]:
    """Yield (where, tunnel or connection, key) of every key that the plan tells."""
    for tunnel in design.tunnels:
        if isinstance(key := tunnel.get("preshared_key"), str):
            yield tunnel.where("preshared_key"), tunnel.where(), key
    for connection in design.azure_connections:
        if isinstance(key := connection.get("shared_key"), str):
            yield f"{connection.address} shared_key", connection.address, key


def well_formed(design: Design) -> Iterator[Finding]:
    """KEY-01: every key is one that both clouds take."""
    for where, _, key in _keys(design):
        if not _ALLOWED.fullmatch(key):
            yield Finding(
                subject=where,
                evidence=f"a key of {len(key)} characters breaks AWS's rule: 8 to 64 letters, digits, dots"
                " and underscores, not beginning with 0",
                remedy="Leave the key to AWS and hand tunnelN_preshared_key to Azure",
            )


def not_shared(design: Design) -> Iterator[Finding]:
    """KEY-02: no two tunnels have the same key."""
    partner = {link.tunnel.where(): link.connection.address for link in design.links}
    seen: dict[str, tuple[str, str]] = {}
    for where, owner, key in _keys(design):
        tunnel = partner.get(owner, owner)
        first = seen.setdefault(key, (tunnel, where))
        if first[0] != tunnel:
            yield Finding(
                subject=where,
                evidence=f"the same key as {first[1]}; one leak opens both tunnels",
                remedy=_OWN_KEYS,
            )
    yield from _shared_by_reference(design)


def _shared_by_reference(design: Design) -> Iterator[Finding]:
    """Yield the tunnels whose key the plan does not tell, but that refer to one and the same value."""
    seen: dict[tuple[object, ...], Tunnel] = {}
    for tunnel in design.tunnels:
        named = references(design.plan, tunnel.connection, f"tunnel{tunnel.number}_preshared_key")
        # What `each` or a module's variable stands for differs from instance to instance.
        fixed = bool(named) and not any(name.split(".")[0] in _VARYING for name in named)
        if tunnel.get("preshared_key") is UNKNOWN and fixed:
            first = seen.setdefault((tunnel.connection.module, named), tunnel)
            if first is not tunnel:
                yield Finding(
                    subject=tunnel.where("preshared_key"),
                    evidence=f"{named[0]}, as {first.where('preshared_key')}; one leak opens both tunnels",
                    remedy=_OWN_KEYS,
                )


def both_ends_same(design: Design) -> Iterator[Finding]:
    """KEY-03: both ends of a tunnel have the same key."""
    for link in design.links:
        mine, theirs = link.tunnel.get("preshared_key"), link.connection.get("shared_key")
        if isinstance(mine, str) and isinstance(theirs, str) and mine != theirs:
            yield Finding(
                subject=f"{link.connection.address} shared_key",
                evidence=f"not the key of {link.tunnel.where('preshared_key')}; IKE will fail",
                remedy="Set it to the tunnel's tunnelN_preshared_key by reference",
            )


def in_the_open(design: Design) -> Iterator[Finding]:
    """KEY-04: no key is spelled out where the plan can read it."""
    for where, _, _key in _keys(design):
        yield Finding(
            subject=where,
            evidence="the key is in the configuration or its variables, and so in every plan",
            remedy="Leave the key to AWS and hand tunnelN_preshared_key to Azure",
        )
