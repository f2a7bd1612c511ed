"""All of it: machine, tools, both accounts at the same time."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from twinspan.cloud.endpoints import Endpoints
from twinspan.doctor import aws, azure, machine, tools
from twinspan.doctor.findings import Check, Diagnosis
from twinspan.doctor.needs import Needs
from twinspan.doctor.on_twin import SERVED, served
from twinspan.results import CheckResult
from twinspan.results.support import Need

CHECKS: tuple[Check, ...] = (*machine.CHECKS, SERVED, *tools.CHECKS, *aws.CHECKS, *azure.CHECKS)
"""Every check, in the order of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The accounts to look at.

    Attributes:
        endpoints: Both clouds; None for one that is not configured.
        aws_reason: Why there is no AWS account.
        azure_reason: Why there is no Azure subscription.
    """

    endpoints: Endpoints
    aws_reason: str = ""
    azure_reason: str = ""


def diagnose(
    *,
    host: Sequence[CheckResult],
    accounts: Accounts,
    needs: Needs | None,
    built: bool,
    twin_needs: Sequence[Need] | None = None,
) -> Diagnosis:
    """Look at everything.

    Args:
        host: What was found about this machine.
        accounts: Where to ask.
        needs: What the environment asks for; None if that is not known.
        built: Whether the environment exists already.
        twin_needs: What the configuration asks for, and what a twin has of it; None if that is not known.
    """
    began = time.monotonic()
    with ThreadPoolExecutor(3, thread_name_prefix="doctor") as pool:
        programs = pool.submit(tools.tools)
        amazon = pool.submit(_aws, accounts, needs, built)
        microsoft = pool.submit(_azure, accounts, needs, built)
        on_twin = () if twin_needs is None else (served(twin_needs),)
        results = (*host, *on_twin, *programs.result(), *amazon.result(), *microsoft.result())
    return Diagnosis(results=results, needs=tuple(twin_needs or ()), duration_s=time.monotonic() - began)


def _aws(accounts: Accounts, needs: Needs | None, built: bool) -> tuple[CheckResult, ...]:
    if accounts.endpoints.aws is None:
        return tuple(check.skipped(accounts.aws_reason) for check in aws.CHECKS)
    return aws.account(accounts.endpoints.aws, needs, built=built)


def _azure(accounts: Accounts, needs: Needs | None, built: bool) -> tuple[CheckResult, ...]:
    if accounts.endpoints.azure is None:
        return tuple(check.skipped(accounts.azure_reason) for check in azure.CHECKS)
    return azure.account(accounts.endpoints.azure, needs, built=built)
