"""Times as Azure's VPN gateways write them."""

from contextlib import suppress
from datetime import UTC, datetime

_AMERICAN = "%m/%d/%Y %I:%M:%S %p"
"""`11/22/2026 10:04:05 PM`, UTC without saying so: the gateway's own habit."""


def utc_time(text: str | None) -> datetime | None:
    """Return a time in UTC, from ISO 8601 or from the American form; None if it is neither."""
    if not text:
        return None
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    with suppress(ValueError):
        return datetime.strptime(text, _AMERICAN).replace(tzinfo=UTC)
    return None
