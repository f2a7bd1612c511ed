"""The catalogue: every drill says what it breaks, where, and what should end it; faults are put together."""

from dataclasses import dataclass, field, replace

import pytest
from test_drill_parts import event, link, static_link, up

from twinspan.drill.catalogue import DRILLS, named
from twinspan.drill.composite import AllOf
from twinspan.drill.detection import Detection
from twinspan.drill.document import DrillDocument
from twinspan.drill.phases import BEFORE_MENDING, phases_of, power_phases_of
from twinspan.errors import CommandError, DesignError
from twinspan.faults.data_plane.path_cut import TUNNEL_DOWN
from twinspan.faults.definition import Drill
from twinspan.faults.endings import Ending
from twinspan.faults.timers import Label
from twinspan.network.links import TunnelLink
from twinspan.results.document import as_json

AWS_END, AZURE_END = "vpn-0a/203.0.113.1", "/subscriptions/s/connections/dev-tunnel1/198.51.100.4"


def test_drills_have_different_names() -> None:
    assert len({drill.name for drill in DRILLS}) == len(DRILLS)


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_every_drill_names_its_sources_and_where_it_can_run(drill: Drill) -> None:
    document = DrillDocument.of(drill)

    assert drill.places
    assert drill.breaks.endswith(".")
    assert drill.aws.source
    assert drill.azure.source
    assert document.ended_by
    assert DrillDocument.model_validate_json(as_json(document)) == document
    assert not (drill.destroys and drill.places == ("twin",))


def test_a_silent_tunnel_is_ended_by_the_senders_first_timer() -> None:
    aws = TUNNEL_DOWN.aws.timer(link(1), "aws", hold_profile="negotiated", broken_s=0.0)
    azure = TUNNEL_DOWN.azure.timer(link(1), "azure", hold_profile="negotiated", broken_s=0.0)

    assert (aws.name, aws.seconds) == ("BGP hold timer", 30)
    assert (azure.name, azure.seconds) == ("dead peer detection", 15)


def test_what_only_the_repair_ends_lasts_as_long_as_it_is_broken() -> None:
    drill = named("side-lost")

    timer = drill.aws.timer(link(1), "aws", hold_profile="negotiated", broken_s=drill.broken_s)

    assert (drill.aws.ending, timer.seconds) == (Ending.HEALING, drill.broken_s)


def test_a_figure_holds_in_the_clouds_only_if_it_does_on_both_sides() -> None:
    assert named("tunnel-down").label is Label.PROTOCOL
    assert named("instance-crash").label is Label.INFRASTRUCTURE


def test_without_bgp_azure_is_not_moved_off_an_endpoint_before_it_is_replaced() -> None:
    drill, links = named("endpoint-replaced"), [up(link(1)), up(link(2))]

    assert drill.over(link(1), links) == drill
    assert drill.over(static_link(1), links).azure.ending is Ending.TOLD
    assert drill.over(static_link(1), links).aws == drill.aws


def elsewhere(link: TunnelLink) -> TunnelLink:
    """The same tunnel in a network that no tunnel joins with this one."""
    azure, vpn = link.azure_connection, link.vpn_connection
    assert azure is not None
    assert vpn is not None
    return replace(
        link,
        azure_connection=replace(azure, virtual_network_gateway_id="other"),
        vpn_connection=replace(vpn, vpn_gateway_id="vgw-0b"),
    )


@pytest.mark.parametrize(
    "others",
    [[], [link(2)], [elsewhere(up(link(2)))]],
    ids=["none", "one that is down", "one of another network"],
)
def test_of_the_only_tunnel_that_is_up_nothing_takes_over(others: list[TunnelLink]) -> None:
    drill = TUNNEL_DOWN.over(up(link(1)), [up(link(1)), *others])

    assert (drill.aws.ending, drill.azure.ending) == (Ending.HEALING, Ending.HEALING)
    assert drill.timed
    assert named("rekey").over(link(1), []) == named("rekey")


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_with_another_tunnel_a_drill_is_as_the_catalogue_says(drill: Drill) -> None:
    assert drill.over(link(1), [up(link(1)), up(link(2))]) == drill


@dataclass(slots=True)
class Part:
    """A fault that remembers, and may refuse to be repaired."""

    description: str
    done: list[str] = field(default_factory=list)
    stuck: bool = False

    def inject(self) -> None:
        self.done.append(f"+{self.description}")

    def heal(self) -> None:
        self.done.append(f"-{self.description}")
        if self.stuck:
            raise CommandError(["heal"], 1, "stuck")


def test_several_faults_are_mended_in_reverse_even_if_one_cannot_be() -> None:
    done: list[str] = []
    both = AllOf([Part("a", done), Part("b", done, stuck=True)])

    both.inject()
    with pytest.raises(CommandError, match="stuck"):
        both.heal()

    assert done == ["+a", "+b", "-b", "-a"]
    assert both.description == "a; b"


def test_an_outage_is_split_by_the_events_that_ended_its_parts() -> None:
    events = [
        event(15.0, "dpd-timeout", AZURE_END),
        event(15.1, "bgp-down", AZURE_END),
        event(15.2, "route-removed", "/subscriptions/s/virtualNetworks/v"),
        event(15.2, "route-removed", "vpc-1"),
        event(32.0, "bgp-up", AZURE_END),
        event(33.0, "bgp-up", AWS_END),
        event(90.0, "bgp-up", AWS_END),
    ]
    noticed = Detection(side="azure", by="dead peer detection", after_s=14.0, detail="", kind="dpd-timeout")

    phases = phases_of(
        events,
        link(1),
        "azure",
        cut_at_s=1.0,
        healed_at_s=30.0,
        recovered_at_s=15.25,
        detection=noticed,
    )

    assert [(phase.name, phase.from_s, phase.to_s, phase.ended_by) for phase in phases] == [
        ("detect", 0.0, 14.0, "dpd-timeout"),
        ("converge", 14.0, 14.25, "route-removed"),
        ("restore", 29.0, 32.0, "bgp-up"),
    ]
    assert phases[1].subject.startswith("/subscriptions")


def test_a_static_tunnel_is_restored_when_it_is_up_again() -> None:
    events = [event(15.0, "dpd-timeout", AZURE_END), event(32.0, "child-up", AZURE_END)]

    phases = phases_of(
        events,
        static_link(1),
        "azure",
        cut_at_s=1.0,
        healed_at_s=30.0,
        recovered_at_s=None,
        detection=None,
    )

    assert [(phase.name, phase.to_s, phase.ended_by) for phase in phases] == [("restore", 31.0, "child-up")]


def test_without_losses_there_is_nothing_to_converge() -> None:
    phases = phases_of(
        [], link(1), "aws", cut_at_s=1.0, healed_at_s=None, recovered_at_s=None, detection=None
    )

    assert phases == ()


def test_a_misspelt_drill_is_answered_with_the_nearest() -> None:
    with pytest.raises(DesignError, match="Did you mean tunnel-down") as refused:
        named("tunel-dwon")

    assert "side-lost" in str(refused.value)


def test_a_name_like_no_drills_is_answered_with_all_and_no_guess() -> None:
    with pytest.raises(DesignError, match="Choose one of") as refused:
        named("zzzzzzzz")

    assert "Did you mean" not in str(refused.value)


def test_power_that_came_back_too_late_did_not_end_the_outage() -> None:
    events = [
        event(100.0, "node-lost", "n1"),
        event(160.0, "node-restored", "n1"),
        event(170, "node-ready", "n1"),
    ]

    moved = power_phases_of(events, cut_at_s=100.0, healed_at_s=160.0, recovered_at_s=145.0)
    repaired = power_phases_of(events, cut_at_s=100.0, healed_at_s=160.0, recovered_at_s=172.0)

    assert [(phase.name, phase.to_s, phase.detail) for phase in moved] == [("converge", 45.0, BEFORE_MENDING)]
    assert [(phase.name, phase.from_s, phase.to_s, phase.ended_by) for phase in repaired] == [
        ("restore", 60.0, 72.0, "node-ready")
    ]
    assert power_phases_of(events, cut_at_s=100.0, healed_at_s=160.0, recovered_at_s=None) == ()


def test_a_lost_cluster_is_missed_by_the_other_side_alone_a_lost_cloud_by_both() -> None:
    endings = {
        name: (named(name).aws.ending, named(name).azure.ending)
        for name in ("eks-cluster-lost", "aks-node-lost", "cloud-lost", "eks-pods-isolated")
    }

    assert endings == {
        "eks-cluster-lost": (Ending.HARMLESS, Ending.HEALING),
        "aks-node-lost": (Ending.HEALING, Ending.HARMLESS),
        "cloud-lost": (Ending.HEALING, Ending.HEALING),
        "eks-pods-isolated": (Ending.HARMLESS, Ending.HEALING),
    }
    assert not any(named(name).breaks_tunnels for name in ("eks-cluster-lost", "aks-node-lost"))
