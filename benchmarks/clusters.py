"""Two clusters from nothing to Ready, their memory and idle CPU, and pods across the clouds beside hosts.

Pods and hosts are measured in turn, pair by pair, on the same twin and through the same tunnels; the ratio is
what counts. Needs root and `make kubernetes`. Makes and removes a twin of its own.

    sudo .venv/bin/python benchmarks/clusters.py terraform/envs/dev --pairs 5
"""

import argparse
import os
import statistics
import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from own_twin import NETWORK_ONLY, own_twin, timed

from twinspan.cloud.reader import read_network
from twinspan.kubernetes.api import ClusterApi
from twinspan.kubernetes.endpoint import clusters_of
from twinspan.kubernetes.probe_pods import probe_pods
from twinspan.probe.iperf import iperf
from twinspan.probe.ping import ping
from twinspan.protocols import Host
from twinspan.target.hosts import hosts_of
from twinspan.target.target import Target, open_target
from twinspan.target.twin import TwinPlace
from twinspan.twin.client import TwinClient
from twinspan.wait import wait_until

_READY_WITHIN_S = 300.0
_SETTLE_S = 20.0
"""What Kubernetes has to do after all nodes are ready is over after so long, in seconds."""


def built(env: Path, name: str) -> tuple[float, float]:
    """Add the clusters; return the time of the apply, and that from the first request to all nodes ready."""
    client = TwinClient(name)
    took: list[float] = []
    apply = threading.Thread(target=lambda: took.append(timed("apply", str(env), "--name", name)))
    apply.start()
    wait_until(lambda: client.status().clusters, bool, what="first cluster", timeout_s=_READY_WITHIN_S)
    asked = time.monotonic()
    wait_until(
        lambda: client.status().clusters,
        lambda seen: (
            len(seen) > 1 and all(cluster.nodes and cluster.nodes_ready == cluster.nodes for cluster in seen)
        ),
        what="two clusters with all nodes ready",
        timeout_s=_READY_WITHIN_S,
    )
    ready = time.monotonic() - asked
    apply.join()
    return took[0], ready


def memory_mib(name: str) -> dict[str, float]:
    """Return the proportional set size of each kind of the clusters' processes, MiB."""
    sizes: dict[str, float] = defaultdict(float)
    status = TwinClient(name).status()
    prefixes = ("etcd", "kube-", "kubelet", "containerd")
    for role, pid in status.pids.items():
        if role.startswith(prefixes):
            sizes[role.split()[0]] += sum(pss_mib(member_pid) for member_pid in family(pid))
    return dict(sizes)


def cpu_s(name: str) -> dict[str, float]:
    """Return the CPU time that each kind of process of a twin has used, children included, in seconds."""
    used: dict[str, float] = defaultdict(float)
    for role, pid in TwinClient(name).status().pids.items():
        for member_pid in family(pid):
            fields = Path(f"/proc/{member_pid}/stat").read_text().rpartition(")")[2].split()
            used[role.split()[0]] += sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    return dict(used)


def idle_cpu(name: str, seconds: float) -> dict[str, float]:
    """Return the share of a core that each kind of process uses while nothing happens, percent."""
    before, began = cpu_s(name), time.monotonic()
    time.sleep(seconds)
    after, took = cpu_s(name), time.monotonic() - began
    return {kind: 100 * (used - before.get(kind, 0)) / took for kind, used in after.items()}


def family(pid: int) -> set[int]:
    """Return a process and its children; those of a node are started by one that only waits for them."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {pid, *map(int, children)}


def pss_mib(pid: int) -> float:
    """Return the proportional set size of a process, MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def rate(a: Host, b: Host, seconds: int) -> float:
    """Return bits per second of one TCP flow from `a` to `b`."""
    return iperf(a, b, seconds=seconds).directions[0].bits_per_s


def round_trip_ms(a: Host, b: Host) -> float:
    """Return the median round trip, ms."""
    return ping(a, b, count=100, interval_s=0.01).percentile_ms(50) or float("nan")


def compared(target: Target, *, pairs: int, seconds: int) -> None:
    """Measure hosts and pods in turn and print the ratios."""
    network, _ = read_network(target.endpoints)
    with ExitStack() as stack:
        apis = [
            stack.enter_context(ClusterApi(cluster)) for cluster in clusters_of(network, target.endpoints)
        ]
        hosts = stack.enter_context(hosts_of(target, pairs=1))
        asked = time.monotonic()
        (aws_pod, *_), (azure_pod, *_) = stack.enter_context(probe_pods(apis))
        print(f"a pod in each cluster, ready   {time.monotonic() - asked:6.1f} s")
        ((aws, azure),) = hosts.pairs
        rates = [
            (rate(aws_pod, azure_pod, seconds), rate(aws.host, azure.host, seconds)) for _ in range(pairs)
        ]
        trips = [
            (round_trip_ms(aws_pod, azure_pod), round_trip_ms(aws.host, azure.host)) for _ in range(pairs)
        ]
    for what, unit, values in (
        ("throughput", "Mbit/s", [(p / 1e6, h / 1e6) for p, h in rates]),
        ("round trip", "ms", trips),
    ):
        pod, host = (statistics.median(column) for column in zip(*values, strict=True))
        ratios = [p / h for p, h in values]
        print(
            f"{what}: pods {pod:.2f} {unit}, hosts {host:.2f} {unit}, ratio {statistics.median(ratios):.2f}"
            f" ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def main() -> None:
    """Build, weigh, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("env", type=Path)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--idle", type=float, default=30.0, help="seconds to look at an idle twin")
    arguments = parser.parse_args()
    with own_twin() as (name, _):
        timed("apply", str(arguments.env), "--name", name, *NETWORK_ONLY)
        took, ready = built(arguments.env, name)
        print(f"apply that adds the clusters   {took:6.1f} s")
        print(f"from asked for to nodes ready  {ready:6.1f} s")
        weights = memory_mib(name)
        for kind, size in sorted(weights.items()):
            print(f"  {kind:<24} {size:6.0f} MiB")
        print(f"memory of a cluster            {sum(weights.values()) / 2:6.0f} MiB")
        time.sleep(_SETTLE_S)
        shares = idle_cpu(name, arguments.idle)
        for kind, share in sorted(shares.items()):
            print(f"  {kind:<24} {share:6.1f} %")
        print(f"idle twin with two clusters    {sum(shares.values()):6.1f} % of a core")
        compared(
            open_target(arguments.env, TwinPlace(name)),
            pairs=arguments.pairs,
            seconds=arguments.seconds,
        )


if __name__ == "__main__":
    main()
