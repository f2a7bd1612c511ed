"""What is kept of each run: the report, every packet and every event, as files that any tool reads."""

import csv
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twinspan.drill.document import RunDocument
from twinspan.drill.flow_analysis import DirectionLog
from twinspan.drill.run import Run
from twinspan.errors import HostError
from twinspan.results.document import as_json

REPORT, PACKETS, EVENTS = "report.json", "packets.csv.gz", "events.csv"
_PACKET_COLUMNS = ("direction", "flow", "sequence", "sent_s", "arrived_s")
_EVENT_COLUMNS = ("at_s", "kind", "subject", "detail")


def prepare(folder: Path) -> None:
    """Make the folder of a series, before anything is broken.

    Raises:
        HostError: It cannot be made or written to, or holds a series already.
    """
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.glob("run-*")):
            raise HostError(
                problem=f"{folder} holds the runs of another series",
                remedy="Choose another folder with --out",
            )


def record(run: Run, folder: Path) -> None:
    """Write one run into a folder of its own; times count from the cut, in seconds.

    The report comes first and the packets last: if the disk is full, the most telling part is there.

    Raises:
        HostError: It cannot be written, e.g. because the disk is full.
    """
    with _explained(folder):
        folder.mkdir(parents=True)
        (folder / REPORT).write_text(as_json(RunDocument.of(run.report)) + "\n")
        with (folder / EVENTS).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_EVENT_COLUMNS)
            for event in run.events:
                at_s = round(event.at_s - run.cut_at_s, 6)
                writer.writerow((at_s, event.kind, event.subject, event.detail))
        with gzip.open(folder / PACKETS, "wt", newline="", compresslevel=3) as packets:
            writer = csv.writer(packets)
            writer.writerow(_PACKET_COLUMNS)
            for direction, log in run.measured.logs.items():
                writer.writerows((direction, *row) for row in _rows(log, run.cut_at_s))


def _rows(log: DirectionLog, cut_at_s: float) -> Iterator[tuple[object, ...]]:
    arrived = {(arrival.flow, arrival.sequence): arrival.at_s for arrival in reversed(log.arrivals)}
    for number, sent_s in enumerate(log.sent_s):
        sequence, flow = divmod(number, log.flows)
        at_s = arrived.get((flow, sequence))
        arrival_time = "" if at_s is None else f"{at_s - cut_at_s:.6f}"
        yield flow, sequence, f"{sent_s - cut_at_s:.6f}", arrival_time


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HostError(
            problem=f"the run cannot be recorded in {folder}: {error.strerror or error}",
            remedy="Free some space there, or choose another folder with --out",
        ) from error
