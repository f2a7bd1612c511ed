"""Draw up the topology from the network model and a snapshot of the monitor; nothing here asks a cloud."""

from collections.abc import Iterable, Iterator

from twinspan.monitor.model import Session, Snapshot, Tunnel
from twinspan.network.links import TunnelLink
from twinspan.network.model import (
    AksCluster,
    AzureNetwork,
    EksCluster,
    IpsecPolicy,
    Phase,
    VirtualNetworkGateway,
)
from twinspan.report.document import Setting
from twinspan.report.network import (
    ClusterPart,
    EndPart,
    GatewayPart,
    InstancePart,
    NetworkPart,
    NodesPart,
    SidePart,
    SubnetPart,
    Topology,
    TunnelPart,
    state_of,
)
from twinspan.rules.observed.facts import Facts


def topology_of(facts: Facts, snapshot: Snapshot) -> Topology:
    """Return what exists, in the scope of the expectation, with the states of the snapshot."""
    return Topology(
        aws=_aws(facts),
        azure=_azure(facts),
        tunnels=tuple(_tunnel(link, facts, snapshot) for link in facts.links()),
    )


def settings_of(facts: Facts) -> tuple[Setting, ...]:
    """Return the settings that outages and throughput depend on, in the clouds' words; no key.

    What all tunnels have in common is told once.
    """
    of: dict[str, dict[str, str]] = {link.key: dict(_settings(link)) for link in facts.links()}
    names = dict.fromkeys(name for own in of.values() for name in own)
    values = {name: {own.get(name, "") for own in of.values()} for name in names}
    common = [name for name in names if len(of) > 1 and len(values[name]) == 1]
    settings = [Setting(group="Every tunnel", name=name, value=min(values[name])) for name in common]
    for key, own in of.items():
        settings += [Setting(group=key, name=name, value=own[name]) for name in own if name not in common]
    return tuple(settings)


def _settings(link: TunnelLink) -> Iterator[tuple[str, str]]:
    if tunnel := link.tunnel:
        yield "AWS inside CIDR", str(tunnel.inside_cidr)
        yield "AWS IKE versions", ", ".join(tunnel.ike_versions)
        yield "AWS phase 1", _phase(tunnel.phase1)
        yield "AWS phase 2", _phase(tunnel.phase2)
        yield "AWS DPD", f"{tunnel.dpd_timeout_seconds} s, {tunnel.dpd_timeout_action}"
        yield "AWS startup action", tunnel.startup_action
    if azure := link.azure_connection:
        yield "Azure connection mode", azure.connection_mode
        yield "Azure DPD", f"{azure.dpd_timeout_seconds} s"
        yield "Azure IPsec policy", _policy(azure.ipsec_policy) if azure.ipsec_policy else "Azure's default"


def _policy(policy: IpsecPolicy) -> str:
    ike = f"{policy.ike_encryption}/{policy.ike_integrity}/{policy.dh_group}"
    ipsec = f"{policy.ipsec_encryption}/{policy.ipsec_integrity}/{policy.pfs_group}"
    return f"IKE {ike}, IPsec {ipsec}, {policy.sa_life_time_seconds} s"


def _phase(phase: Phase) -> str:
    groups = tuple(str(number) for number in phase.dh_group_numbers)
    parts = [
        "+".join(algorithms)
        for algorithms in (phase.encryption_algorithms, phase.integrity_algorithms, groups)
    ]
    return f"{' / '.join(part for part in parts if part)}, {phase.lifetime_seconds} s"


def _aws(facts: Facts) -> SidePart | None:
    aws = facts.network.aws
    if aws is None:
        return None
    return SidePart(
        cloud="aws",
        place=aws.region,
        networks=tuple(
            NetworkPart(
                name=vpc.name or vpc.id,
                id=vpc.id,
                prefixes=_texts(vpc.cidr_blocks),
                subnets=tuple(
                    SubnetPart(name=s.name or s.id, prefix=str(s.cidr_block), place=s.availability_zone)
                    for s in aws.subnets
                    if s.vpc_id == vpc.id
                ),
            )
            for vpc in facts.vpcs
        ),
        gateways=tuple(
            GatewayPart(
                name=gateway.name or gateway.id,
                id=gateway.id,
                asn=gateway.amazon_side_asn,
                state=gateway.state,
                sku="",
                instances=(),
            )
            for gateway in facts.vpn_gateways
        ),
        clusters=tuple(_eks(facts, c) for c in aws.eks_clusters if c.vpc_id in {v.id for v in facts.vpcs}),
    )


def _azure(facts: Facts) -> SidePart | None:
    azure = facts.network.azure
    if azure is None:
        return None
    networks = facts.virtual_networks
    return SidePart(
        cloud="azure",
        place=", ".join(dict.fromkeys(vnet.location for vnet in networks)),
        networks=tuple(
            NetworkPart(
                name=vnet.name,
                id=vnet.id,
                prefixes=_texts(vnet.address_space),
                subnets=tuple(
                    SubnetPart(name=s.name, prefix=", ".join(_texts(s.address_prefixes)), place="")
                    for s in vnet.subnets
                ),
            )
            for vnet in networks
        ),
        gateways=tuple(_azure_gateway(gateway) for gateway in facts.azure_gateways),
        clusters=_aks(facts, azure, {s.id.lower() for vnet in networks for s in vnet.subnets}),
    )


def _azure_gateway(gateway: VirtualNetworkGateway) -> GatewayPart:
    return GatewayPart(
        name=gateway.name,
        id=gateway.id,
        asn=gateway.asn,
        state=gateway.provisioning_state,
        sku=gateway.sku,
        instances=tuple(
            InstancePart(
                name=instance.ip_configuration_name, address=str(instance.public_ip_address or "no address")
            )
            for instance in gateway.instances
        ),
    )


def _eks(facts: Facts, cluster: EksCluster) -> ClusterPart:
    return ClusterPart(
        name=cluster.name,
        version=cluster.version,
        running_version=_running_version(facts, "aws", cluster.name),
        state=cluster.status,
        nodes=tuple(
            NodesPart(
                name=node_group.name,
                nodes=node_group.desired_size,
                size=", ".join(node_group.instance_types),
                state=node_group.status,
            )
            for node_group in cluster.node_groups
        ),
    )


def _running_version(facts: Facts, side: str, name: str) -> str:
    readings = facts.kubernetes.readings
    return next((reading.version for reading in readings if (reading.side, reading.name) == (side, name)), "")


def _aks(facts: Facts, azure: AzureNetwork, subnet_ids: set[str]) -> tuple[ClusterPart, ...]:
    def inside(cluster: AksCluster) -> bool:
        return any(pool.vnet_subnet_id.lower() in subnet_ids for pool in cluster.node_pools)

    return tuple(
        ClusterPart(
            name=cluster.name,
            version=cluster.kubernetes_version,
            running_version=_running_version(facts, "azure", cluster.name),
            state=cluster.provisioning_state,
            nodes=tuple(
                NodesPart(
                    name=node_pool.name,
                    nodes=node_pool.count,
                    size=node_pool.vm_size,
                    state=node_pool.provisioning_state,
                )
                for node_pool in cluster.node_pools
            ),
        )
        for cluster in azure.aks_clusters
        if inside(cluster)
    )


def _tunnel(link: TunnelLink, facts: Facts, snapshot: Snapshot) -> TunnelPart:
    outside = link.tunnel.outside_ip_address if link.tunnel else None
    # A connection that leads elsewhere has its name in Azure's view, and AWS's has the address.
    seen = [
        tunnel
        for tunnel in snapshot.tunnels
        if tunnel.name == link.name or (outside is not None and tunnel.aws_address == outside)
    ]
    names = {tunnel.name for tunnel in seen} | {link.name}
    sessions = [session for session in snapshot.sessions if session.tunnel in names]
    aws, azure = (_end(cloud, seen, sessions) for cloud in ("aws", "azure"))
    # AWS knows both ends: what it does not have is not there, what it does not say is not known.
    absent = "not there" if facts.network.aws else "not known"
    return TunnelPart(
        key=link.key,
        aws_address=str(outside or absent),
        azure_address=str(link.azure_address or absent),
        inside_cidr=str(link.tunnel.inside_cidr) if link.tunnel else "",
        static=link.static,
        state=state_of(aws, azure),
        aws=aws,
        azure=azure,
    )


def _end(cloud: str, tunnels: Iterable[Tunnel], sessions: Iterable[Session]) -> EndPart | None:
    tunnel = next((candidate for candidate in tunnels if candidate.cloud == cloud), None)
    if tunnel is None:
        return None
    session = next((candidate for candidate in sessions if candidate.cloud == cloud), None)
    return EndPart(
        up=tunnel.up,
        reason=tunnel.reason,
        bgp=session.state if session else "",
        bgp_up=session.up if session else None,
        routes_learned=session.routes_learned if session else None,
        receive_bytes_per_s=tunnel.receive_bytes_per_s,
        transmit_bytes_per_s=tunnel.transmit_bytes_per_s,
    )


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
