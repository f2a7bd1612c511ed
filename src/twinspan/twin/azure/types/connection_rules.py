"""What Azure demands of a site-to-site connection.

Source: VPN Gateway FAQ ("IPsec/IKE policy", "pre-shared key", DPD); About cryptographic requirements; How to
configure BGP for Azure VPN Gateway (a connection's custom BGP addresses).
"""

import re

from twinspan.network.ipsec import authenticates_itself
from twinspan.network.limits import BASIC_SKU, GATEWAY_SKUS
from twinspan.network.timers import (
    AZURE_DEFAULT_SA_DATA_SIZE_KB,
    AZURE_DEFAULT_SA_LIFETIME_S,
    AZURE_DPD_S,
    AZURE_SA_DATA_SIZE_KB,
    AZURE_SA_LIFETIME_S,
)
from twinspan.twin.azure.documents import Json, JsonObject, flag, member, number, objects, text, texts
from twinspan.twin.azure.errors import ArmError, Detail, bad_request, invalid_format
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types import addresses
from twinspan.twin.azure.types.base import Context, Put
from twinspan.twin.azure.types.local_network_gateways import check_overlap

_KEY = re.compile(r"[!-,.-}]{1,128}")
"""Printable ASCII except space, hyphen and tilde."""
_ROUTING_WEIGHT = range(32001)
_TYPES = {"ipsec", "vnet2vnet", "expressroute", "vpnclient"}
_GATEWAYS = "virtualNetworkGateways"
_LOCAL_GATEWAYS = "localNetworkGateways"


def check_shared_key(key: str, *, where: str) -> None:
    """Refuse a pre-shared key with other characters than Azure takes; the message does not repeat it.

    Raises:
        ArmError: `InvalidSharedKey`.
    """
    if not _KEY.fullmatch(key):
        raise bad_request(
            "InvalidSharedKey",
            f"The shared key of {where} must have 1 to 128 printable ASCII characters except space, hyphen "
            "and "
            "tilde.",
        )


def ipsec_defaults(policy: JsonObject) -> None:
    """Replace lifetimes of 0, which clients send for "not set", by Azure's defaults."""
    policy["saLifeTimeSeconds"] = number(policy, "saLifeTimeSeconds") or AZURE_DEFAULT_SA_LIFETIME_S
    policy["saDataSizeKilobytes"] = number(policy, "saDataSizeKilobytes") or AZURE_DEFAULT_SA_DATA_SIZE_KB


def check_connection(context: Context, put: Put) -> None:
    """Refuse a connection that Azure would refuse.

    Raises:
        ArmError: 400 with the broken rule's code.
    """
    if member(put.properties, "localNetworkGateway2") is None and _kind(put.properties) == "IPsec":
        raise two_endpoints(put.id)
    if _kind(put.properties) != "IPsec":
        raise bad_request(
            "ConnectionTypeNotSupported",
            f"Connection {put.id} has connectionType {_kind(put.properties)}; the twin has IPsec only.",
        )
    if text(put.properties, "authenticationType") == "Certificate":
        raise bad_request(
            "AuthenticationTypeNotSupported",
            f"Connection {put.id} has authenticationType Certificate; the twin has pre-shared keys (PSK) "
            "only.",
        )
    gateway = _end(context, put, "virtualNetworkGateway1", _GATEWAYS)
    local = _end(context, put, "localNetworkGateway2", _LOCAL_GATEWAYS)
    if put.shared_key is not None:
        check_shared_key(put.shared_key, where=str(put.id))
    _check_numbers(put)
    _check_unchanged(put)
    _check_peers(context, put, gateway, local)
    _check_addresses(context, put, gateway, local)
    _check_bgp(put, gateway, local)
    _check_policy(put, gateway)


def two_endpoints(connection: ResourceId) -> ArmError:
    """Return the refusal of a connection that does not join two gateways.

    Source: Azure/ResourceModules issue 1402.
    """
    return bad_request(
        "GatewayConnectionMustHaveExactlyTwoEndpoints",
        f"Virtual Network Gateway connection {connection} must have exactly two endpoints. The first "
        "endpoint must "
        "be a VirtualNetworkGateway, the second endpoint can be a VirtualNetworkGateway or a "
        "LocalNetworkGateway or "
        "a ExpressRouteCircuit.",
    )


def check_type(connection: ResourceId, body: JsonObject) -> None:
    """Refuse a type that Azure does not know, before the rest of a body is looked at.

    Raises:
        ArmError: `GatewayConnectionMustHaveExactlyTwoEndpoints`, what one report shows for such a type.
    """
    kind = _kind(body.get("properties"))
    if kind and kind.lower() not in _TYPES:
        refused = two_endpoints(connection)
        known = "IPsec, Vnet2Vnet, ExpressRoute, VPNClient"
        raise bad_request(
            refused.code, f"{refused.message} properties.connectionType '{kind}' is none of {known}."
        )


def _kind(members: Json) -> str:
    return text(members, "connectionType") or ""


def _check_addresses(context: Context, put: Put, gateway: Resource, local: Resource) -> None:
    """Refuse a remote side whose networks or address are the gateway's own.

    Source: MicrosoftDocs/azure-docs issue 110829 for the first code; the second is in public reports, its
    words are ours.
    """
    prefixes = texts(local.body, "properties", "localNetworkAddressSpace", "addressPrefixes")
    networks = [addresses.network(prefix, where=str(local.id)) for prefix in prefixes]
    check_overlap(context, str(put.id), gateway, networks)
    remote = text(local.body, "properties", "gatewayIpAddress")
    for configuration in objects(gateway.body, "properties", "ipConfigurations"):
        public = context.store.get(text(configuration, "properties", "publicIPAddress", "id") or "")
        if remote and public is not None and text(public.body, "properties", "ipAddress") == remote:
            raise bad_request(
                "LocalNetworkGatewayCannotHaveSameAddressAsConnectedVnetGateway",
                f"The gatewayIpAddress {remote} of local network gateway {local.id} is the public address of "
                f"gateway {gateway.id}, which connection {put.id} joins with it.",
            )


def _end(context: Context, put: Put, name: str, kind: str) -> Resource:
    """Return the resource at one end."""
    target = text(put.properties, name, "id")
    if target is None:
        message = f"Value for reference id is missing. Path 'properties.{name}'."
        raise invalid_format([Detail(code="MissingJsonReferenceId", message=message)])
    if ResourceId.parse(target).types[-1].lower() != kind.lower():
        message = (
            f"Reference Id {target} is not formatted correctly. The Id is expected to reference resources of "
            f"type {kind}. Path 'properties.{name}'."
        )
        raise invalid_format([Detail(code="InvalidJsonReferenceFormat", message=message)])
    resource = context.store.get(target)
    if resource is None:
        raise bad_request(
            "InvalidResourceReference", f"Resource {target} referenced by resource {put.id} was not found."
        )
    return resource


def _check_numbers(put: Put) -> None:
    """Check the ranges of dpdTimeoutSeconds and routingWeight."""
    dpd = number(put.properties, "dpdTimeoutSeconds")
    if dpd and dpd not in AZURE_DPD_S:
        raise bad_request(
            "InvalidDpdTimeout",
            f"dpdTimeoutSeconds {dpd} of connection {put.id} is not between {AZURE_DPD_S[0]} and "
            f"{AZURE_DPD_S[-1]}.",
        )
    weight = number(put.properties, "routingWeight")
    if weight is not None and weight not in _ROUTING_WEIGHT:
        raise bad_request(
            "InvalidRoutingWeight",
            f"routingWeight {weight} of connection {put.id} is not between 0 and {_ROUTING_WEIGHT[-1]}.",
        )
    if (
        text(put.properties, "connectionProtocol") == "IKEv1"
        and (text(put.properties, "connectionMode") or "Default") != "Default"
    ):
        raise bad_request(
            "ConnectionModeNotSupported", f"Connection {put.id}: a connection mode needs IKEv2, not IKEv1."
        )


def _check_unchanged(put: Put) -> None:
    """Refuse to move a connection to another gateway or protocol."""
    if put.existing is None:
        return
    before, after = put.existing.body.get("properties"), put.properties
    if (text(before, "virtualNetworkGateway1", "id") or "").lower() != (
        text(after, "virtualNetworkGateway1", "id") or ""
    ).lower():
        raise bad_request(
            "ConnectionGatewayCannotBeChanged", f"Connection {put.id} cannot move to another gateway."
        )
    protocol = text(after, "connectionProtocol")
    if protocol is not None and protocol != text(before, "connectionProtocol"):
        raise bad_request(
            "ConnectionProtocolCannotBeChanged",
            f"Connection {put.id} cannot change its protocol to {protocol}; delete and create it.",
        )


def _check_peers(context: Context, put: Put, gateway: Resource, local: Resource) -> None:
    """Refuse a second connection of one pair, and more of them than the SKU carries."""
    others = [
        other
        for other in context.store.of_type("Microsoft.Network/connections")
        if other.id.key != put.id.key
        and (text(other.body, "properties", "virtualNetworkGateway1", "id") or "").lower() == gateway.id.key
    ]
    for other in others:
        if (text(other.body, "properties", "localNetworkGateway2", "id") or "").lower() == local.id.key:
            raise bad_request(
                "ConnectionAlreadyExistsForLocalNetworkGateway",
                f"Connection {other.id} already joins {gateway.id.name} and {local.id.name}.",
            )
    sku = text(gateway.body, "properties", "sku", "name") or ""
    if len(others) >= GATEWAY_SKUS[sku].connections:
        raise bad_request(
            "MaxConnectionsPerGatewayReached",
            f"Gateway {gateway.id} has {len(others)} connections, the most that SKU {sku} carries.",
        )


def _check_bgp(put: Put, gateway: Resource, local: Resource) -> None:
    """Check that both ends speak BGP, and the addresses that the connection is to use."""
    custom = objects(put.properties, "gatewayCustomBgpIpAddresses")
    if not flag(put.properties, "enableBgp"):
        if custom:
            raise bad_request(
                "CustomBgpIpAddressesNeedBgp",
                f"Connection {put.id} has gatewayCustomBgpIpAddresses, but enableBgp is false.",
            )
        return
    if not flag(gateway.body, "properties", "enableBgp"):
        raise bad_request(
            "BgpNotEnabledOnGateway", f"Connection {put.id} has BGP on, but gateway {gateway.id} has not."
        )
    far = number(local.body, "properties", "bgpSettings", "asn")
    if far is None:
        raise bad_request(
            "BgpSettingsMissingOnLocalNetworkGateway",
            f"Connection {put.id} has BGP on, but local network gateway {local.id} has no bgpSettings.",
        )
    if far == number(gateway.body, "properties", "bgpSettings", "asn"):
        raise bad_request(
            "BgpAsnsMustDiffer",
            f"Connection {put.id} joins two BGP speakers with the same ASN {far}; they must differ.",
        )
    _check_custom_addresses(put, gateway, custom)


def _check_custom_addresses(put: Put, gateway: Resource, custom: list[JsonObject]) -> None:
    """Check that each address is one of the instance it is given to."""
    offered = {
        (text(entry, "ipconfigurationId") or "").lower(): texts(entry, "customBgpIpAddresses")
        for entry in objects(gateway.body, "properties", "bgpSettings", "bgpPeeringAddresses")
    }
    seen: set[str] = set()
    for entry in custom:
        configuration = (text(entry, "ipConfigurationId") or "").lower()
        address = text(entry, "customBgpIpAddress")
        if configuration not in offered or configuration in seen:
            raise bad_request(
                "InvalidResourceReference",
                f"gatewayCustomBgpIpAddresses of {put.id} names the ip configuration '{configuration}' "
                "twice, or "
                f"gateway {gateway.id.name} does not have it.",
            )
        seen.add(configuration)
        if address not in offered[configuration]:
            raise bad_request(
                "CustomBgpIpAddressNotOnGateway",
                f"Custom BGP address {address} of connection {put.id} is not one of those of "
                f"{configuration}: "
                f"{', '.join(offered[configuration]) or 'none'}.",
            )


def _check_policy(put: Put, gateway: Resource) -> None:
    """Check the custom IPsec policy."""
    policies = objects(put.properties, "ipsecPolicies")
    selectors = flag(put.properties, "usePolicyBasedTrafficSelectors")
    if selectors and not policies:
        raise bad_request(
            "PolicyBasedTrafficSelectorsNeedIpsecPolicy",
            f"Connection {put.id} has usePolicyBasedTrafficSelectors and needs an IPsec policy.",
        )
    if not policies:
        return
    if len(policies) > 1:
        raise bad_request(
            "OnlyOneIpsecPolicyAllowed",
            f"Connection {put.id} has {len(policies)} IPsec policies; one is allowed.",
        )
    if text(gateway.body, "properties", "sku", "name") == BASIC_SKU:
        raise bad_request(
            "IpsecPolicyNotSupportedOnBasicSku", f"Connection {put.id}: SKU Basic takes no IPsec policy."
        )
    _check_algorithms(put, policies[0])
    for name, allowed in (
        ("saLifeTimeSeconds", AZURE_SA_LIFETIME_S),
        ("saDataSizeKilobytes", AZURE_SA_DATA_SIZE_KB),
    ):
        value = number(policies[0], name)
        if value and value not in allowed:
            raise bad_request(
                "InvalidIpsecPolicy",
                f"{name} {value} of connection {put.id} is not between {allowed[0]} and {allowed[-1]}.",
            )


def _check_algorithms(put: Put, policy: JsonObject) -> None:
    """Check that AES-GCM is used for encryption and integrity alike."""
    encryption, integrity = text(policy, "ipsecEncryption") or "", text(policy, "ipsecIntegrity") or ""
    if any(map(authenticates_itself, (encryption, integrity))) and encryption != integrity:
        raise bad_request(
            "InvalidIpsecPolicy",
            f"Connection {put.id}: ipsecEncryption {encryption} with ipsecIntegrity {integrity}. If one is "
            "AES-GCM, the other must be the same.",
        )
    ike, ike_integrity = text(policy, "ikeEncryption") or "", text(policy, "ikeIntegrity") or ""
    if authenticates_itself(ike_integrity) and ike != ike_integrity:
        raise bad_request(
            "InvalidIpsecPolicy",
            f"Connection {put.id}: ikeIntegrity {ike_integrity} needs the same ikeEncryption, not {ike}.",
        )
