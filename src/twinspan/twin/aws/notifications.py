"""SNS of the twin: moto's, which tells nobody beyond this machine."""

import json
import logging
import threading
from collections.abc import Mapping
from functools import partial
from http.client import HTTPException
from types import SimpleNamespace
from typing import Any

import moto.sns.urls
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription

from twinspan.twin.loops import start_task
from twinspan.twin.webhooks import is_loopback, post

_POSTED = frozenset({"http", "https"})
_DELIVERED = _POSTED | {"sqs"}
_ARN_COLONS = 5
_KEPT = frozenset({"email", "email-json"})
"""Protocols whose messages nobody sends; the subscription waits for a confirmation, as on AWS."""
_PLACES = threading.BoundedSemaphore(16)
"""Messages that are on their way at once; a subscriber that does not answer keeps its place for seconds."""
_LOG = logging.getLogger(__name__)


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
        if protocol in _POSTED and not is_loopback(endpoint):
            raise SNSInvalidParameter(
                f"Invalid parameter: {endpoint} is not on this machine, and the twin tells nobody beyond it"
            )
        subscription = super().subscribe(topic_arn, endpoint, protocol)
        if protocol in _POSTED and not isinstance(subscription, _PostedSubscription):
            posted = _PostedSubscription(self.account_id, subscription.topic, endpoint, protocol)
            vars(posted).update(vars(subscription))
            self.subscriptions[subscription.arn] = subscription = posted
        if protocol in _KEPT:
            subscription.attributes |= {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
        return subscription

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; these are SNS's own."""
        return SimpleNamespace(url_bases=moto.sns.urls.url_bases, url_paths=moto.sns.urls.url_paths)


class _PostedSubscription(Subscription):
    """A subscriber that is told by HTTP: away from the request that publishes, which waits for nobody."""

    def publish(  # noqa: PLR0917 - moto's own
        self,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,  # noqa: ARG002 - for queues
        deduplication_id: str | None = None,  # noqa: ARG002 - as above
        message_structure: str | None = None,
    ) -> None:
        """Post a message. Source: SNS Developer Guide, "HTTP/HTTPS headers"; nothing is posted twice."""
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        if message_structure == "json":
            message = self._parse_message_structure(message, self.protocol)
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": "Notification",
            "x-amz-sns-message-id": message_id,
            "x-amz-sns-topic-arn": self.topic.arn,
            "x-amz-sns-subscription-arn": self.arn,
        }
        body = json.dumps(self.get_post_data(message, message_id, subject)).encode()
        if _PLACES.acquire(blocking=False):
            start_task("sns", partial(_deliver, self.arn, self.endpoint, body, headers))
        else:
            _LOG.warning("%s: not told, since too many others have not answered yet", self.arn)


def _deliver(arn: str, url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Post to a subscriber; the log says how it went, without the URL, which may hold a secret."""
    try:
        _LOG.info("%s: told, HTTP %d", arn, post(url, body, headers))
    except (OSError, HTTPException, ValueError) as error:
        _LOG.warning("%s: not told (%s)", arn, type(error).__name__)
    finally:
        _PLACES.release()
