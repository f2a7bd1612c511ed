"""Figures and states as a reader reads them."""

from collections.abc import Mapping

STATES: Mapping[str, str] = {"up": "up", "down": "down", "partial": "no BGP", "unknown": "not known"}
ARROWS: Mapping[str, str] = {"aws->azure": "AWS → Azure", "azure->aws": "Azure → AWS"}
DASH = "\N{EN DASH}"
"""For a figure that is not known."""
_KILO = 1000.0
_LONG_S = 10.0


def kilobits(bytes_per_s: float | None) -> str:
    """Return a rate in kbit/s, or Mbit/s from 1000 kbit/s on; a dash if it is not known."""
    if bytes_per_s is None:
        return DASH
    kbit = bytes_per_s * 8 / _KILO
    return f"{kbit / _KILO:,.1f} Mbit/s" if kbit >= _KILO else f"{kbit:.1f} kbit/s"


def megabits(bits_per_s: float) -> str:
    """Return a rate in Mbit/s, without its unit."""
    mbit = bits_per_s / 1e6
    return f"{mbit:,.0f}" if mbit >= _LONG_S else f"{mbit:.2f}"


def seconds(value: float | None) -> str:
    """Return a time in seconds with as many digits as it is worth; a dash if it is not known."""
    if value is None:
        return DASH
    return f"{value:,.1f} s" if value >= 1 else f"{value * _KILO:,.0f} ms"


def milliseconds(value: float | None) -> str:
    """Return a time in milliseconds; a dash if it is not known."""
    return DASH if value is None else f"{value:,.2f}"
