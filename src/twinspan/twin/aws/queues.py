"""SQS of the twin: moto's, which waits for messages without keeping others from asking."""

import json
import re
import threading
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

import moto.sqs.urls
from moto.sqs.exceptions import InvalidAttributeName, InvalidAttributeValue
from moto.sqs.models import Message, Queue, SQSBackend

_LOOK_EVERY_S = 0.2
_NUMBERS = {
    "DelaySeconds": range(901),
    "KmsDataKeyReusePeriodSeconds": range(60, 86_401),
    "MaximumMessageSize": range(1_024, 1_048_577),
    "MessageRetentionPeriod": range(60, 1_209_601),
    "ReceiveMessageWaitTimeSeconds": range(21),
    "VisibilityTimeout": range(43_201),
}
_FLAGS = frozenset({"ContentBasedDeduplication", "FifoQueue", "SqsManagedSseEnabled"})
_POLICIES = frozenset({"Policy", "RedriveAllowPolicy", "RedrivePolicy"})
_TEXTS = frozenset({"DeduplicationScope", "FifoThroughputLimit", "KmsMasterKeyId"})
"""What can be set. Source: SQS API, CreateQueue, SetQueueAttributes."""


def _check(attributes: Mapping[str, Any]) -> None:
    """InvalidAttributeName: it cannot be set. InvalidAttributeValue: not to that."""
    for name, value in attributes.items():
        text = str(value)
        if name in _NUMBERS:
            good = text.isascii() and text.isdecimal() and int(text[:20]) in _NUMBERS[name]
        elif name in _FLAGS:
            good = text.lower() in {"true", "false"}
        elif name in _POLICIES:
            good = not value or _is_object(text)
        elif name in _TEXTS:
            good = True
        else:
            raise InvalidAttributeName(name)
        if not good:
            raise InvalidAttributeValue(name)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


class TwinSqsBackend(SQSBackend):
    """SQS's state of one region of the twin.

    Attributes:
        lock: Held by whoever works with moto's state, so by the caller of every method.
    """

    lock: ClassVar[threading.RLock] = threading.RLock()

    def receive_message(
        self,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        *rest: Any,  # noqa: ANN401 - moto's own
        **options: Any,  # noqa: ANN401 - as above
    ) -> list[Message]:
        """Return messages; wait for the first one so long, and let go of the lock meanwhile."""
        turn = threading.Condition(self.lock)
        until_s = time.monotonic() + wait_seconds_timeout
        while True:
            messages = super().receive_message(queue_name, count, 0, *rest, **options)
            left_s = until_s - time.monotonic()
            if messages or left_s <= 0:
                return messages
            turn.wait(min(left_s, _LOOK_EVERY_S))

    def create_queue(
        self,
        name: str,
        tags: dict[str, str] | None = None,
        **attributes: Any,  # noqa: ANN401 - moto's own
    ) -> Queue:
        """Create a queue, whose attributes are some that can be set."""
        _check({name: value for name, value in attributes.items() if name != "region"})
        return super().create_queue(name, tags, **attributes)

    def set_queue_attributes(self, queue_name: str, attributes: dict[str, Any]) -> Queue:
        """Set some attributes; moto would take the policy away where it is not among them."""
        _check(attributes)
        kept = self.get_queue(queue_name).policy
        return super().set_queue_attributes(queue_name, {"Policy": kept, **attributes})

    def list_queues(self, queue_name_prefix: str) -> list[Queue]:
        """List the queues whose names begin so."""
        return super().list_queues(re.escape(queue_name_prefix or ""))

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; these are SQS's own."""
        return SimpleNamespace(url_bases=moto.sqs.urls.url_bases, url_paths=moto.sqs.urls.url_paths)
