"""The rules that need an answer of the clouds, of clusters, or packets."""

from twinspan.results import Severity
from twinspan.rules.observed import (
    accounts,
    azure_routes,
    bgp,
    drift,
    elsewhere,
    filters,
    networks,
    reachability,
    routes,
    tunnels,
)
from twinspan.rules.observed.catalogue_clusters import BELOW_PACKETS, CLUSTERS, PODS
from twinspan.rules.observed.facts import Facts
from twinspan.rules.rule import Depth, Rule
from twinspan.rules.sections import Section

_EC2 = "EC2 API"
_AZ_AWS = "Azure, How to configure BGP between Azure VPN Gateway and AWS"
_AZ_FAQ = "Azure VPN Gateway FAQ"
_DESCRIBE_VPN = "aws ec2 describe-vpn-connections"
_TUNNEL = (
    *("VPN-02", "ADDR-05", "CGW-04", "BGP-06", "POL-01", "POL-02", "POL-03", "POL-08", "KEY-03", "SEL-01"),
    "SEL-04",
)
"""What a tunnel stands on."""
_SESSION = (
    *("VPN-03", "VPN-04", "ASN-04", "ASN-05", "ADDR-04", "BGP-01", "BGP-02", "BGP-03", "BGP-04", "STA-01"),
    "SEL-02",
)
"""What a BGP session stands on."""

ACCOUNTS = (
    Rule(
        id="ACC-01",
        title="AWS answers",
        section=Section.ACCOUNTS,
        source="STS API, GetCallerIdentity",
        needs=Depth.TELEMETRY,
        command="aws sts get-caller-identity",
        examine=accounts.aws_answers,
        whole=True,
    ),
    Rule(
        id="ACC-02",
        title="Azure answers",
        section=Section.ACCOUNTS,
        source="ARM, Subscriptions",
        needs=Depth.TELEMETRY,
        command="az account show",
        examine=accounts.azure_answers,
        whole=True,
    ),
)
NETWORKS = (
    Rule(
        id="NET-01",
        title="VPC exists",
        section=Section.NETWORKS_AND_GATEWAYS,
        source=f"{_EC2}, Vpc",
        needs=Depth.TELEMETRY,
        command="aws ec2 describe-vpcs",
        examine=networks.vpc_exists,
        after=("ACC-01",),
    ),
    Rule(
        id="NET-02",
        title="VNet exists",
        section=Section.NETWORKS_AND_GATEWAYS,
        source="ARM, VirtualNetwork",
        needs=Depth.TELEMETRY,
        command="az network vnet show",
        examine=networks.virtual_network_exists,
        after=("ACC-02",),
    ),
    Rule(
        id="GW-21",
        title="AWS virtual private gateway attached to the VPC",
        section=Section.NETWORKS_AND_GATEWAYS,
        source=f"{_EC2}, VpcAttachment",
        needs=Depth.TELEMETRY,
        command="aws ec2 describe-vpn-gateways",
        examine=networks.vpn_gateway_attached,
        after=("NET-01",),
    ),
    Rule(
        id="GW-22",
        title="Azure VPN gateway ready",
        section=Section.NETWORKS_AND_GATEWAYS,
        source="ARM, VirtualNetworkGateway",
        needs=Depth.TELEMETRY,
        command="az network vnet-gateway show",
        examine=networks.azure_gateway_ready,
        after=("NET-02",),
    ),
    Rule(
        id="VPN-01",
        title="AWS VPN connections available",
        section=Section.NETWORKS_AND_GATEWAYS,
        source=f"{_EC2}, VpnConnection",
        needs=Depth.TELEMETRY,
        command=_DESCRIBE_VPN,
        examine=tunnels.connections_available,
        after=("NET-01",),
    ),
    Rule(
        id="VPN-02",
        title="every expected tunnel known to both clouds",
        section=Section.NETWORKS_AND_GATEWAYS,
        source=_AZ_AWS,
        needs=Depth.TELEMETRY,
        command="az network local-gateway show",
        examine=tunnels.tunnels_have_both_ends,
        after=("VPN-01", "GW-22"),
    ),
)
IPSEC = (
    Rule(
        id="VPN-03",
        title="AWS tunnels: IPsec up",
        section=Section.IPSEC,
        source=f"{_EC2}, VgwTelemetry",
        needs=Depth.TELEMETRY,
        command=_DESCRIBE_VPN,
        examine=tunnels.aws_ipsec_up,
        after=_TUNNEL,
        notes=tunnels.tunnels_left_alone,
    ),
    Rule(
        id="VPN-04",
        title="Azure connections Connected",
        section=Section.IPSEC,
        source="ARM, VirtualNetworkGatewayConnectionStatus",
        needs=Depth.TELEMETRY,
        command="az network vpn-connection show",
        examine=tunnels.azure_connections_connected,
        after=(*_TUNNEL, "VPN-03"),
        notes=tunnels.expected_silent_ends,
    ),
    Rule(
        id="VPN-05",
        title="connections to elsewhere up",
        section=Section.IPSEC,
        source=f"{_EC2}, VgwTelemetry; ARM, VirtualNetworkGatewayConnectionStatus",
        needs=Depth.TELEMETRY,
        severity=Severity.WARNING,
        command=_DESCRIBE_VPN,
        examine=elsewhere.connections_elsewhere_up,
        applies=elsewhere.has_connections_elsewhere,
    ),
)
BGP = (
    Rule(
        id="BGP-11",
        title="BGP sessions Connected",
        section=Section.BGP,
        source="ARM, BgpPeerStatus",
        needs=Depth.TELEMETRY,
        command="az network vnet-gateway list-bgp-peer-status",
        examine=bgp.peers_connected,
        after=_SESSION,
        notes=bgp.expected_silent_peers,
    ),
    Rule(
        id="BGP-13",
        title="AWS tunnels UP, with routes accepted",
        section=Section.BGP,
        source=f"{_EC2}, VgwTelemetry",
        needs=Depth.TELEMETRY,
        command=_DESCRIBE_VPN,
        examine=bgp.aws_accepts_routes,
        after=("BGP-11",),
    ),
)
ROUTES = (
    Rule(
        id="RTE-12",
        title="Azure has learned the VPC over every tunnel",
        section=Section.ROUTES,
        source="ARM, GatewayRoute",
        needs=Depth.TELEMETRY,
        command="az network vnet-gateway list-learned-routes",
        examine=azure_routes.azure_learns_the_vpc,
        after=("BGP-11", "GW-21"),
    ),
    Rule(
        id="RTE-14",
        title="private subnets have their route table",
        section=Section.ROUTES,
        source=f"{_EC2}, RouteTableAssociation",
        needs=Depth.TELEMETRY,
        command="aws ec2 describe-route-tables",
        examine=routes.private_subnets_have_their_table,
        after=("GW-21", "NET-02"),
    ),
    Rule(
        id="RTE-11",
        title="AWS private route tables lead to Azure",
        section=Section.ROUTES,
        source=f"{_EC2}, Route, PropagatingVgw",
        needs=Depth.TELEMETRY,
        command="aws ec2 describe-route-tables",
        examine=routes.private_tables_lead_to_azure,
        after=("GW-21", "VPN-03", "BGP-13", "RTE-14", "RTE-02", "STA-02", "STA-03"),
    ),
)
FILTERS = (
    Rule(
        id="FLT-11",
        title="security groups of hosts admit Azure",
        section=Section.FILTERS,
        source=f"{_EC2}, IpPermission",
        needs=Depth.TELEMETRY,
        command="aws ec2 describe-security-groups",
        examine=filters.security_group_admits,
        after=("NET-01", "NET-02"),
    ),
    Rule(
        id="FLT-12",
        title="network ACLs admit Azure",
        section=Section.FILTERS,
        source=f"{_EC2}, NetworkAclEntry",
        needs=Depth.TELEMETRY,
        command="aws ec2 describe-network-acls",
        examine=filters.network_acls_admit,
        after=("NET-01", "NET-02"),
    ),
    Rule(
        id="FLT-13",
        title="network security groups admit AWS",
        section=Section.FILTERS,
        source="Azure, Network security groups",
        needs=Depth.TELEMETRY,
        command="az network nsg rule list",
        examine=filters.network_security_groups_admit,
        after=("NET-01", "NET-02"),
    ),
)
PACKETS = (
    Rule(
        id="RCH-01",
        title="ping from AWS to Azure",
        section=Section.PACKETS,
        source="RFC 792",
        needs=Depth.PACKETS,
        command="ping",
        examine=reachability.aws_reaches_azure,
        after=BELOW_PACKETS,
    ),
    Rule(
        id="RCH-02",
        title="ping from Azure to AWS",
        section=Section.PACKETS,
        source="RFC 792",
        needs=Depth.PACKETS,
        command="ping",
        examine=reachability.azure_reaches_aws,
        after=(
            *BELOW_PACKETS,
            "RCH-01",
        ),
    ),
    Rule(
        id="RCH-03",
        title="large packets from AWS to Azure",
        section=Section.PACKETS,
        source="RFC 1191; Azure, About VPN devices",
        needs=Depth.PACKETS,
        command="ping -M do",
        examine=reachability.aws_large_packets,
        after=("RCH-01", "RCH-02"),
    ),
    Rule(
        id="RCH-04",
        title="large packets from Azure to AWS",
        section=Section.PACKETS,
        source="RFC 1191; Azure, About VPN devices",
        needs=Depth.PACKETS,
        command="ping -M do",
        examine=reachability.azure_large_packets,
        after=("RCH-03",),
    ),
)
DRIFT = (
    Rule(
        id="DRF-01",
        title="AWS is as Terraform planned it",
        section=Section.DRIFT,
        source="Terraform, State",
        needs=Depth.TELEMETRY,
        command="terraform plan",
        examine=drift.aws_as_planned,
        whole=True,
        after=("ACC-01",),
    ),
    Rule(
        id="DRF-02",
        title="Azure is as Terraform planned it",
        section=Section.DRIFT,
        source="Terraform, State",
        needs=Depth.TELEMETRY,
        command="terraform plan",
        examine=drift.azure_as_planned,
        whole=True,
        after=("ACC-02",),
    ),
)

OBSERVED: tuple[Rule[Facts], ...] = (
    *ACCOUNTS,
    *NETWORKS,
    *IPSEC,
    *BGP,
    *ROUTES,
    *FILTERS,
    *PACKETS,
    *CLUSTERS,
    *PODS,
    *DRIFT,
)
