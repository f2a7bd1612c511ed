"""`twinspan twin`: start, stop and look at the local copy of both clouds."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import cast

import click
from rich.console import Console
from rich.markup import escape

from twinspan import extras
from twinspan.cli.options import format_option, name_option
from twinspan.cli.output import answers, print_json, print_whole, progress, step
from twinspan.cli.tables import TableOfNames
from twinspan.network.versions import both_versions
from twinspan.twin import lifecycle
from twinspan.twin.environment import prepare_az
from twinspan.twin.logs import follow, read_logs
from twinspan.twin.rundir import RunDir
from twinspan.twin.settings import BgpHold
from twinspan.twin.status import Status, TunnelStatus
from twinspan.twin.terraform_providers import Choice, chosen_providers, provider_variables

_OFFLINE = (
    "warning: terraform in this shell uses twinspan's offline providers for hashicorp/aws and"
    " hashicorp/azurerm, because the real providers cannot be installed here, or were not asked for. The real"
    " ones' own checks are not in them. Run terraform in a copy of the tree, so that no lock file names them."
)
_PORT = click.IntRange(0, 65535)
_APIS = {"aws": "AWS API", "azure": "Azure API"}
_WIDE = 125
"""Columns from which the table of tunnels has room for the inside addresses and AWS's names."""


@click.group("twin")
def twin() -> None:
    """Run a working copy of both clouds on this machine.

    Two APIs on 127.0.0.1, and behind them real IPsec and BGP daemons in network namespaces of their own.

    \b
    Example: twinspan twin up && eval "$(twinspan twin env)" && aws ec2 describe-vpcs
    """  # noqa: D301 - click needs the character itself
    extras.require("twin", by="the twin")


@twin.command("up")
@name_option
@click.option("--aws-port", type=_PORT, default=0, help="Port of the AWS API; 0: as before, else a free one.")
@click.option(
    "--azure-port", type=_PORT, default=0, help="Port of the Azure API; 0: as before, else a free one."
)
@click.option(
    "--azure-bgp-hold",
    type=click.Choice(["negotiated", "fixed"]),
    default=None,
    help="BGP hold time: the lower of both (30 s), or Azure's 180 s. Default: as before, else negotiated.",
)
@click.option(
    "--metrics-period",
    "metrics_period_s",
    type=click.IntRange(1, 3600),
    default=None,
    metavar="SECONDS",
    help="Grain of the metrics; the clouds themselves have 300. Default: as before, else 10.",
)
@format_option
def up(
    *,
    name: str,
    aws_port: int,
    azure_port: int,
    azure_bgp_hold: str | None,
    metrics_period_s: int | None,
    fmt: str,
) -> None:
    """Start a twin. What it held when it went down is still there.

    Needs root or sudo, for network namespaces. Only the data plane's agent keeps root.

    \b
    Example: twinspan twin up --name dev --aws-port 5000

    \b
    Exit codes: 0 it is up (or was already), 2 bad name, 3 the machine is not ready.
    """  # noqa: D301 - click needs the character itself
    before = lifecycle.status(name).state
    with step(f"starting the twin {name}"):
        status = lifecycle.up(
            name,
            aws_port=aws_port,
            azure_port=azure_port,
            azure_bgp_hold=cast("BgpHold | None", azure_bgp_hold),
            metrics_period_s=metrics_period_s,
        )
    if before != "down":
        progress.print(f"the twin {name} is already up")
    _show(status, fmt)


@twin.command("down")
@name_option
@click.option(
    "--purge", is_flag=True, help="Remove what it keeps too: API objects, ports, credentials, logs."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@format_option
def down(name: str, purge: bool, dry_run: bool, fmt: str) -> None:
    """Stop a twin, and remove what a crash may have left.

    \b
    Example: twinspan twin down --name dev --purge

    \b
    Exit codes: 0 it is down (or was already), 2 bad name.
    """  # noqa: D301 - click needs the character itself
    if dry_run:
        ran = lifecycle.status(name).state != "down"
    else:
        with step(f"stopping the twin {name}"):
            ran = lifecycle.down(name, purge=purge)
    folder = RunDir(name).path
    if fmt == "json":
        print_json({"name": name, "ran": ran, "purged": purge, "dry_run": dry_run, "run_directory": folder})
        return
    done = "would be stopped" if dry_run else "is down"
    answers.print(f"the twin {name} {done}" if ran else f"the twin {name} was not up")
    if purge:
        answers.print(f"{folder} {'would be' if dry_run else 'is'} removed", markup=False)


@twin.command("status")
@name_option
@format_option
def status(name: str, fmt: str) -> None:
    """Show processes, endpoints and tunnels of a twin; one that does not run is `down`.

    \b
    Example: twinspan twin status --format json

    \b
    Exit codes: 0 whatever its state, 2 bad name.
    """  # noqa: D301 - click needs the character itself
    _show(lifecycle.status(name), fmt)


@twin.command("env")
@name_option
@click.option(
    "--providers",
    type=click.Choice(["auto", "real", "offline"]),
    default="auto",
    show_default=True,
    help="Terraform's real providers, twinspan's offline ones, or real if both can be installed.",
)
@click.option(
    "--az/--no-az",
    default=True,
    show_default=True,
    help="Register the twin with `az` and sign in, the first time, if `az` is installed.",
)
@format_option
def env(name: str, providers: Choice, az: bool, fmt: str) -> None:
    """Print the shell commands after which plain terraform, aws and az use the twin.

    Sets endpoints, the twin's own credentials and trust (its authority vouches for localhost only), and
    unsets what would get in the way: profiles, session tokens, ARM_* leftovers. `az` gets a configuration
    folder of its own, so your login to Azure stays as it is. The output holds credentials.

    Where Terraform cannot install the real providers, TF_CLI_CONFIG_FILE names twinspan's
    offline ones, with a warning. A lock file that names those is worth nothing elsewhere: run terraform in a
    copy of the tree, once `twinspan apply` has made the state bucket.

    \b
    Example: eval "$(twinspan twin env)"

    \b
    Plain terraform, in a copy:
      cp -r terraform /tmp/tree && cd /tmp/tree/envs/dev && rm -f .terraform.lock.hcl
      terraform init -backend-config=backend.hcl && terraform plan

    \b
    Exit codes: 0 printed, 2 bad name, 3 the twin is not up.
    """  # noqa: D301 - click needs the character itself
    variables = lifecycle.environment(name)
    if az:
        with step("preparing az"):
            prepare_az(name)
    chosen = chosen_providers(name, providers)
    if chosen == "offline":
        progress.print(_OFFLINE, style="yellow", markup=False)
    variables |= provider_variables(name, chosen)
    if fmt == "json":
        print_json(variables)
        return
    for line in shell_lines(variables):
        click.echo(line)


@twin.command("logs")
@name_option
@click.argument("roles", nargs=-1, metavar="[ROLE]...")
@click.option("--follow", "-f", "following", is_flag=True, help="Go on with new lines until interrupted.")
@click.option(
    "--lines", "-n", type=click.IntRange(0), default=200, show_default=True, help="Last lines of each."
)
def logs(name: str, roles: tuple[str, ...], following: bool, lines: int) -> None:
    """Print the logs of a twin: all, or those of ROLEs such as `control` and `dataplane`.

    \b
    Example: twinspan twin logs dataplane --follow

    \b
    Exit codes: 0 printed, 2 bad name or role.
    """  # noqa: D301 - click needs the character itself
    run_dir = RunDir(name)
    _echo(read_logs(run_dir, roles, last=lines))
    if following:
        _echo(follow(run_dir, roles))


def shell_lines(variables: Mapping[str, str | None]) -> list[str]:
    """Return POSIX shell commands that set, or for None unset, each variable."""
    return [
        f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}"
        for name, value in sorted(variables.items())
    ]


def _echo(lines: Iterable[tuple[str, str]]) -> None:
    for role, line in lines:
        click.echo(f"{role} | {line}")


def _show(status: Status, fmt: str) -> None:
    if fmt == "json":
        print_json(asdict(status))
    else:
        show_status(status)


def show_status(status: Status, *, console: Console = answers) -> None:
    """Print how a twin is, in short names and counts; the JSON form has all ids and every process."""
    verdict = {"up": "bold green", "degraded": "bold yellow", "down": "bold red"}[status.state]
    console.print(f"{escape(status.name)}: [{verdict}]{status.state}[/]{_carrying(status)}")
    for problem in status.problems:
        console.print(f"  problem    {problem}", style="yellow", markup=False)
    for cloud, url in status.endpoints.items():
        console.print(f"  {_APIS[cloud]:<9}  {url}", markup=False)
    if status.pids:
        console.print(f"  processes  {summarised(status.pids)}", markup=False)
    _show_tunnels(status, console)
    _show_clusters(status, console)
    for entries in status.objects_only:
        line = f"  objects only  {len(entries.names)} {entries.kind}: {entries.reason}"
        console.print(line, style="dim", markup=False)
    option = "" if status.name == "default" else f" --name {status.name}"
    if status.state == "down":
        console.print(f"  next       twinspan twin up{option}", markup=False)
    elif not status.tunnels:
        console.print(f"  next       twinspan apply{option}", markup=False)


def _show_tunnels(status: Status, console: Console) -> None:
    if status.tunnels:
        console.print()
        print_whole(_tunnel_table(status, wide=console.width >= _WIDE), console=console)
    for tunnel in status.tunnels:
        if tunnel.last_error:
            console.print(f"  {_short_name(tunnel)}: {tunnel.last_error}", style="yellow", markup=False)


def _show_clusters(status: Status, console: Console) -> None:
    if status.clusters:
        console.print()
        print_whole(_cluster_table(status), console=console)


def summarised(pids: Mapping[str, int]) -> str:
    """Name the few processes by pid and count the many, e.g. `control 71, agent 75, 12 charon, 5 bird`."""
    kinds = Counter(role.split()[0] for role in pids)
    few = [f"{role} {pid}" for role, pid in pids.items() if " " not in role]
    many = [f"{count} {kind}" for kind, count in kinds.items() if kind not in pids]
    return ", ".join([*few, *many])


def _carrying(status: Status) -> str:
    if not status.tunnels:
        return ", nothing built yet" if status.state == "up" else ""
    used = [tunnel for tunnel in status.tunnels if tunnel.azure_connections] or status.tunnels
    whole = sum(tunnel.up for tunnel in used)
    unused = len(status.tunnels) - len(used)
    return f", {whole} of {len(used)} tunnels up" + (f", {unused} not used" if unused else "")


def _tunnel_table(status: Status, *, wide: bool) -> TableOfNames:
    titles = ("  tunnel", "AWS end", "Azure end", "IPsec", "BGP", "routes")
    more = ("inside", "AWS connection") if wide else ()
    table = TableOfNames(*titles, *more, names=("  tunnel", "AWS connection"), right=("routes",))
    for tunnel in sorted(status.tunnels, key=_short_name):
        table.add_row(
            f"  {escape(_short_name(tunnel))}",
            str(tunnel.outside_ip_address or "-"),
            str(tunnel.public_ip_address or "-"),
            f"[{'green' if tunnel.ipsec == 'up' else 'red'}]{tunnel.ipsec}",
            _session_cell(tunnel),
            str(tunnel.accepted_routes),
            *([str(tunnel.inside_cidr), escape(tunnel.name)] if wide else []),
        )
    return table


def _session_cell(tunnel: TunnelStatus) -> str:
    if tunnel.bgp == "None":
        return "static"
    return f"[{'green' if tunnel.bgp == 'Established' else 'red'}]{tunnel.bgp}"


def _cluster_table(status: Status) -> TableOfNames:
    titles = ("  cluster", "cloud", "state", "Kubernetes", "nodes ready", "API server")
    table = TableOfNames(*titles, names=("  cluster",))
    for cluster in status.clusters:
        whole = cluster.nodes_ready >= cluster.nodes and not cluster.problem
        table.add_row(
            f"  {escape(cluster.name)}",
            cluster.side,
            escape(cluster.state),
            escape(both_versions(cluster.version, cluster.running_version)),
            f"[{'green' if whole else 'red'}]{cluster.nodes_ready} of {cluster.nodes}",
            cluster.endpoint or "-",
        )
    return table


def _short_name(tunnel: TunnelStatus) -> str:
    """Name a tunnel as Azure's connection is named, for AWS gives a name to each pair only."""
    return ", ".join(tunnel.azure_connections) or tunnel.name
