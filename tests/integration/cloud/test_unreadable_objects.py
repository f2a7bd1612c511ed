"""One object that nobody understands hides nothing else of what an API shows, and is named."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any

import dev_network
import pytest

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.aws import reader as aws_reader
from twinspan.cloud.aws.client import clients
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.azure import reader as azure_reader
from twinspan.cloud.azure.client import close
from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.objects import refuse
from twinspan.errors import CloudError
from twinspan.network.model import AwsNetwork, AzureNetwork

GONE = object()
VALUES: tuple[Any, ...] = ("garbage", -1, [], {"garbage": 1}, None, GONE)


@pytest.fixture(scope="module", autouse=True)
def dev(endpoints: Endpoints) -> Iterator[None]:
    dev_network.build(endpoints)
    yield
    assert endpoints.azure
    close(endpoints.azure)


def _changed(raw: Mapping[str, Any], member: str, value: object) -> dict[str, Any]:
    kept = {name: part for name, part in raw.items() if name != member}
    return kept if value is GONE else {**kept, member: value}


def dict_mutants(raw: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield an answer's object with each of its members, however deep, spoilt or missing."""
    for member, part in raw.items():
        for value in VALUES:
            yield f"{member}={value!r}", _changed(raw, member, value)
        if isinstance(part, dict):
            for path, inner in dict_mutants(part):
                yield f"{member}.{path}", {**raw, member: inner}
        elif isinstance(part, list) and part and isinstance(part[0], dict):
            for path, inner in dict_mutants(part[0]):
                yield f"{member}[0].{path}", {**raw, member: [inner, *part[1:]]}


def lost(good: AwsNetwork | AzureNetwork, partial_network: AwsNetwork | AzureNetwork) -> set[str]:
    return {
        item.id
        for member in fields(good)
        if isinstance(getattr(good, member.name), tuple)
        for item in getattr(good, member.name)
        if item.id not in {kept_item.id for kept_item in getattr(partial_network, member.name)}
    }


AWS_OPERATIONS = {**aws_reader._WHOLE, **aws_reader._PAGED}


@pytest.fixture(scope="module")
def aws_answers(endpoints: Endpoints) -> dict[str, list[Any]]:
    aws = endpoints.aws
    assert aws
    ec2 = clients(aws).ec2
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.run_instances(
        ImageId="ami-0123456789abcdef0", InstanceType="t3.micro", SubnetId=subnet, MinCount=1, MaxCount=1
    )
    return {name: aws_reader._describe(aws, name, member) for name, member in AWS_OPERATIONS.items()}


@pytest.mark.parametrize("operation", AWS_OPERATIONS)
def test_a_spoilt_object_of_aws_is_the_only_one_that_is_missing(
    aws: AwsEndpoint, aws_answers: dict[str, list[Any]], operation: str
) -> None:
    def read(answers: dict[str, list[Any]], problems: list[str]) -> AwsNetwork:
        return aws_reader._network(answers, "0", aws.region, (), problems.append)[0]

    nothing: list[str] = []
    good = read(aws_answers, nothing)
    assert nothing == []
    first, *others = aws_answers[operation]
    own = next(value for name, value in first.items() if name.endswith("Id") and name == identity(operation))
    tried = 0
    for path, spoilt in dict_mutants(first):
        if path.startswith(identity(operation)):
            continue
        problems: list[str] = []
        partial_network = read({**aws_answers, operation: [spoilt, *others]}, problems)
        missing = lost(good, partial_network)
        assert missing <= {own}, path
        assert bool(missing) <= bool(problems) or path.startswith("State="), path
        tried += 1
    assert tried > 5


def identity(operation: str) -> str:
    """The member that names what an operation describes."""
    special = {"describe_security_groups": "GroupId"}
    noun = operation.removeprefix("describe_").removesuffix("s")
    return special.get(operation, "".join(part.capitalize() for part in noun.split("_")) + "Id")


def model_mutants(raw: Any) -> Iterator[tuple[str, Any]]:
    """Yield the object as it would be read from each spoilt form of its document."""
    for path, spoilt in dict_mutants(raw.as_dict()):
        if not path.startswith("id"):
            yield path, type(raw)(spoilt)


AZURE_PLACES = {
    "virtual_networks": "whole",
    "route_tables": "whole",
    "security_groups": "whole",
    "public_addresses": "whole",
    "gateways": "parts",
    "local_gateways": "parts",
    "connections": "parts",
}


@pytest.mark.parametrize("kind", AZURE_PLACES)
def test_a_spoilt_object_of_azure_is_the_only_one_that_is_missing(azure: AzureEndpoint, kind: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        whole = azure_reader._in_subscription(azure, pool)
        parts = azure_reader._in_groups(azure, pool, whole.groups)
    answers: dict[str, Any] = {"whole": whole, "parts": parts}

    def read(changed: dict[str, Any], problems: list[str]) -> AzureNetwork:
        both = answers | changed
        return azure_reader._network(azure, both["whole"], both["parts"], (), problems.append)

    nothing: list[str] = []
    good = read({}, nothing)
    assert nothing == []
    place = AZURE_PLACES[kind]
    objects = getattr(answers[place], kind)
    if not objects:
        pytest.skip("dev has none")
    tried = 0
    for path, spoilt in model_mutants(objects[0]):
        problems: list[str] = []
        changed = {place: replace(answers[place], **{kind: [spoilt, *objects[1:]]})}
        assert lost(good, read(changed, problems)) <= {objects[0].id.lower()}, path
        tried += 1
    assert tried > 3


def test_whoever_judges_all_of_a_network_is_told_and_gets_nothing(
    aws: AwsEndpoint, aws_answers: dict[str, list[Any]]
) -> None:
    first, *others = aws_answers["describe_subnets"]
    spoilt = {**first, "CidrBlock": "10.0.0.0/99"}

    answers = {**aws_answers, "describe_subnets": [spoilt, *others]}

    with pytest.raises(CloudError, match=rf"{first['SubnetId']}: cannot be understood \(NetmaskValueError: "):
        aws_reader._network(answers, "0", aws.region, (), refuse)
