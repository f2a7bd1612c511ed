"""The subnets of a cluster's pools, and the addresses that pools take in them."""

import hashlib
from collections.abc import Iterable
from ipaddress import IPv4Network

from twinspan.network.limits import RESERVED_HOSTS
from twinspan.network.ranges import AKS_RESERVED
from twinspan.twin.azure.documents import JsonObject, number, objects, properties, text, texts
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource, Store
from twinspan.twin.azure.types import addresses

SERVICE = "Microsoft.ContainerService/managedClusters"
_POOL = f"{SERVICE}/agentPools"
_SUBNET = "microsoft.network/virtualnetworks/subnets"
_BLOCK = 16
"""Azure CNI Pod Subnet gives addresses to nodes in blocks of 16.

Source: Configure Azure CNI Networking for Dynamic Allocation of IPs, "Plan IP addressing"."""


def forbidden(candidate: IPv4Network) -> IPv4Network | None:
    """Return the range that AKS keeps for itself and that a network touches, or None."""
    return next((reserved for reserved in AKS_RESERVED if reserved.overlaps(candidate)), None)


def scale_set(pool: ResourceId) -> str:
    """Return the name of the scale set behind a pool: `aks-POOL-DIGITS-vmss`, the digits the cluster's."""
    cluster = pool.parent or pool
    digits = int(hashlib.sha256(cluster.key.encode()).hexdigest()[:8], 16) % 100_000_000
    return f"aks-{pool.name}-{digits:08d}-vmss"


def pool_configurations(store: Store, subnet: ResourceId) -> list[str]:
    """Return the ids of the ip configurations that pools have in a subnet."""
    configurations = []
    for pool in store.of_type(_POOL):
        for member, configuration in (("vnetSubnetID", "ipconfig1"), ("podSubnetID", "podconfig")):
            if (text(pool.body, "properties", member) or "").lower() == subnet.key:
                configurations.append(_configuration(store, pool, configuration))
    return configurations


def _configuration(store: Store, pool: Resource, name: str) -> str:
    cluster = store.get(pool.id.parent) if pool.id.parent is not None else None
    group = text(cluster.body, "properties", "nodeResourceGroup") if cluster is not None else None
    scale = scale_set(pool.id)
    return (
        f"/subscriptions/{pool.id.subscription_id}/resourceGroups/{group or pool.id.resource_group}/"
        f"providers/Microsoft.Compute/virtualMachineScaleSets/{scale}/virtualMachines/0/networkInterfaces/{scale}/"
        f"ipConfigurations/{name}"
    )


def check_subnets(store: Store, profile: JsonObject, *, where: str, location: str) -> None:
    """Refuse a pool whose subnets are not there, or are another service's.

    Args:
        store: What the subscription has.
        profile: The pool's properties.
        where: Path of `profile` in the request, for the message.
        location: Where the cluster is.

    Raises:
        ArmError: With the code of the broken rule.
    """
    nodes = _subnet(store, profile, "vnetSubnetID", where)
    if nodes is None:
        raise bad_request(
            "InvalidParameter",
            f"{where}.vnetSubnetID is missing: the twin makes no virtual network for a cluster. Name a "
            "subnet.",
        )
    if objects(nodes.body, "properties", "delegations"):
        raise bad_request(
            "SubnetIsDelegated",
            f"AgentPoolProfile.VnetSubnetID {nodes.id} cannot be used as it's a delegated subnet. Please "
            "check "
            "https://aka.ms/adv-network-prerequest for more details.",
        )
    _check_network(store, nodes, location=location)
    pods = _subnet(store, profile, "podSubnetID", where)
    if pods is not None:
        _check_pod_subnet(nodes, pods)


def _subnet(store: Store, profile: JsonObject, member: str, where: str) -> Resource | None:
    identity = text(profile, member)
    if identity is None:
        return None
    try:
        parsed = ResourceId.parse(identity)
    except ValueError as error:
        raise bad_request(
            "LinkedInvalidPropertyId",
            f"Property id '{identity}' at path '{where}.{member}' is invalid. Expect fully qualified "
            "resource Id "
            "that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
        ) from error
    subnet = store.get(parsed) if parsed.type.lower() == _SUBNET else None
    if subnet is None:
        raise bad_request(
            "SubnetNotFound", f"Subnet {identity} of {where}.{member} was not found. Create it first."
        )
    return subnet


def _check_network(store: Store, subnet: Resource, *, location: str) -> None:
    """Refuse a virtual network in another region or with a range that AKS keeps for itself."""
    network = store.get(subnet.id.parent) if subnet.id.parent is not None else None
    if network is None:
        raise ArmError(404, "ParentResourceNotFound", f"The virtual network of {subnet.id} was not found.")
    if text(network.body, "location") != location:
        raise bad_request(
            "InvalidParameter",
            f"Virtual network {network.id} is in {text(network.body, 'location')}; a cluster in {location} "
            "needs "
            "one in its own region.",
        )
    for prefix in vnet_space(store, subnet.id):
        block = forbidden(prefix)
        if block is not None:
            raise bad_request(
                "InvalidParameter",
                f"Address prefix {prefix} of virtual network {network.id} overlaps {block}, which AKS "
                "clusters "
                "may not use.",
            )


def _check_pod_subnet(nodes: Resource, pods: Resource) -> None:
    """Refuse a pod subnet that is elsewhere, the nodes' own, or delegated to another service."""
    if pods.id.key == nodes.id.key:
        raise bad_request(
            "InvalidParameter",
            f"podSubnetID and vnetSubnetID are both {pods.id}; pods need their own subnet.",
        )
    if pods.id.parent is None or nodes.id.parent is None or pods.id.parent.key != nodes.id.parent.key:
        raise bad_request(
            "InvalidParameter",
            f"Pod subnet {pods.id} and node subnet {nodes.id} must be in the same virtual network.",
        )
    others = [
        text(delegation, "properties", "serviceName") or ""
        for delegation in objects(pods.body, "properties", "delegations")
    ]
    for other in others:
        if other.lower() != SERVICE.lower():
            raise bad_request(
                "SubnetIsDelegated",
                f"AgentPoolProfile.PodSubnetID {pods.id} cannot be used as it's delegated to {other}; "
                "delegate it "
                f"to {SERVICE}, or to nothing.",
            )


def delegate(store: Store, pool: JsonObject) -> None:
    """Delegate a pool's pod subnet to AKS, as AKS does by itself if nobody has."""
    subnet = store.get(text(pool, "podSubnetID") or "")
    if subnet is not None and not objects(subnet.body, "properties", "delegations"):
        properties(subnet.body)["delegations"] = [
            {"name": "aks-delegation", "properties": {"serviceName": SERVICE}}
        ]
        store.touch(subnet)


def vnet_space(store: Store, subnet: ResourceId) -> list[IPv4Network]:
    """Return the address space of a subnet's virtual network."""
    network = store.get(subnet.parent) if subnet.parent is not None else None
    prefixes = (
        texts(network.body, "properties", "addressSpace", "addressPrefixes") if network is not None else []
    )
    return [addresses.network(prefix, where=str(subnet.parent)) for prefix in prefixes]


def check_room(store: Store, profiles: Iterable[JsonObject], *, overlay: bool) -> None:
    """Refuse pools that do not fit into their subnets, one node for upgrades included.

    Args:
        store: What the subscription has.
        profiles: Properties of all pools of the cluster, as they will be.
        overlay: Pods have addresses of their own range.

    Raises:
        ArmError: `InsufficientSubnetSize`. Source: Learn, "InsufficientSubnetSize error code".
    """
    needed: dict[str, int] = {}
    for profile in profiles:
        count = number(profile, "maxCount") if profile.get("enableAutoScaling") is True else None
        nodes = (count or number(profile, "count") or 0) + 1
        pods = text(profile, "podSubnetID")
        own = 1 if pods is not None or overlay else 1 + (number(profile, "maxPods") or 0)
        subnet = (text(profile, "vnetSubnetID") or "").lower()
        needed[subnet] = needed.get(subnet, 0) + nodes * own
        if pods is not None:
            needed[pods.lower()] = needed.get(pods.lower(), 0) + nodes * _BLOCK
    for key, demand in needed.items():
        subnet_found = store.get(key)
        if subnet_found is None:
            continue
        networks = addresses.subnet_networks(subnet_found.body, where=key)
        room = sum(network.num_addresses - RESERVED_HOSTS - 1 for network in networks)
        if demand > room:
            raise bad_request(
                "InsufficientSubnetSize",
                f"Pre-allocated IPs {demand} exceeds IPs available {room} in Subnet Cidr {networks[0]}, "
                "Subnet Name "
                f"{subnet_found.id.name}. Surge nodes would impact IP required. Please see "
                "https://aka.ms/aks/insufficientsubnetsize",
            )
