"""Every check, in the order in which a packet depends on them: account, network, gateway, IKE, ... pods."""

from twinspan.verify.catalogue_clusters import BELOW_PACKETS, CLUSTERS, PODS
from twinspan.verify.check import Check
from twinspan.verify.checks import (
    accounts,
    azure_routes,
    bgp,
    customer_gateways,
    drift,
    filters,
    ike,
    ipsec,
    networks,
    reachability,
    routes,
    tunnels,
)
from twinspan.verify.findings import DRIFT_SECTION

_EC2 = "EC2 API"
_AZ_AWS = "Azure, How to configure BGP between Azure VPN Gateway and AWS"
_AZ_FAQ = "Azure VPN Gateway FAQ"
_DESCRIBE_VPN = "aws ec2 describe-vpn-connections"

ACCOUNTS = (
    Check(
        id="ACC-01",
        title="AWS answers",
        section="Accounts",
        source="STS API, GetCallerIdentity",
        command="aws sts get-caller-identity",
        examine=accounts.aws_answers,
    ),
    Check(
        id="ACC-02",
        title="Azure answers",
        section="Accounts",
        source="ARM, Subscriptions",
        command="az account show",
        examine=accounts.azure_answers,
    ),
)
NETWORKS = (
    Check(
        id="NET-01",
        title="VPC exists",
        section="Networks and gateways",
        source=f"{_EC2}, Vpc",
        command="aws ec2 describe-vpcs",
        examine=networks.vpc_exists,
        after=("ACC-01",),
    ),
    Check(
        id="NET-02",
        title="VNet exists",
        section="Networks and gateways",
        source="ARM, VirtualNetwork",
        command="az network vnet show",
        examine=networks.virtual_network_exists,
        after=("ACC-02",),
    ),
    Check(
        id="GW-01",
        title="AWS virtual private gateway attached to the VPC",
        section="Networks and gateways",
        source=f"{_EC2}, VpcAttachment",
        command="aws ec2 describe-vpn-gateways",
        examine=networks.vpn_gateway_attached,
        after=("NET-01",),
    ),
    Check(
        id="GW-02",
        title="Azure VPN gateway ready, with BGP",
        section="Networks and gateways",
        source="ARM, VirtualNetworkGateway",
        command="az network vnet-gateway show",
        examine=networks.azure_gateway_ready,
        after=("NET-02",),
    ),
    Check(
        id="VPN-01",
        title="AWS VPN connections available",
        section="Networks and gateways",
        source=f"{_EC2}, VpnConnection",
        command=_DESCRIBE_VPN,
        examine=tunnels.connections_available,
        after=("NET-01",),
    ),
    Check(
        id="GW-03",
        title="customer gateways name the right Azure instances",
        section="Networks and gateways",
        source=_AZ_AWS,
        command="aws ec2 describe-customer-gateways",
        examine=customer_gateways.name_azure_instances,
        after=("VPN-01", "GW-02"),
    ),
    Check(
        id="VPN-02",
        title="every expected tunnel known to both clouds",
        section="Networks and gateways",
        source=_AZ_AWS,
        command="az network local-gateway show",
        examine=tunnels.tunnels_have_both_ends,
        after=("VPN-01", "GW-02"),
    ),
)
IKE = (
    Check(
        id="IKE-01",
        title="IKE proposals (phase 1) meet",
        section="IKE",
        source=f"{_EC2}, VpnTunnelOptionsSpecification; {_AZ_FAQ}, IPsec/IKE policy",
        command="az network vpn-connection show",
        examine=ike.phase1_meets,
        after=("VPN-02", "GW-03"),
    ),
    Check(
        id="IKE-02",
        title="pre-shared keys equal",
        section="IKE",
        source=f"{_EC2}, TunnelOption; ARM, ConnectionSharedKey",
        command="az network vpn-connection shared-key show",
        examine=ike.keys_equal,
        after=("VPN-02", "GW-03"),
    ),
)
IPSEC = (
    Check(
        id="IPS-01",
        title="IPsec proposals (phase 2) meet",
        section="IPsec",
        source=f"{_EC2}, VpnTunnelOptionsSpecification; {_AZ_FAQ}, IPsec/IKE policy",
        command="az network vpn-connection show",
        examine=ipsec.phase2_meets,
        after=("IKE-01", "IKE-02"),
    ),
    Check(
        id="VPN-03",
        title="AWS tunnels: IPsec up",
        section="IPsec",
        source=f"{_EC2}, VgwTelemetry",
        command=_DESCRIBE_VPN,
        examine=tunnels.aws_ipsec_up,
        after=("IPS-01",),
    ),
    Check(
        id="VPN-04",
        title="Azure connections Connected",
        section="IPsec",
        source="ARM, VirtualNetworkGatewayConnectionStatus",
        command="az network vpn-connection show",
        examine=tunnels.azure_connections_connected,
        after=("IPS-01", "VPN-03"),
        notes=tunnels.expected_silent_ends,
    ),
)
BGP = (
    Check(
        id="BGP-02",
        title="ASNs and BGP addresses agree",
        section="BGP",
        source=_AZ_AWS,
        command="az network vpn-connection show",
        examine=bgp.settings_agree,
        after=("VPN-03", "VPN-04"),
    ),
    Check(
        id="BGP-01",
        title="BGP sessions Connected",
        section="BGP",
        source="ARM, BgpPeerStatus",
        command="az network vnet-gateway list-bgp-peer-status",
        examine=bgp.peers_connected,
        after=("BGP-02",),
        notes=bgp.expected_silent_peers,
    ),
    Check(
        id="BGP-03",
        title="AWS tunnels UP, with routes accepted",
        section="BGP",
        source=f"{_EC2}, VgwTelemetry",
        command=_DESCRIBE_VPN,
        examine=bgp.aws_accepts_routes,
        after=("BGP-01",),
    ),
)
ROUTES = (
    Check(
        id="RTE-02",
        title="Azure has learned the VPC over every tunnel",
        section="Routes",
        source="ARM, GatewayRoute",
        command="az network vnet-gateway list-learned-routes",
        examine=azure_routes.azure_learns_the_vpc,
        after=("BGP-01", "GW-01"),
    ),
    Check(
        id="RTE-04",
        title="private subnets have their route table",
        section="Routes",
        source=f"{_EC2}, RouteTableAssociation",
        command="aws ec2 describe-route-tables",
        examine=routes.private_subnets_have_their_table,
        after=("GW-01", "NET-02"),
    ),
    Check(
        id="RTE-01",
        title="AWS private route tables lead to Azure",
        section="Routes",
        source=f"{_EC2}, Route, PropagatingVgw",
        command="aws ec2 describe-route-tables",
        examine=routes.private_tables_lead_to_azure,
        after=("GW-01", "BGP-03", "RTE-04"),
    ),
    Check(
        id="RTE-05",
        title="no AWS route takes a part of Azure elsewhere",
        section="Routes",
        source="Amazon VPC User Guide, Route priority",
        command="aws ec2 describe-route-tables",
        examine=routes.nothing_leads_astray,
        after=("GW-01", "NET-02"),
    ),
    Check(
        id="RTE-03",
        title="Azure subnets lead to AWS",
        section="Routes",
        source="Azure, Virtual network traffic routing",
        command="az network route-table route list",
        examine=azure_routes.azure_subnets_lead_to_aws,
        after=("NET-01", "NET-02"),
    ),
)
FILTERS = (
    Check(
        id="FLT-01",
        title="security group admits Azure",
        section="Filters",
        source=f"{_EC2}, IpPermission",
        command="aws ec2 describe-security-groups",
        examine=filters.security_group_admits,
        after=("NET-01", "NET-02"),
    ),
    Check(
        id="FLT-02",
        title="network ACLs admit Azure",
        section="Filters",
        source=f"{_EC2}, NetworkAclEntry",
        command="aws ec2 describe-network-acls",
        examine=filters.network_acls_admit,
        after=("NET-01", "NET-02"),
    ),
    Check(
        id="FLT-03",
        title="network security groups admit AWS",
        section="Filters",
        source="Azure, Network security groups",
        command="az network nsg rule list",
        examine=filters.network_security_groups_admit,
        after=("NET-01", "NET-02"),
    ),
)
PACKETS = (
    Check(
        id="RCH-01",
        title="ping from AWS to Azure",
        section="Packets",
        source="RFC 792",
        command="ping",
        examine=reachability.aws_reaches_azure,
        after=BELOW_PACKETS,
    ),
    Check(
        id="RCH-02",
        title="ping from Azure to AWS",
        section="Packets",
        source="RFC 792",
        command="ping",
        examine=reachability.azure_reaches_aws,
        after=(*BELOW_PACKETS, "RCH-01"),
    ),
    Check(
        id="RCH-03",
        title="large packets from AWS to Azure",
        section="Packets",
        source="RFC 1191; Azure, About VPN devices",
        command="ping -M do",
        examine=reachability.aws_large_packets,
        after=("RCH-01", "RCH-02"),
    ),
    Check(
        id="RCH-04",
        title="large packets from Azure to AWS",
        section="Packets",
        source="RFC 1191; Azure, About VPN devices",
        command="ping -M do",
        examine=reachability.azure_large_packets,
        after=("RCH-03",),
    ),
)
DRIFT = (
    Check(
        id="DRF-01",
        title="AWS is as Terraform planned it",
        section=DRIFT_SECTION,
        source="Terraform, State",
        command="terraform plan",
        examine=drift.aws_as_planned,
        after=("ACC-01",),
    ),
    Check(
        id="DRF-02",
        title="Azure is as Terraform planned it",
        section=DRIFT_SECTION,
        source="Terraform, State",
        command="terraform plan",
        examine=drift.azure_as_planned,
        after=("ACC-02",),
    ),
)

CATALOGUE = (
    *ACCOUNTS,
    *NETWORKS,
    *IKE,
    *IPSEC,
    *BGP,
    *ROUTES,
    *FILTERS,
    *PACKETS,
    *CLUSTERS,
    *PODS,
    *DRIFT,
)


def check_of(check_id: str) -> Check | None:
    """Return the check with this id, in any case; None if there is none."""
    return next((check for check in CATALOGUE if check.id == check_id.upper()), None)
