"""Runs Kubernetes' own end-to-end tests on the twin's clusters: EKS and AKS, two nodes each.

`python tools/conformance.py [--short] [--out FOLDER] [--focus REGEX] [--cluster eks|aks]`, after
`make conformance-suite`. It passes if those tests fail that `conformance/expected-failures.txt` lists, and no
others.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from conformance_images import ARCHIVE, pack
from conformance_results import CLUSTERS, Verdict, by_reason, judge, read_expected, read_junit
from conformance_suite import Suite, find_suite, suite_modules

from twinspan.cloud.aws.eks import eks_kubeconfig
from twinspan.cloud.azure import aks_kubeconfig
from twinspan.cloud.reader import read_network
from twinspan.command import run
from twinspan.errors import CommandError, HostError, TwinspanError
from twinspan.signals import undone_on_signals
from twinspan.twin.client import twin_endpoints
from twinspan.twin.kubernetes.install import Printer
from twinspan.twin.kubernetes.programs import NAMES, Programs, find_programs, record

ROOT = Path(__file__).parents[1]
EXPECTED = ROOT / "conformance" / "expected-failures.txt"
MODULES = suite_modules(ROOT / "conformance", ROOT / "requirements-go.txt")

ALL = r"\[sig-(network|apps)\].*\[Conformance\]|Netpol"
"""What runs: the conformance tests of networks and workloads, and all of NetworkPolicies."""

SHORT = (
    r"\[sig-network\] (Services should (serve a basic endpoint|be able to create a functioning NodePort)"
    r"|DNS should provide DNS for services|Networking Granular.*node-pod communication: http)"
    r"|\[sig-apps\] (Deployment RollingUpdate|Job should delete|StatefulSet.*scale subresource)"
    r"|Netpol NetworkPolicy between server and client should support a 'default-deny-ingress'"
)
"""A few of them, one of each kind: two minutes of a cluster."""

_LEFT_OUT = r"\[Disruptive\]|\[Feature:SCTPConnectivity\]"
"""Of `ALL` only the second fits any: a protocol that not every machine's kernel has."""

_NAME = "conformance"
_CLUSTERS = {
    "eks": {
        "network_policies": True,
        "node_groups": {
            "default": {"instance_types": ["m5.xlarge"], "desired_size": 2, "min_size": 2, "max_size": 2}
        },
    },
    "aks": {
        "node_subnet_prefix": "10.1.4.0/24",
        "pod_subnet_prefix": "10.1.8.0/22",
        "network_policy": "azure",
        "system_pool": {"vm_size": "Standard_D4s_v5", "node_count": 2, "max_pods": 60},
    },
}
"""The environment's clusters, with nodes enough, room for pods, and NetworkPolicies in force."""

_PROCESSES_PER_CORE = 2
_LONGEST = "2h"
_TOTAL = re.compile(r"^Will run (\d+) of \d+ specs")
_ENDED = re.compile(r"^• ?(\[\w+\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is asked for.

    Attributes:
        suite: The programs of the tests.
        out: Folder for logs and JUnit files.
        focus: Regular expression of the tests.
        clusters: Of `CLUSTERS`.
        processes: How many tests run at the same time.
    """

    suite: Suite
    out: Path
    focus: str = ALL
    clusters: tuple[str, ...] = CLUSTERS
    processes: int = _PROCESSES_PER_CORE * len(os.sched_getaffinity(0))


def main() -> int:
    """Run the tests and print the figures; return the exit status."""
    parser = argparse.ArgumentParser(prog="conformance", description="Run Kubernetes' own tests on the twin.")
    parser.add_argument("--out", type=Path, default=Path("conformance-results"), help="for JUnit and logs")
    tests = parser.add_mutually_exclusive_group()
    tests.add_argument("--focus", default=ALL, help="regular expression of the tests")
    tests.add_argument("--short", dest="focus", action="store_const", const=SHORT, help="a few of each kind")
    parser.add_argument("--cluster", choices=CLUSTERS, help="only this one")
    arguments = parser.parse_args()
    printer = Printer()
    try:
        asked = Run(
            suite=find_suite(MODULES),
            out=arguments.out.resolve(),
            focus=arguments.focus,
            clusters=(arguments.cluster,) if arguments.cluster else CLUSTERS,
        )
        with undone_on_signals():
            verdicts = conformance(asked, printer)
    except TwinspanError as error:
        printer.end()
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        printer.end()
        return 130
    for verdict in verdicts:
        print(verdict.line)
        for problem in verdict.problems:
            print(f"  {problem}")
        for reason, count in by_reason(verdict, read_expected(EXPECTED)).items():
            print(f"  {count} failed as listed: {reason}")
    print(f"JUnit files and logs are in {asked.out}")
    return 1 if any(verdict.problems for verdict in verdicts) else 0


def conformance(asked: Run, printer: Printer) -> tuple[Verdict, ...]:
    """Bring up both clusters on a twin of its own, run the tests on each, and remove everything but `out`.

    Raises:
        TwinspanError: It does not get as far as running tests.
    """
    expected = read_expected(EXPECTED)
    asked.out.mkdir(parents=True, exist_ok=True)
    programs = find_programs()
    verdicts = []
    with _cache(programs, asked.suite, printer) as cache, _twin(cache, printer) as environment:
        for cluster, config in _kubeconfigs(cache).items():
            if cluster in asked.clusters:
                began = time.monotonic()
                status = _run_tests(asked, cluster, {**environment, "KUBECONFIG": str(config)}, printer)
                took_s = time.monotonic() - began
                ended = _ended(asked, cluster, status)
                verdicts.append(judge(cluster, ended, expected, whole=asked.focus == ALL, took_s=took_s))
    printer.end()
    return tuple(verdicts)


@contextmanager
def _cache(programs: Programs, suite: Suite, printer: Printer) -> Iterator[Path]:
    """Make a cache with the clusters' programs and images and the tests' images; yields its folder.

    Nodes import all archives that lie beside their own. On the disk of the programs, so that these are links.
    """
    folder = Path(tempfile.mkdtemp(prefix="conformance.", dir=programs.folder.parent))
    try:
        current = folder / "twinspan" / "kubernetes" / "current"
        (current / "images").mkdir(parents=True)
        for name in NAMES:
            (current / name).hardlink_to((programs.folder / name).resolve())
        record(current, programs.version)
        printer.show("Packing the images that tests run")
        pack(current / "images" / ARCHIVE, suite, coredns=current / "coredns")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _twin(cache: Path, printer: Printer) -> Iterator[Mapping[str, str]]:
    """Run a twin with both clusters; yields the environment for cloud tools. This process' own is changed."""
    twinspan = str(Path(sys.executable).parent / "twinspan")
    home = tempfile.mkdtemp(prefix="twinspan-conformance-")
    os.environ |= {"TWINSPAN_HOME": home, "XDG_CACHE_HOME": str(cache)}
    variable = f"kubernetes={json.dumps(_CLUSTERS)}"
    try:
        printer.show("Bringing up EKS and AKS with two nodes each")
        run([twinspan, "twin", "up", "--name", _NAME])
        environment = str(ROOT / "terraform" / "envs" / "dev")
        run([twinspan, "apply", environment, "--name", _NAME, "--providers", "offline", "--var", variable])
        twin_variables = json.loads(
            run([twinspan, "twin", "env", "--name", _NAME, "--format", "json"]).stdout
        )
        path = f"{cache}/twinspan/kubernetes/current:{os.environ['PATH']}"  # with kubectl
        changed = {**os.environ, **twin_variables, "PATH": path}
        yield {key: value for key, value in changed.items() if value is not None}
    finally:
        printer.show("Removing the clusters")
        run([twinspan, "twin", "down", "--name", _NAME, "--purge"], check=False)
        shutil.rmtree(home, ignore_errors=True)


def _kubeconfigs(folder: Path) -> Mapping[str, Path]:
    """Write an administrator's kubeconfig for each cluster: EKS's asks the AWS CLI for tokens."""
    endpoints = twin_endpoints(_NAME)
    network, _ = read_network(endpoints)
    if not (endpoints.aws and endpoints.azure and network.aws and network.azure):
        raise HostError(problem="the twin has lost a cloud", remedy="Run `make test-conformance` again")
    (eks,), (aks,) = network.aws.eks_clusters, network.azure.aks_clusters
    contents = {
        "eks": eks_kubeconfig(endpoints.aws, eks),
        "aks": aks_kubeconfig(endpoints.azure, aks.id, admin=True),
    }
    paths = {}
    for cluster, content in contents.items():
        paths[cluster] = folder / f"{cluster}.kubeconfig"
        paths[cluster].touch(mode=0o600)
        paths[cluster].write_text(json.dumps(content))
    return paths


def _run_tests(asked: Run, cluster: str, environment: Mapping[str, str], printer: Printer) -> int:
    """Run the tests on one cluster; what they print goes to a log. Return the exit status."""
    argv = [
        str(asked.suite.ginkgo),
        f"--procs={asked.processes}",
        f"--focus={asked.focus}",
        f"--skip={_LEFT_OUT}",
        f"--timeout={_LONGEST}",
        "--no-color",
        "--silence-skips",
        "--force-newlines",
        str(asked.suite.tests),
        "--",
        "--provider=skeleton",
        f"--kubeconfig={environment['KUBECONFIG']}",
        f"--report-dir={asked.out}",
        f"--report-prefix={cluster}_",
    ]
    _junit(asked, cluster).unlink(missing_ok=True)
    progress = _Progress(cluster, printer)
    with (
        (asked.out / f"{cluster}.log").open("w", encoding="utf-8") as log,
        _group(argv, environment) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in process.stdout:
            log.write(line)
            progress.take(line)
        return process.wait()


@contextmanager
def _group(argv: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a program in a session of its own; if the block is left before its end, all in it is killed."""
    process = subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


class _Progress:
    """Counts the tests that have ended, from what ginkgo prints."""

    def __init__(self, cluster: str, printer: Printer) -> None:
        self._cluster = cluster
        self._printer = printer
        self._began = time.monotonic()
        self._total = self._ended = self._failed = 0

    def take(self, line: str) -> None:
        """Take a line of output."""
        total, ended = _TOTAL.match(line), _ENDED.match(line)
        if total:
            self._total = int(total[1])
        if ended:
            self._ended += 1
            self._failed += ended[1] is not None
        if total or ended:
            minutes = (time.monotonic() - self._began) / 60
            self._printer.show(
                f"Kubernetes' tests on {self._cluster}: {self._ended} of {self._total}, "
                f"{self._failed} failed, {minutes:.0f} minutes"
            )


def _junit(asked: Run, cluster: str) -> Path:
    return asked.out / f"junit_{cluster}_01.xml"


def _ended(asked: Run, cluster: str, status: int) -> Mapping[str, str]:
    """Return how the tests of a cluster ended.

    Raises:
        CommandError: They wrote no results.
    """
    try:
        return read_junit(_junit(asked, cluster))
    except (OSError, ET.ParseError) as error:
        raise CommandError(
            [str(asked.suite.ginkgo)], status, f"no results; the last words are in {asked.out}/{cluster}.log"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
