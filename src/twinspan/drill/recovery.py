"""Is the network whole, before a drill and after it?"""

from collections.abc import Callable

from twinspan.drill.alert_watch import AlertWatch
from twinspan.drill.environment import DrillEnvironment, Timeline
from twinspan.errors import HostError, WaitTimeoutError
from twinspan.verify.findings import Verification
from twinspan.wait import pause, wait_until

_POLL_S = 0.25
_LOOKS = 4


def must_be_whole(verify: Callable[[], Verification]) -> None:
    """Refuse to break a network that is not whole: what was broken by whom could not be told apart.

    It is looked at a few times: routes that are just moving may lose a packet.

    Raises:
        HostError: A check failed every time; names the first.
    """
    verification = verify()
    for _ in range(_LOOKS - 1):
        if verification.passed:
            return
        pause(_POLL_S)
        verification = verify()
    if verification.passed:
        return
    result, finding = verification.failures[0]
    raise HostError(
        problem=f"the network is not whole: {result.id} {finding.subject}: {finding.evidence}",
        remedy="Run `twinspan verify` and repair what it shows, or drill all the same with --force",
    )


def wait_until_quiet(environment: DrillEnvironment, timeline: Timeline) -> None:
    """Wait until every alert that rang has cleared, if any was waited for."""
    alerts = environment.alerts
    if alerts is None or not alerts.found(0.0):
        return
    try:
        wait_until(
            lambda: alerts.quiet, bool, what="quiet alerts", timeout_s=alerts.within_s, interval_s=_POLL_S
        )
    except WaitTimeoutError:
        timeline.note("alerts still ring")
        return
    timeline.note("every alert has cleared")


def unheard(alerts: AlertWatch | None) -> str:
    """Return why alerts that were waited for are missing; empty if none is."""
    if alerts is None:
        return ""
    rung_alerts = alerts.found(0.0)
    if not rung_alerts:
        return f"no alert rang within {alerts.within_s:g} s"
    loud = [alert.words for alert in rung_alerts if alert.cleared_after_s is None]
    return f"not cleared within {alerts.within_s:g} s: {', '.join(loud)}" if loud else ""


def wait_until_whole(environment: DrillEnvironment, timeline: Timeline) -> float | None:
    """Wait for a green verification; return how long it took, seconds, None if it never came."""
    started = environment.witness.events.now_s()
    try:
        wait_until(
            environment.verify,
            lambda verification: verification.passed,
            what="green verification after healing",
            timeout_s=environment.witness.pace.whole_s,
            interval_s=environment.witness.pace.poll_s,
        )
    except WaitTimeoutError as late:
        first = late.last.failures[0] if isinstance(late.last, Verification) and late.last.failures else None
        reason = f": {first[0].id} {first[1].subject}: {first[1].evidence}" if first else ""
        timeline.note(f"still not whole{reason}")
        return None
    timeline.note("all tunnels are up again")
    return environment.witness.events.now_s() - started
