"""Do the accounts answer, and are they the ones that were built in?"""

from collections.abc import Iterator

from twinspan.network.regions import regions_of
from twinspan.network.subscriptions import subscription_of, subscriptions_of
from twinspan.results import Finding, Outcome
from twinspan.rules.observed.facts import Facts


def aws_answers(facts: Facts) -> Iterator[Finding]:
    """ACC-01: AWS can be read with these credentials."""
    aws = facts.network.aws
    yield Finding(
        subject=f"AWS account {aws.account_id}" if aws else "AWS",
        outcome=Outcome.PASS if aws else Outcome.INCONCLUSIVE,
        evidence=", ".join(regions_of(aws))
        if aws
        else facts.cloud_problems.get("aws", "no AWS endpoint was given"),
        command="aws sts get-caller-identity",
        remedy="" if aws else "Sign in to AWS with a role that may read EC2, and verify again",
    )


def azure_answers(facts: Facts) -> Iterator[Finding]:
    """ACC-02: Azure can be read with these credentials, in every subscription that was built in."""
    azure = facts.network.azure
    built = (*facts.expected.virtual_network_gateway_ids, *facts.expected.virtual_network_ids)
    there = {*subscriptions_of(azure)} if azure else set()
    lacking = next(
        (
            subscription
            for subscription in map(subscription_of, built)
            if subscription and subscription not in there
        ),
        "",
    )
    outcome, remedy = Outcome.PASS, ""
    evidence = "readable"
    if azure is None:
        outcome = Outcome.INCONCLUSIVE
        evidence = facts.cloud_problems.get("azure", "no Azure endpoint was given")
        remedy = "Sign in to Azure as a reader of the subscription, and verify again"
    elif lacking:
        outcome = Outcome.FAIL
        evidence = f"the environment was built in subscription {lacking}"
        remedy = f"Choose it: export ARM_SUBSCRIPTION_ID={lacking}; az account set --subscription {lacking}"
    yield Finding(
        subject=f"Azure subscription {', '.join(subscriptions_of(azure))}" if azure else "Azure",
        outcome=outcome,
        evidence=evidence,
        command="az account show",
        remedy=remedy,
    )
