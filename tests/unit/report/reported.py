"""A report of the network that the tests of `verify` use, with a recorded drill, and its parts."""

import gzip
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import healthy_network as vn

from twinspan.drill.document import DirectionDocument, MeasuredFlows, RunDocument
from twinspan.drill.phases import Phase
from twinspan.drill.report import Direction
from twinspan.monitor.model import Session, Snapshot, Tunnel
from twinspan.report.document import (
    AlertTime,
    DrillPart,
    Latency,
    ReportDocument,
    Throughput,
)
from twinspan.report.drills import read_drills
from twinspan.report.topology import settings_of, topology_of
from twinspan.results.document import as_json
from twinspan.rules.observed.facts import Facts
from twinspan.verify.evaluate import evaluate
from twinspan.verify.findings import Verification

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def snapshot(facts: Facts, *, down: Sequence[str] = (), without_bgp: Sequence[str] = ()) -> Snapshot:
    """Both clouds' views of every tunnel, all up but those."""
    tunnels, sessions = [], []
    for link in facts.links():
        name = link.azure_connection.name if link.azure_connection else link.key
        for cloud in ("aws", "azure"):
            tunnels.append(
                Tunnel(
                    cloud="aws" if cloud == "aws" else "azure",
                    name=name,
                    connection=link.key,
                    aws_address=link.tunnel.outside_ip_address if link.tunnel else None,
                    azure_address=link.instance.public_ip_address if link.instance else None,
                    up=link.key not in down,
                    reason="1 BGP ROUTES" if cloud == "aws" else "Connected",
                    bgp=not link.static,
                    receive_bytes_per_s=125.0,
                    transmit_bytes_per_s=250.0,
                )
            )
            if link.static:
                continue
            assert link.tunnel
            sessions.append(
                Session(
                    cloud="aws" if cloud == "aws" else "azure",
                    tunnel=name,
                    neighbor=link.tunnel.aws_inside_address,
                    up=link.key not in {*down, *without_bgp},
                    state="Established",
                    routes_learned=1,
                )
            )
    return Snapshot(
        at=NOON,
        read_s=0.5,
        period_s=60,
        answered={"aws": True, "azure": True},
        tunnels=tuple(tunnels),
        sessions=tuple(sessions),
    )


def verification(facts: Facts) -> Verification:
    return Verification(expected_from="test", results=evaluate(facts), duration_s=0.25)


def latency(*times_ms: float, lost: int = 0) -> tuple[Latency, ...]:
    one = Latency(
        direction="aws->azure",
        source="one",
        destination="other (10.1.0.4)",
        sent=len(times_ms) + lost,
        times_ms=times_ms,
        p50_ms=min(times_ms),
        p90_ms=max(times_ms),
        p99_ms=max(times_ms),
        max_ms=max(times_ms),
    )
    return one, one.model_copy(update={"direction": "azure->aws"})


def throughput() -> tuple[Throughput, ...]:
    one = Throughput(
        direction="aws->azure",
        streams=4,
        seconds=5.0,
        bits_per_s=4e8,
        retransmissions=7,
        tunnel_share={"tunnel1": 0.75, "tunnel2": 0.25},
    )
    return one, one.model_copy(update={"direction": "azure->aws", "bits_per_s": 3e8})


def direction(name: Direction, gap_ms: float) -> DirectionDocument:
    measured = MeasuredFlows(
        flows=2,
        flows_hit=2,
        sent=400,
        lost=100,
        refused=0,
        duplicated=0,
        reordered=0,
        longest_gap_ms=gap_ms,
        longest_whole_gap_ms=gap_ms,
        flow_gaps_ms=(gap_ms, gap_ms),
        resolution_ms=20.0,
        first_loss_s=0.0,
        recovered=True,
        recovery_s=gap_ms / 1000,
        started_s=-1.0,
        ended_s=3.0,
        pacing_error_max_ms=0.1,
        delay_p50_ms=None,
        delay_p99_ms=None,
        delay_max_ms=None,
        jitter_p99_ms=None,
    )
    return DirectionDocument(
        direction=name,
        passed=True,
        longest_gap_ms=gap_ms,
        lost=100,
        sent=400,
        recovered=True,
        recovered_after_s=gap_ms / 1000,
        found_by="BGP hold timer",
        found_side="aws",
        found_after_s=1.0,
        found_detail="said",
        label="protocol",
        phases=(Phase(name="detect", from_s=0.0, to_s=1.0, ended_by="bgp-down", detail="said"),),
        expected_timer="BGP hold timer",
        expected_at_most_s=30,
        expected_source="RFC 4271",
        expected_caveat="it differs",
        allowed_ms=35_000.0,
        measured=measured,
    )


def record(folder: Path, gaps_ms: Sequence[float], **changes: Any) -> Path:
    """Write what `drill run --out` keeps: a run for each gap, the second quarter of whose packets is lost."""
    for number, gap_ms in enumerate(gaps_ms, start=1):
        run = folder / f"run-{number:03}"
        run.mkdir(parents=True)
        report = RunDocument(
            drill="tunnel-down",
            label="protocol",
            passed=True,
            target="tunnel1 (203.0.113.10)",
            carried_aws_traffic=True,
            directions=(direction("aws->azure", gap_ms), direction("azure->aws", gap_ms / 2)),
            whole_again_s=2.5,
            timeline=(),
            other_profile="",
            settings={"tunnels": 4, "hold profile": "negotiated"},
            disturbed=(),
            alerts=(),
            unheard="",
        )
        (run / "report.json").write_text(as_json(report.model_copy(update=changes)))
        (run / "events.csv").write_text(
            "at_s,kind,subject,detail\n0.01,fault-injected,a b,path-cut\n"
            "1.00,bgp-down,vpn-1/203.0.113.10,session closed\n"
            "1.10,bgp-down,/subscriptions/x/y,State changed\n2.50,fault-healed,a b,path-cut\n"
        )
        rows = ["direction,flow,sequence,sent_s,arrived_s"]
        for name in ("aws->azure", "azure->aws"):
            for n in range(400):
                sent_s = (n - 100) / 100
                rows.append(f"{name},{n % 2},{n // 2},{sent_s:.6f},{'' if 0 <= sent_s < 1 else sent_s}")
        with gzip.open(run / "packets.csv.gz", "wt") as packets:
            packets.write("\n".join(rows) + "\n")
    return folder


def drills(folder: Path, *gaps_ms: float) -> tuple[DrillPart, ...]:
    return read_drills(record(folder, gaps_ms or (3000.0, 1000.0, 2000.0)))


def report(facts: Facts | None = None, seen: Snapshot | None = None, **changes: Any) -> ReportDocument:
    """Everything but drills, whole."""
    facts = facts or vn.healthy()
    topology = topology_of(facts, seen or snapshot(facts))
    whole = ReportDocument(
        environment="dev",
        on="twin",
        made_at=NOON,
        collect_s=1.5,
        missing=(),
        topology=topology,
        verification=verification(facts),
        latency=latency(0.5, 0.6, 1.2),
        throughput=throughput(),
        drills=(),
        alerts=(AlertTime(name="a cut path rings", seconds=30.8),),
        settings=settings_of(facts),
        versions={"twinspan": "0.1.0"},
    )
    return ReportDocument.model_validate({**whole.model_dump(by_alias=True), **changes})


def renamed(facts: Facts, name: str) -> Facts:
    """The same network, whose VPC, subnets, networks and gateways somebody gave a name."""
    aws, azure = facts.network.aws, facts.network.azure
    assert aws
    assert azure
    return replace(
        facts,
        network=replace(
            facts.network,
            aws=replace(
                aws,
                vpcs=tuple(replace(vpc, name=name) for vpc in aws.vpcs),
                subnets=tuple(replace(subnet, name=name) for subnet in aws.subnets),
                vpn_gateways=tuple(replace(gateway, name=name) for gateway in aws.vpn_gateways),
            ),
            azure=replace(
                azure,
                virtual_networks=tuple(replace(vnet, name=name) for vnet in azure.virtual_networks),
            ),
        ),
    )
