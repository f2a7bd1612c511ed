"""The topology as a PNG: the page's own picture, drawn by matplotlib in the page's light colours."""

import re
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch
from matplotlib.path import Path

from twinspan.report.diagram import wide
from twinspan.report.network import Topology
from twinspan.report.plots import AWS, AZURE, BAD, INK, LINE, MUTED, Plot
from twinspan.report.shapes import Diagram, Icon, Line, Rect, Text
from twinspan.report.words import STATES

PAPER, RAISED, OK, WARN = "#ffffff", "#f8fafb", "#157f3d", "#8f5f00"
_COLOURS: Mapping[str, str] = {
    "aws": AWS,
    "azure": AZURE,
    "up": OK,
    "down": BAD,
    "partial": WARN,
    "unknown": WARN,
    "muted": MUTED,
}
_FILLS: Mapping[str, str] = {
    "side": RAISED,
    "node": MUTED,
    "down": "#fdecea",
    "partial": "#fff5dd",
    "unknown": "#fff5dd",
}
_SIZES: Mapping[str, float] = {"title": 17.0, "text": 12.5, "small": 11.0, "tiny": 10.0}
"""Style -> size of its letters, in pixels of the picture."""
_ANCHORS = {"start": "left", "middle": "center", "end": "right"}
_SIGNS: Mapping[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "up": (((-4, 0.4), (-1.2, 3.2), (4.2, -2.8)),),
    "down": (((-3.2, -3.2), (3.2, 3.2)), ((3.2, -3.2), (-3.2, 3.2))),
    "partial": (((0, -4), (0, 1.5)), ((0, 4), (0, 4.6))),
    "unknown": (((-4, 0), (4, 0)),),
}
"""State -> the strokes in its sign, from its middle: a shape of its own for each, besides the colour."""
_SIGN_RADIUS, _MARGIN = 9.0, 2.0
_POINTS_PER_INCH = 72.0
_CURVE = (Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4)


def topology_plot(topology: Topology) -> Plot:
    """Return the picture that a wide page has; it is not one of the page's charts, only a file."""
    diagram = wide(topology)
    summary = "; ".join(f"{tunnel.key} is {STATES[tunnel.state]}" for tunnel in topology.tunnels)
    return Plot(name="topology", title="Topology", text=summary, draw=lambda width: _drawn(diagram, width))


def _drawn(diagram: Diagram, width_in: float) -> Figure:
    wide_px, high_px = diagram.width + 2 * _MARGIN, diagram.height + 2 * _MARGIN
    figure = Figure(figsize=(width_in, width_in * high_px / wide_px))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-_MARGIN, diagram.width + _MARGIN)
    axes.set_ylim(diagram.height + _MARGIN, -_MARGIN)
    axes.set_axis_off()
    points = width_in * _POINTS_PER_INCH / wide_px
    sides = [rect for rect in diagram.rects if rect.style.startswith("side")]
    for rect in sides:
        _rect(axes, rect, points)
    for line in diagram.lines:
        _line(axes, line, points)
    for rect in diagram.rects:
        if rect not in sides:
            _rect(axes, rect, points)
    for text in diagram.texts:
        _text(axes, text, points)
    for icon in diagram.icons:
        _icon(axes, icon, points)
    return figure


def _first(styles: str, of: Mapping[str, str], default: str) -> str:
    return next((of[style] for style in styles.split() if style in of), default)


def _rect(axes: Axes, rect: Rect, points: float) -> None:
    kind = rect.style.split()[0]
    edge = {"node": "none", "cluster": MUTED, "inner": LINE}.get(kind) or _first(rect.style, _COLOURS, LINE)
    axes.add_patch(
        FancyBboxPatch(
            (rect.x, rect.y),
            rect.width,
            rect.height,
            boxstyle=f"round,pad=0,rounding_size={rect.radius}",
            facecolor=_first(rect.style, _FILLS, PAPER),
            edgecolor=edge,
            linewidth=1.5 * points,
            linestyle=(0, (4, 3)) if kind == "cluster" else "solid",
        )
    )


def _line(axes: Axes, line: Line, points: float) -> None:
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", line.path)]
    corners = list(zip(numbers[::2], numbers[1::2], strict=True))
    colour = _first(line.style, _COLOURS, MUTED)
    axes.add_patch(
        PathPatch(Path(corners, _CURVE), facecolor="none", edgecolor=colour, linewidth=2.5 * points)
    )


def _text(axes: Axes, text: Text, points: float) -> None:
    styles = text.style.split()
    axes.text(
        text.x,
        text.y,
        text.text,
        fontsize=next((_SIZES[style] for style in styles if style in _SIZES), _SIZES["text"]) * points,
        color=_first(text.style, _COLOURS, INK),
        ha=_ANCHORS[text.anchor],
        va="baseline",
        weight="bold" if {"strong", "title"} & set(styles) else "normal",
        family="DejaVu Sans Mono" if "mono" in styles else None,
    )


def _icon(axes: Axes, icon: Icon, points: float) -> None:
    axes.add_patch(Circle((icon.x, icon.y), _SIGN_RADIUS, color=_COLOURS[icon.state], linewidth=0))
    for stroke in _SIGNS[icon.state]:
        across, down = ([place[axis] for place in stroke] for axis in (0, 1))
        axes.plot(
            [icon.x + x for x in across],
            [icon.y + y for y in down],
            color=PAPER,
            linewidth=2.2 * points,
            solid_capstyle="round",
        )
