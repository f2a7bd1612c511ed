"""Every check, in the order in which a packet depends on them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from twinspan.verify.checks import bgp, networks, reachability, routes, tunnels
from twinspan.verify.facts import Facts
from twinspan.verify.findings import Finding


def _no_notes(facts: Facts) -> Iterable[str]:
    del facts
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must be true of every object of a kind.

    Attributes:
        id: Stable for ever: layer and number. A retired id is never given to another check.
        title: What must be true, in one phrase.
        section: The layer, as a heading.
        examine: Yields one finding per object.
        after: Ids of the checks it stands on directly; a failure there explains a failure here.
        notes: Yields what looks wrong and is as it must be.
    """

    id: str
    title: str
    section: str
    examine: Callable[[Facts], Iterable[Finding]]
    after: tuple[str, ...] = ()
    notes: Callable[[Facts], Iterable[str]] = _no_notes


CATALOGUE = (
    Check(
        id="NET-01",
        title="VPC exists",
        section="Networks and gateways",
        examine=networks.vpc_exists,
    ),
    Check(
        id="NET-02",
        title="VNet exists",
        section="Networks and gateways",
        examine=networks.virtual_network_exists,
    ),
    Check(
        id="GW-01",
        title="AWS virtual private gateway attached to the VPC",
        section="Networks and gateways",
        examine=networks.vpn_gateway_attached,
        after=("NET-01",),
    ),
    Check(
        id="GW-02",
        title="Azure VPN gateway ready, with BGP",
        section="Networks and gateways",
        examine=networks.azure_gateway_ready,
        after=("NET-02",),
    ),
    Check(
        id="VPN-01",
        title="AWS VPN connections available",
        section="Tunnels",
        examine=tunnels.connections_available,
        after=("NET-01",),
    ),
    Check(
        id="VPN-02",
        title="every expected tunnel known to both clouds",
        section="Tunnels",
        examine=tunnels.tunnels_have_both_ends,
        after=("VPN-01", "GW-02"),
    ),
    Check(
        id="VPN-03",
        title="AWS tunnels UP, with routes accepted",
        section="Tunnels",
        examine=tunnels.aws_tunnels_up,
        after=("VPN-02",),
    ),
    Check(
        id="VPN-04",
        title="Azure connections Connected",
        section="Tunnels",
        examine=tunnels.azure_connections_connected,
        after=("VPN-02",),
        notes=tunnels.expected_silent_ends,
    ),
    Check(
        id="BGP-01",
        title="BGP sessions Connected",
        section="Routes",
        examine=bgp.peers_connected,
        after=("VPN-04",),
        notes=bgp.expected_silent_peers,
    ),
    Check(
        id="RTE-01",
        title="AWS private route tables lead to Azure",
        section="Routes",
        examine=routes.private_tables_lead_to_azure,
        after=("GW-01", "VPN-03"),
    ),
    Check(
        id="RTE-02",
        title="Azure has learned the VPC over every tunnel",
        section="Routes",
        examine=routes.azure_learns_the_vpc,
        after=("BGP-01", "GW-01"),
    ),
    Check(
        id="RTE-03",
        title="Azure subnets lead to AWS",
        section="Routes",
        examine=routes.azure_subnets_lead_to_aws,
        after=("NET-02",),
    ),
    Check(
        id="RCH-01",
        title="ping from AWS to Azure",
        section="Packets",
        examine=reachability.aws_reaches_azure,
        after=("RTE-01", "RTE-02", "RTE-03"),
    ),
    Check(
        id="RCH-02",
        title="ping from Azure to AWS",
        section="Packets",
        examine=reachability.azure_reaches_aws,
        after=("RTE-01", "RTE-02", "RTE-03"),
    ),
)
