"""`twinspan report`."""

from dataclasses import replace
from pathlib import Path

import click

from twinspan import extras
from twinspan.cli.options import env_argument, format_option, place_options
from twinspan.cli.output import print_json, progress, step
from twinspan.errors import HostError
from twinspan.project.source import Source
from twinspan.report.alerts import read_alerts
from twinspan.report.collect import FULL, QUICK, Collector
from twinspan.report.document import DrillPart, ReportDocument
from twinspan.report.drills import read_drills
from twinspan.report.sources import sources_of
from twinspan.signals import undone_on_signals
from twinspan.target.place import Place


@click.command()
@env_argument
@place_options
@format_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page; report.html if not given. With --format json none is written unless this is.",
)
@click.option(
    "--drills",
    "folders",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    metavar="DIR",
    help="What `drill run --out DIR` has kept; may be given several times.",
)
@click.option(
    "--alerts",
    "alerts_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="JUnit file of the tests that make alerts ring, with their times to alert.",
)
@click.option(
    "--plots",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the topology and each chart there as PNG.",
)
@click.option(
    "--from",
    "source",
    type=click.Choice(["hosts", "pods"]),
    default="hosts",
    show_default=True,
    help="Who sends: throw-away hosts (twin only), or test pods in both clusters.",
)
@click.option("--quick", is_flag=True, help="Send little: 50 echo requests, 1 s of TCP each way.")
@click.option("--no-probe", is_flag=True, help="Send nothing; verify does not ping either.")
@click.option("--check", "strict", is_flag=True, help="Exit 1 unless verify is green and all tunnels are up.")
def report(
    *,
    env: Source,
    place: Place,
    fmt: str,
    out: Path | None,
    folders: tuple[Path, ...],
    alerts_file: Path | None,
    plots: Path | None,
    source: str,
    quick: bool,
    no_probe: bool,
    strict: bool,
) -> None:
    """Write one page of everything measured on ENV: topology, checks, latency, throughput, drills, alerts.

    The page needs no network to be opened. Nothing is broken for it: drills are read from what
    `drill run --out` has kept. What cannot be had is said in the page. Echo requests and a few seconds of TCP
    are sent from throw-away hosts, on real accounts only with --from pods.

    \b
    Examples: twinspan report terraform/envs/dev
              twinspan report --drills results/tunnel-down --out report.html --plots plots
              twinspan report --format json --no-probe

    \b
    Exit codes: 0 written, 1 with --check something is not well, 2 bad input, 3 it cannot be written.
    """  # noqa: D301 - click needs the character itself
    drills = sorted((part for folder in folders for part in read_drills(folder)), key=_worst_first)
    alerts = read_alerts(alerts_file) if alerts_file else ()
    file = out or (Path("report.html") if fmt == "text" else None)
    if file or plots:
        extras.require("report", by="a page or a plot", otherwise="take the figures with --format json")
    if file:
        _writable(file)
    with (
        undone_on_signals(),
        sources_of(env, place, from_pods=source == "pods", probing=not no_probe) as sources,
    ):
        effort = None if no_probe else QUICK if quick else FULL
        with step(f"Reading and measuring {sources.environment}"):
            document = Collector(replace(sources, effort=effort)).collect(drills=drills, alerts=alerts)
    _write(document, file=file, plots=plots)
    if fmt == "json":
        print_json(document)
    if strict and not document.healthy:
        raise click.exceptions.Exit(1)


def _worst_first(drill: DrillPart) -> float:
    return -drill.median_gap_s


def _writable(file: Path) -> None:
    """Refuse a file that cannot be written before anything is measured. Raises HostError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        there = file.exists()
        with file.open("a"):
            pass
        if not there:
            file.unlink()
    except OSError as error:
        raise _unwritten(file, error) from error


def _unwritten(file: Path, error: OSError) -> HostError:
    return HostError(
        problem=f"the report cannot be written to {file}: {error.strerror or error}",
        remedy="Name another file with --out",
    )


def _write(document: ReportDocument, *, file: Path | None, plots: Path | None) -> None:
    """Write page and plots."""
    if not file and not plots:
        return
    from twinspan.report.page import as_html  # noqa: PLC0415 - matplotlib is slow to load
    from twinspan.report.plots import plots_of, save  # noqa: PLC0415
    from twinspan.report.topology_plot import topology_plot  # noqa: PLC0415

    with step("Drawing"):
        drawn = tuple(plots_of(document))
        if file:
            try:
                file.write_text(as_html(document, plots=drawn))
            except OSError as error:
                raise _unwritten(file, error) from error
        picture = (topology_plot(document.topology),) if document.topology else ()
        saved = save((*picture, *drawn), plots) if plots else ()
    if file:
        progress.print(f"page: {file}", markup=False)
    if plots:
        progress.print(f"plots: {len(saved)} in {plots}", markup=False)
