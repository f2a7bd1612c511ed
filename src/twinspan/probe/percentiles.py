"""Percentiles of measured values."""

from collections.abc import Sequence


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the smallest value that at least `percent` per cent of the values do not exceed.

    This is the nearest rank: always a value that was measured, never one between two.

    Args:
        values: At least one, in any order.
        percent: 1 to 100.

    Raises:
        ValueError: No values, or a percentage outside its range.
    """
    if not values or not 1 <= percent <= 100:  # noqa: PLR2004 - per cent
        raise ValueError("a percentile needs values and a percentage of 1 to 100")
    rank = -(-len(values) * percent // 100)  # rounded up
    return sorted(values)[rank - 1]
