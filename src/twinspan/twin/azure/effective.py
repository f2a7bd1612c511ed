"""The routes and security rules in force for a network interface, as the data plane has them.

Source: ARM, Network Interfaces - Get Effective Route Table, List Effective Network Security Groups
(EffectiveRoute, EffectiveNetworkSecurityGroup); Azure, "Diagnose a virtual machine routing problem".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from twinspan.network.azure_filters import DEFAULT_RULES
from twinspan.twin.azure.background import in_background
from twinspan.twin.azure.documents import Json, JsonObject, objects, properties, text
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.operations import Asked
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.base import Context
from twinspan.twin.dataplane.wire import InterfaceState, KernelRoute, LoadedRule

ROUTES, GROUPS = "effectiveroutetable", "effectivenetworksecuritygroups"
_USER_METRIC = 10
"""Metric of user-defined routes in the data plane."""
_BGP = "bird"
_DEFAULTS: Mapping[str, JsonObject] = {
    rule.name: {
        "protocol": rule.protocol,
        "sourcePortRange": "*",
        "destinationPortRange": "*",
        "sourceAddressPrefix": rule.source_address_prefixes[0],
        "destinationAddressPrefix": rule.destination_address_prefixes[0],
    }
    for rule in DEFAULT_RULES
}
"""Rules that every group has, by name."""
_MEMBERS = (
    "protocol",
    "sourcePortRange",
    "destinationPortRange",
    "sourcePortRanges",
    "destinationPortRanges",
    "sourceAddressPrefix",
    "destinationAddressPrefix",
    "sourceAddressPrefixes",
    "destinationAddressPrefixes",
)


def ask(context: Context, interface: Resource, machine: ResourceId | None, name: str) -> Asked:
    """Begin to ask the data plane for an interface's routes or rules.

    Args:
        context: For the data plane.
        interface: Whose they are.
        machine: Who has the interface; None: nobody.
        name: `ROUTES` or `GROUPS`.

    Raises:
        ArmError: No machine that runs has the interface. The code is unconfirmed.
    """
    machines = context.machines
    if machines is None:
        raise ArmError(404, "NotFound", f"The twin has no data plane in which {interface.id} could be.")
    if machine is None or not context.board.runs(machine.key):
        raise bad_request(
            "NetworkInterfaceNotAttachedToRunningVM",
            f"Network interface {interface.id} must be attached to a virtual machine that runs.",
        )
    key = interface.id.key
    if name == ROUTES:
        return in_background(lambda: _routes(machines().interface_state(key)))
    groups = list(_groups(context, interface))
    return in_background(lambda: _effective_groups(machines().interface_state(key), groups))


def _routes(state: InterfaceState) -> Json:
    """Return the routes; of several for one destination the one with the lowest metric is active."""
    rows: list[Json] = []
    seen = set()
    for route in sorted(state.routes, key=lambda candidate: (candidate.metric, candidate.destination)):
        active = route.destination not in seen
        seen.add(route.destination)
        rows.append(
            {
                "source": _source(route),
                "state": "Active" if active else "Invalid",
                "addressPrefix": [str(route.destination)],
                "nextHopType": _hop_type(route),
                "nextHopIpAddress": [str(hop) for hop in route.next_hops],
            }
        )
    return {"value": rows}


def _source(route: KernelRoute) -> str:
    if route.protocol == _BGP:
        return "VirtualNetworkGateway"
    return "User" if route.metric == _USER_METRIC else "Default"


def _hop_type(route: KernelRoute) -> str:
    """Return the kind of next hop; a route to the internet leads nowhere here, so it is `None`."""
    match route.kind, _source(route), len(route.next_hops):
        case "throw", _, _:
            return "VnetLocal"
        case "unicast", "VirtualNetworkGateway", _:
            return "VirtualNetworkGateway"
        case "unicast", _, 1 if route.protocol != _BGP:
            return "VirtualAppliance"
        case "unicast", _, _:
            return "VirtualNetworkGateway"
        case _:
            return "None"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """A network security group at an interface.

    Attributes:
        own: Whether it is the interface's; else its subnet's.
        id: As it was made.
        association: Where it applies, in the API's words.
        rules: Name -> what the group says of the rule.
    """

    own: bool
    id: ResourceId
    association: JsonObject
    rules: Mapping[str, JsonObject]


def _groups(context: Context, interface: Resource) -> Iterator[_Group]:
    configurations = objects(interface.body, "properties", "ipConfigurations")
    subnet_id = text(configurations[0], "properties", "subnet", "id") if configurations else None
    for own, holder_id, kind in (
        (False, subnet_id, "subnet"),
        (True, str(interface.id), "networkInterface"),
    ):
        holder = context.store.get(holder_id or "")
        group_id = (
            text(holder.body, "properties", "networkSecurityGroup", "id") if holder is not None else None
        )
        group = context.store.get(group_id or "")
        if group is not None:
            rules = context.store.children(group.id, "securityRules")
            yield _Group(
                own=own,
                id=group.id,
                association={kind: {"id": holder_id}},
                rules={rule.id.name: properties(rule.body) for rule in rules},
            )


def _effective_groups(state: InterfaceState, groups: Iterable[_Group]) -> Json:
    """Return the rules that are loaded, each as its group words it, with the ranges that it names now."""
    return {
        "value": [
            {
                "networkSecurityGroup": {"id": str(group.id)},
                "association": group.association,
                "effectiveSecurityRules": [
                    _rule(rule, group.rules.get(rule.name) or _DEFAULTS[rule.name])
                    for rule in state.rules
                    if rule.at_interface == group.own and (rule.name in group.rules or rule.name in _DEFAULTS)
                ],
            }
            for group in groups
        ]
    }


def _rule(loaded: LoadedRule, members: JsonObject) -> JsonObject:
    kind = "defaultSecurityRules" if loaded.name in _DEFAULTS else "securityRules"
    document: JsonObject = {
        "name": f"{kind}/{loaded.name}",
        **{name: members[name] for name in _MEMBERS if name in members},
        "access": "Allow" if loaded.allows else "Deny",
        "priority": loaded.priority,
        "direction": loaded.direction,
    }
    if document.get("protocol") == "*":
        document["protocol"] = "All"
    if loaded.sources:
        document["expandedSourceAddressPrefix"] = list(map(str, loaded.sources))
    if loaded.destinations:
        document["expandedDestinationAddressPrefix"] = list(map(str, loaded.destinations))
    return document
