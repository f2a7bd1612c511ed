"""Every rule, by layer: those of configuration are for `check`, all of them for `verify`."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from twinspan.results import Finding, Severity
from twinspan.rules import (
    addresses,
    asns,
    aws_options,
    azure_networks,
    bgp,
    changes,
    clusters,
    connections,
    costs,
    customer_gateways,
    filters,
    gateway_addresses,
    gateways,
    keys,
    kubernetes,
    network_policies,
    policies,
    quotas,
    redundancy,
    routes,
    static,
)
from twinspan.rules.design import Design
from twinspan.rules.observed.catalogue import OBSERVED
from twinspan.rules.observed.facts import Facts
from twinspan.rules.rule import Depth, Rule
from twinspan.rules.sections import Section

Examine: TypeAlias = Callable[[Design], Iterable[Finding]]
Draft: TypeAlias = Callable[[Section], Rule[Design]]

_EC2_TUNNEL = "EC2 API, VpnTunnelOptionsSpecification"
_EC2_CONNECTION = "EC2 API, VpnConnectionOptionsSpecification"
_EC2_ROUTE = "EC2 API, CreateVpnConnectionRoute"
_EC2_CUSTOMER = "EC2 API, CreateCustomerGateway"
_ARM_CONNECTION = "ARM, VirtualNetworkGatewayConnection"
_ARM_LOCAL = "ARM, LocalNetworkGateway"
_AZ_POLICY = "Azure, Connect a VPN gateway to multiple on-premises policy-based VPN devices"
_AZ_FAQ = "Azure VPN Gateway FAQ"
_AZ_BGP = "Azure, Configure BGP for VPN Gateway"
_AZ_SETTINGS = "Azure, About VPN Gateway configuration settings"
_AZ_AWS = "Azure, How to configure BGP between Azure VPN Gateway and AWS"
_ROUTE_PRIORITY = "Amazon VPC User Guide, Route priority"
_S2S_QUOTAS = "AWS Site-to-Site VPN quotas"


def _rule(severity: Severity, id_: str, title: str, examine: Examine, source: str, *after: str) -> Draft:
    def in_section(section: Section) -> Rule[Design]:
        return Rule(
            id=id_,
            title=title,
            section=section,
            source=source,
            examine=examine,
            needs=Depth.CONFIGURATION,
            severity=severity,
            after=("NET-01", "NET-02", *after),
        )

    return in_section


def _error(id_: str, title: str, examine: Examine, source: str, *after: str) -> Draft:
    return _rule(Severity.ERROR, id_, title, examine, source, *after)


def _warning(id_: str, title: str, examine: Examine, source: str, *after: str) -> Draft:
    return _rule(Severity.WARNING, id_, title, examine, source, *after)


def _info(id_: str, title: str, examine: Examine, source: str, *after: str) -> Draft:
    return _rule(Severity.INFO, id_, title, examine, source, *after)


def _whole(draft: Draft) -> Draft:
    return lambda section: replace(draft(section), whole=True)


def _of(section: Section, *drafts: Draft) -> tuple[Rule[Design], ...]:
    return tuple(draft(section) for draft in drafts)


CONFIGURATION: tuple[Rule[Design], ...] = (
    *_of(
        Section.NETWORKS_AND_GATEWAYS,
        _warning("ALL-01", "both sides are in the plan", addresses.both_sides, _AZ_AWS),
        _error(
            "GW-01",
            "one connection per pair of gateways",
            gateways.pairs_differ,
            "EC2 API, CreateVpnConnection",
        ),
        _error(
            "GW-02",
            "customer gateways differ",
            gateways.customer_gateways_differ,
            "EC2 API, CreateCustomerGateway",
        ),
        _error("GW-03", "the SKU is offered", gateways.sku_offered, "Azure, VPN Gateway SKU consolidation"),
        _error("GW-04", "the SKU can do it", gateways.sku_can, "Azure, About VPN Gateway SKUs"),
        _error(
            "GW-05", "active-active is whole", gateways.active_active_whole, "Azure, Active-active gateways"
        ),
        _error("GW-06", "public addresses are static", gateways.public_addresses_static, _AZ_SETTINGS),
        _error("GW-07", "GatewaySubnet has its name", gateways.gateway_subnet_named, _AZ_SETTINGS),
        _error("GW-08", "GatewaySubnet is large enough", gateways.gateway_subnet_large, _AZ_SETTINGS),
        _warning("GW-09", "GatewaySubnet has room", gateways.gateway_subnet_roomy, _AZ_SETTINGS),
        _error("GW-10", "no NSG on GatewaySubnet", gateways.gateway_subnet_bare, _AZ_SETTINGS),
        _error("GW-11", "one gateway per VPC", gateways.one_gateway_per_vpc, _S2S_QUOTAS),
        _error("GW-12", "AZ gateways have zoned addresses", gateway_addresses.zones_configured, _AZ_SETTINGS),
        _error(
            "GW-13", "both public addresses alike", gateway_addresses.alike, "Azure, Active-active gateways"
        ),
        _error("GW-14", "Basic gateways have no zones", gateway_addresses.basic_without_zones, _AZ_SETTINGS),
        _error("GW-15", "a public address each", gateway_addresses.one_each, _AZ_SETTINGS),
        _error("GW-16", "one VPN gateway per VNet", gateways.one_gateway_per_vnet, _AZ_SETTINGS),
        _error("GW-17", "plain ip configurations", gateways.configurations_plain, _AZ_SETTINGS),
        _error("LNG-01", "prefixes or BGP", connections.prefixes_or_bgp, _ARM_LOCAL),
        _error("LNG-02", "prefixes are ranges", connections.prefixes_well_formed, _ARM_LOCAL),
        _error("LNG-03", "one reachable address", connections.address_reachable, _ARM_LOCAL),
        _error("LNG-04", "the BGP peer is allowed", connections.peer_allowed, _AZ_FAQ),
        _error("CON-01", "two ends", connections.two_ends, _ARM_CONNECTION),
        _error("CON-02", "one connection per pair", connections.once_per_pair, _ARM_CONNECTION),
        _error("CON-03", "options go together", connections.options_go_together, _ARM_CONNECTION),
        _error(
            "CGW-01", "an address or a certificate", aws_options.customer_gateway_addressed, _EC2_CUSTOMER
        ),
        _error("CGW-02", "a public address", aws_options.customer_gateway_public, _EC2_CUSTOMER),
        _error("CGW-03", "its ASN is not AWS's", aws_options.asns_differ, "EC2 API, CreateVpnConnection"),
        _error("CGW-04", "AWS calls the Azure gateway", customer_gateways.gateway_called, _AZ_AWS),
        _error("TUN-01", "IPv4 inside alone", aws_options.inside_version, _EC2_TUNNEL),
        _error("TUN-02", "tunnel options within bounds", aws_options.options_within_bounds, _EC2_TUNNEL),
        _error("TUN-03", "tunnel options go together", aws_options.options_go_together, _EC2_TUNNEL),
        _error("TUN-04", "no options of transit gateways", aws_options.transit_gateway_only, _EC2_CONNECTION),
        _error("TUN-05", "static routes on static connections", aws_options.routes_on_static, _EC2_ROUTE),
    ),
    *_of(
        Section.ADDRESSES,
        _error("ADDR-01", "AWS and Azure ranges are apart", addresses.ranges_apart, _AZ_SETTINGS),
        _error("ADDR-02", "inside ranges fit both clouds", addresses.inside_fits_both, _EC2_TUNNEL),
        _error("ADDR-03", "inside ranges are unique", addresses.inside_unique, _EC2_TUNNEL),
        _error("ADDR-04", "BGP peers are at the right end", addresses.right_ends, _AZ_AWS),
        _error("ADDR-05", "every tunnel has one Azure end", addresses.every_tunnel_ends, _AZ_AWS, "VPN-02"),
        _error("ADDR-06", "no forbidden ranges", addresses.no_forbidden_ranges, "AKS, Azure CNI networking"),
        _error("ADDR-07", "subnets lie in their network", addresses.subnets_inside, "EC2 API, CreateSubnet"),
        _error("ADDR-08", "cluster ranges are apart", addresses.cluster_ranges_apart, "AKS; EKS, Networking"),
        _error(
            "VNET-01", "address spaces are allowed", azure_networks.address_space, "Azure Virtual Network FAQ"
        ),
        _error(
            "SUB-01", "subnets are apart", azure_networks.subnets_apart, "EC2 API, CreateSubnet; ARM, Subnet"
        ),
    ),
    *_of(
        Section.IKE,
        _error("POL-01", "IKE proposals intersect", policies.phase1_agrees, _EC2_TUNNEL),
        _warning("POL-04", "policies are explicit", policies.explicit_policy, "Azure, About VPN devices"),
        _warning("POL-05", "lifetimes agree", policies.lifetimes_agree, _AZ_FAQ),
        _warning("POL-06", "algorithms are current", policies.strong_algorithms, _AZ_FAQ),
        _error("POL-07", "dead peer detection is within bounds", policies.dead_peer_detection, _EC2_TUNNEL),
        _error("POL-08", "one end begins", policies.somebody_begins, _EC2_TUNNEL),
        _whole(_error("KEY-01", "keys are well formed", keys.well_formed, _EC2_TUNNEL)),
        _whole(
            _error("KEY-02", "no key is used twice", keys.not_shared, "AWS Site-to-Site VPN, best practices")
        ),
        _error("KEY-03", "both ends have the same key", keys.both_ends_same, "RFC 7296, section 2.15"),
        _whole(
            _warning("KEY-04", "no key in the open", keys.in_the_open, "Terraform, Sensitive data in state")
        ),
        _whole(_warning("KEY-05", "keys are hard to guess", keys.hard_to_guess, "RFC 7296, section 2.15")),
        _whole(_warning("KEY-06", "keys are not old", keys.not_old, "NIST SP 800-57 part 1, cryptoperiods")),
    ),
    *_of(
        Section.IPSEC,
        _error("SEL-01", "traffic selectors meet", static.selectors_meet, _EC2_CONNECTION),
        _error("SEL-02", "traffic selectors admit BGP", static.selectors_admit_bgp, _EC2_CONNECTION),
        _warning(
            "SEL-03", "traffic selectors admit both networks", static.selectors_admit_networks, _AZ_POLICY
        ),
        _error(
            "SEL-04",
            "one pair of traffic selectors",
            static.one_selector_pair,
            "AWS Site-to-Site VPN, Requirements for a customer gateway device",
        ),
        _error("POL-02", "IPsec proposals intersect", policies.phase2_agrees, _AZ_FAQ),
        _error("POL-03", "forward secrecy on both sides", policies.forward_secrecy, _EC2_TUNNEL),
    ),
    *_of(
        Section.BGP,
        _error("ASN-01", "AWS's ASN is allowed", asns.aws_side_allowed, "EC2 API, CreateVpnGateway"),
        _error("ASN-02", "Azure's ASNs are not reserved", asns.azure_side_allowed, _AZ_FAQ),
        _error("ASN-03", "the two ASNs differ", asns.sides_differ, _AZ_FAQ),
        _error(
            "ASN-04",
            "customer gateways have Azure's ASN",
            asns.customer_gateway_names_azure,
            "AWS Site-to-Site VPN, customer gateway options",
        ),
        _error("ASN-05", "local network gateways have AWS's ASN", asns.local_gateway_names_aws, _AZ_AWS),
        _error("BGP-01", "BGP is on at both ends", bgp.bgp_on, _AZ_BGP),
        _error("BGP-02", "custom BGP addresses are set", bgp.custom_address_set, _AZ_BGP),
        _error("BGP-03", "custom BGP addresses are the tunnels'", bgp.custom_address_right, _AZ_AWS),
        _error("BGP-04", "custom BGP addresses are on the gateway", bgp.custom_address_on_gateway, _AZ_BGP),
        _error("BGP-05", "APIPA addresses are allowed and unique", bgp.apipa_of_gateway, _AZ_BGP),
        _error(
            "BGP-06",
            "AWS calls the instance that has the address",
            customer_gateways.instance_called,
            _AZ_AWS,
        ),
        _warning("BGP-07", "no address space beside BGP", bgp.no_far_prefixes, _AZ_FAQ),
    ),
    *_of(
        Section.ROUTES,
        _error("STA-01", "both ends have static routes", static.both_static, _EC2_CONNECTION),
        _error("STA-02", "static routes lead across", static.routes_lead_across, _EC2_ROUTE),
        _warning("STA-03", "static routes reach every subnet", static.routes_reach_subnets, _EC2_ROUTE),
        _error("STA-04", "no local network gateway overlaps the VNet", static.routes_apart, _ARM_CONNECTION),
        _error("UDR-01", "routes are whole", azure_networks.routes, "Azure, Virtual network traffic routing"),
        _error(
            "RTE-01",
            "private tables get the routes",
            routes.private_tables_propagate,
            _AZ_AWS,
            "RTE-11",
            "RTE-14",
        ),
        _error(
            "RTE-02",
            "static connections have routes",
            routes.static_has_routes,
            "EC2 API, CreateVpnConnectionRoute",
        ),
        _error(
            "RTE-03",
            "Azure tables lead to AWS",
            routes.azure_tables_lead_to_aws,
            "Azure, Virtual network traffic routing",
        ),
        _error(
            "RTE-04",
            "Azure tables do not lead astray",
            routes.azure_tables_not_astray,
            "Azure, Virtual network traffic routing",
        ),
        _error("RTE-05", "GatewaySubnet keeps its routes", routes.gateway_subnet_untouched, _AZ_SETTINGS),
        _error(
            "RTE-06",
            "propagation from the own gateway",
            routes.propagation_from_own_gateway,
            "EC2 API, EnableVgwRoutePropagation",
        ),
        _error("RTE-15", "AWS tables do not lead astray", routes.aws_tables_not_astray, _ROUTE_PRIORITY),
        _error("RTE-16", "AWS destinations differ", routes.aws_destinations_differ, "EC2 API, CreateRoute"),
    ),
    *_of(
        Section.FILTERS,
        _error(
            "NSG-01", "priorities differ", azure_networks.security_rules, "Azure, Network security groups"
        ),
        _error(
            "FLT-01",
            "security groups admit Azure",
            filters.security_group_admits,
            "EC2 API, IpPermission",
            "FLT-11",
            "FLT-04",
        ),
        _error(
            "FLT-02",
            "NSGs admit AWS",
            filters.network_security_group_admits,
            "Azure, Network security groups",
            "FLT-13",
            "FLT-05",
        ),
        _error(
            "FLT-03",
            "network ACLs admit Azure",
            filters.network_acls_admit,
            "EC2 API, NetworkAclEntry",
            "FLT-12",
        ),
    ),
    *_of(
        Section.PACKETS,
        _info("MTU-01", "how large packets may be", quotas.packet_size, "Azure, About VPN devices"),
    ),
    *_of(
        Section.CLUSTERS,
        _warning(
            "POD-01",
            "EKS pods keep their address",
            kubernetes.eks_keeps_pod_addresses,
            "Amazon VPC CNI, README",
        ),
        _warning(
            "POD-02", "AKS pods can be reached", kubernetes.aks_pods_reachable, "AKS, CNI networking overview"
        ),
        _error("POD-03", "AKS nodes keep learned routes", kubernetes.aks_routes_kept, "AKS, Egress with UDR"),
        _warning(
            "POD-04",
            "policies admit the other cloud",
            network_policies.policies_admit,
            "Kubernetes, Network Policies",
        ),
        _warning(
            "POD-05",
            "policies are enforced",
            network_policies.policies_enforced,
            "EKS user guide, Restrict Pod network traffic; AKS, Network policies",
        ),
        _error("EKS-01", "EKS's network is allowed", clusters.eks_network, "EKS API, CreateCluster"),
        _error("AKS-01", "AKS's ranges fit together", clusters.aks_network, "AKS, Azure CNI networking"),
        _error("AKS-02", "AKS's pools are allowed", clusters.aks_pools, "AKS, Maximum pods per node"),
        _error("AKS-03", "AKS can enforce policies", clusters.aks_policy_engine, "AKS, Network policies"),
    ),
    *_of(
        Section.REDUNDANCY,
        _warning(
            "RED-01",
            "two customer gateways",
            redundancy.two_customer_gateways,
            "Azure, Active-active gateways",
        ),
        _warning("RED-02", "active-active", redundancy.active_active, "Azure, Highly available connectivity"),
        _warning("RED-03", "several zones", redundancy.zones, "Azure, Zone-redundant gateways"),
        _warning(
            "RED-04", "both instances used", redundancy.both_instances_used, "Azure, Active-active gateways"
        ),
        _warning(
            "RED-06", "both tunnels used", addresses.tunnel_left_alone, "AWS Site-to-Site VPN, best practices"
        ),
        _info("RED-05", "what one failure costs", redundancy.weakest_links, "RFC 3706, RFC 4271 section 4.2"),
    ),
    *_of(
        Section.QUOTAS_AND_COSTS,
        _error("QUO-01", "AWS connections within quota", quotas.aws_connections, _S2S_QUOTAS),
        _error(
            "QUO-02",
            "Azure connections within the SKU",
            quotas.azure_connections,
            "Azure, About VPN gateways",
        ),
        _error("QUO-03", "prefixes within AWS's limit", quotas.aws_routes, _S2S_QUOTAS),
        _whole(
            _info("COST-01", "what it costs a month", costs.monthly, "AWS VPN pricing; Azure Retail Prices")
        ),
    ),
    *_of(
        Section.CHANGES,
        _whole(
            _error(
                "CHG-01",
                "nothing fixed is changed",
                changes.nothing_fixed_is_changed,
                "EC2 API; ARM, updates",
            )
        ),
    ),
)

CATALOGUE: tuple[Rule[Design] | Rule[Facts], ...] = tuple(
    sorted((*CONFIGURATION, *OBSERVED), key=lambda rule: list(Section).index(Section(rule.section)))
)
"""In each layer what is configured comes before what is observed."""


def rule_of(rule_id: str) -> Rule[Design] | Rule[Facts] | None:
    """Return the rule with this id, in any case; None if there is none."""
    return next((rule for rule in CATALOGUE if rule.id == rule_id.upper()), None)
