"""The rules of AKS clusters apart from those of their pools."""

import re
from ipaddress import IPv4Network

from twinspan.network.limits import AKS_SERVICE_LENGTH
from twinspan.network.ranges import AKS_DEFAULT_PODS, AKS_DEFAULT_SERVICES, AKS_RESERVED, CLUSTER_DNS_HOST
from twinspan.twin.azure import aks_versions
from twinspan.twin.azure.documents import Json, JsonObject, flag, member, objects, properties, text
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource, Store
from twinspan.twin.azure.types import addresses, aks_subnets
from twinspan.twin.azure.types.base import Put

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
_DNS_PREFIX = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,52}[A-Za-z0-9])?")
_GROUP_LENGTH = 80
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
NETWORK_DEFAULTS: dict[str, Json] = {
    "networkPlugin": "azure",
    "networkPolicy": "none",
    "networkDataplane": "azure",
    "loadBalancerSku": "standard",
    "outboundType": "loadBalancer",
    "serviceCidr": str(AKS_DEFAULT_SERVICES),
    "dnsServiceIP": str(AKS_DEFAULT_SERVICES[CLUSTER_DNS_HOST]),
    "ipFamilies": ["IPv4"],
}
"""Source: ARM, ContainerServiceNetworkProfile. Services without a DNS address take their tenth."""
_CILIUM = "cilium"
_IMMUTABLE = (
    ("dnsPrefix",),
    ("fqdnSubdomain",),
    ("nodeResourceGroup",),
    ("enableRBAC",),
    ("apiServerAccessProfile", "enablePrivateCluster"),
    ("networkProfile", "networkPlugin"),
    ("networkProfile", "serviceCidr"),
    ("networkProfile", "dnsServiceIP"),
    ("networkProfile", "podCidr"),
    ("networkProfile", "loadBalancerSku"),
)
"""Source: azurerm, arguments that force a new cluster; AKS answers PropertyChangeNotAllowed."""
_KEPT = (
    "dnsPrefix",
    "fqdnSubdomain",
    "nodeResourceGroup",
    "kubernetesVersion",
    "apiServerAccessProfile",
    "enableRBAC",
)


def complete(put: Put) -> None:
    """Add what AKS sets where the request says nothing; what a PUT leaves out stays as it is.

    Raises:
        ArmError: A version that is not offered.
    """
    members = put.properties
    before = properties(put.existing.body) if put.existing is not None else {}
    for name in _KEPT:
        if name in before:
            members.setdefault(name, before[name])
    version = aks_versions.full(text(members, "kubernetesVersion"))
    members.setdefault("kubernetesVersion", version)
    members["currentKubernetesVersion"] = version
    members.setdefault("enableRBAC", True)
    members.setdefault("disableLocalAccounts", False)
    members.setdefault("nodeResourceGroup", _node_group(put))
    _complete_network(members, before)
    put.body.setdefault("sku", {"name": "Base", "tier": "Free"})


def _node_group(put: Put) -> str:
    name = f"MC_{put.id.resource_group}_{put.id.name}_{text(put.body, 'location')}"
    return name[:_GROUP_LENGTH]


def _complete_network(members: JsonObject, before: JsonObject) -> None:
    profile = members.setdefault("networkProfile", {})
    if not isinstance(profile, dict):
        return
    kept = before.get("networkProfile")
    for name, value in kept.items() if isinstance(kept, dict) else ():
        profile.setdefault(name, value)
    if "serviceCidr" in profile and "dnsServiceIP" not in profile:
        services = addresses.network(text(profile, "serviceCidr") or "", where="networkProfile.serviceCidr")
        profile["dnsServiceIP"] = str(services[CLUSTER_DNS_HOST])
    pools = objects(members, "agentPoolProfiles")
    if "networkPlugin" not in profile and not any("podSubnetID" in pool for pool in pools):
        profile.setdefault("networkPluginMode", "overlay")  # the default since Overlay is generally available
    if text(profile, "networkDataplane") == _CILIUM:
        profile.setdefault("networkPolicy", _CILIUM)
    for name, value in NETWORK_DEFAULTS.items():
        profile.setdefault(name, value)
    if text(profile, "networkPluginMode") == "overlay" or text(profile, "networkPlugin") == "kubenet":
        profile.setdefault("podCidr", str(AKS_DEFAULT_PODS))
    for one, many in (("serviceCidr", "serviceCidrs"), ("podCidr", "podCidrs")):
        if one in profile:
            profile[many] = [profile[one]]


def check(store: Store, put: Put) -> None:
    """Refuse a completed cluster that breaks a rule; its pools are checked elsewhere.

    Raises:
        ArmError: With the code of the broken rule.
    """
    if not _NAME.fullmatch(put.id.name):
        raise bad_request(
            "InvalidParameter",
            f"The value of parameter managedCluster.name is invalid: '{put.id.name}'. Use 1 to 63 letters, "
            "digits, "
            "underscores and hyphens, with a letter or digit at both ends.",
        )
    _check_dns_prefix(put.properties)
    _check_identity(store, put)
    _check_accounts(put.properties)
    if put.existing is not None:
        _check_change(properties(put.existing.body), put.properties)


def _check_dns_prefix(members: JsonObject) -> None:
    prefix = text(members, "dnsPrefix") or text(members, "fqdnSubdomain")
    if prefix is None or not _DNS_PREFIX.fullmatch(prefix):
        raise bad_request(
            "InvalidParameter",
            f"The value of parameter dnsPrefix is invalid: {prefix!r}. It must have 1 to 54 letters, digits "
            "and "
            "hyphens, with a letter or digit at both ends.",
        )


def _check_identity(store: Store, put: Put) -> None:
    """Refuse a cluster with no identity, or with one that is not there."""
    kind = text(put.body, "identity", "type")
    if kind in {None, "None"} and text(put.properties, "servicePrincipalProfile", "clientId") is None:
        raise bad_request(
            "BadRequest",
            "Either identity or properties.servicePrincipalProfile must say as whom the cluster acts.",
        )
    given = member(put.body, "identity", "userAssignedIdentities")
    names = list(given) if isinstance(given, dict) else []
    if kind == "UserAssigned" and len(names) != 1:
        raise bad_request(
            "InvalidIdentityType",
            f"A UserAssigned identity needs exactly one identity id; {len(names)} are given.",
        )
    for name in names:
        if identity_resource(store, name) is None:
            raise bad_request(
                "FailedIdentityOperation",
                f"Identity operation for resource '{put.id}' failed with error 'Failed to perform resource "
                "identity "
                f"operation. Status: 'NotFound'. Response: The identity '{name}' was not found.'.",
            )


def identity_resource(store: Store, identity: str) -> Resource | None:
    """Return a user assigned identity by its id in any case."""
    try:
        parsed = ResourceId.parse(identity)
    except ValueError:
        return None
    return store.get(parsed) if parsed.type.lower() == IDENTITIES.lower() else None


def _check_accounts(members: JsonObject) -> None:
    if flag(members, "disableLocalAccounts") and not isinstance(members.get("aadProfile"), dict):
        raise bad_request(
            "BadRequest",
            "Disabling local accounts is only allowed for a cluster with Microsoft Entra integration: set "
            "properties.aadProfile.managed, or leave disableLocalAccounts off.",
        )


def _check_change(before: JsonObject, after: JsonObject) -> None:
    for path in _IMMUTABLE:
        old, new = member(before, *path), member(after, *path)
        if (old or None) != (new or None):
            raise bad_request(
                "PropertyChangeNotAllowed", f"Changing property '{'.'.join(path)}' is not allowed."
            )
    aks_versions.check_change(
        text(before, "currentKubernetesVersion") or "", text(after, "currentKubernetesVersion") or ""
    )


def check_network(store: Store, members: JsonObject) -> None:
    """Refuse ranges that AKS keeps for itself, that overlap each other, or the pools' virtual network.

    Raises:
        ArmError: With the code of the broken rule.
    """
    profile = members.get("networkProfile")
    if text(profile, "networkPlugin") == "none":
        raise bad_request(
            "InvalidParameter", "networkProfile.networkPlugin: the twin brings the network plugin."
        )
    _check_policy_engine(profile)
    services = _range(profile, "serviceCidr")
    pods = _range(profile, "podCidr")
    if services.prefixlen < AKS_SERVICE_LENGTH:
        raise bad_request(
            "InvalidParameter",
            f"networkProfile.serviceCidr {services} is too large; it must be /{AKS_SERVICE_LENGTH} or "
            "smaller.",
        )
    _check_dns_service(text(profile, "dnsServiceIP") or "", services)
    overlay = text(profile, "networkPluginMode") == "overlay" or text(profile, "networkPlugin") == "kubenet"
    if "podCidr" in (profile if isinstance(profile, dict) else {}) and not overlay:
        raise bad_request(
            "InvalidParameter",
            "networkProfile.podCidr is for Azure CNI Overlay and kubenet; with a pod subnet leave it out.",
        )
    subnets = [text(pool, "vnetSubnetID") or "" for pool in objects(members, "agentPoolProfiles")]
    space = [
        network
        for name in subnets
        if name
        for network in aks_subnets.vnet_space(store, ResourceId.parse(name))
    ]
    _check_overlaps(services, pods if overlay else None, space)


def _check_policy_engine(profile: Json) -> None:
    """Refuse an engine for NetworkPolicies that the network plugin or the data plane cannot have.

    Source: ARM, ContainerServiceNetworkProfile.networkPolicy; AKS, "Secure traffic between pods by using
    network policies"; the codes are those that users quote (docs/fidelity.md).
    """
    plugin, engine = text(profile, "networkPlugin"), text(profile, "networkPolicy")
    dataplane = text(profile, "networkDataplane")
    if engine == "azure" and plugin == "kubenet":
        raise bad_request(
            "NetworkPolicyAzureNotSupportedForKubenet",
            "NetworkPolicy azure is not supported for network plugin kubenet",
        )
    if engine == _CILIUM and dataplane != _CILIUM:
        raise bad_request(
            "NetworkPolicyNotSupported",
            "Network Policy cilium requires NetworkDataplane cilium",
        )
    if dataplane == _CILIUM and engine != _CILIUM:
        raise bad_request("BadRequest", "Cilium dataplane requires network policy cilium.")
    if dataplane == _CILIUM and plugin != "azure":
        raise bad_request("BadRequest", "Cilium dataplane requires network plugin azure.")


def _range(profile: Json, name: str) -> IPv4Network:
    """Return a range of the network profile, refused if AKS keeps it for itself."""
    cidr = addresses.network(
        text(profile, name) or str(AKS_DEFAULT_PODS), where=f"networkProfile.{name}", code="InvalidParameter"
    )
    block = aks_subnets.forbidden(cidr)
    if block is not None:
        raise bad_request(
            "InvalidParameter",
            f"networkProfile.{name} {cidr} overlaps {block}, which AKS clusters may not use. The ranges "
            f"{', '.join(map(str, AKS_RESERVED[:-1]))} and {AKS_RESERVED[-1]} are reserved.",
        )
    return cidr


def _check_dns_service(value: str, services: IPv4Network) -> None:
    address = addresses.address(value, where="networkProfile.dnsServiceIP", code="InvalidParameter")
    if address not in services:
        raise bad_request(
            "DnsServiceIpOutOfServiceCidr",
            f"DNS service IP {address} is not within networkProfile.serviceCidr {services}.",
        )
    if address in {services.network_address, services.network_address + 1, services.broadcast_address}:
        raise bad_request(
            "InvalidParameter",
            f"networkProfile.dnsServiceIP {address} is the first, second or last address of {services}; the "
            "first is "
            "kubernetes.default.svc's. Take e.g. the tenth.",
        )


def _check_overlaps(services: IPv4Network, pods: IPv4Network | None, space: list[IPv4Network]) -> None:
    for network in space:
        if services.overlaps(network):
            raise bad_request(
                "ServiceCidrOverlapExistingSubnetsCidr",
                f"The specified service CIDR {services} is conflicted with an existing subnet CIDR "
                f"{network}. Please "
                "see https://aka.ms/aks/servicecidroverlap",
            )
        if pods is not None and pods.overlaps(network):
            raise bad_request(
                "InvalidParameter", f"networkProfile.podCidr {pods} overlaps the virtual network's {network}."
            )
    if pods is not None and pods.overlaps(services):
        raise bad_request(
            "InvalidParameter",
            f"networkProfile.podCidr {pods} overlaps networkProfile.serviceCidr {services}.",
        )
