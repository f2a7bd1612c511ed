"""The reference design without BGP: static routes of both clouds, over the same four tunnels."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from plane_harness import Plane
from reference_network import AWS, AZURE, PUBLIC, TUNNELS, Wiring, reference_network, with_aws, with_azure

from twinspan.network.model import Network, Secrets
from twinspan.twin.observed import Observed

KEY = "one.key.for.all"


def static_network(
    tunnels: Sequence[Wiring] = TUNNELS,
    *,
    to_azure: Sequence[IPv4Network] = (AZURE,),
    to_aws: Sequence[IPv4Network] = (AWS,),
) -> tuple[Network, Secrets]:
    """Return the design with static routes, these of its tunnels used by Azure, and one key for all.

    AWS has both tunnels of every connection, always; what Azure does not use stays down.
    """
    network, _ = reference_network()
    assert network.aws is not None
    assert network.azure is not None
    used = {wiring.connection_id for wiring in tunnels}
    instances = {wiring.instance for wiring in tunnels}
    aws = with_aws(
        network,
        vpn_connections=tuple(
            replace(connection, static_routes_only=True, static_routes=tuple(to_azure))
            for index, connection in enumerate(network.aws.vpn_connections)
            if index in instances
        ),
    )
    network = with_azure(
        aws,
        virtual_network_gateways=tuple(
            replace(
                gateway,
                bgp_enabled=False,
                active_active=len(instances) > 1,
                instances=tuple(
                    replace(instance, custom_bgp_ip_addresses=())
                    for index, instance in enumerate(gateway.instances)
                    if index in instances
                ),
            )
            for gateway in network.azure.virtual_network_gateways
        ),
        local_network_gateways=tuple(
            replace(gateway, asn=None, bgp_peering_address=None, address_prefixes=tuple(to_aws))
            for gateway in network.azure.local_network_gateways
        ),
        connections=tuple(
            replace(connection, bgp_enabled=False, custom_bgp_addresses={})
            for connection in network.azure.connections
            if connection.id in used
        ),
    )
    keys = Secrets(
        aws={(wiring.vpn, str(wiring.outside)): KEY for wiring in TUNNELS},
        azure={wiring.connection_id: KEY for wiring in TUNNELS},
    )
    return network, keys


def until_up(plane: Plane, wirings: Sequence[Wiring], timeout_s: float = 20.0) -> Observed:
    """Wait until these tunnels are up, and no other."""
    expected_addresses = {wiring.outside for wiring in wirings}
    return plane.until(
        lambda seen: (
            {end.outside_ip_address for end in seen.aws_tunnels if end.ipsec_up} == expected_addresses
            and {
                (end.connection_id, str(end.public_ip_address)) for end in seen.azure_tunnels if end.ipsec_up
            }
            == {(wiring.connection_id, str(PUBLIC[wiring.instance])) for wiring in wirings}
        ),
        what=f"tunnels {', '.join(wiring.name for wiring in wirings)}",
        timeout_s=timeout_s,
    )
