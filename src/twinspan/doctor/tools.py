"""The programs that a user runs beside twinspan: there, and new enough?"""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from twinspan import command
from twinspan.doctor.findings import TOOLS, Check, bad, good, unneeded
from twinspan.errors import TwinspanError
from twinspan.results import CheckResult, Finding

TERRAFORM = Check(
    id="TOOL-01",
    title="Terraform is here",
    section=TOOLS,
    source="Terraform 1.10 release notes: the S3 backend's use_lockfile",
)
OTHERS = Check(
    id="TOOL-02", title="the clouds' and clusters' own tools are here", section=TOOLS, source="README"
)
CHECKS = (TERRAFORM, OTHERS)

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_TERRAFORM_FIRST = (1, 10)
_ANSWER_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program, how it tells its version, what it is for, and how one gets it."""

    name: str
    version: tuple[str, ...]
    purpose: str
    install: str


TOOLS_OF_THE_USER = (
    Tool(
        name="aws",
        version=("--version",),
        purpose="asking AWS yourself, and kubectl's sign-in to EKS",
        install="https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    ),
    Tool(
        name="az",
        version=("version", "--output", "tsv"),
        purpose="asking Azure yourself, and `az login`",
        install="https://learn.microsoft.com/cli/azure/install-azure-cli",
    ),
    Tool(
        name="kubectl",
        version=("version", "--client"),
        purpose="clusters and `deploy` with a kustomization",
        install="https://kubernetes.io/docs/tasks/tools/",
    ),
    Tool(name="iperf3", version=("--version",), purpose="`probe iperf`", install="`apt-get install iperf3`"),
    Tool(name="ping", version=("-V",), purpose="`probe ping`", install="`apt-get install iputils-ping`"),
)


def tools(which: Callable[[str], str | None] = shutil.which) -> tuple[CheckResult, ...]:
    """Look at all of them.

    Args:
        which: Finds a program; None if it is not there.
    """
    return TERRAFORM.of(_terraform(which)), OTHERS.of(*(_tool(tool, which) for tool in TOOLS_OF_THE_USER))


def _terraform(which: Callable[[str], str | None]) -> Finding:
    program = which("terraform")
    remedy = "Run `make install`, or see https://developer.hashicorp.com/terraform/install"
    if program is None:
        return bad("terraform", "not on PATH", remedy=remedy)
    version = _version_of([program, "version"])
    if version is None:
        return bad("terraform", f"{program} does not tell its version", remedy=remedy)
    text = ".".join(map(str, version))
    if version[:2] < _TERRAFORM_FIRST:
        return bad("terraform", f"{text}, and the state's lock needs 1.10", remedy=remedy)
    return good("terraform", text, command="terraform version")


def _tool(tool: Tool, which: Callable[[str], str | None]) -> Finding:
    program = which(tool.name)
    if program is None:
        return unneeded(tool.name, f"not on PATH; only for {tool.purpose}: {tool.install}")
    version = _version_of([program, *tool.version])
    if version is None:
        return bad(tool.name, f"{program} does not run", remedy=f"Install it again: {tool.install}")
    return good(tool.name, ".".join(map(str, version)))


def _version_of(argv: list[str]) -> tuple[int, ...] | None:
    try:
        result = command.run(argv, timeout_s=_ANSWER_WITHIN_S, check=False)
    except (TwinspanError, OSError):
        return None
    match = _VERSION.search(result.stdout or result.stderr)
    return tuple(int(part) for part in match.groups() if part) if match and result.returncode == 0 else None
