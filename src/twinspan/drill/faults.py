"""The faults of the drills, by name: in the twin's data plane, or through the clouds' APIs."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address

from twinspan.cloud.aws import read_aws
from twinspan.cloud.azure import read_azure
from twinspan.cloud.azure.act import read_connection, read_rule
from twinspan.drill.api_changes import Change
from twinspan.drill.api_fault import ApiFault
from twinspan.drill.cluster_faults import ISOLATION, POWER, isolation, power_cut
from twinspan.drill.composite import AllOf
from twinspan.drill.definition import OF_BGP, Drill, Step
from twinspan.errors import DesignError, HostError
from twinspan.network.links import TunnelLink
from twinspan.protocols import Fault
from twinspan.target.target import Target

LOSS_RATIO = 0.1
DELAY_MS = 100
_BROKEN: Mapping[str, str] = {
    "path-cut": "path of",
    "packet-loss": f"{LOSS_RATIO:.0%} of the packets of",
    "packet-delay": f"{DELAY_MS} ms more for",
    "ike-deleted": "IKE SA at AWS's end of",
    "endpoint-crash": "AWS's endpoint of",
    "bgp-closed": "BGP session of",
    "bgp-silent": "BGP messages of",
    "route-withdrawn": "AWS's routes over",
    "rekey": "keys of",
    "instance-crash": "Azure's instance of",
    "side-lost": "AWS's gateway, which has",
}
"""Fault of the twin's data plane -> what it breaks of a tunnel."""
_SETTINGS: Mapping[str, Mapping[str, float]] = {
    "packet-loss": {"loss_ratio": LOSS_RATIO},
    "packet-delay": {"delay_ms": DELAY_MS},
}


def fault_of(target: Target, drill: Drill, link: TunnelLink, links: Sequence[TunnelLink]) -> Fault:
    """Return what a drill breaks, without breaking anything.

    Raises:
        DesignError: The network is not meant to have what it breaks, e.g. BGP.
        HostError: What it needs is not there, e.g. a second tunnel.
        CloudError: A cloud cannot be asked.
    """
    return AllOf([_step(target, step, _aimed(step, link, links)) for step in drill.steps])


def _aimed(step: Step, link: TunnelLink, links: Sequence[TunnelLink]) -> TunnelLink:
    own = link.vpn_connection.id if link.vpn_connection else ""
    connections = [each.vpn_connection.id if each.vpn_connection else "" for each in links]
    found = {
        "tunnel": [link],
        "sibling": [e for e, c in zip(links, connections, strict=True) if c == own and e.key != link.key],
        "other": [e for e, c in zip(links, connections, strict=True) if c != own],
    }[step.aim]
    if not found:
        raise HostError(
            problem=f"{link.label} has no other tunnel to break with it",
            remedy="Choose a tunnel with --tunnel, or another drill",
        )
    return found[0]


def _step(target: Target, step: Step, link: TunnelLink) -> Fault:
    if step.what in OF_BGP and link.static:
        raise DesignError(
            where=f"fault {step.what}",
            problem=f"{link.label} has static routes and no BGP session",
            remedy="Use a drill of the tunnel, e.g. tunnel-down",
        )
    if step.what in _API:
        return _API[step.what](target, link)
    if step.what in POWER:
        return power_cut(target, step.what)
    if step.what in ISOLATION:
        return isolation(target, step.what)
    outside, public = _ends(link)
    return target.place.data_plane_fault(
        step.what,
        (outside, public),
        description=f"{_BROKEN[step.what]} {link.key}, {outside} - {public}",
        settings=_SETTINGS.get(step.what, {}),
    )


def _ends(link: TunnelLink) -> tuple[IPv4Address, IPv4Address]:
    outside = link.tunnel.outside_ip_address if link.tunnel else None
    public = link.instance.public_ip_address if link.instance else None
    if outside is None or public is None:
        raise HostError(
            problem=f"{link.label} has no two public addresses",
            remedy="Run `twinspan verify` and mend what it shows",
        )
    return outside, public


def _connection_id(link: TunnelLink) -> str:
    if link.vpn_connection is None:
        raise HostError(problem=f"AWS does not know {link.label}", remedy="Run `twinspan verify`")
    return link.vpn_connection.id


def _replace(target: Target, link: TunnelLink) -> Fault:
    outside, _ = _ends(link)
    change = Change(what="replace-vpn-tunnel", target=_connection_id(link), outside=outside)
    return ApiFault(target.endpoints, f"ReplaceVpnTunnel of {link.label}", (change,))


def _wrong_key(target: Target, link: TunnelLink) -> Fault:
    outside, _ = _ends(link)
    connection = _connection_id(link)
    keys = read_aws(target.endpoints.aws)[1] if target.endpoints.aws else {}
    right = keys.get((connection, str(outside)))
    if right is None:
        raise HostError(
            problem=f"AWS does not show the pre-shared key of {link.label}, so it could not be put back",
            remedy="Run this drill where the key is not kept in Secrets Manager",
        )
    wrong = f"drill{secrets.token_hex(8)}"
    changes = [
        Change(what="set-key", target=connection, outside=outside, also={"key": key})
        for key in (wrong, right)
    ]
    return ApiFault(target.endpoints, f"key of {link.label} at AWS", (changes[0],), (changes[1],))


def _propagation_off(target: Target, link: TunnelLink) -> Fault:
    gateway = link.vpn_connection.vpn_gateway_id if link.vpn_connection else None
    aws = read_aws(target.endpoints.aws)[0] if target.endpoints.aws else None
    tables = [t.id for t in aws.route_tables if gateway in t.propagating_vgw_ids] if aws else []
    if gateway is None or not tables:
        raise HostError(problem="no route table learns from the VPN gateway", remedy="Run `twinspan verify`")
    also = {"tables": tables}
    return ApiFault(
        target.endpoints,
        f"propagation from {gateway} into {', '.join(tables)}",
        (Change(what="propagation-off", target=gateway, also=also),),
        (Change(what="propagation-on", target=gateway, also=also),),
    )


def _reset(target: Target, link: TunnelLink) -> Fault:
    _, public = _ends(link)
    gateway = link.azure_connection.virtual_network_gateway_id if link.azure_connection else ""
    change = Change(what="reset", target=gateway, outside=public)
    return ApiFault(target.endpoints, f"instance {public} of {gateway.split('/')[-1]}", (change,))


def _nsg_deny(target: Target, _link: TunnelLink) -> Fault:
    azure = read_azure(target.endpoints.azure)[0] if target.endpoints.azure else None
    wanted = {each.lower() for each in target.expected.azure_subnet_ids} if target.expected else set()
    used = {
        (subnet.network_security_group_id or "").lower()
        for network in (azure.virtual_networks if azure else ())
        for subnet in network.subnets
        if not wanted or subnet.id.lower() in wanted
    }
    allowing = [
        (rule.priority, group.id, rule.name)
        for group in (azure.network_security_groups if azure else ())
        for rule in group.security_rules
        if group.id.lower() in used and rule.direction == "Inbound" and rule.access == "Allow"
    ]
    if target.endpoints.azure is None or not allowing:
        raise HostError(
            problem="no network security group of a workload subnet has a rule of its own that allows",
            remedy="Run `twinspan verify`",
        )
    _, group, name = min(allowing)
    told = read_rule(target.endpoints.azure, group, name)
    deny, allow = (
        Change(what="set-rule", target=group, also={"told": told, "access": access})
        for access in ("Deny", "Allow")
    )
    return ApiFault(target.endpoints, f"rule {name} of {group.split('/')[-1]}", (deny,), (allow,))


def _recreate(target: Target, link: TunnelLink) -> Fault:
    azure = target.endpoints.azure
    connection = link.azure_connection.id if link.azure_connection else ""
    keys: Mapping[str, str] = read_azure(azure)[1] if azure else {}
    key = keys.get(connection.lower())
    if azure is None or key is None:
        raise HostError(
            problem=f"Azure does not show the shared key of {link.label}, so it could not be made again",
            remedy="Use credentials that may read shared keys",
        )
    told = read_connection(azure, connection)
    make = Change(what="make-connection", target=connection, also={"told": told, "key": key})
    return ApiFault(
        target.endpoints,
        f"connection {connection.split('/')[-1]}",
        (Change(what="delete-connection", target=connection),),
        (make,),
    )


_API: Mapping[str, Callable[[Target, TunnelLink], Fault]] = {
    "replace-vpn-tunnel": _replace,
    "wrong-key": _wrong_key,
    "propagation-off": _propagation_off,
    "reset-instance": _reset,
    "nsg-deny": _nsg_deny,
    "connection-recreated": _recreate,
}
