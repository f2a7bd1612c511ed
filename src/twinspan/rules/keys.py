"""Pre-shared keys; they are compared, never shown."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from twinspan.network.aws import key_tag
from twinspan.network.model import TelemetryStatus
from twinspan.results import Finding, Outcome
from twinspan.rules.design import Design
from twinspan.rules.parts import Link, subject
from twinspan.rules.shell import group_and_name, tunnel_options

_ALLOWED = re.compile(r"[A-Za-z1-9._][A-Za-z0-9._]{7,63}")
"""Source: EC2 API, VpnTunnelOptionsSpecification.PreSharedKey; within what Azure takes."""
_SHORTEST, _LEAST_DIFFERENT = 20, 10
"""Characters: 20 letters and digits at random are 119 bits, about what the ciphers here are worth.

Source: RFC 7296, section 2.15: a shared secret should be as unpredictable as the strongest key negotiated."""
_KEY_MISMATCH = "IKE_PHASE1_KEY_MISMATCH (Batfish), Authentication (Network Watcher)"


def _keys(design: Design) -> Iterator[tuple[str, str]]:
    """Yield (where, key) of every key that the plan tells."""
    return ((key.where, key.value) for key in design.keys if isinstance(key.value, str))


def well_formed(design: Design) -> Iterator[Finding]:
    """KEY-01: every key is one that both clouds take."""
    for where, key in _keys(design):
        if not _ALLOWED.fullmatch(key):
            yield Finding(
                subject=where,
                evidence=f"a key of {len(key)} characters breaks AWS's rule: 8 to 64 letters, digits, dots"
                " and underscores, not beginning with 0",
                remedy="Leave the key to AWS and hand tunnelN_preshared_key to Azure",
            )


def not_shared(design: Design) -> Iterator[Finding]:
    """KEY-02: no two tunnels have the same key."""
    partner = {link.tunnel.id: link.connection.id for link in design.links}
    alone = _without_other_end(design)
    seen: dict[str | tuple[str, ...], tuple[str, str]] = {}
    for key in design.keys:
        same = key.value if isinstance(key.value, str) else key.named
        tunnel = partner.get(key.owner, key.owner)
        owner, where = seen.setdefault(same, (tunnel, key.where)) if same else (tunnel, "")
        if owner != tunnel and alone.get(owner, "") == alone.get(tunnel, ""):
            what = f"{key.named[0]}, as" if key.named else "the same key as"
            yield Finding(
                subject=key.where,
                evidence=f"{what} {where}; one leak opens both tunnels",
                remedy="Give every tunnel its own key, best by leaving it to AWS",
            )


def _without_other_end(design: Design) -> Mapping[str, str]:
    """Return id -> cloud of the ends whose other end is not known: two of them may be of one tunnel."""
    met = {end_id for link in design.links for end_id in (link.tunnel.id, link.connection.id)}
    ends = {
        **{tunnel.id: "aws" for tunnel in design.tunnels},
        **{connection.id: "azure" for connection in design.azure_connections},
    }
    return {end: cloud for end, cloud in ends.items() if end not in met}


def both_ends_same(design: Design) -> Iterator[Finding]:
    """KEY-03: both ends of a tunnel have the same key."""
    keys = {key.owner: key for key in design.keys if isinstance(key.value, str)}
    for link in design.links:
        mine, theirs = keys.get(link.tunnel.id), keys.get(link.connection.id)
        if mine and theirs and mine.value != theirs.value:
            yield Finding(
                subject=theirs.where,
                evidence=f"not the key of {mine.where}; IKE will fail",
                command=_comparison(design, link),
                remedy=design.of_what_exists(
                    "Give Azure the key that AWS has; `twinspan apply` does",
                    planned="Set it to the tunnel's tunnelN_preshared_key by reference",
                ),
                fault=_KEY_MISMATCH,
                branch=link.branch,
            )
        elif not design.planned and not (mine and theirs) and _down(link):
            yield Finding(
                subject=subject(link.connection, "shared_key"),
                outcome=Outcome.INCONCLUSIVE,
                evidence=f"{'Azure' if mine else 'AWS'} does not show its key, and the tunnel is down",
                command=_comparison(design, link),
                remedy="Read the key where it is kept (Secrets Manager, Key Vault) and compare it yourself",
                branch=link.branch,
            )


def _down(link: Link) -> bool:
    """Whether AWS says that a tunnel is down; nothing is said of what has no telemetry, such as a state."""
    return link.joined.aws_status is TelemetryStatus.DOWN


def _comparison(design: Design, link: Link) -> str:
    """Return a bash line that compares the keys of a tunnel that exists, without showing either."""
    group, name = group_and_name(link.connection.id)
    region = design.region_of(link.tunnel.connection.id)
    aws = f"{tunnel_options(link.tunnel, 'PreSharedKey', region=region)} --output text"
    azure = f"az network vpn-connection shared-key show -g {group} --connection-name {name}"
    return design.of_what_exists(
        f"diff <({aws} | sha256sum) <({azure} --query value --output tsv | sha256sum) && echo equal"
    )


def in_the_open(design: Design) -> Iterator[Finding]:
    """KEY-04: no key is spelled out where the plan can read it."""
    for where, _ in _keys(design) if design.planned else ():
        yield Finding(
            subject=where,
            evidence="the key is in the configuration or its variables, and so in every plan",
            remedy="Leave the key to AWS and hand tunnelN_preshared_key to Azure",
        )


def hard_to_guess(design: Design) -> Iterator[Finding]:
    """KEY-05: every key is long and random enough."""
    for where, key in _keys(design):
        if len(key) < _SHORTEST or len(set(key)) < _LEAST_DIFFERENT:
            yield Finding(
                subject=where,
                evidence=f"a key of {len(key)} characters that are not random enough: whoever records one"
                " exchange of IKE can try keys for years",
                remedy=design.of_what_exists(
                    "Give it another one with `twinspan rotate`",
                    planned="Leave the key to AWS and hand tunnelN_preshared_key to Azure",
                ),
            )


def not_old(design: Design) -> Iterator[Finding]:
    """KEY-06: every key is younger than a year, or than `check --max-key-age` says, where its tag tells."""
    oldest = design.today - timedelta(days=design.max_key_age_days)
    for connection in design.vpn_connections:
        for number, tunnel in enumerate(connection.tunnels, start=1):
            since = tunnel.key_changed_on
            if not isinstance(since, str) or not since:
                continue
            try:
                old = date.fromisoformat(since) < oldest
            except ValueError:
                evidence = f"{since[:40]!r} is no date such as 2026-11-30"
                remedy = "Correct the tag"
            else:
                if not old:
                    continue
                evidence = f"since {since}, more than {design.max_key_age_days} days ago"
                remedy = "Change it with `twinspan rotate --tag`"
            yield Finding(
                subject=subject(connection, f"tag {key_tag(number)}"), evidence=evidence, remedy=remedy
            )
