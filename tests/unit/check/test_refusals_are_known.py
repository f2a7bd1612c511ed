"""What the clouds' APIs refuse by design is known to `check`, or it is said why a plan cannot show it.

A new refusal fails here until it has a rule, or a reason.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import twinspan
from twinspan.rules.catalogue import rule_of

_CODE = re.compile(r"[A-Za-z0-9.]+")
TWIN = Path(twinspan.__file__).parent / "twin"
NETWORK_TYPES = (
    "addresses", "bgp", "connection_rules", "gateway_rules", "local_network_gateways",
    "network_security_groups", "public_ip_addresses", "route_tables", "subnets", "virtual_networks",
    "managed_cluster_rules", "agent_pool_rules", "aks_subnets",
)  # fmt: skip
LATER = "of deleting or changing what is in use"
PARSED = "Terraform's provider sends no such thing, or refuses it first"
TWIN_ONLY = "the twin lacks it, the cloud does not"
COUNTS = "hundreds or thousands of one thing, which no design of a VPN has"
KNOWN = {
    "ActiveActiveGatewayMustHaveExactlyTwoIpConfigurations": "GW-05",
    "ActiveActiveGatewayPublicIPAddressesDiffersInSkuOrZones": "GW-13",
    "ActiveActiveNotSupportedOnBasicSku": "GW-04",
    "AddressPrefixCountLimitReached": COUNTS,
    "AddressPrefixNotAllowed": "VNET-01",
    "RouteCountLimitReached": COUNTS,
    "SecurityRuleCountLimitReached": COUNTS,
    "SubnetCountLimitReached": COUNTS,
    "AddressPrefixStringCannotBeNullOrEmpty": "LNG-02",
    "AddressPrefixTooSmall": "VNET-01",
    "AuthenticationTypeNotSupported": TWIN_ONLY,
    "AvailabilityZoneNotSupported": PARSED,
    "BadRequest": PARSED,
    "BasicSkuVirtualNetworkGatewayDoesNotSupportBgp": "GW-04",
    "BgpAsnsMustDiffer": "ASN-03",
    "BgpNotEnabledOnGateway": "BGP-01",
    "BgpSettingsIncomplete": PARSED,
    "BgpSettingsMissingOnLocalNetworkGateway": "CON-03",
    "ConnectionAlreadyExistsForLocalNetworkGateway": "CON-02",
    "ConnectionGatewayCannotBeChanged": "CHG-01",
    "ConnectionModeNotSupported": "CON-03",
    "ConnectionOverlappingAddressSpaces": "STA-04",
    "ConnectionProtocolCannotBeChanged": "CHG-01",
    "ConnectionTypeNotSupported": TWIN_ONLY,
    "CustomBgpIpAddressNotOnGateway": "BGP-04",
    "CustomBgpIpAddressesNeedBgp": "CON-03",
    "DnsServiceIpOutOfServiceCidr": "AKS-01",
    "DuplicateCustomBgpIpAddress": "BGP-05",
    "DuplicatePublicIPAddress": "GW-15",
    "FailedIdentityOperation": "identities are known after apply only",
    "GatewayConnectionMustHaveExactlyTwoEndpoints": "CON-01",
    "GatewayIpConfigurationsInDifferentSubnets": "GW-07",
    "GatewayRequiresOneIpConfiguration": "GW-05",
    "GatewaySkuResizeNotAllowed": "CHG-01",
    "GatewaySubnetCannotBeChanged": "CHG-01",
    "GatewaySubnetCannotBeDelegated": "GW-17",
    "GatewaySubnetRouteTableNotSupported": "RTE-05",
    "GatewayTypeNotSupported": TWIN_ONLY,
    "IPv4BasicSkuPublicIpCountLimitReached": "GW-06",
    "IPv6NotSupported": TWIN_ONLY,
    "InUseLocalNetworkGatewayCannotBeDeleted": LATER,
    "InUseNetworkSecurityGroupCannotBeDeleted": LATER,
    "InUsePrefixCannotBeDeleted": LATER,
    "InUseRouteTableCannotBeDeleted": LATER,
    "InUseSubnetCannotBeDeleted": LATER,
    "InsufficientMaxPods": "AKS-02",
    "InsufficientSubnetSize": "how many addresses nodes take is known after apply only",
    "InvalidAddressPrefixFormat": "LNG-02",
    "InvalidBgpAsn": "ASN-02",
    "InvalidBgpPeeringAddress": "LNG-04",
    "InvalidCIDRNotation": "LNG-02",
    "InvalidCustomBgpIpAddress": "BGP-05",
    "InvalidDpdTimeout": "POL-07",
    "InvalidGatewayIpConfigurations": "GW-17",
    "InvalidGatewaySkuSpecifiedForGatewayDeploymentType": "GW-03",
    "InvalidGatewaySkuTier": PARSED,
    "InvalidGatewaySubnet": "GW-07",
    "InvalidIPAddressFormat": PARSED,
    "InvalidIdentityType": PARSED,
    "InvalidIpsecPolicy": "CON-03",
    "InvalidJsonReferenceFormat": PARSED,
    "InvalidLocalNetworkAddressSpace": "LNG-02",
    "InvalidLocalNetworkGatewayIpAddress": "LNG-03",
    "InvalidParameter": "AKS-01",
    "InvalidRequestFormat": PARSED,
    "InvalidResourceName": PARSED,
    "InvalidResourceReference": PARSED,
    "InvalidRoutingWeight": PARSED,
    "InvalidSharedKey": "KEY-01",
    "IpsecPolicyNotSupportedOnBasicSku": "GW-04",
    "LinkedInvalidPropertyId": PARSED,
    "LocalNetworkGatewayCannotHaveEmptyAddressPrefixAndBgpSettings": "LNG-01",
    "LocalNetworkGatewayCannotHaveSameAddressAsConnectedVnetGateway": "CON-03",
    "LocalNetworkGatewayNeedsAddressOrFqdn": "LNG-03",
    "MaxConnectionsPerGatewayReached": "QUO-02",
    "MissingAddressSpace": PARSED,
    "MissingJsonReferenceId": PARSED,
    "MissingNextHopIpAddress": "UDR-01",
    "MultipleCustomBgpIpAddressesNotSupported": "BGP-05",
    "NetcfgSubnetRangeOutsideVnet": "ADDR-07",
    "NetcfgSubnetRangeTooSmall": "SUB-01",
    "NetcfgSubnetRangesOverlap": "SUB-01",
    "NetworkPolicyAzureNotSupportedForKubenet": "AKS-03",
    "NetworkPolicyNotSupported": "AKS-03",
    "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet": "GW-10",
    "NextHopIpAddressNotAllowed": "UDR-01",
    "NonAzSkusNotAllowedForVPNGateway": "GW-03",
    "OnlyOneIpsecPolicyAllowed": PARSED,
    "OperationNotAllowed": PARSED,
    "OverlappingAddressPrefixes": "VNET-01",
    "ParentResourceNotFound": LATER,
    "PolicyBasedTrafficSelectorsNeedIpsecPolicy": "CON-03",
    "PropertyChangeNotAllowed": LATER,
    "PublicIPAddressCannotBeDeleted": LATER,
    "PublicIPAddressInUse": "GW-15",
    "PublicIPCountLimitReached": TWIN_ONLY,
    "PublicIpForGatewayIsRequired": "GW-15",
    "RegionalVmssVpnGatewayPublicIpsMustNotHaveZonesConfigured": "GW-14",
    "ReservedBgpAsn": "ASN-02",
    "ResourceAvailabilityZonesCannotBeModified": "CHG-01",
    "RouteConflict": "UDR-01",
    "SecurityRuleConflict": "NSG-01",
    "SecurityRuleInvalidAddressPrefix": PARSED,
    "SecurityRuleInvalidPortRange": PARSED,
    "SecurityRuleInvalidPriority": "NSG-01",
    "SecurityRuleParameterContainsUnsupportedValue": "NSG-01",
    "ServiceCidrOverlapExistingSubnetsCidr": "ADDR-08",
    "StandardSkuPublicIPAddressesMustBeStatic": "GW-06",
    "StaticPrivateIpNotSupported": "GW-17",
    "SubnetIsDelegated": "which service a subnet is delegated to is the user's choice",
    "SubnetNotFound": PARSED,
    "VirtualNetworkGatewayAlreadyExistsInVirtualNetwork": "GW-16",
    "VirtualNetworkGatewayPublicIpAddressCannotBeChanged": "CHG-01",
    "VirtualNetworkGatewaySkuCannotBeCreatedForSpecifiedVmGeneration": "GW-04",
    "VmssVpnGatewayPublicIpsMustHaveZonesConfigured": "GW-12",
    "VirtualNetworkPeeringsNotSupported": TWIN_ONLY,
    "VpnTypeNotSupported": TWIN_ONLY,
}
"""Code -> the check that knows it from a plan, or why none does."""


AWS_FILES = ("connections", "connection_options", "tunnel_options", "gateways", "log_options", "routes")
KNOWN_OF_AWS = {
    "AmazonSideAsn": "ASN-01",
    "BgpAsn": "ASN-04",
    "BgpLogGroupArn": PARSED,
    "CustomerGatewayLimitExceeded": "what the region holds already is not in a plan",
    "DeviceName": "CGW-02",
    "Gateway.NotAttached": "RTE-06",
    "GatewayId": PARSED,
    "IncorrectState": LATER,
    "InvalidGatewayID.NotFound": PARSED,
    "InvalidInstanceID": "which interfaces an instance has is known after apply only",
    "InvalidNatGatewayID.NotFound": PARSED,
    "InvalidParameterValue": PARSED,
    "InvalidRoute.NotFound": LATER,
    "InvalidVpcState": "GW-11",
    "InvalidVpnConnection.InvalidType": "TUN-05",
    "IpAddress": "CGW-02",
    "LogGroupArn": "TUN-03",
    "Phase2LifetimeSeconds": "TUN-03",
    "PreSharedKey": "KEY-01",
    "RekeyMarginTimeSeconds": "TUN-03",
    "RouteAlreadyExists": "RTE-16",
    "RouteLimitExceeded": "TUN-05",
    "TunnelInsideCidr": "ADDR-02",
    "TunnelOptions": PARSED,
    "Type": PARSED,
    "VpnConnectionLimitExceeded": "QUO-01",
    "VpnGatewayAttachmentLimitExceeded": "GW-11",
    "VpnGatewayLimitExceeded": "what the region holds already is not in a plan",
    "VpnTunnelOutsideIpAddress": LATER,
    "ipAddress": "CGW-01",
}
"""Code, or parameter that a refusal names -> the same."""


def refusals(files: Iterable[Path], *raisers: str) -> Iterator[str]:
    """Yield the codes that files raise, also as an argument or a default named `code`."""
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            expressions: list[ast.expr | None] = []
            if isinstance(node, ast.Call) and ast.unparse(node.func) in raisers:
                expressions.append(node.args[ast.unparse(node.func) == "ArmError"])  # after its status
            if isinstance(node, ast.keyword) and node.arg == "code":
                expressions.append(node.value)
            if isinstance(node, ast.arguments):
                pairs = zip(node.kwonlyargs, node.kw_defaults, strict=True)
                expressions += [default for argument, default in pairs if argument.arg == "code"]
            texts = (expression.value for expression in expressions if isinstance(expression, ast.Constant))
            yield from (text for text in texts if isinstance(text, str) and _CODE.fullmatch(text))


def codes() -> Iterator[str]:
    """Yield what the rules of Azure's network and clusters raise."""
    files = (TWIN / "azure" / "types" / f"{name}.py" for name in NETWORK_TYPES)
    return refusals(files, "bad_request", "ArmError")


def test_every_refusal_of_aws_s_gateways_and_connections_has_a_rule_or_a_reason() -> None:
    files = (TWIN / "aws" / "ec2" / f"{name}.py" for name in AWS_FILES)
    raised_codes = set(refusals(files, "invalid_value", "missing", "limit_exceeded", "EC2ClientError"))

    assert len(raised_codes) > 20
    assert raised_codes - KNOWN_OF_AWS.keys() == set()


def test_every_refusal_of_azure_has_a_rule_or_a_reason() -> None:
    raised_codes = set(codes())

    assert len(raised_codes) > 60
    assert raised_codes - KNOWN.keys() == set()
    assert KNOWN.keys() - raised_codes == set()


@pytest.mark.parametrize(
    ("code", "known"), [pair for pair in (*KNOWN.items(), *KNOWN_OF_AWS.items()) if " " not in pair[1]]
)
def test_the_rule_that_knows_a_refusal_exists(code: str, known: str) -> None:
    assert rule_of(known) is not None, code
