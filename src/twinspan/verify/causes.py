"""Why a tunnel may be down, judged by what both clouds are configured with.

Each cause is a contradiction between two objects that anyone can look up, never a guess. Keys are compared
and never shown.
"""

from collections.abc import Iterator

from twinspan.verify.facts import Facts, TunnelLink

_AZURE_ENCRYPTION = {
    "AES128": "AES128",
    "AES256": "AES256",
    "AES128-GCM-16": "GCMAES128",
    "AES256-GCM-16": "GCMAES256",
}
_AZURE_INTEGRITY = {"SHA1": "SHA1", "SHA2-256": "SHA256", "SHA2-384": "SHA384"}
_AZURE_DH_GROUP = {
    2: {"DHGroup2"},
    14: {"DHGroup14", "DHGroup2048"},
    19: {"ECP256"},
    20: {"ECP384"},
    24: {"DHGroup24"},
}
_AZURE_PFS_GROUP = {2: {"PFS2"}, 14: {"PFS2048", "PFS14"}, 19: {"ECP256"}, 20: {"ECP384"}, 24: {"PFS24"}}
"""AWS's words to Azure's.

Source: EC2 API, VpnTunnelOptionsSpecification; Azure VPN Gateway FAQ, IPsec/IKE policy.
"""


def ipsec_causes(facts: Facts, link: TunnelLink) -> tuple[str, ...]:
    """Return what keeps IKE or IPsec of this tunnel from coming up, most basic first."""
    return (*_address_causes(link), *_key_causes(facts, link), *_policy_causes(link))


def bgp_causes(facts: Facts, link: TunnelLink) -> tuple[str, ...]:
    """Return what keeps BGP of this tunnel from being established though IPsec is up."""
    return (*_asn_causes(facts, link), *_bgp_address_causes(link))


def _address_causes(link: TunnelLink) -> Iterator[str]:
    customer = link.customer_gateway
    if customer and link.instance is None:
        yield (
            f"customer gateway {customer.id} names {customer.ip_address}, which is the address of no Azure "
            "gateway instance: correct the customer gateway's address"
        )


def _key_causes(facts: Facts, link: TunnelLink) -> Iterator[str]:
    if link.vpn_connection is None or link.tunnel is None or link.azure_connection is None:
        return
    aws = facts.secrets.aws.get((link.vpn_connection.id, str(link.tunnel.outside_ip_address)))
    azure = facts.secrets.azure.get(link.azure_connection.id.lower())
    if aws is not None and azure is not None and aws != azure:
        yield (
            f"the pre-shared keys of {link.vpn_connection.id} and {link.azure_connection.name} differ: "
            "set the Azure shared key to AWS's (`twinspan apply` does)"
        )


def _policy_causes(link: TunnelLink) -> Iterator[str]:
    policy = link.azure_connection.ipsec_policy if link.azure_connection else None
    if policy is None or link.tunnel is None:
        return
    first, second = link.tunnel.phase1, link.tunnel.phase2
    ike_dh = set().union(*(_AZURE_DH_GROUP.get(n, set()) for n in first.dh_group_numbers))
    pfs = set().union(*(_AZURE_PFS_GROUP.get(n, set()) for n in second.dh_group_numbers))
    wanted = (
        ("IKE encryption", policy.ike_encryption, _words(first.encryption_algorithms, _AZURE_ENCRYPTION)),
        ("IKE integrity", policy.ike_integrity, _words(first.integrity_algorithms, _AZURE_INTEGRITY)),
        ("IKE group", policy.dh_group, ike_dh),
        (
            "IPsec encryption",
            policy.ipsec_encryption,
            _words(second.encryption_algorithms, _AZURE_ENCRYPTION),
        ),
        ("PFS group", policy.pfs_group, pfs),
    )
    for what, azure, aws in wanted:
        # An empty list means AWS's default: everything it knows.
        if aws and azure.upper() not in {word.upper() for word in aws}:
            yield f"{what}: Azure insists on {azure}, AWS allows {', '.join(sorted(aws))}: make them meet"


def _words(aws: tuple[str, ...], translation: dict[str, str]) -> set[str]:
    return {translation.get(word, word) for word in aws}


def _asn_causes(facts: Facts, link: TunnelLink) -> Iterator[str]:
    customer, local = link.customer_gateway, link.local_network_gateway
    azure_asns = {gateway.asn for gateway in facts.azure_gateways}
    aws_asns = {gateway.amazon_side_asn for gateway in facts.vpn_gateways}
    if customer and azure_asns and customer.bgp_asn not in azure_asns:
        yield (
            f"customer gateway {customer.id} has ASN {customer.bgp_asn}, the Azure gateway has "
            f"{_listed(azure_asns)}: make a customer gateway with that ASN"
        )
    if local and local.asn and aws_asns and local.asn not in aws_asns:
        yield (
            f"local network gateway {local.name} has ASN {local.asn}, the virtual private gateway has "
            f"{_listed(aws_asns)}: correct its BGP settings"
        )


def _bgp_address_causes(link: TunnelLink) -> Iterator[str]:
    connection, tunnel, local = link.azure_connection, link.tunnel, link.local_network_gateway
    if connection is None or tunnel is None or link.instance is None:
        return
    inside = tunnel.customer_inside_address
    if not connection.bgp_enabled:
        yield f"BGP is off on {connection.name}: set bgp_enabled"
    chosen = connection.custom_bgp_addresses.get(link.instance.ip_configuration_id.lower())
    own = link.instance.custom_bgp_ip_addresses
    used = chosen or (own[0] if own else None)
    if used != inside:
        origin = "names" if chosen else "names no custom BGP address for that instance, so it uses"
        yield f"{connection.name} {origin} {used}, the tunnel needs {inside}: set custom_bgp_addresses"
    if local and local.bgp_peering_address != tunnel.aws_inside_address:
        yield (
            f"local network gateway {local.name} expects the peer {local.bgp_peering_address}, AWS has "
            f"{tunnel.aws_inside_address}: correct its BGP settings"
        )


def _listed(numbers: set[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))
