"""SNS of the twin: moto's, which tells nobody beyond this machine."""

from ipaddress import ip_address
from types import SimpleNamespace
from urllib.parse import urlsplit

import moto.sns.urls
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription

_DELIVERED = frozenset({"sqs", "http", "https"})
_ARN_COLONS = 5
_KEPT = frozenset({"email", "email-json"})
"""Protocols whose messages nobody sends; the subscription waits for a confirmation, as on AWS."""


class TwinSnsBackend(SNSBackend):
    """SNS's state of one region of the twin."""

    def subscribe(self, topic_arn: str, endpoint: str | None, protocol: str) -> Subscription:
        """Add a subscriber. Source: SNS API, Subscribe.

        Raises:
            SNSInvalidParameter: The twin cannot, or must not, deliver there.
        """
        if protocol not in _DELIVERED | _KEPT:
            raise SNSInvalidParameter(
                f"Invalid parameter: the twin delivers by {', '.join(sorted(_DELIVERED))}, not by {protocol}"
            )
        if not endpoint or (protocol == "sqs" and endpoint.count(":") < _ARN_COLONS):
            raise SNSInvalidParameter("Invalid parameter: Endpoint")
        if protocol in {"http", "https"} and not _is_here(endpoint):
            raise SNSInvalidParameter(
                f"Invalid parameter: {endpoint} is not on this machine, and the twin tells nobody beyond it"
            )
        subscription = super().subscribe(topic_arn, endpoint, protocol)
        if protocol in _KEPT:
            subscription.attributes |= {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
        return subscription

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; these are SNS's own."""
        return SimpleNamespace(url_bases=moto.sns.urls.url_bases, url_paths=moto.sns.urls.url_paths)


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
