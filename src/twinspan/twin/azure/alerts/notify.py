"""Tells webhooks of this machine about alerts."""

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from twinspan.twin.azure.alerts.book import Alert
from twinspan.twin.azure.documents import JsonObject
from twinspan.twin.azure.types.action_groups import Properties
from twinspan.twin.webhooks import is_loopback, post

_LOG = logging.getLogger(__name__)


class Notifier:
    """Posts notifications, away from the evaluation."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="webhook")

    def stop(self) -> None:
        """Send nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def tell(self, alert: Alert, name: str, group: Properties) -> None:
        """Tell everybody in an action group the alert's present condition; the history says how it went."""
        if not group.enabled:
            return
        document, condition = alert.notification(), alert.condition
        for mail in group.email_receivers:
            _note(alert, f"{name}/{mail.name}", condition, "the twin sends no mail")
        for hook in group.webhook_receivers:
            receiver = f"{name}/{hook.name}"
            if not hook.use_common_alert_schema:
                _note(alert, receiver, condition, "the twin speaks the common alert schema only")
            elif not is_loopback(hook.service_uri):
                _note(alert, receiver, condition, "the twin posts to loopback addresses only")
            else:
                self._pool.submit(_deliver, alert, receiver, condition, hook.service_uri, document)


def _deliver(alert: Alert, receiver: str, condition: str, url: str, document: JsonObject) -> None:
    try:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        status = post(url, json.dumps(document).encode(), headers)
    except Exception as error:  # noqa: BLE001 - whatever it is, the alert's history must say it
        _note(alert, receiver, condition, str(error) or type(error).__name__)
        return
    wrong = "" if status < HTTPStatus.MULTIPLE_CHOICES else f"HTTP {status}"
    _note(alert, receiver, condition, wrong)


def _note(alert: Alert, receiver: str, condition: str, wrong: str) -> None:
    """Write into the alert's history and the log whether a receiver was told. URLs hold secrets: no URL."""
    event = "ActionsFailed" if wrong else "ActionsTriggered"
    alert.note(time.time(), event, condition, receiver, wrong)
    _LOG.info("alert %s %s: %s: %s", alert.rule.name, condition, receiver, wrong or "told")
