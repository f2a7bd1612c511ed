"""Verify, probe and break a network from Python.

    .venv/bin/python examples/python/break_a_tunnel.py terraform/envs/dev default

The twin must be up and the environment built. `CloudPlace()` in the place of `TwinPlace(...)` means real
accounts: there test pods send (`pods_of`, `with_pods`), and drills such as `endpoint-replaced` can run.
"""

import sys
from pathlib import Path

from twinspan.drill.catalogue import named
from twinspan.drill.run import run_drill
from twinspan.drill.senders import with_hosts
from twinspan.probe.ping import ping
from twinspan.target.hosts import hosts_of
from twinspan.target.target import open_target
from twinspan.target.twin import TwinPlace

target = open_target(Path(sys.argv[1]), TwinPlace(sys.argv[2]))
with hosts_of(target) as hosts:
    verification = target.verify(hosts=hosts.pairs, host_problems=hosts.problems, wait_s=60)
    aws, azure = (end.host for end in hosts.pairs[0])
    pings = ping(aws, azure, count=10, interval_s=0.1)
with with_hosts(target) as environment:
    report = run_drill(named("tunnel-down"), environment, tunnel="in-use").report
silent_ms = {way.direction: round(way.longest_gap_ms) for way in report.directions}
print(f"verified: {verification.passed}, answers: {pings.received}, drill: {report.passed}, {silent_ms}")
