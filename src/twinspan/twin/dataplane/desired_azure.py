"""The Azure half of the desired data plane."""

from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv4Network

from twinspan.network.azure import GATEWAY_SUBNET
from twinspan.network.limits import ROUTES_FROM_LOCAL_NETWORK_GATEWAY
from twinspan.network.links import bgp_address
from twinspan.network.model import (
    AzureConnection,
    AzureNetwork,
    AzureRoute,
    AzureRouteTable,
    AzureSubnet,
    GatewayInstance,
    LocalNetworkGateway,
    Secrets,
    VirtualNetwork,
    VirtualNetworkGateway,
)
from twinspan.network.ranges import LINK_LOCAL
from twinspan.network.timers import (
    AWS_REKEY_FUZZ_PERCENTAGE,
    AWS_REKEY_MARGIN_S,
    AZURE_DEFAULT_SA_LIFETIME_S,
    AZURE_IKE_LIFETIME_S,
)
from twinspan.twin.attempts import attempt
from twinspan.twin.dataplane.desired_azure_machines import interface_spec
from twinspan.twin.dataplane.desired_machines import machine_specs
from twinspan.twin.dataplane.filters_text import host
from twinspan.twin.dataplane.fitting import fitting_network
from twinspan.twin.dataplane.proposals import azure_esp_proposals, azure_ike_proposals
from twinspan.twin.dataplane.spec import (
    Bgp,
    DeadPeer,
    Desired,
    EndSpec,
    GatewaySpec,
    Ike,
    RouterSpec,
    Selectors,
    StaticRoute,
    SubnetSpec,
    TableSpec,
    Timers,
)

_NO_ADDRESS = IPv4Address(0)
_DEFAULT_TABLE = "default"
_LIVE = {"Succeeded", "Updating"}


def azure_desired(network: AzureNetwork, secrets: Secrets, timers: Timers) -> Desired:
    """Return routers, gateway instances and tunnel ends of Azure. The generation is not set (0)."""
    problems: list[str] = []
    network = fitting_network(network, problems)
    builder = _Builder(network=network, secrets=secrets, timers=timers, problems=problems)
    live = [g for g in network.virtual_network_gateways if g.provisioning_state in _LIVE]
    routers = attempt(network.virtual_networks, builder.router, name=_name, problems=builder.problems)
    gateways = attempt(live, builder.instances, name=_name, problems=builder.problems)
    place = partial(interface_spec, network=network)
    machines, unattached = machine_specs("azure", network, place, builder.problems)
    ends = attempt(network.connections, builder.ends, name=_name, problems=builder.problems)
    return Desired(
        generation=0,
        routers=tuple(routers),
        gateways=tuple(spec for gateway_specs in gateways for spec in gateway_specs),
        ends=tuple(end for connection_ends in ends for end in connection_ends),
        machines=machines,
        unattached=unattached,
        problems=tuple(builder.problems),
    )


@dataclass(slots=True, kw_only=True)
class _Builder:
    network: AzureNetwork
    secrets: Secrets
    timers: Timers
    problems: list[str]

    def instances(self, gateway: VirtualNetworkGateway) -> list[GatewaySpec]:
        vnet = self._network_of(gateway)
        if vnet is None:
            self.problems.append(f"{gateway.id}: the virtual network of its GatewaySubnet does not exist")
            return []
        addresses = _addresses(gateway)
        return [
            GatewaySpec(
                key=instance.ip_configuration_id.lower(),
                gateway_id=gateway.id.lower(),
                side="azure",
                asn=gateway.asn,
                bgp_enabled=gateway.bgp_enabled,
                networks=vnet.address_space,
                router=vnet.id.lower(),
                subnet_id=instance.subnet_id.lower(),
                address=addresses[instance.ip_configuration_id.lower()],
                siblings=tuple(
                    address
                    for key, address in sorted(addresses.items())
                    if key != instance.ip_configuration_id.lower() and address is not None
                ),
            )
            for instance in gateway.instances
        ]

    def _network_of(self, gateway: VirtualNetworkGateway) -> VirtualNetwork | None:
        for vnet in self.network.virtual_networks:
            if any(_same(subnet.id, i.subnet_id) for subnet in vnet.subnets for i in gateway.instances):
                return vnet
        return None

    def ends(self, connection: AzureConnection) -> list[EndSpec]:
        if connection.provisioning_state not in _LIVE or connection.connection_type != "IPsec":
            return []
        gateways = [
            g
            for g in self.network.virtual_network_gateways
            if _same(g.id, connection.virtual_network_gateway_id) and g.provisioning_state in _LIVE
        ]
        local = self.network.local_network_gateway_of(connection)
        problem = self._problem(connection, gateways, local)
        if problem or local is None:
            self.problems.append(f"{connection.id}: {problem}")
            return []
        instances = [
            ready_instance
            for ready_instance in gateways[0].instances
            if ready_instance.public_ip_address is not None
        ]
        return attempt(
            instances,
            lambda instance: self._end(connection, gateways[0], instance, local),
            name=lambda instance: f"{connection.id}/{instance.public_ip_address}",
            problems=self.problems,
        )

    def router(self, vnet: VirtualNetwork) -> RouterSpec:
        network = self.network
        known = {table.id.lower() for table in network.route_tables}
        used = {subnet.route_table_id.lower() for subnet in vnet.subnets if subnet.route_table_id} & known
        subnets = attempt(
            vnet.subnets, lambda subnet: self._subnet(subnet, known), name=_name, problems=self.problems
        )
        tables = attempt(
            [table for table in network.route_tables if table.id.lower() in used],
            _table,
            name=_name,
            problems=self.problems,
        )
        return RouterSpec(
            key=vnet.id.lower(),
            side="azure",
            networks=vnet.address_space,
            subnets=tuple(subnets),
            tables=(TableSpec(key=_DEFAULT_TABLE, propagated=True, routes=()), *tables),
            virtual_network=vnet,
        )

    def _subnet(self, subnet: AzureSubnet, known: set[str]) -> SubnetSpec:
        groups = {group.id.lower(): group for group in self.network.network_security_groups}
        return SubnetSpec(
            id=subnet.id.lower(),
            prefixes=subnet.address_prefixes,
            table=_table_key(subnet.route_table_id, known),
            gateway_subnet=subnet.name == GATEWAY_SUBNET,
            network_security_group=groups.get((subnet.network_security_group_id or "").lower()),
        )

    def _problem(
        self,
        connection: AzureConnection,
        gateways: list[VirtualNetworkGateway],
        local: LocalNetworkGateway | None,
    ) -> str:
        if not gateways:
            return "its virtual network gateway does not exist or is not ready"
        if local is None or local.gateway_ip_address is None:
            return "its local network gateway has no address"
        if not self.secrets.azure.get(connection.id.lower()):
            return "it has no shared key"
        if connection.connection_protocol != "IKEv2":
            return f"{connection.connection_protocol} is not modelled"
        return ""

    def _end(
        self,
        connection: AzureConnection,
        gateway: VirtualNetworkGateway,
        instance: GatewayInstance,
        far: LocalNetworkGateway,
    ) -> EndSpec:
        public, outside = instance.public_ip_address, far.gateway_ip_address
        if public is None or outside is None:
            raise AssertionError("callers select instances and far ends that have addresses")
        bgp = self._bgp(gateway, far) if connection.bgp_enabled and gateway.bgp_enabled else None
        vnet = self._network_of(gateway)
        return EndSpec(
            key=f"{connection.id.lower()}/{public}",
            side="azure",
            object_id=connection.id.lower(),
            instance_id=instance.ip_configuration_id.lower(),
            gateway=instance.ip_configuration_id.lower(),
            local_address=public,
            remote_address=outside,
            pre_shared_key=self.secrets.azure[connection.id.lower()],
            ike=_ike(connection),
            inside_local=bgp_address(connection, instance, far) or _NO_ADDRESS if bgp else _NO_ADDRESS,
            inside_remote=far.bgp_peering_address or _NO_ADDRESS if bgp else _NO_ADDRESS,
            bgp=bgp,
            static_routes=far.address_prefixes,
            selectors=_selectors(connection, vnet.address_space if vnet else (), far),
            accepts_any=bool(connection.traffic_selector_policies),
        )

    def _bgp(self, gateway: VirtualNetworkGateway, far: LocalNetworkGateway) -> Bgp | None:
        if far.asn is None or far.bgp_peering_address is None:
            return None
        return Bgp(
            local_as=gateway.asn,
            remote_as=far.asn,
            hold_s=self.timers.azure_bgp_hold_s,
            passive=far.bgp_peering_address in LINK_LOCAL,
            import_limit=ROUTES_FROM_LOCAL_NETWORK_GATEWAY,
        )


def _selectors(
    connection: AzureConnection, space: tuple[IPv4Network, ...], far: LocalNetworkGateway
) -> tuple[Selectors, ...]:
    """Return what a connection proposes: any to any, pairs of prefixes, or the pairs that it was given.

    Azure routes to the peer's BGP address by itself, so it is the one prefix of a local network gateway that
    has no other; this guess is unconfirmed.

    Source: Azure, Connect a VPN gateway to multiple policy-based VPN devices (every combination of VNet and
    local network gateway prefixes); Custom traffic selectors for VPN Gateway.
    """
    given = connection.traffic_selector_policies
    if not given and not connection.use_policy_based_traffic_selectors:
        return (Selectors(),)
    peer = (host(far.bgp_peering_address),) if far.bgp_peering_address else ()
    sides = [(policy.local_address_ranges, policy.remote_address_ranges) for policy in given]
    return tuple(
        Selectors(local=(local,), remote=(remote,))
        for locals_, remotes in sides or [(space, far.address_prefixes or peer)]
        for local in locals_
        for remote in remotes
    )


def _ike(connection: AzureConnection) -> Ike:
    policy = connection.ipsec_policy
    delay_s = max(connection.dpd_timeout_seconds // 3, 1)
    dials = connection.connection_mode != "ResponderOnly"
    return Ike(
        ike_proposals=azure_ike_proposals(policy),
        esp_proposals=azure_esp_proposals(policy),
        ike_lifetime_s=AZURE_IKE_LIFETIME_S,
        child_lifetime_s=policy.sa_life_time_seconds if policy else AZURE_DEFAULT_SA_LIFETIME_S,
        # Azure publishes neither; AWS's defaults are used.
        rekey_margin_s=AWS_REKEY_MARGIN_S.default,
        rekey_fuzz_percentage=AWS_REKEY_FUZZ_PERCENTAGE.default,
        dead_peer=DeadPeer(
            delay_s=delay_s,
            probing_s=max(connection.dpd_timeout_seconds - delay_s, 1),
            action="restart" if dials else "clear",
        ),
        dials=dials,
    )


def _addresses(gateway: VirtualNetworkGateway) -> dict[str, IPv4Address | None]:
    return {i.ip_configuration_id.lower(): i.default_bgp_ip_address for i in gateway.instances}


def _table(table: AzureRouteTable) -> TableSpec:
    return TableSpec(
        key=table.id.lower(),
        propagated=table.bgp_route_propagation_enabled,
        routes=tuple(_route(route) for route in table.routes),
    )


def _name(
    item: VirtualNetwork | AzureSubnet | AzureRouteTable | VirtualNetworkGateway | AzureConnection,
) -> str:
    return item.id


def _table_key(route_table_id: str | None, known: set[str]) -> str:
    key = (route_table_id or "").lower()
    return key if key in known else _DEFAULT_TABLE


def _route(route: AzureRoute) -> StaticRoute:
    """Source: Azure, Virtual network traffic routing, next hop types. The twin has no internet."""
    if route.next_hop_type == "VirtualNetworkGateway":
        return StaticRoute(destination=route.address_prefix, target="gateway")
    if route.next_hop_type == "VnetLocal":
        return StaticRoute(destination=route.address_prefix, target="local")
    if route.next_hop_type == "VirtualAppliance" and route.next_hop_ip_address is not None:
        return StaticRoute(
            destination=route.address_prefix, target="appliance", next_hop=route.next_hop_ip_address
        )
    return StaticRoute(destination=route.address_prefix, target="nowhere")


def _same(first: str, second: str) -> bool:
    return first.lower() == second.lower()
