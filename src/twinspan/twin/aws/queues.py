"""SQS of the twin: moto's, which waits for messages without keeping others from asking."""

import threading
import time
from types import SimpleNamespace
from typing import Any, ClassVar

import moto.sqs.urls
from moto.sqs.models import Message, SQSBackend

_LOOK_EVERY_S = 0.2


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

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; these are SQS's own."""
        return SimpleNamespace(url_bases=moto.sqs.urls.url_bases, url_paths=moto.sqs.urls.url_paths)
