"""What a diagram is made of; the template writes it as SVG, and escapes every text."""

from dataclasses import dataclass, field

SANS, MONO = 0.52, 0.62
"""Mean width of a character as part of the font's size, for cutting what would not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rect:
    """A rounded rectangle; pixels."""

    x: float
    y: float
    width: float
    height: float
    style: str
    radius: float = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line of text; `whole` is what a pointer shows if `text` had to be cut."""

    x: float
    y: float
    text: str
    style: str
    anchor: str = "start"
    whole: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A curve, as the `d` of an SVG path."""

    path: str
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Icon:
    """A round sign of a state: a shape of its own for each, since colour alone tells nothing to many."""

    x: float
    y: float
    state: str


@dataclass(slots=True, kw_only=True)
class Diagram:
    """A picture.

    Attributes:
        width: In pixels.
        height: In pixels.
        lines: Drawn first.
        rects: Drawn on them.
        texts: Drawn on those.
        icons: Drawn last.
    """

    width: float
    height: float = 0.0
    lines: list[Line] = field(default_factory=list)
    rects: list[Rect] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    icons: list[Icon] = field(default_factory=list)

    def box(self, x: float, y: float, width: float, height: float, style: str, *, radius: float = 8) -> None:
        """Add a rectangle."""
        self.rects.append(Rect(x=x, y=y, width=width, height=height, style=style, radius=radius))

    def write(
        self,
        x: float,
        y: float,
        text: str,
        style: str,
        *,
        room: float,
        size: float = 12,
        anchor: str = "start",
    ) -> None:
        """Add a text, cut so that it fits into `room` pixels at `size`."""
        most = int(room / (size * (MONO if "mono" in style.split() else SANS)))
        shown = text if len(text) <= most else f"{text[: max(most - 1, 1)]}…"
        whole = text if shown != text else ""
        self.texts.append(Text(x=x, y=y, text=shown, style=style, anchor=anchor, whole=whole))

    def curve(
        self, start: tuple[float, float], end: tuple[float, float], style: str, *, upright: bool
    ) -> None:
        """Add a line that leaves and arrives straight."""
        (x1, y1), (x2, y2) = start, end
        one, other = (
            ((x1, (y1 + y2) / 2), (x2, (y1 + y2) / 2))
            if upright
            else (((x1 + x2) / 2, y1), ((x1 + x2) / 2, y2))
        )
        path = f"M{x1:g} {y1:g}C{one[0]:g} {one[1]:g} {other[0]:g} {other[1]:g} {x2:g} {y2:g}"
        self.lines.append(Line(path=path, style=style))
