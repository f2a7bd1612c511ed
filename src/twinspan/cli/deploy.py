"""`twinspan deploy`: one application on the clusters of both clouds."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from twinspan.cli.options import cluster_options, env_argument, format_option, place_options
from twinspan.cli.output import answers, print_json, progress, step
from twinspan.project.source import Source
from twinspan.signals import undone_on_signals
from twinspan.target.clusters import open_clusters
from twinspan.target.kubectl import kubectl
from twinspan.target.place import Place
from twinspan.target.target import open_target

if TYPE_CHECKING:
    from twinspan.deploy.objects import ObjectRef
    from twinspan.deploy.report import ClusterReport, DeployReport
    from twinspan.deploy.rollout import Progress
    from twinspan.deploy.run import Options

_STYLES = {"failed": "red", "refused": "red", "rolled back": "yellow"}


@click.command()
@click.argument("app", type=click.Path(path_type=Path))
@env_argument
@place_options
@format_option
@cluster_options
@click.option("--delete", is_flag=True, help="Remove the application from both clusters instead.")
@click.option("--atomic", is_flag=True, help="If one side fails, take both back to what ran before.")
@click.option(
    "--dry-run", "dry_run", is_flag=True, help="Ask both clusters what would change; change nothing."
)
@click.option(
    "--force-conflicts", "force", is_flag=True, help="Take over fields that another manager has set."
)
@click.option(
    "--namespace",
    default="default",
    show_default=True,
    help="For objects that name none.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(1, 86_400),
    default=300.0,
    show_default=True,
    help="Seconds for the rollouts (and again for taking back, or removing).",
)
@click.option("--yes", is_flag=True, help="Do not ask before changing real accounts.")
def deploy(
    *,
    app: Path,
    env: Source,
    place: Place,
    fmt: str,
    aws_cluster: str | None,
    azure_cluster: str | None,
    delete: bool,
    atomic: bool,
    dry_run: bool,
    force: bool,
    namespace: str,
    timeout_s: float,
    yes: bool,
) -> None:
    """Deploy APP on the EKS and the AKS cluster of ENV at the same time, and wait until it runs.

    APP is a folder with Kubernetes manifests (*.yaml, *.yml, *.json), or a kustomization, for both clouds; or
    it has an overlay for each: APP/overlays/aws and APP/overlays/azure. Objects are applied server-side.
    Nothing is applied if either cluster refuses any object; what an earlier deployment had and this one does
    not is removed. A Service of type LoadBalancer with the annotation `twinspan/peer: NAME` is reachable as
    the Service NAME in the other cluster.

    \b
    Examples:
      twinspan deploy examples/hello terraform/envs/dev
      twinspan deploy examples/hello terraform/envs/dev --atomic --timeout 120
      twinspan deploy examples/hello terraform/envs/dev --delete

    \b
    Exit codes: 0 it runs on both sides, 1 it does not (or was taken back), 2 bad input, 3 a cluster, the twin
    or the machine is not ready.
    """  # noqa: D301 - click needs the character itself
    from twinspan.deploy.run import Options  # noqa: PLC0415 - the Kubernetes client is slow to load

    options = Options(namespace=namespace, atomic=atomic, dry_run=dry_run, force=force, timeout_s=timeout_s)
    if place.real and not yes and not dry_run:
        click.confirm(f"{'remove' if delete else 'deploy'} {app} on real accounts?", abort=True, err=True)
    report = _run(
        app,
        env,
        place=place,
        cluster_names=(aws_cluster, azure_cluster),
        delete=delete,
        options=options,
    )
    if fmt == "json":
        print_json(report.as_dict())
    else:
        for cluster in report.clusters:
            _print(cluster)
    if not report.passed:
        raise click.exceptions.Exit(1)


def _run(
    app: Path,
    env: Source,
    *,
    place: Place,
    cluster_names: tuple[str | None, str | None],
    delete: bool,
    options: "Options",
) -> "DeployReport":
    from twinspan.deploy.run import deploy as deploy_on  # noqa: PLC0415 - as above
    from twinspan.deploy.run import remove  # noqa: PLC0415
    from twinspan.deploy.source import app_name, load_app  # noqa: PLC0415

    title = app_name(app)
    sources = {} if delete else load_app(app, kubectl=kubectl())
    target = open_target(env, place)
    doing = "Removing" if delete else "Deploying"
    with (
        open_clusters(target, aws_cluster=cluster_names[0], azure_cluster=cluster_names[1]) as clusters,
        step(f"{doing} {title} on {' and '.join(api.name for api in clusters)}"),
        undone_on_signals(),
    ):
        if delete:
            return remove(clusters, app=title, options=options)
        return deploy_on(clusters, sources, app=title, options=options, on_progress=_Progress())


class _Progress:
    """Prints a line whenever a workload gets further; called by both sides' threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, cluster: str, ref: "ObjectRef", far: "Progress") -> None:
        with self._lock:
            progress.print(f"  {cluster}: {ref}: {far.text}", markup=False, soft_wrap=True)


def _print(cluster: "ClusterReport") -> None:
    from twinspan.deploy.report import counted  # noqa: PLC0415 - as above

    state = cluster.state
    style = _STYLES.get(state, "green")
    what = f": {counted(cluster.objects)}" if cluster.objects else ""
    title = escape(f"{cluster.side} {cluster.cluster}")
    answers.print(f"{title}: [{style}]{state}[/]{what} ({cluster.seconds:.1f} s)")
    for change in cluster.objects:
        if change.action != "unchanged":
            answers.print(f"  {change.action:<10} {change.ref}", markup=False)
    for workload in cluster.workloads:
        if not workload.done:
            answers.print(f"  not running: {workload.ref}: {workload.text}", style="red", markup=False)
        for problem in workload.problems:
            answers.print(f"    {problem}", markup=False)
    for problem in cluster.problems:
        answers.print(f"  {problem}", style="red", markup=False)
    if state == "refused" and not cluster.problems:
        answers.print("  nothing was applied, because the other cluster refuses it", markup=False)
