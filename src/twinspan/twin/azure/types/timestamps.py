"""Moments as Azure Resource Manager writes them."""

from datetime import UTC, datetime


def now() -> str:
    """Return this moment, UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
