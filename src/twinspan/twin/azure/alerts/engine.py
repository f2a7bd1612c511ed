"""The loop that evaluates every rule when its time has come."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from twinspan.twin.attempts import for_each
from twinspan.twin.azure.alerts.book import Alert, AlertBook, Health
from twinspan.twin.azure.alerts.notify import Notifier
from twinspan.twin.azure.alerts.rule import Finding, Rule, evaluate
from twinspan.twin.azure.types.action_groups import Properties
from twinspan.twin.loops import Loop
from twinspan.twin.metrics.clock import Clock
from twinspan.twin.metrics.series import Dimensions, MetricStore

HEALTHY_CHECKS = 3
"""So many evaluations in a row in which the condition does not hold resolve an alert.

Source: Azure Monitor, "Understand how metric alerts work".
"""
_TICK_S = 0.5

GroupOf = Callable[[str], Properties | None]
Key = tuple[str, str, Dimensions]


@dataclass(slots=True, kw_only=True)
class _Watch:
    """What is remembered of one rule's combination between evaluations."""

    open: Alert | None = None
    healthy: int = 0


@dataclass(slots=True, kw_only=True)
class _Turn:
    """When a rule was last evaluated."""

    next_s: float = 0.0
    watched: dict[Dimensions, _Watch] = field(default_factory=dict)


class AlertEngine:
    """Evaluates rules on series and writes into the book what fires and what resolves.

    Args:
        metrics: The series; their grain sets the pace, see `metrics.clock`.
        book: Where alerts are kept.
        rules: Returns the rules there are now.
        group_of: Returns an action group by id, None if there is none.
    """

    def __init__(
        self,
        metrics: MetricStore,
        book: AlertBook,
        *,
        rules: Callable[[], Iterable[Rule]],
        group_of: GroupOf,
    ) -> None:
        self._metrics = metrics
        self._book = book
        self._rules = rules
        self._group_of = group_of
        self._clock = Clock(period_s=metrics.period_s)
        self._notifier = Notifier()
        self._turns: dict[tuple[str, str], _Turn] = {}
        self._loop = Loop("metric-alerts", lambda: self.tick(time.time()), every_s=_TICK_S)

    def start(self) -> None:
        """Start the loop."""
        self._loop.start()

    def stop(self) -> None:
        """End the loop and wait for it."""
        self._loop.stop()
        self._notifier.stop()

    def tick(self, now_s: float) -> None:
        """Evaluate the rules that are due at `now_s`, seconds since 1970.

        Raises:
            ItemsError: Some cannot be evaluated; the others were.
        """
        rules = {(rule.id.lower(), rule.scope.lower()): rule for rule in self._rules()}
        for gone in self._turns.keys() - rules.keys():
            del self._turns[gone]
        self._book.forget(frozenset(rule_id for rule_id, _ in rules))
        for_each(
            rules.items(),
            lambda item: self._evaluate(item[1], self._turns.setdefault(item[0], _Turn()), now_s),
            name=lambda item: f"alert rule {item[1].name}",
        )

    def _evaluate(self, rule: Rule, turn: _Turn, now_s: float) -> None:
        """Evaluate a rule if it is due."""
        if now_s >= turn.next_s:
            turn.next_s = now_s + self._clock.twin_s(rule.frequency_s)
            for finding in evaluate(rule, self._metrics):
                self._judge(rule, turn, finding, now_s)

    def _judge(self, rule: Rule, turn: _Turn, finding: Finding, now_s: float) -> None:
        """Fire, go on, or resolve, as a finding says."""
        health = Health(dimensions=finding.dimensions, healthy=not finding.met, at_s=now_s)
        self._book.tell(rule.id, health)
        watch = turn.watched.setdefault(finding.dimensions, _Watch())
        watch.healthy = 0 if finding.met else watch.healthy + 1
        if finding.met and (watch.open is None or not rule.auto_mitigate):
            watch.open = Alert(rule=rule, finding=finding, fired_s=now_s)
            watch.open.note(now_s, "AlertCreated", "", "New")
            self._book.add(watch.open)
            self._tell(watch.open)
        elif watch.open is not None and rule.auto_mitigate and watch.healthy >= HEALTHY_CHECKS:
            alert, watch.open = watch.open, None
            alert.finding, alert.resolved_s = finding, now_s
            alert.note(now_s, "MonitorConditionChange", "Fired", "Resolved")
            self._tell(alert)

    def _tell(self, alert: Alert) -> None:
        for identity in alert.rule.groups:
            group = self._group_of(identity)
            if group is not None:
                name = identity.rpartition("/")[2]
                self._notifier.tell(alert, name, group)
