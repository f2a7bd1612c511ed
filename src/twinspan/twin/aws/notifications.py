"""SNS of the twin: moto's, which tells nobody beyond this machine."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription

_DELIVERED = frozenset({"sqs", "http", "https"})
_KEPT = frozenset({"email", "email-json"})
"""Protocols whose messages nobody sends; the subscription waits for a confirmation, as on AWS."""


class TwinSnsBackend(SNSBackend):
    """SNS's state of one region of the twin."""

    def subscribe(self, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
        """Add a subscriber. Source: SNS API, Subscribe.

        Raises:
            SNSInvalidParameter: The twin cannot, or must not, deliver there.
        """
        if protocol not in _DELIVERED | _KEPT:
            raise SNSInvalidParameter(
                f"Invalid parameter: the twin delivers by {', '.join(sorted(_DELIVERED))}, not by {protocol}"
            )
        if protocol in {"http", "https"} and not _is_here(endpoint):
            raise SNSInvalidParameter(
                f"Invalid parameter: {endpoint} is no loopback address; the twin tells nobody beyond this machine"
            )
        subscription = super().subscribe(topic_arn, endpoint, protocol)
        if protocol in _KEPT:
            subscription.attributes |= {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
        return subscription


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
