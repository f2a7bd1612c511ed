"""The topology as a picture: side by side for a wide page, one above the other for a narrow one."""

from twinspan.network.clouds import CLOUD_NAMES, Cloud
from twinspan.network.versions import both_versions
from twinspan.report.network import ClusterPart, EndPart, SidePart, SubnetPart, Topology, TunnelPart
from twinspan.report.shapes import Diagram, Icon
from twinspan.report.words import STATES, kilobits

WIDE, NARROW = 1160.0, 340.0
_SIDE, _CONTENT, _PAD = 376.0, 216.0, 18.0
_CARD_WIDTH, _CARD_HEIGHT, _CARD_GAP = 258.0, 74.0, 12.0
_ROW, _ROWS = 34.0, 6
_CLUSTER = 58.0
_HEAD = 74.0
_GATEWAY_WIDTH, _NODES_DRAWN = 118.0, 12
_INSTANCE_HEIGHT = 46.0
_NARROW_GATEWAY, _NARROW_GAP = 46.0, 116.0


def wide(topology: Topology) -> Diagram:
    """Return the picture with AWS on the left and Azure on the right."""
    tunnels = ordered(topology)
    cards = len(tunnels) * (_CARD_HEIGHT + _CARD_GAP) - _CARD_GAP
    height = max(_content_height(topology.aws), _content_height(topology.azure), cards + 2 * _PAD)
    drawing = Diagram(width=WIDE, height=height)
    for side, cloud, x in ((topology.aws, "aws", 0.0), (topology.azure, "azure", WIDE - _SIDE)):
        drawing.box(x, 0, _SIDE, height, f"side {cloud}", radius=14)
        left = x + _PAD if cloud == "aws" else x + _SIDE - _CONTENT - _PAD
        _content(drawing, side, "aws" if cloud == "aws" else "azure", x=left, y=0, width=_CONTENT)
    aws = _wide_gateway(drawing, topology.aws, _SIDE - _GATEWAY_WIDTH - 14, height)
    azure = _wide_gateway(drawing, topology.azure, WIDE - _SIDE + 14, height)
    top = (height - cards) / 2
    for number, tunnel in enumerate(tunnels):
        y = top + number * (_CARD_HEIGHT + _CARD_GAP)
        _card(drawing, tunnel, (WIDE - _CARD_WIDTH) / 2, y)
        middle = y + _CARD_HEIGHT / 2
        edge = (WIDE - _CARD_WIDTH) / 2
        drawing.curve((_SIDE - 14, aws[""]), (edge, middle), f"wire {tunnel.state}", upright=False)
        far = azure.get(tunnel.azure_address, azure[""])
        drawing.curve((WIDE - edge, middle), (WIDE - _SIDE + 14, far), f"wire {tunnel.state}", upright=False)
    return drawing


def narrow(topology: Topology) -> Diagram:
    """Return the picture with AWS above Azure."""
    drawing = Diagram(width=NARROW)
    inner = NARROW - 2 * _PAD
    height = _content_height(topology.aws) + _NARROW_GATEWAY + 4
    drawing.box(0, 0, NARROW, height, "side aws", radius=14)
    _content(drawing, topology.aws, "aws", x=_PAD, y=0, width=inner)
    top = height - _NARROW_GATEWAY - 14
    _narrow_gateway(drawing, topology.aws, top)
    below = height + _NARROW_GAP
    far = _content_height(topology.azure) + _NARROW_GATEWAY + 4
    drawing.box(0, below, NARROW, far, "side azure", radius=14)
    ends = _narrow_instances(drawing, topology.azure, below + 14)
    _content(drawing, topology.azure, "azure", x=_PAD, y=below + _NARROW_GATEWAY + 4, width=inner)
    tunnels = ordered(topology)
    for number, tunnel in enumerate(tunnels):
        x = NARROW * (number + 0.5) / len(tunnels)
        middle = height + _NARROW_GAP / 2
        drawing.curve((NARROW / 2, height - 14), (x, middle - 24), f"wire {tunnel.state}", upright=True)
        end = ends.get(tunnel.azure_address, NARROW / 2)
        drawing.curve((x, middle + 26), (end, below + 14), f"wire {tunnel.state}", upright=True)
        room = NARROW / len(tunnels) - 4
        drawing.icons.append(_icon(x, middle - 12, tunnel.state))
        drawing.write(x, middle + 12, tunnel.key, "small strong", room=room, size=10, anchor="middle")
        drawing.write(
            x, middle + 24, STATES[tunnel.state], f"small {tunnel.state}", room=room, size=10, anchor="middle"
        )
    drawing.height = below + far
    return drawing


def ordered(topology: Topology) -> tuple[TunnelPart, ...]:
    """Return the tunnels in the order of the instances that they lead to, so that few lines cross."""
    gateways = topology.azure.gateways if topology.azure else ()
    places = [instance.address for gateway in gateways for instance in gateway.instances]

    def place(tunnel: TunnelPart) -> tuple[int, str]:
        known = tunnel.azure_address in places
        return (places.index(tunnel.azure_address) if known else len(places)), tunnel.key

    return tuple(sorted(topology.tunnels, key=place))


def _icon(x: float, y: float, state: str) -> Icon:
    return Icon(x=x, y=y, state=state)


def _rows(side: SidePart | None) -> tuple[SubnetPart, ...]:
    return tuple(subnet for network in side.networks for subnet in network.subnets) if side else ()


def _content_height(side: SidePart | None) -> float:
    rows = len(_rows(side))
    clusters = len(side.clusters) if side else 0
    drawn = min(rows, _ROWS) + (0.6 if rows > _ROWS else 0)
    return _HEAD + drawn * _ROW + clusters * (_CLUSTER + 8) + _PAD + 8


def _content(
    drawing: Diagram, side: SidePart | None, cloud: Cloud, *, x: float, y: float, width: float
) -> None:
    """Write what a cloud holds: its network, subnets and clusters."""
    drawing.write(x, y + 28, CLOUD_NAMES[cloud], f"title {cloud}", room=width, size=17)
    if side is None:
        drawing.write(x, y + 52, "did not answer", "text unknown", room=width)
        return
    drawing.write(x + width, y + 28, side.place, "text muted", room=width - 70, anchor="end")
    for network in side.networks[:1]:
        drawing.write(x, y + 48, network.name, "text strong", room=width)
        drawing.write(x, y + 63, ", ".join(network.prefixes), "small mono muted", room=width, size=11)
    at = y + _HEAD
    rows = _rows(side)
    for subnet in rows[:_ROWS]:
        drawing.box(x, at, width, _ROW - 5, "inner", radius=5)
        drawing.write(x + 8, at + 12.5, subnet.name, "small", room=width - 16, size=11)
        text = f"{subnet.prefix}  {subnet.place}".strip()
        drawing.write(x + 8, at + 24.5, text, "tiny mono muted", room=width - 16, size=10)
        at += _ROW
    if len(rows) > _ROWS:
        drawing.write(x, at + 12, f"and {len(rows) - _ROWS} more subnets", "small muted", room=width, size=11)
        at += _ROW * 0.6
    for cluster in side.clusters:
        _cluster(drawing, cluster, x, at + 4, width)
        at += _CLUSTER + 8


def _cluster(drawing: Diagram, cluster: ClusterPart, x: float, y: float, width: float) -> None:
    drawing.box(x, y, width, _CLUSTER, "cluster", radius=6)
    drawing.write(x + 10, y + 16, cluster.name, "small strong", room=width - 20, size=11)
    about = f"{cluster.state}, Kubernetes {both_versions(cluster.version, cluster.running_version)}"
    drawing.write(x + 10, y + 30, about, "tiny muted", room=width - 20, size=10)
    nodes = sum(group.nodes for group in cluster.nodes)
    for number in range(min(nodes, _NODES_DRAWN)):
        drawing.box(x + 10 + number * 13, y + 38, 10, 10, "node", radius=2)
    after = x + 14 + min(nodes, _NODES_DRAWN) * 13
    word = "node" if nodes == 1 else "nodes"
    drawing.write(after, y + 47, f"{nodes} {word}", "tiny muted", room=90, size=10)


def _wide_gateway(drawing: Diagram, side: SidePart | None, x: float, height: float) -> dict[str, float]:
    """Draw a gateway, or its instances; return address -> where its lines end, and the middle as ``""``."""
    gateway = side.gateways[0] if side and side.gateways else None
    if gateway is None:
        return {"": height / 2}
    cloud = side.cloud if side else "aws"
    room = _GATEWAY_WIDTH - 16
    middle = x + _GATEWAY_WIDTH / 2
    instances = gateway.instances
    tall = 84 + len(instances) * (_INSTANCE_HEIGHT + 10)
    top = (height - tall) / 2
    drawing.box(x, top, _GATEWAY_WIDTH, tall, f"gateway {cloud}", radius=10)
    kind = "VPN gateway" if cloud == "aws" else gateway.sku or "VNet gateway"
    for line, (text, style) in enumerate(
        (
            (kind, f"small strong {cloud}"),
            (gateway.name, "tiny"),
            (f"ASN {gateway.asn}", "tiny mono muted"),
            (gateway.state, "tiny muted"),
        )
    ):
        drawing.write(middle, top + 20 + line * 15, text, style, room=room, size=10.5, anchor="middle")
    ends = {"": height / 2}
    for number, instance in enumerate(instances):
        y = top + 78 + number * (_INSTANCE_HEIGHT + 10)
        drawing.box(x + 8, y, _GATEWAY_WIDTH - 16, _INSTANCE_HEIGHT, "inner", radius=6)
        drawing.write(middle, y + 19, instance.name, "tiny strong", room=room - 12, size=10, anchor="middle")
        drawing.write(
            middle, y + 34, instance.address, "tiny mono muted", room=room, size=10, anchor="middle"
        )
        ends[instance.address] = y + _INSTANCE_HEIGHT / 2
    return ends


def _narrow_gateway(drawing: Diagram, side: SidePart | None, y: float) -> None:
    gateway = side.gateways[0] if side and side.gateways else None
    if gateway is None:
        return
    drawing.box(NARROW / 2 - 90, y, 180, _NARROW_GATEWAY, "gateway aws", radius=8)
    drawing.write(NARROW / 2, y + 19, gateway.name, "small strong", room=168, size=11, anchor="middle")
    text = f"VPN gateway, ASN {gateway.asn}"
    drawing.write(NARROW / 2, y + 35, text, "tiny muted", room=168, size=10, anchor="middle")


def _narrow_instances(drawing: Diagram, side: SidePart | None, y: float) -> dict[str, float]:
    """Draw Azure's instances in a row; return address -> where its lines end."""
    instances = [
        gateway_instance
        for gateway in (side.gateways if side else ())
        for gateway_instance in gateway.instances
    ]
    ends = {}
    for number, instance in enumerate(instances):
        width = (NARROW - 2 * _PAD) / len(instances) - 8
        x = _PAD + 4 + number * (width + 8)
        drawing.box(x, y, width, _NARROW_GATEWAY - 8, "gateway azure", radius=8)
        middle = x + width / 2
        drawing.write(middle, y + 16, instance.name, "tiny strong", room=width - 8, size=10, anchor="middle")
        drawing.write(
            middle, y + 30, instance.address, "tiny mono muted", room=width, size=10, anchor="middle"
        )
        ends[instance.address] = middle
    return ends


def _card(drawing: Diagram, tunnel: TunnelPart, x: float, y: float) -> None:
    """Draw a tunnel: state, sessions, routes and throughput."""
    drawing.box(x, y, _CARD_WIDTH, _CARD_HEIGHT, f"card {tunnel.state}", radius=10)
    drawing.icons.append(_icon(x + 20, y + 19, tunnel.state))
    drawing.write(x + 36, y + 23.5, tunnel.key, "text strong", room=110, size=13)
    drawing.write(
        x + _CARD_WIDTH - 12,
        y + 23.5,
        STATES[tunnel.state],
        f"text strong {tunnel.state}",
        room=90,
        anchor="end",
    )
    for line, (cloud, end) in enumerate((("AWS", tunnel.aws), ("Azure", tunnel.azure))):
        at = y + 45 + line * 16
        drawing.write(x + 12, at, cloud, f"small strong {cloud.lower()}", room=50, size=11)
        drawing.write(x + 52, at, _told(end), "small muted", room=_CARD_WIDTH - 62, size=10.5)


def _told(end: EndPart | None) -> str:
    if end is None:
        return "does not tell"
    routes = (
        "" if end.routes_learned is None else f"{end.routes_learned} route{'s' * (end.routes_learned != 1)}"
    )
    rate = "" if end.transmit_bytes_per_s is None else kilobits(end.transmit_bytes_per_s)
    return ", ".join(part for part in (end.bgp or end.reason, routes, rate) if part)
