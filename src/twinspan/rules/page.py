"""The catalogue as a page."""

from collections.abc import Mapping

from twinspan.rules.catalogue import CATALOGUE


def as_markdown(tests: Mapping[str, str]) -> str:
    """Return `docs/checks.md`.

    Args:
        tests: Rule id -> the test in which it fails.
    """
    parts = [_HEAD.rstrip("\n")]
    for section in dict.fromkeys(rule.section for rule in CATALOGUE):
        parts += ["", f"## {section}", "", _COLUMNS.rstrip("\n")]
        parts += [
            f"| {rule.id} | {rule.explanation.rstrip('.')} | {rule.needs} | {rule.severity} | {rule.source} |"
            f" {f'`{rule.command}`' if rule.command else ''} | {tests[rule.id]} |"
            for rule in CATALOGUE
            if rule.section == section
        ]
    return "\n".join((*parts, ""))


_HEAD = """\
# Rules

Written by `pytest tests/golden --update-golden` from the catalogue; do not edit.

A rule has one id, which is never given to another one. It needs the *configuration* alone (a plan, a state,
or what exists), *telemetry* (a cloud or a cluster must answer) or *packets* (they must be sent). `twinspan
explain ID` says what a rule is about.

**`twinspan check [ENV]`** judges the rules of configuration. It plans any root module in a copy, with a
local backend and without any account, and looks at the plan before anything exists. ENV may be a plan or a
state, too; left out, it is what exists on the twin. `--plan FILE` takes `terraform show -json` of any
project (`-`: standard input), `--state FILE` the output of `terraform state pull`; `--on twin` and `--on
cloud` look at what exists and only read. An `error` cannot be built or will carry no traffic; a `warning`
works, but worse than it could; `info` is worth knowing. What is not known is `inconclusive` and fails too
unless `--allow-inconclusive` is given; it cannot be waived. `--fail-on warning` is stricter. `--format
json` is of the schema `twinspan/check/2`.

**`twinspan verify [ENV]`** judges all rules. It asks both clouds what exists and walks the way of a packet:
account, network, gateway, IKE, IPsec, BGP, routes, filters, packets and, where there are clusters, nodes,
DNS and test pods that it runs meanwhile; then it compares with Terraform's state. A branch (a tunnel, a
subnet, a cluster) stops at its first broken link, which is named with the evidence, the command that shows
it, and the remedy; what follows from it is `skipped`. A cloud that does not answer is `inconclusive`, which
is not green either. Warnings are shown and do not fail; a warning that explains lost packets is an error.
What differs from the state is listed as drift, apart from the root causes, and fails too. `fault` is the
word of Batfish's `ipsecSessionStatus` or of Azure Network Watcher's VPN troubleshooting where there is one.
Keys are compared and never shown. `--format json` is of the schema `twinspan/verify/1`
([reports.md](reports.md)).

What must exist is read from Terraform's resources, of any module and name, and without a state from the
network itself; no output is needed. A connection to an address that is neither cloud's is one to a data
centre: VPN-05 alone judges it. On the twin, pings are sent from the machines that run, one in each subnet,
else from throw-away hosts there. These have the groups of a machine that is stopped; else the group that
Terraform's state, or the network, has for the remote side; else that of an EKS cluster; else the VPC's
default group, which admits nobody: then FLT-11 names the rule that is missing. A throw-away host in Azure
has no NSG of its own. On real accounts nothing is sent but between pods.

`--junit FILE` is for CI. Exit codes of both: 0 good, 1 something is not, 2 bad input, 3 Terraform, a
provider or an endpoint is missing. Waivers, for both, and for drills and reports, are in `checks.toml` of
the environment, or in the file that `--waivers` names:

```toml
[[waiver]]
id = "RED-03"
where = "*instance0*"       # optional: a pattern for the subject
reason = "zone 1 is all that this region has"
expires = 2027-06-30        # optional
```

Each rule has a test in which it fails: a broken plan, with the exact message (`tests/golden/check/cases`),
a running twin that is broken through the APIs of the clouds and of Kubernetes, with real IKE, BGP and
packets (`tests/e2e/test_verify_*.py`), or broken answers of the clouds (`tests/unit/verify`).
"""
_COLUMNS = """\
| id | what must be true | needs | severity | source | shown by | test |
|---|---|---|---|---|---|---|
"""
