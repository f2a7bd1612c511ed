"""What the clouds' telemetry tells while a drill runs on real accounts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from test_drill_parts import link

from twinspan.drill.detection import first_detection
from twinspan.errors import CloudUnreachableError
from twinspan.network.links import TunnelLink
from twinspan.network.model import TelemetryStatus, VgwTelemetry
from twinspan.target.api_events import ApiEvents
from twinspan.wait import wait_until

UP, DOWN = TelemetryStatus.UP, TelemetryStatus.DOWN


@dataclass(slots=True)
class Clouds:
    """Two tunnels, each as AWS and as Azure tell of it."""

    aws: tuple[TelemetryStatus, TelemetryStatus] = (UP, UP)
    azure: tuple[str, str] = ("Connected", "Connected")
    error: CloudUnreachableError | None = None

    def links(self) -> Sequence[TunnelLink]:
        if self.error:
            raise self.error
        return [
            shown(number, status, connection)
            for number, (status, connection) in enumerate(zip(self.aws, self.azure, strict=True), start=1)
        ]


def shown(number: int, status: TelemetryStatus, connection: str) -> TunnelLink:
    tunnel_link = link(number)
    assert tunnel_link.tunnel is not None
    assert tunnel_link.azure_connection is not None
    telemetry = VgwTelemetry(
        status=status, status_message="", accepted_route_count=1, last_status_change=None
    )
    return replace(
        tunnel_link,
        tunnel=replace(tunnel_link.tunnel, telemetry=telemetry),
        azure_connection=replace(tunnel_link.azure_connection, connection_status=connection),
    )


def test_a_change_is_an_event_of_the_side_that_tells_it() -> None:
    clouds = Clouds()
    events = ApiEvents(clouds.links, poll_s=60)
    events.look()
    cut_s = events.now_s()
    clouds.aws = (DOWN, UP)
    events.look()
    clouds.azure = ("NotConnected", "Connected")
    events.look()
    clouds.aws, clouds.azure = (UP, UP), ("Connected", "Connected")
    events.look()
    events.look()

    recent_events = events.since(cut_s)

    assert [event.kind for event in recent_events] == ["telemetry-down"] * 2 + ["telemetry-up"] * 2
    aws = first_detection(recent_events, clouds.links()[0], "aws", cut_at_s=cut_s)
    azure = first_detection(recent_events, clouds.links()[0], "azure", cut_at_s=cut_s)
    assert aws is not None
    assert azure is not None
    assert (aws.by, azure.by) == ("telemetry", "telemetry")
    assert aws.after_s <= azure.after_s
    assert first_detection(recent_events, clouds.links()[1], "aws", cut_at_s=cut_s) is None
    assert events.since(events.now_s() + 1) == ()


def test_a_drill_must_end_when_aws_has_no_tunnel_left() -> None:
    clouds = Clouds()
    events = ApiEvents(clouds.links, poll_s=60)
    assert events.stop_reason() == ""
    for state, reason in (((DOWN, UP), ""), ((DOWN, DOWN), "no tunnel was up any longer"), ((UP, DOWN), "")):
        clouds.aws = state
        events.look()
        assert events.stop_reason() == reason


def test_a_cloud_that_cannot_be_asked_at_the_start_ends_it_and_later_is_an_event() -> None:
    clouds = Clouds(error=CloudUnreachableError("no answer"))
    with pytest.raises(CloudUnreachableError), ApiEvents(clouds.links, poll_s=0.01):
        pass
    clouds.error = None
    with ApiEvents(clouds.links, poll_s=0.01) as events:
        clouds.error = CloudUnreachableError("no answer")
        (first, *_) = wait_until(lambda: events.since(0.0), bool, what="event", timeout_s=10)
        assert (first.kind, first.detail) == ("cloud-silent", "no answer")
        clouds.error = None
        clouds.aws = (UP, DOWN)
        wait_until(
            lambda: {event.kind for event in events.since(0.0)},
            lambda kinds: "telemetry-down" in kinds,
            what="change",
            timeout_s=10,
        )
