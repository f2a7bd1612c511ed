"""The AWS half of the desired data plane."""

from dataclasses import dataclass
from ipaddress import IPv4Interface
from typing import Literal

from twinspan.errors import DesignError
from twinspan.network.limits import ROUTES_FROM_CUSTOMER_GATEWAY
from twinspan.network.model import (
    AwsNetwork,
    AwsRoute,
    AwsRouteTable,
    AwsSubnet,
    CustomerGateway,
    NetworkAcl,
    NetworkInterface,
    Secrets,
    Vpc,
    VpnConnection,
    VpnGateway,
    VpnTunnel,
)
from twinspan.network.timers import AWS_DPD_PROBE_S
from twinspan.twin.attempts import attempt
from twinspan.twin.dataplane.desired_machines import machine_specs
from twinspan.twin.dataplane.fitting import fitting_network
from twinspan.twin.dataplane.proposals import aws_esp_proposals, aws_ike_proposals
from twinspan.twin.dataplane.spec import (
    Bgp,
    DeadPeer,
    Desired,
    EndSpec,
    GatewaySpec,
    Ike,
    InterfaceSpec,
    RouterSpec,
    Selectors,
    StaticRoute,
    SubnetSpec,
    TableSpec,
    Timers,
)


def aws_desired(network: AwsNetwork, secrets: Secrets, timers: Timers) -> Desired:
    """Return routers, gateways, tunnel ends and machines of AWS. The generation is not set (0)."""
    problems: list[str] = []
    network = fitting_network(network, problems)
    builder = _Builder(network=network, secrets=secrets, timers=timers, problems=problems)
    live = [gateway for gateway in network.vpn_gateways if gateway.state == "available"]
    routers = attempt(network.vpcs, builder.router, name=_name, problems=builder.problems)
    gateways = attempt(live, builder.gateway, name=_name, problems=builder.problems)
    ends = attempt(network.vpn_connections, builder.ends, name=_name, problems=builder.problems)
    machines, unattached = machine_specs("aws", network, builder.interface, builder.problems)
    return Desired(
        generation=0,
        routers=tuple(routers),
        gateways=tuple(gateways),
        ends=tuple(end for connection_ends in ends for end in connection_ends),
        machines=machines,
        unattached=unattached,
        problems=tuple(builder.problems),
    )


@dataclass(slots=True, kw_only=True)
class _Builder:
    network: AwsNetwork
    secrets: Secrets
    timers: Timers
    problems: list[str]

    def gateway(self, gateway: VpnGateway) -> GatewaySpec:
        vpcs = [vpc for vpc in self.network.vpcs if vpc.id == gateway.vpc_id]
        return GatewaySpec(
            key=gateway.id,
            gateway_id=gateway.id,
            side="aws",
            asn=gateway.amazon_side_asn,
            bgp_enabled=True,
            networks=vpcs[0].cidr_blocks if vpcs else (),
            router=vpcs[0].id if vpcs else None,
        )

    def ends(self, connection: VpnConnection) -> list[EndSpec]:
        if connection.state not in {"available", "modifying"}:
            return []
        gateways = [g for g in self.network.vpn_gateways if g.id == connection.vpn_gateway_id]
        customer = self.network.customer_gateway_of(connection)
        if not gateways or gateways[0].state != "available":
            self.problems.append(f"{connection.id}: it has no virtual private gateway that is available")
            return []
        if customer is None or customer.ip_address is None:
            self.problems.append(f"{connection.id}: its customer gateway has no address")
            return []
        ends = attempt(
            connection.tunnels,
            lambda tunnel: self._end(connection, tunnel, gateways[0], customer),
            name=lambda tunnel: f"{connection.id}/{tunnel.outside_ip_address}",
            problems=self.problems,
        )
        return [end for end in ends if end is not None]

    def router(self, vpc: Vpc) -> RouterSpec:
        network = self.network
        attached = {gateway.id for gateway in network.vpn_gateways if gateway.vpc_id == vpc.id}
        tables = [table for table in network.route_tables if table.vpc_id == vpc.id]
        subnets = [subnet for subnet in network.subnets if subnet.vpc_id == vpc.id]
        groups = [group for group in network.security_groups if group.vpc_id == vpc.id]
        problems = self.problems
        built = attempt(subnets, self._subnet, name=_name, problems=problems)
        made = attempt(tables, lambda table: self._table(table, attached), name=_name, problems=problems)
        return RouterSpec(
            key=vpc.id,
            side="aws",
            networks=vpc.cidr_blocks,
            subnets=tuple(built),
            tables=tuple(made),
            security_groups=tuple(groups),
        )

    def _subnet(self, subnet: AwsSubnet) -> SubnetSpec:
        table = self.network.route_table_of(subnet.id)
        return SubnetSpec(
            id=subnet.id,
            prefixes=(subnet.cidr_block,),
            table=table.id if table else "",
            aws=subnet,
            network_acl=_network_acl(self.network, subnet.vpc_id, subnet.id),
        )

    def _table(self, table: AwsRouteTable, attached: set[str]) -> TableSpec:
        """Static routes as they stand; the propagated ones come from BGP, not from the API's copy."""
        routes = [r for r in table.routes if r.origin != "EnableVgwRoutePropagation" and r.target != "local"]
        return TableSpec(
            key=table.id,
            propagated=bool(attached & set(table.propagating_vgw_ids)),
            routes=tuple(self._route(route, attached) for route in routes),
        )

    def _route(self, route: AwsRoute, attached: set[str]) -> StaticRoute:
        """A route to an interface leads to its address, whatever the API says of its state.

        That follows from whether the machine is there; and where none is, packets are lost all the same.
        """
        for interface in self.network.network_interfaces:
            if route.target == interface.id:
                return StaticRoute(
                    destination=route.destination,
                    target="appliance",
                    next_hop=interface.private_ip_addresses[0],
                )
        if route.target in attached and route.state == "active":
            return StaticRoute(destination=route.destination, target="gateway", gateway=route.target)
        return StaticRoute(destination=route.destination, target="nowhere")

    def interface(self, interface: NetworkInterface) -> InterfaceSpec:
        subnet = next(
            (candidate for candidate in self.network.subnets if candidate.id == interface.subnet_id), None
        )
        if subnet is None:
            raise DesignError(
                where=interface.id,
                problem=f"its subnet {interface.subnet_id} does not exist",
                remedy="Delete the interface, or make it in a subnet that exists",
            )
        length = subnet.cidr_block.prefixlen
        return InterfaceSpec(
            key=interface.id,
            router=subnet.vpc_id,
            subnet_id=subnet.id,
            addresses=tuple(IPv4Interface((address, length)) for address in interface.private_ip_addresses),
            forwards=interface.forwards,
            security_group_ids=interface.security_group_ids,
        )

    def _end(
        self,
        connection: VpnConnection,
        tunnel: VpnTunnel,
        gateway: VpnGateway,
        customer: CustomerGateway,
    ) -> EndSpec | None:
        outside = tunnel.outside_ip_address
        name = f"{connection.id}/{outside}"
        key = self.secrets.aws.get((connection.id, str(outside)))
        if outside is None or customer.ip_address is None or key is None:
            self.problems.append(f"{name}: the API shows no outside address or no pre-shared key")
            return None
        if tunnel.ike_versions and "ikev2" not in tunnel.ike_versions:
            self.problems.append(f"{name}: IKEv1 is not modelled")
            return None
        return EndSpec(
            key=name,
            side="aws",
            object_id=connection.id,
            instance_id="",
            gateway=gateway.id,
            local_address=outside,
            remote_address=customer.ip_address,
            pre_shared_key=key,
            ike=_ike(tunnel),
            inside_local=tunnel.aws_inside_address,
            inside_remote=tunnel.customer_inside_address,
            bgp=None if connection.static_routes_only else self._bgp(gateway, customer),
            static_routes=connection.static_routes if connection.static_routes_only else (),
            selectors=(
                Selectors(
                    local=(connection.remote_ipv4_network_cidr,), remote=(connection.local_ipv4_network_cidr,)
                ),
            ),
            one_child=True,
        )

    def _bgp(self, gateway: VpnGateway, customer: CustomerGateway) -> Bgp:
        return Bgp(
            local_as=gateway.amazon_side_asn,
            remote_as=customer.bgp_asn,
            hold_s=self.timers.aws_bgp_hold_s,
            passive=False,
            import_limit=ROUTES_FROM_CUSTOMER_GATEWAY,
        )


def _ike(tunnel: VpnTunnel) -> Ike:
    actions: dict[str, Literal["clear", "restart", "none"]] = {
        "clear": "clear",
        "restart": "restart",
        "none": "none",
    }
    return Ike(
        ike_proposals=aws_ike_proposals(tunnel.phase1),
        esp_proposals=aws_esp_proposals(tunnel.phase2),
        ike_lifetime_s=tunnel.phase1.lifetime_seconds,
        child_lifetime_s=tunnel.phase2.lifetime_seconds,
        rekey_margin_s=tunnel.rekey_margin_time_seconds,
        rekey_fuzz_percentage=tunnel.rekey_fuzz_percentage,
        dead_peer=DeadPeer(
            delay_s=AWS_DPD_PROBE_S,
            probing_s=max(tunnel.dpd_timeout_seconds - AWS_DPD_PROBE_S, 1),
            action=actions.get(tunnel.dpd_timeout_action, "clear"),
        ),
        dials=tunnel.startup_action == "start",
    )


def _network_acl(network: AwsNetwork, vpc_id: str, subnet_id: str) -> NetworkAcl | None:
    own = [acl for acl in network.network_acls if subnet_id in acl.subnet_ids]
    default = [acl for acl in network.network_acls if acl.default and acl.vpc_id == vpc_id]
    return next(iter(own or default), None)


def _name(item: Vpc | AwsSubnet | AwsRouteTable | VpnGateway | VpnConnection) -> str:
    return item.id
