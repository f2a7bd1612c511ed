"""Do the accounts answer, and are they the ones that were built in?"""

from collections.abc import Iterator

from twinspan.results import Finding, Outcome
from twinspan.rules.observed.facts import Facts


def aws_answers(facts: Facts) -> Iterator[Finding]:
    """ACC-01: AWS can be read with these credentials."""
    aws = facts.network.aws
    yield Finding(
        subject=f"AWS account {aws.account_id}" if aws else "AWS",
        outcome=Outcome.PASS if aws else Outcome.INCONCLUSIVE,
        evidence=aws.region if aws else facts.cloud_problems.get("aws", "no AWS endpoint was given"),
        command="aws sts get-caller-identity",
        remedy="" if aws else "Sign in to AWS with a role that may read EC2, and verify again",
    )


def azure_answers(facts: Facts) -> Iterator[Finding]:
    """ACC-02: Azure can be read with these credentials, in the subscription that was built in."""
    azure = facts.network.azure
    built = (*facts.expected.virtual_network_gateway_ids, *facts.expected.virtual_network_ids)
    subscription = _subscription(next(iter(built), ""))
    outcome, remedy = Outcome.PASS, ""
    evidence = "readable"
    if azure is None:
        outcome = Outcome.INCONCLUSIVE
        evidence = facts.cloud_problems.get("azure", "no Azure endpoint was given")
        remedy = "Sign in to Azure as a reader of the subscription, and verify again"
    elif subscription and azure.subscription_id.lower() != subscription:
        outcome = Outcome.FAIL
        evidence = f"the environment was built in subscription {subscription}"
        remedy = (
            f"Choose it: export ARM_SUBSCRIPTION_ID={subscription}; "
            f"az account set --subscription {subscription}"
        )
    yield Finding(
        subject=f"Azure subscription {azure.subscription_id}" if azure else "Azure",
        outcome=outcome,
        evidence=evidence,
        command="az account show",
        remedy=remedy,
    )


def _subscription(resource_id: str) -> str:
    parts = resource_id.strip("/").lower().split("/")
    return parts[1] if parts[:1] == ["subscriptions"] and len(parts) > 1 else ""
