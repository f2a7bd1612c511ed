"""The steps of the demonstration, each with what it found."""

import time
from contextlib import ExitStack
from pathlib import Path

from twinspan import command
from twinspan.cli.demo_figures import Figures, lasting
from twinspan.cli.demo_pods import pods_talk
from twinspan.cli.output import print_whole, progress
from twinspan.cli.step_reporter import StepReporter
from twinspan.drill.report import DrillReport
from twinspan.drill.run import run_drill
from twinspan.drill.senders import with_hosts
from twinspan.errors import HostError
from twinspan.faults.data_plane.path_cut import TUNNEL_DOWN
from twinspan.network.clouds import CLOUD_NAMES
from twinspan.probe.iperf import iperf
from twinspan.probe.ping import ping
from twinspan.project.environment import Environment
from twinspan.project.messages import Event, ResourceEvent, Summary
from twinspan.project.terraform import Choice, Terraform
from twinspan.target.hosts import Hosts, hosts_of
from twinspan.target.target import Target, open_target
from twinspan.target.twin import TwinPlace
from twinspan.twin import lifecycle, requirements
from twinspan.twin.kubernetes.meanwhile import ProgramsMeanwhile
from twinspan.twin.kubernetes.programs import find_programs
from twinspan.twin.rundir import RunDir
from twinspan.verify.findings import Verification
from twinspan.verify.run import verify
from twinspan.verify.text import as_tree, summary
from twinspan.wait import wait_until

FIRST_PING_WITHIN_S = 60.0
"""How long the first ping may take to get across, seconds."""
WHOLE_WITHIN_S = 60.0
"""How long all tunnels may take, seconds."""
CLUSTERS = "kubernetes_enabled"
"""The variable of the environments that says whether there are clusters."""
SAID_EVERY_S = 30.0
"""How often a long wait says how far it is where no terminal shows it, seconds."""
IPERF_S = 2
"""How long each direction's throughput is measured, seconds."""


class _Counter:
    """Tells how far Terraform is, in one line that changes (on a terminal)."""

    def __init__(self, reporter: StepReporter) -> None:
        self._reporter = reporter
        self._planned = 0
        self._done = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Summary):
            self._planned, self._done = event.added + event.changed + event.removed, 0
        elif isinstance(event, ResourceEvent) and event.state == "done":
            self._done += 1
            self._reporter.tick(f"{self._done} of {max(self._planned, self._done)}: {event.address}")


class Demo:
    """Runs the steps on the twin `name`; the caller removes the twin if this fails.

    Args:
        environment: What Terraform builds.
        path: The environment's folder as the user gave it.
        name: A name no other twin has.
        providers: Which Terraform providers.
        reporter: Where progress goes.
        get_kubernetes: Get the Kubernetes programs meanwhile, if they are not there.
    """

    def __init__(
        self,
        *,
        environment: Environment,
        path: Path,
        name: str,
        providers: Choice,
        reporter: StepReporter,
        get_kubernetes: bool,
    ) -> None:
        self._environment = environment
        self._path = path
        self._name = name
        self._place = TwinPlace(name)
        self._providers = providers
        self._reporter = reporter
        self._figures = Figures()
        self._pids: set[int] = set()
        self._no_clusters = ""
        self._get_kubernetes = get_kubernetes
        self._programs: ProgramsMeanwhile | None = None

    def run(self, *, keep: bool) -> Figures:
        """Run all steps; with `keep`, all but the removal.

        Raises:
            TwinspanError: A step could not be done.
        """
        with ExitStack() as meanwhile:
            if self._get_kubernetes:
                self._programs = meanwhile.enter_context(ProgramsMeanwhile())
            return self._steps(keep=keep)

    def _steps(self, *, keep: bool) -> Figures:
        self._check_machine()
        started = time.monotonic()
        self._start()
        with Terraform(
            self._environment,
            process_environment=self._place.terraform_environment(),
            providers=self._providers,
            on_event=_Counter(self._reporter),
            variables={CLUSTERS: "false"},
        ) as terraform:
            self._build(terraform)
            target = open_target(self._path, self._place)
            with hosts_of(target) as hosts:
                self._first_ping(hosts, started)
                self._tunnels(target, hosts)
                self._verify(target, hosts)
                self._measure(hosts)
            self._clusters(terraform)
            self._pods()
            self._drill(target)
            if not keep:
                self._destroy(terraform)
        if not keep:
            self._remove()
        return self._figures

    def _check_machine(self) -> None:
        with self._reporter.step(
            "Look at this machine", "The tunnels are real, so their programs must be installed."
        ) as step:
            requirements.check_right()
            requirements.check_packages()
            version = command.run(["terraform", "version"], timeout_s=30).stdout.splitlines()[0]
            kubernetes = ""
            try:
                kubernetes = f", Kubernetes {find_programs().version}"
            except HostError as error:
                self._no_clusters = str(error)
                kubernetes = ", Kubernetes follows" if self._programs else ""
            step.result = f"ready: strongSwan (IPsec), BIRD (BGP), nftables (filters), {version}{kubernetes}"

    def _start(self) -> None:
        with self._reporter.step(
            "Start a twin",
            "Two cloud APIs on 127.0.0.1, and an empty data plane sealed off from your network.",
        ) as step:
            status = lifecycle.up(self._name)
            step.result = ", ".join(
                f"{label} API at {status.endpoints[cloud]}" for cloud, label in CLOUD_NAMES.items()
            )

    def _build(self, terraform: Terraform) -> None:
        with self._reporter.step(
            f"Build {self._environment.name} with Terraform",
            "The same files would build it in AWS and Azure, where the Azure gateway alone takes 45 minutes.",
        ) as step:
            if terraform.init() == "offline":
                names = " and ".join(terraform.offline_providers)
                self._reporter.say(
                    f"warning: offline provider for {names} in use, because the real provider cannot be"
                    " installed here, or was not asked for"
                )
            outcome = terraform.apply()
            step.result = f"{outcome.summary.added} resources built"

    def _first_ping(self, hosts: Hosts, started: float) -> None:
        with self._reporter.step(
            "Wait for the first packet across", "A host in the VPC pings a host in the VNet until it answers."
        ) as step:
            if not hosts.pairs:
                raise HostError(
                    problem=f"no hosts to ping between: {'; '.join(hosts.problems) or 'no subnets'}",
                    remedy="Look at the environment's subnets",
                )
            aws, azure = hosts.pairs[0]
            argv = ["ping", "-n", "-c", "1", "-W", "1", str(azure.host.address)]
            wait_until(
                lambda: aws.host.run(argv, timeout_s=5).returncode,
                lambda status: status == 0,
                what=f"answer from {azure.host.address} to a ping from {aws.host.address}",
                timeout_s=FIRST_PING_WITHIN_S,
            )
            self._figures.first_ping_s = time.monotonic() - started
            step.result = f"the first answer came {self._figures.first_ping_s:.1f} s after the twin's start"

    def _tunnels(self, target: Target, hosts: Hosts) -> None:
        with self._reporter.step(
            "Wait for all tunnels", "One tunnel is enough for traffic; the others take over when it fails."
        ) as step:
            seen: list[int] = []

            def tell(verification: Verification) -> None:
                tunnels = verification.tunnels
                if not seen or seen[-1] != tunnels.passed:
                    seen.append(tunnels.passed)
                    self._reporter.say(f"{tunnels.passed} of {tunnels.total} tunnels up")

            verification = verify(
                target.endpoints,
                hosts=hosts.pairs,
                host_problems=hosts.problems,
                expected=target.expected,
                wait_s=WHOLE_WITHIN_S,
                on_reading=tell,
            )
            result = verification.tunnels
            self._figures.tunnels_up = result.passed
            self._figures.tunnels_expected = target.expected.tunnel_count if target.expected else 0
            step.result = f"{result.passed} of {result.total} tunnels up"
            self._pids = set(lifecycle.status(self._name).pids.values())

    def _verify(self, target: Target, hosts: Hosts) -> None:
        with self._reporter.step(
            "Verify", "What both clouds' APIs say, against what Terraform built, from gateway to packet."
        ) as step:
            verification = target.verify(hosts=hosts.pairs, host_problems=hosts.problems)
            print_whole(as_tree(verification), console=progress)
            self._figures.verified = step.passed = verification.passed
            step.result = summary(verification)

    def _measure(self, hosts: Hosts) -> None:
        with self._reporter.step(
            "Measure the path",
            "Ping for the delay, iperf3 for the throughput of one TCP connection each way, on this machine.",
        ) as step:
            aws, azure = (end.host for end in hosts.pairs[0])
            answer = ping(aws, azure, count=20, interval_s=0.02)
            there, back = iperf(aws, azure, seconds=IPERF_S).directions
            figures = self._figures
            figures.ping_median_ms = answer.percentile_ms(50)
            figures.aws_to_azure_mbit_per_s = round(there.bits_per_s / 1e6, 1)
            figures.azure_to_aws_mbit_per_s = round(back.bits_per_s / 1e6, 1)
            step.result = (
                f"ping {answer.received} of {answer.sent}, median {figures.ping_median_ms or 0:.2f} ms; "
                f"AWS → Azure {figures.aws_to_azure_mbit_per_s:.0f} Mbit/s, "
                f"Azure → AWS {figures.azure_to_aws_mbit_per_s:.0f} Mbit/s"
            )

    def _clusters(self, terraform: Terraform) -> None:
        with self._reporter.step(
            "Add a Kubernetes cluster on each side",
            "The same Terraform with clusters: real control planes, kubelets and containers, in the subnets.",
        ) as step:
            if self._programs:
                self._await(self._programs)
            if self._no_clusters:
                step.result = f"left out: {self._no_clusters}"
                return
            started = time.monotonic()
            terraform.variables.clear()
            outcome = terraform.apply()
            self._figures.clusters_ready_s = round(time.monotonic() - started, 1)
            status = lifecycle.status(self._name)
            self._figures.nodes_ready = sum(cluster.nodes_ready for cluster in status.clusters)
            self._pids |= set(status.pids.values())
            nodes = ", ".join(
                f"{cluster.name}: {cluster.nodes_ready} of {cluster.nodes} nodes ready"
                for cluster in status.clusters
            )
            step.result = f"{outcome.summary.added} resources built; {nodes}"

    def _await(self, programs: ProgramsMeanwhile) -> None:
        """Wait for the Kubernetes programs, and find out again whether there can be clusters."""
        said_s = 0.0

        def tell(line: str) -> None:
            nonlocal said_s
            self._reporter.tick(line)
            if not progress.is_terminal and time.monotonic() >= said_s + SAID_EVERY_S:
                said_s = time.monotonic()
                self._reporter.say(line)

        programs.wait(tell)
        try:
            find_programs()
            self._no_clusters = ""
        except HostError as error:
            self._no_clusters = programs.problem or str(error)

    def _pods(self) -> None:
        with self._reporter.step(
            "Let pods talk across",
            "A pod in each cluster pings the other's own address, through the tunnels.",
        ) as step:
            if self._no_clusters:
                step.result = "left out, as the clusters"
                return
            talk = pods_talk(open_target(self._path, self._place))
            self._figures.pods_ping_median_ms = talk.median_ms
            self._figures.pods_kept_address = talk.kept_address
            step.result = talk.told

    def _drill(self, target: Target) -> None:
        with (
            self._reporter.step(
                "Lose a tunnel",
                "16 flows each way; then the tunnel that AWS uses goes silent. Only timers can notice that.",
            ) as step,
            with_hosts(target) as environment,
        ):
            report = run_drill(
                TUNNEL_DOWN,
                environment,
                tunnel="in-use",
                on_moment=lambda moment: self._reporter.say(f"{moment.at_s:+6.1f} s  {moment.what}"),
            ).report
            self._take(report)
            step.passed = report.passed
            for failure in report.failures:
                self._reporter.say(f"failed: {failure}")
            step.result = "; ".join(
                f"{d.arrow} silent for {lasting(d.longest_gap_ms)}" for d in report.directions
            )

    def _take(self, report: DrillReport) -> None:
        there, back = report.direction("aws->azure"), report.direction("azure->aws")
        self._figures.aws_to_azure_silent_ms = round(there.longest_gap_ms, 1)
        self._figures.azure_to_aws_silent_ms = round(back.longest_gap_ms, 1)
        self._figures.aws_to_azure_found_by = there.found_by
        self._figures.azure_to_aws_found_by = back.found_by
        self._figures.other_profile = report.other_profile
        self._figures.drill_passed = report.passed

    def _destroy(self, terraform: Terraform) -> None:
        with self._reporter.step("Destroy", "Terraform removes everything it built.") as step:
            outcome = terraform.destroy()
            step.result = f"{outcome.summary.removed} resources removed"

    def _remove(self) -> None:
        with self._reporter.step("Stop the twin", "Its processes, namespaces and files go.") as step:
            lifecycle.down(self._name, purge=True)
            left = sorted(pid for pid in self._pids if Path(f"/proc/{pid}").exists())
            if left or RunDir(self._name).path.exists():
                raise HostError(
                    problem=f"something is left of the twin {self._name}: {left or RunDir(self._name).path}",
                    remedy=f"Run `twinspan twin down --name {self._name} --purge` and report this",
                )
            step.result = f"nothing is left: {len(self._pids)} processes ended, all files removed"
