"""Azure Monitor's metrics of VPN gateways, as far as the data plane can know them.

Source: Azure Monitor, supported metrics for Microsoft.Network/virtualNetworkGateways; of them those of
site-to-site gateways. Those of flows have no data, since nothing here counts flows, and those of NAT none,
since the twin has no NAT rules.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from twinspan.network.model import AzureConnection, AzureNetwork, VirtualNetworkGateway
from twinspan.twin.attempts import attempt
from twinspan.twin.metrics.counters import Counters
from twinspan.twin.metrics.series import MetricStore, dimensions
from twinspan.twin.observed import AzureTunnelEnd, Observed

TUNNEL = ("ConnectionName", "RemoteIP", "Instance")
PEER = ("BgpPeerAddress", "Instance")
INSTANCE = ("Instance",)
NAT = ("NatRule", *TUNNEL)
MISMATCHES = ("TunnelIngressPacketDropTSMismatch", "TunnelEgressPacketDropTSMismatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One metric: its category, words, unit, primary aggregation and dimensions."""

    category: str
    words: str
    unit: str
    aggregation: str
    dimensions: tuple[str, ...]


DEFINITIONS: Mapping[str, Definition] = {
    name: Definition(category=category, words=words, unit=unit, aggregation=aggregation, dimensions=dims)
    for category, name, words, unit, aggregation, dims in (
        ("Traffic", "AverageBandwidth", "Gateway S2S Bandwidth", "BytesPerSecond", "Average", INSTANCE),
        ("Routing", "BgpPeerStatus", "BGP Peer Status", "Count", "Average", PEER),
        ("Routing", "BgpRoutesAdvertised", "BGP Routes Advertised", "Count", "Total", PEER),
        ("Routing", "BgpRoutesLearned", "BGP Routes Learned", "Count", "Total", PEER),
        ("Traffic", "InboundFlowsCount", "Gateway Inbound Flows", "Count", "Maximum", INSTANCE),
        ("Ipsec", "MmsaCount", "Tunnel MMSA Count", "Count", "Total", TUNNEL),
        ("Traffic", "OutboundFlowsCount", "Gateway Outbound Flows", "Count", "Maximum", INSTANCE),
        ("Ipsec", "QmsaCount", "Tunnel QMSA Count", "Count", "Total", TUNNEL),
        ("Traffic", "TunnelAverageBandwidth", "Tunnel Bandwidth", "BytesPerSecond", "Average", TUNNEL),
        ("Traffic", "TunnelEgressBytes", "Tunnel Egress Bytes", "Bytes", "Total", TUNNEL),
        (
            "Errors",
            "TunnelEgressPacketDropCount",
            "Tunnel Egress Packet Drop Count",
            "Count",
            "Total",
            TUNNEL,
        ),
        (
            "Errors",
            "TunnelEgressPacketDropTSMismatch",
            "Tunnel Egress TS Mismatch Packet Drop",
            "Count",
            "Total",
            TUNNEL,
        ),
        ("Traffic", "TunnelEgressPackets", "Tunnel Egress Packets", "Count", "Total", TUNNEL),
        ("Traffic", "TunnelIngressBytes", "Tunnel Ingress Bytes", "Bytes", "Total", TUNNEL),
        (
            "Errors",
            "TunnelIngressPacketDropCount",
            "Tunnel Ingress Packet Drop Count",
            "Count",
            "Total",
            TUNNEL,
        ),
        (
            "Errors",
            "TunnelIngressPacketDropTSMismatch",
            "Tunnel Ingress TS Mismatch Packet Drop",
            "Count",
            "Total",
            TUNNEL,
        ),
        ("Traffic", "TunnelIngressPackets", "Tunnel Ingress Packets", "Count", "Total", TUNNEL),
        ("Traffic", "TunnelNatAllocations", "Tunnel NAT Allocations", "Count", "Total", NAT),
        ("Traffic", "TunnelNatFlowCount", "Tunnel NAT Flows", "Count", "Total", (*NAT, "FlowType")),
        ("Errors", "TunnelNatPacketDrop", "Tunnel NAT Packet Drops", "Count", "Total", (*NAT, "DropType")),
        ("Traffic", "TunnelNatedBytes", "Tunnel NATed Bytes", "Bytes", "Total", NAT),
        ("Traffic", "TunnelNatedPackets", "Tunnel NATed Packets", "Count", "Total", NAT),
        ("Traffic", "TunnelPeakPackets", "Tunnel Peak PPS", "Count", "Maximum", TUNNEL),
        ("Traffic", "TunnelReverseNatedBytes", "Tunnel Reverse NATed Bytes", "Bytes", "Total", NAT),
        ("Traffic", "TunnelReverseNatedPackets", "Tunnel Reverse NATed Packets", "Count", "Total", NAT),
        ("Traffic", "TunnelTotalFlowCount", "Tunnel Total Flow Count", "Count", "Total", TUNNEL),
        ("Routing", "VnetAddressPrefixCount", "VNet Address Prefix Count", "Count", "Total", INSTANCE),
    )
}
"""REST name -> what the gateway's metric is."""


def instance_name(number: int) -> str:
    """Return how metrics call a gateway's instance: by its number, from 0."""
    return f"GatewayTenantWorker_IN_{number}"


def sample_azure(
    store: MetricStore, counters: Counters, azure: AzureNetwork, observed: Observed, now_s: float
) -> list[str]:
    """Sample every gateway that is ready.

    Returns:
        What cannot be sampled, in words.
    """

    def sample(gateway: VirtualNetworkGateway) -> None:
        sampler = _Sampler(
            store=store, counters=counters, azure=azure, gateway=gateway, observed=observed, now_s=now_s
        )
        sampler.tunnels()
        sampler.bgp()
        sampler.prefixes()

    ready = [
        azure_gateway
        for azure_gateway in azure.virtual_network_gateways
        if azure_gateway.provisioning_state == "Succeeded"
    ]
    problems: list[str] = []
    attempt(ready, sample, name=lambda gateway: gateway.id, problems=problems)
    return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sampler:
    """One sample of one gateway."""

    store: MetricStore
    counters: Counters
    azure: AzureNetwork
    gateway: VirtualNetworkGateway
    observed: Observed
    now_s: float

    @property
    def scope(self) -> str:
        """The gateway's id in lower case."""
        return self.gateway.id.lower()

    def tunnels(self) -> None:
        """Sample the tunnels of all connections and instances, and the gateway's sum of them."""
        numbers = {
            instance.ip_configuration_id.lower(): n for n, instance in enumerate(self.gateway.instances)
        }
        own = {
            own_connection.id.lower(): own_connection
            for own_connection in self.azure.connections
            if own_connection.virtual_network_gateway_id.lower() == self.scope
        }
        of_instance = dict.fromkeys(numbers.values(), 0)
        for end in self.observed.azure_tunnels:
            connection = own.get(end.connection_id)
            number = numbers.get(end.ip_configuration_id.lower())
            if connection is not None and number is not None:
                of_instance[number] += self._tunnel(connection, number, end)
        for number, grown in of_instance.items():
            dims = dimensions(Instance=instance_name(number))
            rate = grown / self.counters.elapsed_s
            self.store.sample(self.scope, "AverageBandwidth", dims, rate, self.now_s)

    def _tunnel(self, connection: AzureConnection, number: int, end: AzureTunnelEnd) -> int:
        """Sample one tunnel of one instance; return its bytes since the last sample, both ways."""
        local = self.azure.local_network_gateway_of(connection)
        dims = dimensions(
            ConnectionName=connection.name,
            RemoteIP=str((local and local.gateway_ip_address) or ""),
            Instance=instance_name(number),
        )
        values = {
            "TunnelIngressBytes": end.bytes_in,
            "TunnelEgressBytes": end.bytes_out,
            "TunnelIngressPackets": end.packets_in,
            "TunnelEgressPackets": end.packets_out,
            "TunnelIngressPacketDropCount": end.dropped_in,
            "TunnelEgressPacketDropCount": end.dropped_out,
        }
        key = ("azure", connection.id, end.ip_configuration_id)
        grown = {name: self.counters.growth((*key, name), value) for name, value in values.items()}
        for name, value in grown.items():
            self.store.add(self.scope, name, dims, value, self.now_s)
        for name in MISMATCHES:  # charon drops what misses the selectors without counting it
            self.store.add(self.scope, name, dims, 0, self.now_s)
        both_ways = grown["TunnelIngressBytes"] + grown["TunnelEgressBytes"]
        packets = grown["TunnelIngressPackets"] + grown["TunnelEgressPackets"]
        each_second = self.counters.elapsed_s
        self.store.sample(self.scope, "TunnelAverageBandwidth", dims, both_ways / each_second, self.now_s)
        self.store.sample(self.scope, "TunnelPeakPackets", dims, packets / each_second, self.now_s)
        self.store.put(self.scope, "MmsaCount", dims, float(end.ike_up), self.now_s)
        self.store.put(self.scope, "QmsaCount", dims, float(end.ipsec_up), self.now_s)
        return both_ways

    def bgp(self) -> None:
        """Sample every session of every instance."""
        numbers = {
            address: number
            for number, instance in enumerate(self.gateway.instances)
            for address in (instance.default_bgp_ip_address, *instance.custom_bgp_ip_addresses)
            if address is not None
        }
        advertised = Counter(
            (route.local_address, route.source_peer)
            for route in self.observed.azure_advertised_routes.get(self.gateway.id, ())
        )
        for peer in self.observed.azure_bgp_peers.get(self.gateway.id, ()):
            number = numbers.get(peer.local_address)
            if number is None:
                continue
            dims = dimensions(BgpPeerAddress=str(peer.neighbor), Instance=instance_name(number))
            up, sent = peer.state == "Connected", advertised[peer.local_address, peer.neighbor]
            self.store.sample(self.scope, "BgpPeerStatus", dims, float(up), self.now_s)
            self.store.put(self.scope, "BgpRoutesLearned", dims, peer.routes_received, self.now_s)
            self.store.put(self.scope, "BgpRoutesAdvertised", dims, sent, self.now_s)

    def prefixes(self) -> None:
        """Sample how many prefixes the gateway's virtual network has."""
        for number, instance in enumerate(self.gateway.instances):
            vnet = instance.subnet_id.lower().rpartition("/subnets/")[0]
            count = sum(
                len(network.address_space)
                for network in self.azure.virtual_networks
                if network.id.lower() == vnet
            )
            dims = dimensions(Instance=instance_name(number))
            self.store.put(self.scope, "VnetAddressPrefixCount", dims, count, self.now_s)
