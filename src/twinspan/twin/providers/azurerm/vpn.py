# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""VPN gateway and local network gateway."""

from typing import Any, ClassVar

from twinspan.network.limits import GATEWAY_SKUS, GENERATIONS, RETIRED_GATEWAY_SKUS
from twinspan.network.ranges import APIPA_FIRST, APIPA_LAST
from twinspan.twin.providers.azurerm.base import ArmResource, given, id_in, last, reference, without_nones
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.azurerm.network import NAMED
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import each, matches, one_of

_APIPA = matches(
    r"169\.254\.2[12]\.(25[0-5]|2[0-4]\d|1?\d?\d)", f"an address from {APIPA_FIRST} to {APIPA_LAST}"
)
"""Source: Azure VPN Gateway FAQ, addresses for BGP over APIPA."""
ADDRESS = matches(r"\d{1,3}(\.\d{1,3}){3}", "an IPv4 address")
_FLAGS = {
    "active_active": "activeActive",
    "bgp_enabled": "enableBgp",
    "bgp_route_translation_for_nat_enabled": "enableBgpRouteTranslationForNat",
    "dns_forwarding_enabled": "enableDnsForwarding",
    "private_ip_address_enabled": "enablePrivateIpAddress",
    "remote_vnet_traffic_enabled": "allowRemoteVnetTraffic",
    "virtual_wan_traffic_enabled": "allowVirtualWanTraffic",
}
_OTHER_SKUS = ("Standard", "HighPerformance", "UltraPerformance", "ErGw1AZ", "ErGw2AZ", "ErGw3AZ")


class VirtualNetworkGateway(ArmResource):
    """`azurerm_virtual_network_gateway`, without point-to-site clients and policy groups."""

    type_name = "azurerm_virtual_network_gateway"
    facts = Facts(
        defaults={
            "active_active": False,
            "bgp_enabled": False,
            "bgp_route_translation_for_nat_enabled": False,
            "ip_configuration.name": "vnetGatewayConfig",
            "ip_configuration.private_ip_address_allocation": "Dynamic",
            "ip_sec_replay_protection_enabled": True,
            "remote_vnet_traffic_enabled": False,
            "virtual_wan_traffic_enabled": False,
            "vpn_type": "RouteBased",
        },
        force_new=NAMED
        | {"type", "vpn_type", "generation", "edge_zone", "private_ip_address_enabled", "ip_configuration"},
        computed_blocks=frozenset({"bgp_settings", "bgp_settings.peering_addresses"}),
    )
    rules: ClassVar = {
        "bgp_settings.peering_addresses.apipa_addresses": each(_APIPA),
        "generation": one_of(*GENERATIONS, "None"),
        "ip_configuration.private_ip_address_allocation": one_of("Dynamic", "Static"),
        "sku": one_of(*_OTHER_SKUS, *RETIRED_GATEWAY_SKUS, *GATEWAY_SKUS),
        "type": one_of("Vpn", "ExpressRoute"),
        "vpn_type": one_of("RouteBased", "PolicyBased"),
    }
    _segments = (("virtualNetworkGateways", "name"),)

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the gateway."""
        identity = self.identity(cloud, planned)
        generation = given(planned["generation"])
        return {
            **{member: given(planned[name]) for name, member in _FLAGS.items()},
            "bgpSettings": _bgp_body(planned["bgp_settings"], identity),
            "disableIPSecReplayProtection": not planned["ip_sec_replay_protection_enabled"],
            "gatewayDefaultSite": reference(planned["default_local_network_gateway_id"]),
            "gatewayType": planned["type"],
            "ipConfigurations": [_configuration_body(block) for block in planned["ip_configuration"]],
            "sku": {"name": planned["sku"], "tier": planned["sku"]},
            "vpnGatewayGeneration": generation,
            "vpnType": planned["vpn_type"],
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the gateway."""
        properties = document["properties"]
        known = state.get("ip_configuration")
        return {
            **{name: properties.get(member, False) for name, member in _FLAGS.items()},
            "bgp_settings": _bgp_state(properties.get("bgpSettings")),
            "default_local_network_gateway_id": id_in(properties.get("gatewayDefaultSite"), None),
            "generation": properties.get("vpnGatewayGeneration", ""),
            "ip_configuration": _configurations(
                properties["ipConfigurations"], known if isinstance(known, list) else []
            ),
            "ip_sec_replay_protection_enabled": not properties.get("disableIPSecReplayProtection", False),
            "sku": properties["sku"]["name"],
            "type": properties["gatewayType"],
            "vpn_type": properties.get("vpnType", "RouteBased"),
        }


def _configuration_body(block: State) -> Document:
    return {
        "name": block["name"],
        "properties": {
            "privateIPAllocationMethod": block["private_ip_address_allocation"],
            "publicIPAddress": reference(block["public_ip_address_id"]),
            "subnet": reference(block["subnet_id"]),
        },
    }


def _configurations(items: list[Document], known: list[State]) -> list[State]:
    configurations = []
    for item in items:
        properties = item["properties"]
        old = next((block for block in known if block["name"] == item["name"]), {})
        configurations.append(
            {
                "name": item["name"],
                "private_ip_address_allocation": properties.get("privateIPAllocationMethod", "Dynamic"),
                "public_ip_address_id": id_in(
                    properties.get("publicIPAddress"), old.get("public_ip_address_id")
                ),
                "subnet_id": id_in(properties.get("subnet"), old.get("subnet_id")),
            }
        )
    return configurations


def _bgp_body(blocks: Any, identity: str) -> Document | None:
    if not isinstance(blocks, list) or not blocks:
        return None
    block = blocks[0]
    addresses = block["peering_addresses"]
    peerings = [
        without_nones(
            {
                "ipconfigurationId": f"{identity}/ipConfigurations/{peering['ip_configuration_name']}",
                "customBgpIpAddresses": peering["apipa_addresses"],
            }
        )
        for peering in (addresses if isinstance(addresses, list) else [])
    ]
    return without_nones(
        {
            "asn": given(block["asn"]),
            "peerWeight": given(block["peer_weight"]),
            "bgpPeeringAddresses": peerings or None,
        }
    )


def _bgp_state(settings: Document | None) -> list[State]:
    if not settings:
        return []
    peerings = [
        {
            "ip_configuration_name": last(peering["ipconfigurationId"]),
            "apipa_addresses": peering.get("customBgpIpAddresses", []),
            "default_addresses": peering.get("defaultBgpIpAddresses", []),
            "tunnel_ip_addresses": peering.get("tunnelIpAddresses", []),
        }
        for peering in settings.get("bgpPeeringAddresses", [])
    ]
    return [
        {
            "asn": settings.get("asn", 0),
            "peer_weight": settings.get("peerWeight", 0),
            "peering_addresses": peerings,
        }
    ]


class LocalNetworkGateway(ArmResource):
    """`azurerm_local_network_gateway`."""

    type_name = "azurerm_local_network_gateway"
    facts = Facts(force_new=NAMED)
    rules: ClassVar = {"gateway_address": ADDRESS, "bgp_settings.bgp_peering_address": ADDRESS}
    _segments = (("localNetworkGateways", "name"),)

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return the far end."""
        bgp = [
            without_nones(
                {
                    "asn": block["asn"],
                    "bgpPeeringAddress": block["bgp_peering_address"],
                    "peerWeight": given(block["peer_weight"]),
                }
            )
            for block in planned["bgp_settings"]
        ]
        return {
            "bgpSettings": bgp[0] if bgp else None,
            "fqdn": given(planned["gateway_fqdn"]),
            "gatewayIpAddress": given(planned["gateway_address"]),
            "localNetworkAddressSpace": {"addressPrefixes": planned["address_space"] or []},
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return the far end."""
        properties = document["properties"]
        bgp = properties.get("bgpSettings")
        block = bgp and {
            "asn": bgp["asn"],
            "bgp_peering_address": bgp.get("bgpPeeringAddress", ""),
            "peer_weight": bgp.get("peerWeight", 0),
        }
        space = properties.get("localNetworkAddressSpace") or {}
        return {
            "address_space": space.get("addressPrefixes", []),
            "bgp_settings": [block] if block else [],
            "gateway_address": properties.get("gatewayIpAddress", ""),
            "gateway_fqdn": properties.get("fqdn", ""),
        }
