# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""The connection of a VPN gateway to a local network gateway."""

from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.network.ipsec import (
    AZURE_IKE_ENCRYPTION,
    AZURE_IKE_GROUPS,
    AZURE_IKE_INTEGRITY,
    AZURE_IPSEC_ENCRYPTION,
    AZURE_IPSEC_INTEGRITY,
    AZURE_PFS_GROUPS,
)
from twinspan.network.timers import (
    AZURE_DEFAULT_SA_DATA_SIZE_KB,
    AZURE_DEFAULT_SA_LIFETIME_S,
    AZURE_SA_DATA_SIZE_KB,
    AZURE_SA_LIFETIME_S,
)
from twinspan.twin.providers.azurerm.base import ArmResource, given, id_in, reference
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.azurerm.network import NAMED
from twinspan.twin.providers.azurerm.vpn import ADDRESS
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import between, one_of
from twinspan.wait import wait_until

_KEY_TIMEOUT_S = 120.0
_POLICY = {
    "dh_group": "dhGroup",
    "ike_encryption": "ikeEncryption",
    "ike_integrity": "ikeIntegrity",
    "ipsec_encryption": "ipsecEncryption",
    "ipsec_integrity": "ipsecIntegrity",
    "pfs_group": "pfsGroup",
    "sa_datasize": "saDataSizeKilobytes",
    "sa_lifetime": "saLifeTimeSeconds",
}
_SELECTOR = {"local_address_cidrs": "localAddressRanges", "remote_address_cidrs": "remoteAddressRanges"}


class VirtualNetworkGatewayConnection(ArmResource):
    """`azurerm_virtual_network_gateway_connection`."""

    type_name = "azurerm_virtual_network_gateway_connection"
    facts = Facts(
        defaults={
            "bgp_enabled": False,
            "connection_mode": "Default",
            "private_link_fast_path_enabled": False,
        },
        force_new=NAMED
        | {"type", "virtual_network_gateway_id", "dpd_timeout_seconds", "express_route_circuit_id"}
        | {"peer_virtual_network_gateway_id", "local_azure_ip_address_enabled"}
        | {"connection_protocol", "connection_mode"},
    )
    rules: ClassVar = {
        "connection_mode": one_of("Default", "InitiatorOnly", "ResponderOnly"),
        "connection_protocol": one_of("IKEv1", "IKEv2"),
        "custom_bgp_addresses.primary": ADDRESS,
        "custom_bgp_addresses.secondary": ADDRESS,
        "ipsec_policy.dh_group": one_of(*AZURE_IKE_GROUPS),
        "ipsec_policy.ike_encryption": one_of(*AZURE_IKE_ENCRYPTION),
        "ipsec_policy.ike_integrity": one_of(*AZURE_IKE_INTEGRITY),
        "ipsec_policy.ipsec_encryption": one_of(*AZURE_IPSEC_ENCRYPTION),
        "ipsec_policy.ipsec_integrity": one_of(*AZURE_IPSEC_INTEGRITY),
        "ipsec_policy.pfs_group": one_of(*AZURE_PFS_GROUPS),
        "ipsec_policy.sa_datasize": between(AZURE_SA_DATA_SIZE_KB[0], AZURE_SA_DATA_SIZE_KB[-1]),
        "ipsec_policy.sa_lifetime": between(AZURE_SA_LIFETIME_S[0], AZURE_SA_LIFETIME_S[-1]),
        "routing_weight": between(0, 32000),
        "type": one_of("ExpressRoute", "IPsec", "Vnet2Vnet"),
    }
    _segments = (("connections", "name"),)

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the connection; the whole gateway is in it, as the real provider sends it."""
        gateway = cloud.get(planned["virtual_network_gateway_id"])
        if gateway is None:
            raise CloudRefusedError(
                operation=f"create {planned['name']}",
                code="NotFound",
                message=f"{planned['virtual_network_gateway_id']} does not exist",
            )
        return {
            "connectionMode": planned["connection_mode"],
            "connectionProtocol": given(planned["connection_protocol"]),
            "connectionType": planned["type"],
            "dpdTimeoutSeconds": given(planned["dpd_timeout_seconds"]),
            "enableBgp": planned["bgp_enabled"],
            "gatewayCustomBgpIpAddresses": _custom_addresses(planned["custom_bgp_addresses"], gateway),
            "ipsecPolicies": [_policy_body(block) for block in planned["ipsec_policy"]],
            "localNetworkGateway2": _embedded(planned["local_network_gateway_id"], cloud),
            "routingWeight": given(planned["routing_weight"]),
            "sharedKey": given(planned["shared_key"]),
            "trafficSelectorPolicies": [
                {member: block[name] for name, member in _SELECTOR.items()}
                for block in planned["traffic_selector_policy"]
            ],
            "useLocalAzureIpAddress": given(planned["local_azure_ip_address_enabled"]),
            "usePolicyBasedTrafficSelectors": given(planned["use_policy_based_traffic_selectors"]),
            "virtualNetworkGateway1": _slim(gateway),
            "virtualNetworkGateway2": reference(planned["peer_virtual_network_gateway_id"]),
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the connection; its key is asked for separately, as ARM does not show it in the document."""
        properties = document["properties"]
        key = cloud.get(f"{state['id']}/sharedkey") or {}
        return {
            "bgp_enabled": properties.get("enableBgp", False),
            "connection_mode": properties.get("connectionMode", "Default"),
            "connection_protocol": properties.get("connectionProtocol", "IKEv2"),
            "custom_bgp_addresses": _custom_state(properties.get("gatewayCustomBgpIpAddresses", [])),
            "dpd_timeout_seconds": properties.get("dpdTimeoutSeconds", 0),
            "egress_nat_rule_ids": [],
            "express_route_gateway_bypass": properties.get("expressRouteGatewayBypass", False),
            "ingress_nat_rule_ids": [],
            "ipsec_policy": [_policy_state(policy) for policy in properties.get("ipsecPolicies", [])],
            "local_azure_ip_address_enabled": properties.get("useLocalAzureIpAddress", False),
            "local_network_gateway_id": id_in(
                properties.get("localNetworkGateway2"), state["local_network_gateway_id"]
            ),
            "routing_weight": properties.get("routingWeight", 0),
            "shared_key": key.get("value", ""),
            "traffic_selector_policy": [
                {name: policy[member] for name, member in _SELECTOR.items()}
                for policy in properties.get("trafficSelectorPolicies", [])
            ],
            "type": properties["connectionType"],
            "use_policy_based_traffic_selectors": properties.get("usePolicyBasedTrafficSelectors", False),
            "virtual_network_gateway_id": id_in(
                properties.get("virtualNetworkGateway1"), state["virtual_network_gateway_id"]
            ),
        }

    def update(self, cloud: ArmCloud, prior: State, planned: State) -> State:
        """PUT the connection, then its key, which a PUT of an existing connection does not change.

        The connection goes on being updated after the key's own operation is over, and refuses to be written.
        Source: Azure/azure-rest-api-specs issue 26660.
        """
        renewed = super().update(cloud, prior, planned)
        if given(planned["shared_key"]) and planned["shared_key"] != prior["shared_key"]:
            cloud.put(f"{prior['id']}/sharedkey", {"value": planned["shared_key"]})
            wait_until(
                lambda: cloud.get(prior["id"]) or {},
                lambda document: document.get("properties", {}).get("provisioningState") != "Updating",
                what=f"new key of {planned['name']}",
                timeout_s=_KEY_TIMEOUT_S,
            )
        return renewed


def _embedded(identity: Any, cloud: ArmCloud) -> Document | None:
    """Return a resource in full, as ARM wants it in a connection."""
    if not isinstance(identity, str) or not identity:
        return None
    return _slim(cloud.get(identity) or {"id": identity})


def _slim(document: Document) -> Document:
    return {name: document[name] for name in ("id", "location", "properties") if name in document}


def _custom_addresses(blocks: list[State], gateway: Document) -> list[Document] | None:
    if not blocks:
        return None
    settings = gateway["properties"].get("bgpSettings") or {}
    owners = {
        address: peering["ipconfigurationId"]
        for peering in settings.get("bgpPeeringAddresses", [])
        for address in peering.get("customBgpIpAddresses", [])
    }
    requested_addresses = [address for address in (blocks[0]["primary"], blocks[0]["secondary"]) if address]
    missing = [address for address in requested_addresses if address not in owners]
    if missing:
        raise CloudRefusedError(
            operation="custom_bgp_addresses",
            code="AddressNotFound",
            message=f"primary or secondary address not found: {', '.join(missing)} is not among the "
            f"gateway's apipa_addresses ({', '.join(sorted(owners)) or 'none'})",
        )
    return [
        {"customBgpIpAddress": address, "ipConfigurationId": owners[address]}
        for address in requested_addresses
    ]


def _custom_state(items: list[Document]) -> list[State]:
    """Return primary and secondary in the API's order, as the real provider does."""
    if not items:
        return []
    addresses = [item["customBgpIpAddress"] for item in items]
    return [{"primary": addresses[0], "secondary": addresses[1] if len(addresses) > 1 else ""}]


def _policy_body(block: State) -> Document:
    body = {member: given(block[name]) for name, member in _POLICY.items()}
    body["saLifeTimeSeconds"] = body["saLifeTimeSeconds"] or AZURE_DEFAULT_SA_LIFETIME_S
    body["saDataSizeKilobytes"] = body["saDataSizeKilobytes"] or AZURE_DEFAULT_SA_DATA_SIZE_KB
    return body


def _policy_state(policy: Document) -> State:
    return {name: policy.get(member) for name, member in _POLICY.items()}
