"""What Azure refuses of VPN gateways and connections, the twin refuses likewise."""

import pytest
from azure_api_harness import Change, Lab, both, dropping, pointing, setting

CONFIGURATION = "properties.ipConfigurations"
PEERS = "properties.bgpSettings.bgpPeeringAddresses"
GATEWAYS: dict[str, tuple[Change, str]] = {
    "express route": (setting("properties.gatewayType", "ExpressRoute"), "GatewayTypeNotSupported"),
    "policy based": (setting("properties.vpnType", "PolicyBased"), "VpnTypeNotSupported"),
    "retired sku": (
        setting("properties.sku", {"name": "VpnGw1"}),
        "NonAzSkusNotAllowedForVPNGateway",
    ),
    "no sku": (dropping("properties.sku"), "InvalidGatewaySkuSpecifiedForGatewayDeploymentType"),
    "unknown sku": (setting("properties.sku.name", "VpnGw9AZ"), "InvalidRequestFormat"),
    "tier of another sku": (setting("properties.sku.tier", "VpnGw2AZ"), "InvalidGatewaySkuTier"),
    "wrong generation": (
        setting("properties.vpnGatewayGeneration", "Generation2"),
        "VirtualNetworkGatewaySkuCannotBeCreatedForSpecifiedVmGeneration",
    ),
    "basic active-active": (
        setting("properties.sku", {"name": "Basic"}),
        "ActiveActiveNotSupportedOnBasicSku",
    ),
    "one address of two": (
        lambda body, lab: setting(CONFIGURATION, [lab.configuration(0)])(body, lab),
        "ActiveActiveGatewayMustHaveExactlyTwoIpConfigurations",
    ),
    "two addresses of one": (setting("properties.activeActive", False), "GatewayRequiresOneIpConfiguration"),
    "same name twice": (setting(f"{CONFIGURATION}.1.name", "INSTANCE0"), "InvalidGatewayIpConfigurations"),
    "static private address": (
        setting(f"{CONFIGURATION}.0.properties.privateIPAllocationMethod", "Static"),
        "StaticPrivateIpNotSupported",
    ),
    "no public address": (
        dropping(f"{CONFIGURATION}.0.properties.publicIPAddress"),
        "PublicIpForGatewayIsRequired",
    ),
    "one public address for both": (
        pointing(f"{CONFIGURATION}.1.properties.publicIPAddress", "publicIPAddresses/ip0"),
        "DuplicatePublicIPAddress",
    ),
    "missing public address": (
        pointing(f"{CONFIGURATION}.1.properties.publicIPAddress", "publicIPAddresses/none"),
        "InvalidResourceReference",
    ),
    "subnet of another name": (
        both(
            pointing(f"{CONFIGURATION}.0.properties.subnet", "virtualNetworks/vnet/subnets/app"),
            pointing(f"{CONFIGURATION}.1.properties.subnet", "virtualNetworks/vnet/subnets/app"),
        ),
        "InvalidGatewaySubnet",
    ),
    "two subnets": (
        pointing(f"{CONFIGURATION}.1.properties.subnet", "virtualNetworks/vnet/subnets/app"),
        "GatewayIpConfigurationsInDifferentSubnets",
    ),
    "a public address as subnet": (
        pointing(f"{CONFIGURATION}.1.properties.subnet", "publicIPAddresses/ip0"),
        "InvalidRequestFormat",
    ),
    "malformed reference": (
        setting(f"{CONFIGURATION}.1.properties.subnet", {"id": "GatewaySubnet"}),
        "InvalidRequestFormat",
    ),
    "azure's asn": (setting("properties.bgpSettings.asn", 65517), "ReservedBgpAsn"),
    "documentation asn": (setting("properties.bgpSettings.asn", 64500), "ReservedBgpAsn"),
    "asn too large": (setting("properties.bgpSettings.asn", 4294967296), "InvalidBgpAsn"),
    "apipa out of range": (
        setting(f"{PEERS}.0.customBgpIpAddresses", ["169.254.20.2"]),
        "InvalidCustomBgpIpAddress",
    ),
    "apipa past the range": (
        setting(f"{PEERS}.0.customBgpIpAddresses", ["169.254.23.2"]),
        "InvalidCustomBgpIpAddress",
    ),
    "apipa not an address": (
        setting(f"{PEERS}.0.customBgpIpAddresses", ["169.254.21"]),
        "InvalidCustomBgpIpAddress",
    ),
    "apipa on both instances": (
        setting(f"{PEERS}.1.customBgpIpAddresses", ["169.254.21.2"]),
        "DuplicateCustomBgpIpAddress",
    ),
    "apipa of nobody": (setting(f"{PEERS}.1.ipconfigurationId", "/nobody"), "InvalidResourceReference"),
    "another region": (setting("location", "eastus"), "InvalidResourceReference"),
    "no properties": (dropping("properties"), "InvalidRequestFormat"),
}


@pytest.mark.parametrize("case", GATEWAYS)
def test_a_bad_gateway_is_refused(lab: Lab, case: str) -> None:
    change, code = GATEWAYS[case]
    lab.build_network()
    body = lab.gateway()
    change(body, lab)
    reply = lab.put("virtualNetworkGateways/gw", body)
    assert (reply.status, reply.code) == (400, code)
    assert lab.get("virtualNetworkGateways/gw").status == 404


def test_a_standby_gateway_takes_one_apipa_address_only(lab: Lab) -> None:
    lab.build_network()
    body = lab.gateway()
    body["properties"]["activeActive"] = False
    body["properties"]["ipConfigurations"].pop()
    body["properties"]["bgpSettings"]["bgpPeeringAddresses"].pop()
    assert lab.put("virtualNetworkGateways/gw", body).code == "MultipleCustomBgpIpAddressesNotSupported"


def test_basic_has_no_bgp(lab: Lab) -> None:
    lab.build_network()
    body = lab.gateway()
    body["properties"].update(activeActive=False, sku={"name": "Basic"})
    body["properties"]["ipConfigurations"].pop()
    assert lab.put("virtualNetworkGateways/gw", body).code == "BasicSkuVirtualNetworkGatewayDoesNotSupportBgp"


def test_a_virtual_network_has_one_gateway(lab: Lab) -> None:
    lab.build()
    for name in ("ip2", "ip3"):
        lab.made(f"publicIPAddresses/{name}", lab.public_ip())
    body = lab.gateway()
    del body["properties"]["bgpSettings"]
    body["properties"]["ipConfigurations"] = [lab.configuration(2), lab.configuration(3)]
    reply = lab.put("virtualNetworkGateways/second", body)
    assert reply.code == "VirtualNetworkGatewayAlreadyExistsInVirtualNetwork"


def test_a_public_address_serves_one_gateway(lab: Lab) -> None:
    lab.build()
    other = lab.network()
    other["properties"]["addressSpace"]["addressPrefixes"] = ["10.3.0.0/16"]
    other["properties"]["subnets"] = [
        {"name": "GatewaySubnet", "properties": {"addressPrefix": "10.3.1.0/24"}}
    ]
    lab.made("virtualNetworks/other", other)
    body = lab.gateway()
    del body["properties"]["bgpSettings"]
    for configuration in body["properties"]["ipConfigurations"]:
        configuration["properties"]["subnet"] = {
            "id": f"{lab.scope}/virtualNetworks/other/subnets/GatewaySubnet"
        }
    assert lab.put("virtualNetworkGateways/second", body).code == "PublicIPAddressInUse"


BGP = "properties.bgpSettings"
LOCALS: dict[str, tuple[Change, str]] = {
    "no address": (dropping("properties.gatewayIpAddress"), "LocalNetworkGatewayNeedsAddressOrFqdn"),
    "address and name": (
        setting("properties.fqdn", "aws.example.org"),
        "LocalNetworkGatewayNeedsAddressOrFqdn",
    ),
    "not an address": (
        setting("properties.gatewayIpAddress", "203.0.113"),
        "InvalidLocalNetworkGatewayIpAddress",
    ),
    "loopback": (setting("properties.gatewayIpAddress", "127.0.0.1"), "InvalidLocalNetworkGatewayIpAddress"),
    "apipa address space": (
        setting("properties.localNetworkAddressSpace", {"addressPrefixes": ["169.254.21.0/30"]}),
        "InvalidLocalNetworkAddressSpace",
    ),
    "azure's default asn": (setting(f"{BGP}.asn", 65515), "ReservedBgpAsn"),
    "no asn": (dropping(f"{BGP}.asn"), "BgpSettingsIncomplete"),
    "no peer": (dropping(f"{BGP}.bgpPeeringAddress"), "BgpSettingsIncomplete"),
    "peer is the outside address": (
        setting(f"{BGP}.bgpPeeringAddress", "203.0.113.1"),
        "InvalidBgpPeeringAddress",
    ),
    "peer out of the apipa range": (
        setting(f"{BGP}.bgpPeeringAddress", "169.254.30.1"),
        "InvalidCustomBgpIpAddress",
    ),
}


@pytest.mark.parametrize("case", LOCALS)
def test_a_bad_local_network_gateway_is_refused(lab: Lab, case: str) -> None:
    change, code = LOCALS[case]
    body = lab.local_gateway()
    change(body, lab)
    reply = lab.put("localNetworkGateways/aws1", body)
    assert (reply.status, reply.code) == (400, code)


POLICY = "properties.ipsecPolicies.0"
CUSTOM = "properties.gatewayCustomBgpIpAddresses"
CONNECTIONS: dict[str, tuple[Change, str]] = {
    "vnet to vnet": (setting("properties.connectionType", "Vnet2Vnet"), "ConnectionTypeNotSupported"),
    "no type": (dropping("properties.connectionType"), "InvalidRequestFormat"),
    "certificates": (
        setting("properties.authenticationType", "Certificate"),
        "AuthenticationTypeNotSupported",
    ),
    "no gateway": (dropping("properties.virtualNetworkGateway1"), "InvalidRequestFormat"),
    "gateway without id": (
        setting("properties.virtualNetworkGateway1", {"location": "westeurope"}),
        "InvalidRequestFormat",
    ),
    "no local gateway": (
        dropping("properties.localNetworkGateway2"),
        "GatewayConnectionMustHaveExactlyTwoEndpoints",
    ),
    "missing local gateway": (
        pointing("properties.localNetworkGateway2", "localNetworkGateways/none"),
        "InvalidResourceReference",
    ),
    "gateway at the far end": (
        pointing("properties.localNetworkGateway2", "virtualNetworkGateways/gw"),
        "InvalidRequestFormat",
    ),
    "key with a space": (setting("properties.sharedKey", "has a space"), "InvalidSharedKey"),
    "key with a hyphen": (setting("properties.sharedKey", "has-hyphen"), "InvalidSharedKey"),
    "key with a tilde": (setting("properties.sharedKey", "has~tilde"), "InvalidSharedKey"),
    "key beyond ascii": (setting("properties.sharedKey", "schlüssel"), "InvalidSharedKey"),
    "key too long": (setting("properties.sharedKey", "k" * 129), "InvalidSharedKey"),
    "key not a text": (setting("properties.sharedKey", 12345678), "InvalidRequestFormat"),
    "dpd too short": (setting("properties.dpdTimeoutSeconds", 8), "InvalidDpdTimeout"),
    "dpd too long": (setting("properties.dpdTimeoutSeconds", 3601), "InvalidDpdTimeout"),
    "weight too large": (setting("properties.routingWeight", 32001), "InvalidRoutingWeight"),
    "policy lacks a field": (dropping(f"{POLICY}.pfsGroup"), "InvalidRequestFormat"),
    "policy lacks its lifetime": (dropping(f"{POLICY}.saLifeTimeSeconds"), "InvalidRequestFormat"),
    "unknown group": (setting(f"{POLICY}.dhGroup", "DHGroup21"), "InvalidRequestFormat"),
    "gcm without gcm integrity": (setting(f"{POLICY}.ipsecIntegrity", "SHA256"), "InvalidIpsecPolicy"),
    "gcm integrity without gcm": (setting(f"{POLICY}.ipsecEncryption", "AES256"), "InvalidIpsecPolicy"),
    "gcm of two sizes": (setting(f"{POLICY}.ipsecEncryption", "GCMAES128"), "InvalidIpsecPolicy"),
    "gcm as prf of cbc": (
        both(setting(f"{POLICY}.ikeEncryption", "AES256"), setting(f"{POLICY}.ikeIntegrity", "GCMAES256")),
        "InvalidIpsecPolicy",
    ),
    "lifetime too short": (setting(f"{POLICY}.saLifeTimeSeconds", 299), "InvalidIpsecPolicy"),
    "volume too small": (setting(f"{POLICY}.saDataSizeKilobytes", 1023), "InvalidIpsecPolicy"),
    "two policies": (
        lambda body, lab: body["properties"]["ipsecPolicies"].append(lab.policy()),
        "OnlyOneIpsecPolicyAllowed",
    ),
    "selectors without policy": (
        both(
            setting("properties.ipsecPolicies", []),
            setting("properties.usePolicyBasedTrafficSelectors", True),
        ),
        "PolicyBasedTrafficSelectorsNeedIpsecPolicy",
    ),
    "custom address without bgp": (setting("properties.enableBgp", False), "CustomBgpIpAddressesNeedBgp"),
    "custom address not on the gateway": (
        setting(f"{CUSTOM}.0.customBgpIpAddress", "169.254.21.10"),
        "CustomBgpIpAddressNotOnGateway",
    ),
    "custom address of the other instance": (
        setting(f"{CUSTOM}.0.customBgpIpAddress", "169.254.21.6"),
        "CustomBgpIpAddressNotOnGateway",
    ),
    "custom address of nobody": (
        setting(f"{CUSTOM}.0.ipConfigurationId", "/nobody"),
        "InvalidResourceReference",
    ),
    "instance named twice": (
        lambda body, lab: body["properties"]["gatewayCustomBgpIpAddresses"][1].update(
            ipConfigurationId=lab.configuration_id(0)
        ),
        "InvalidResourceReference",
    ),
    "ikev1 with a mode": (
        both(
            setting("properties.connectionProtocol", "IKEv1"),
            setting("properties.connectionMode", "InitiatorOnly"),
        ),
        "ConnectionModeNotSupported",
    ),
}


@pytest.mark.parametrize("case", CONNECTIONS)
def test_a_bad_connection_is_refused_and_its_key_not_repeated(lab: Lab, case: str) -> None:
    change, code = CONNECTIONS[case]
    lab.build()
    lab.delete("connections/tunnel1")
    body = lab.connection()
    change(body, lab)
    reply = lab.put("connections/tunnel1", body)
    assert (reply.status, reply.code) == (400, code)
    assert str(body["properties"].get("sharedKey")) not in reply.text
    assert lab.get("connections/tunnel1").status == 404


def test_bgp_needs_a_far_end_that_speaks_it(lab: Lab) -> None:
    lab.build()
    silent = lab.local_gateway("203.0.113.9")
    silent["properties"]["localNetworkAddressSpace"] = {"addressPrefixes": ["10.2.0.0/16"]}
    del silent["properties"]["bgpSettings"]
    lab.made("localNetworkGateways/silent", silent)
    body = lab.connection()
    pointing("properties.localNetworkGateway2", "localNetworkGateways/silent")(body, lab)
    assert lab.put("connections/tunnel2", body).code == "BgpSettingsMissingOnLocalNetworkGateway"


def test_bgp_needs_a_gateway_that_speaks_it(lab: Lab) -> None:
    lab.build()
    lab.delete("connections/tunnel1")
    quiet = lab.gateway()
    quiet["properties"]["enableBgp"] = False
    lab.made("virtualNetworkGateways/gw", quiet)
    assert lab.put("connections/tunnel1", lab.connection()).code == "BgpNotEnabledOnGateway"


def test_both_ends_need_different_asns(lab: Lab) -> None:
    lab.build()
    same = lab.local_gateway("203.0.113.9")
    same["properties"]["bgpSettings"]["asn"] = 65000
    lab.made("localNetworkGateways/same", same)
    body = lab.connection()
    pointing("properties.localNetworkGateway2", "localNetworkGateways/same")(body, lab)
    assert lab.put("connections/tunnel2", body).code == "BgpAsnsMustDiffer"


def test_a_pair_of_gateways_has_one_connection(lab: Lab) -> None:
    lab.build()
    reply = lab.put("connections/tunnel2", lab.connection())
    assert reply.code == "ConnectionAlreadyExistsForLocalNetworkGateway"


def test_a_connection_cannot_change_its_protocol(lab: Lab) -> None:
    lab.build()
    body = lab.connection()
    body["properties"]["connectionProtocol"] = "IKEv1"
    assert lab.put("connections/tunnel1", body).code == "ConnectionProtocolCannotBeChanged"
