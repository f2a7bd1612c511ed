"""The catalogue as a page."""

from collections.abc import Mapping

from twinspan.verify.catalogue import CATALOGUE


def as_markdown(tests: Mapping[str, str]) -> str:
    """Return the part of `docs/checks.md` that is about `verify`.

    Args:
        tests: Check id -> the test in which it fails, and what it stands on does not.
    """
    rows = [
        f"| {check.id} | {check.explanation.rstrip('.')} | {check.source} | `{check.command}` |"
        f" {tests[check.id]} |"
        for check in CATALOGUE
    ]
    return "\n".join((_HEAD.rstrip("\n"), *rows, ""))


_HEAD = """\
# What `twinspan verify` looks at

`twinspan verify [ENV]` asks both clouds what exists and walks the way of a packet: account, network,
gateway, IKE, IPsec, BGP, routes, filters, packets and, where there are clusters, nodes, DNS and test pods
that it runs meanwhile; then it compares with Terraform's state. A branch (a tunnel, a subnet, a cluster)
stops at its first broken link, which is named with the evidence, the command that shows it, and the remedy;
what follows from it is `skipped`. A cloud that does not answer is `inconclusive`, which is not green either.
What differs from the state is listed as drift, apart from the root causes, and fails too.

`fault` is the word of Batfish's `ipsecSessionStatus` or of Azure Network Watcher's VPN troubleshooting where
there is one. Keys are compared and never shown. `--format json` is of the schema `twinspan/verify/1`
([reports.md](reports.md)). Exit codes: 0 all green, 1 something is not, 2 bad input, 3 an endpoint is not
ready.

Each check has a test in which it fails. The named tests (`tests/e2e/test_verify_faults.py`,
`test_verify_drift.py`, `test_verify_pods.py`) break it on a running twin, through the APIs of the clouds and
of Kubernetes, with real IKE, BGP and packets; the others (`tests/unit/verify`) break what the clouds answer.

| id | what must be true | source | command | test |
|---|---|---|---|---|
"""
