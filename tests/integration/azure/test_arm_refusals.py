"""What Azure refuses, in Azure's codes and first words, as people reported them.

Each case names the report. Words marked as ours are in docs/fidelity.md as UNCONFIRMED.
"""

import json
from collections.abc import Callable

import pytest
from azure_api_harness import Body, Lab, Reply, both, dropping, new_lab, setting

SPACE = "properties.localNetworkAddressSpace"


def zoneless(lab: Lab, *names: str) -> None:
    """Make public addresses without zones."""
    for name in names:
        body = lab.public_ip()
        del body["zones"]
        lab.made(f"publicIPAddresses/{name}", body)


def gateway(lab: Lab, *changes: Callable[[Body, Lab], None], build: bool = True) -> Reply:
    if build:
        lab.build_network()
    body = lab.gateway()
    for change in changes:
        change(body, lab)
    return lab.put("virtualNetworkGateways/gw", body)


def standby(body: Body, lab: Lab) -> None:
    """Turn a gateway into one with one instance and no BGP."""
    body["properties"].update(
        activeActive=False, enableBgp=False, ipConfigurations=[lab.configuration(0)], bgpSettings=None
    )


def zoneless_gateway(lab: Lab) -> Reply:
    """Azure/ResourceModules issue 2609."""
    lab.made("virtualNetworks/vnet", lab.network())
    zoneless(lab, "ip0", "ip1")
    return gateway(lab, build=False)


def mixed_zones(lab: Lab) -> Reply:
    """Azure/terraform-azurerm-caf-enterprise-scale issue 940."""
    lab.made("virtualNetworks/vnet", lab.network())
    lab.made("publicIPAddresses/ip0", lab.public_ip())
    zoneless(lab, "ip1")
    return gateway(lab, build=False)


def one_configuration(lab: Lab) -> Reply:
    """Azure/Azure-Landing-Zones issue 2674."""
    return gateway(lab, lambda body, _: body["properties"]["ipConfigurations"].pop())


def zoned_basic(lab: Lab) -> Reply:
    """Azure/Azure-Landing-Zones issue 2660."""
    return gateway(lab, standby, setting("properties.sku", {"name": "Basic"}))


def retired_sku(lab: Lab) -> Reply:
    """Microsoft Learn, VPN gateway SKU consolidation; the words in public logs of 2026."""
    return gateway(lab, setting("properties.sku", {"name": "VpnGw1"}))


def unknown_sku(lab: Lab) -> Reply:
    """Azure/Azure-Landing-Zones issue 2746."""
    return gateway(lab, setting("properties.sku", {"name": "HighPerformance"}))


def retired_sku_for_an_old_gateway(lab: Lab) -> Reply:
    """The same code, for an update."""
    lab.build()
    return gateway(lab, setting("properties.sku", {"name": "VpnGw1"}), build=False)


def basic_address(lab: Lab) -> Reply:
    """skypilot-org/skypilot issue 7977, microsoft/nav-arm-templates issue 238."""
    return lab.put("publicIPAddresses/ip0", {**lab.public_ip(), "sku": {"name": "Basic"}})


def other_zones(lab: Lab) -> Reply:
    """Azure/azure-powershell issue 13656."""
    lab.made("publicIPAddresses/ip0", lab.public_ip())
    body = lab.public_ip()
    del body["zones"]
    return lab.put("publicIPAddresses/ip0", body)


def basic_with_bgp(lab: Lab) -> Reply:
    """Azure/terraform-azurerm-caf-enterprise-scale issue 369."""
    lab.made("virtualNetworks/vnet", lab.network())
    zoneless(lab, "ip0")
    basic = both(setting("properties.sku", {"name": "Basic"}), setting("properties.enableBgp", True))
    return gateway(lab, standby, basic, build=False)


def no_public_address(lab: Lab) -> Reply:
    """hashicorp/terraform-provider-azurerm pull request 6548."""
    return gateway(lab, dropping("properties.ipConfigurations.0.properties.publicIPAddress"))


def filter_on_gateway_subnet(lab: Lab) -> Reply:
    """Azure-Terraform/terraform-azurerm-virtual-network issue 18."""
    lab.build_network()
    group = lab.made("networkSecurityGroups/nsg", {"location": "westeurope"})
    body = {"properties": {"addressPrefix": "10.1.1.0/24", "networkSecurityGroup": {"id": group["id"]}}}
    return lab.put("virtualNetworks/vnet/subnets/GatewaySubnet", body)


def local_gateway(lab: Lab, change: Callable[[Body, Lab], None]) -> Reply:
    body = lab.local_gateway()
    change(body, lab)
    return lab.put("localNetworkGateways/aws1", body)


def neither_prefixes_nor_bgp(lab: Lab) -> Reply:
    """hashicorp/terraform-provider-azurerm issue 15163."""
    return local_gateway(lab, dropping("properties.bgpSettings"))


def empty_prefix(lab: Lab) -> Reply:
    """hashicorp/terraform-provider-azurerm issue 21565."""
    return local_gateway(lab, setting(SPACE, {"addressPrefixes": [""]}))


def asn_of_zero(lab: Lab) -> Reply:
    """MSOpenTech/azure-xplat-cli issue 3413; the code is ours."""
    return local_gateway(lab, setting("properties.bgpSettings.asn", 0))


def overlap_when_connected(lab: Lab) -> Reply:
    """MicrosoftDocs/azure-docs issue 110829 for the code; the local gateway alone is taken."""
    lab.build()
    lab.delete("connections/tunnel1")
    body = lab.local_gateway()
    body["properties"]["localNetworkAddressSpace"] = {"addressPrefixes": ["10.1.128.0/20"]}
    lab.made("localNetworkGateways/aws1", body)
    return lab.put("connections/tunnel1", lab.connection())


def overlap_of_a_connected_gateway(lab: Lab) -> Reply:
    """The same issue: the local network gateway was changed afterwards."""
    lab.build()
    return local_gateway(lab, setting(SPACE, {"addressPrefixes": ["10.2.0.0/16", "10.0.0.0/8"]}))


def own_address(lab: Lab) -> Reply:
    """The code is in public notes; the words are ours."""
    lab.build()
    lab.delete("connections/tunnel1")
    address = lab.get("publicIPAddresses/ip0").json["properties"]["ipAddress"]
    lab.made("localNetworkGateways/aws1", lab.local_gateway(address))
    return lab.put("connections/tunnel1", lab.connection())


def unknown_connection_type(lab: Lab) -> Reply:
    """Azure/ResourceModules issue 1402."""
    lab.build()
    body = lab.connection()
    body["properties"]["connectionType"] = "Carrier pigeon"
    return lab.put("connections/tunnel1", body)


def one_endpoint(lab: Lab) -> Reply:
    """The same issue."""
    lab.build()
    body = lab.connection()
    del body["properties"]["localNetworkGateway2"]
    return lab.put("connections/tunnel1", body)


def another_public_address(lab: Lab) -> Reply:
    """hashicorp/terraform-provider-azurerm issue 27756; code and words are ours."""
    lab.build()
    lab.made("publicIPAddresses/ip2", lab.public_ip())
    body = lab.gateway()
    body["properties"]["ipConfigurations"][1]["properties"]["publicIPAddress"] = {
        "id": f"{lab.scope}/publicIPAddresses/ip2"
    }
    return lab.put("virtualNetworkGateways/gw", body)


def gateway_with_connections(lab: Lab) -> Reply:
    """The code is in public notes on VirtualNetworkGatewayCannotBeDeleted; the words are ours."""
    lab.build()
    return lab.delete("virtualNetworkGateways/gw")


CASES: dict[Callable[[Lab], Reply], tuple[str, str]] = {
    zoneless_gateway: (
        "VmssVpnGatewayPublicIpsMustHaveZonesConfigured",
        "Standard Public IPs associated with VPN Gateways with AZ VPN skus must have zones configured.",
    ),
    mixed_zones: (
        "ActiveActiveGatewayPublicIPAddressesDiffersInSkuOrZones",
        "Virtual network gateway {gw} in active active mode is using PublicIPAddresses either with different",
    ),
    one_configuration: (
        "ActiveActiveGatewayMustHaveExactlyTwoIpConfigurations",
        "Gateway has 1 IP configurations specified for gateway {gw}. ActiveActive Gateway must be created",
    ),
    zoned_basic: (
        "RegionalVmssVpnGatewayPublicIpsMustNotHaveZonesConfigured",
        "Standard Public IPs associated with VPN gateways with non-AZ VPN skus cannot have zones configured",
    ),
    retired_sku: (
        "NonAzSkusNotAllowedForVPNGateway",
        "VpnGw1-5 non-AZ SKUs are no longer supported for VPN gateways. Only VpnGw1-5AZ SKUs can be created",
    ),
    unknown_sku: (
        "InvalidGatewaySkuSpecifiedForGatewayDeploymentType",
        "Virtual network gateway Sku HighPerformance specified is not valid for gateway {gw} with Deployment",
    ),
    retired_sku_for_an_old_gateway: (
        "InvalidGatewaySkuSpecifiedForGatewayDeploymentType",
        "Virtual network gateway Sku VpnGw1 specified is not valid for gateway {gw} with DeploymentType",
    ),
    basic_address: (
        "IPv4BasicSkuPublicIpCountLimitReached",
        "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.",
    ),
    other_zones: (
        "ResourceAvailabilityZonesCannotBeModified",
        (
            "Resource {ip0} has an existing availability zone constraint 1, 2, 3 and the request has "
            "availability "
            "zone constraint NoZone, which do not match."
        ),
    ),
    basic_with_bgp: (
        "BasicSkuVirtualNetworkGatewayDoesNotSupportBgp",
        (
            "A virtual network gateway SKU of Standard or higher is required for BGP support on virtual "
            "network "
            "gateway {gw}"
        ),
    ),
    no_public_address: (
        "PublicIpForGatewayIsRequired",
        "Public IP address reference is required for gateway IP configration {gw}.",
    ),
    filter_on_gateway_subnet: (
        "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet",
        (
            "The operation failed because the network security group nsg can not be associated to the "
            "GatewaySubnet."
        ),
    ),
    neither_prefixes_nor_bgp: (
        "LocalNetworkGatewayCannotHaveEmptyAddressPrefixAndBgpSettings",
        "The local network gateway {aws1} cannot have both empty address prefix and empty BGP Settings.",
    ),
    empty_prefix: (
        "AddressPrefixStringCannotBeNullOrEmpty",
        "Address prefix string for resource {aws1} cannot be null or empty.",
    ),
    asn_of_zero: ("InvalidBgpAsn", "The local network gateway {aws1} cannot have an ASN of zero"),
    overlap_when_connected: (
        "ConnectionOverlappingAddressSpaces",
        "Connection {tunnel1} has overlapping address spaces",
    ),
    overlap_of_a_connected_gateway: (
        "ConnectionOverlappingAddressSpaces",
        "Connection {tunnel1} has overlapping address spaces",
    ),
    own_address: (
        "LocalNetworkGatewayCannotHaveSameAddressAsConnectedVnetGateway",
        "The gatewayIpAddress ",
    ),
    unknown_connection_type: (
        "GatewayConnectionMustHaveExactlyTwoEndpoints",
        (
            "Virtual Network Gateway connection {tunnel1} must have exactly two endpoints. The first "
            "endpoint "
            "must"
        ),
    ),
    one_endpoint: (
        "GatewayConnectionMustHaveExactlyTwoEndpoints",
        (
            "Virtual Network Gateway connection {tunnel1} must have exactly two endpoints. The first "
            "endpoint "
            "must"
        ),
    ),
    another_public_address: (
        "VirtualNetworkGatewayPublicIpAddressCannotBeChanged",
        "publicIPAddress of the ip configuration instance1 of gateway {gw} cannot be changed",
    ),
    gateway_with_connections: (
        "VirtualNetworkGatewayCannotBeDeleted",
        "Virtual network gateway {gw} has the connections",
    ),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_azure_says_no_in_these_words(lab: Lab, case: Callable[[Lab], Reply]) -> None:
    code, words = CASES[case]
    reply = case(lab)
    assert (reply.status, reply.code) == (400, code)
    named = words.format(
        gw=f"{lab.scope}/virtualNetworkGateways/gw",
        ip0=f"{lab.scope}/publicIPAddresses/ip0",
        aws1=f"{lab.scope}/localNetworkGateways/aws1",
        tunnel1=f"{lab.scope}/connections/tunnel1",
    )
    assert reply.json["error"]["message"].startswith(named)


def test_regions_without_zones_take_addresses_without_zones(lab: Lab) -> None:
    """Microsoft Learn, VPN gateway SKU consolidation: AZ SKUs are regional where there are no zones."""
    network = lab.network()
    network["location"] = "westus"
    lab.made("virtualNetworks/vnet", network)
    for name in ("ip0", "ip1"):
        lab.made(f"publicIPAddresses/{name}", {"location": "westus", "sku": {"name": "Standard"}})
    assert gateway(lab, setting("location", "westus"), build=False).status == 201


def test_a_local_network_gateway_alone_may_overlap(lab: Lab) -> None:
    lab.build_network()
    overlapping = setting(SPACE, {"addressPrefixes": ["10.1.0.0/16"]})
    assert local_gateway(lab, overlapping).status == 201


def test_a_gateway_can_be_made_active_active_with_a_second_address(lab: Lab) -> None:
    lab.build_network()
    assert gateway(lab, standby, build=False).status == 201
    assert gateway(lab, build=False).status == 200


ABSENT = {
    "POST virtualNetworkGateways/gw/startPacketCapture": "The twin has no packet capture",
    "POST virtualNetworkGateways/gw/stopPacketCapture": "The twin has no packet capture",
    "POST connections/tunnel1/startPacketCapture": "The twin has no packet capture",
    "POST connections/tunnel1/getikesas": "The twin has no list of IKE security associations",
    "POST connections/tunnel1/vpndeviceconfigurationscript": "The twin has no configuration scripts",
    "POST virtualNetworkGateways/gw/supportedvpndevices": "The twin has no list of VPN devices",
    "GET virtualNetworkGateways/gw/natRules": "The twin has no NAT rules",
    "PUT virtualNetworkGateways/gw/natRules/one": "The twin has no NAT rules",
    "GET virtualNetworks/vnet/virtualNetworkPeerings": "The twin has no VNet peering",
    "PUT virtualNetworks/vnet/virtualNetworkPeerings/one": "The twin has no VNet peering",
    "GET bastionHosts": "The twin has no bastion hosts",
    "PUT bastionHosts/one": "The twin has no bastion hosts",
}


def test_what_is_not_there_is_refused_in_plain_words(lab: Lab) -> None:
    lab.build()
    for request, words in ABSENT.items():
        method, place = request.split(" ")
        reply = lab.twin.call(method, f"{lab.scope}/{place}", {"properties": {}} if method == "PUT" else None)
        assert reply.status == 404, request
        assert json.loads(reply.text)["error"]["message"].startswith(words), request


def test_a_group_whose_resources_others_need_is_not_deleted(lab: Lab) -> None:
    lab.build_network()
    other = new_lab(lab.twin)
    body = lab.gateway()
    del body["properties"]["bgpSettings"]
    other.made("virtualNetworkGateways/gw", body)
    group = f"{lab.twin.subscription}/resourceGroups/{lab.group}"
    refused = lab.twin.call("DELETE", group)
    assert (refused.status, refused.code) == (409, "ResourceGroupDeletionBlocked")
    assert other.get("virtualNetworkGateways/gw").status == 200
    rest = lab.twin.call("DELETE", f"{lab.twin.subscription}/resourceGroups/{other.group}")
    assert (rest.status, lab.get("virtualNetworks/vnet").status) == (202, 200)
