"""Which alerts are a drill's, and when they rang and cleared."""

import time
from collections.abc import Callable

import pytest

from twinspan.drill.alert_watch import AlertWatch, Key
from twinspan.errors import CloudUnreachableError
from twinspan.wait import wait_until

DOWN: Key = ("aws", "tunnel-down", "")
LOST: Key = ("azure", "bgp-down", "169.254.21.1")


class Clouds:
    """Both clouds' alerts."""

    def __init__(self, *ringing: Key) -> None:
        self.ringing = frozenset(ringing)
        self.error: CloudUnreachableError | None = None
        self.silences = 0

    def read(self) -> frozenset[Key]:
        if self.error:
            self.silences += 1
            raise self.error
        return self.ringing


def watch(read: Callable[[], frozenset[Key]]) -> AlertWatch:
    return AlertWatch(read, within_s=5, poll_s=0.01)


def test_what_rang_before_the_cut_is_not_of_the_drill_until_it_rings_again() -> None:
    clouds = Clouds(DOWN)
    made = watch(clouds.read)
    made.begin()
    made.look()
    assert made.found(0.0) == ()
    assert made.quiet

    clouds.ringing = frozenset()
    made.look()
    clouds.ringing = frozenset({DOWN})
    made.look()

    (alert,) = made.found(time.monotonic() - 100)
    assert (alert.words, alert.cleared_after_s) == ("AWS's tunnel-down", None)
    assert 99 < alert.rang_after_s < 101
    assert not made.quiet


def test_both_clouds_must_ring_and_clear() -> None:
    clouds = Clouds()
    made = watch(clouds.read)
    made.begin()
    states = []
    for ringing in ({DOWN}, {DOWN, LOST}):
        clouds.ringing = frozenset(ringing)
        made.look()
        states.append(made.both_rang)
    assert states == [False, True]
    clouds.ringing = frozenset({LOST})
    made.look()
    quiet = [made.quiet]
    clouds.ringing = frozenset()
    made.look()
    quiet.append(made.quiet)
    assert quiet == [False, True]

    first, second = made.found(0.0)

    assert (first.words, second.words) == ("AWS's tunnel-down", "Azure's bgp-down (169.254.21.1)")
    assert first.cleared_after_s is not None
    assert second.cleared_after_s is not None
    assert first.cleared_after_s <= second.cleared_after_s
    made.begin()
    assert made.found(0.0) == ()


def test_an_alert_that_rings_again_has_not_cleared() -> None:
    clouds = Clouds()
    made = watch(clouds.read)
    made.begin()
    for ringing in ({DOWN}, set(), {DOWN}):
        clouds.ringing = frozenset(ringing)
        made.look()
    assert not made.quiet


def test_a_cloud_that_is_silent_for_a_while_is_asked_again_but_not_at_the_start() -> None:
    clouds = Clouds()
    clouds.error = CloudUnreachableError("no answer")
    with pytest.raises(CloudUnreachableError), watch(clouds.read):
        pass
    clouds.error = None
    with watch(clouds.read) as made:
        clouds.error = CloudUnreachableError("no answer")
        before = clouds.silences
        wait_until(lambda: clouds.silences, lambda count: count > before, what="silence", timeout_s=5)
        clouds.error = None
        clouds.ringing = frozenset({DOWN})
        wait_until(lambda: made.found(0.0), bool, what="alert", timeout_s=5)
