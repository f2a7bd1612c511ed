"""Page tokens, names and attributes that make no sense are refused with the service's own code."""

from typing import Any

import pytest
from aws_twin import Twin, send, signed
from botocore.exceptions import ClientError

pytest_plugins = ("aws_fixtures",)


@pytest.mark.parametrize(
    ("service", "act", "params", "code"),
    [
        ("secretsmanager", "list_secrets", {"NextToken": "b"}, "InvalidNextTokenException"),
        ("secretsmanager", "list_secret_version_ids", {"SecretId": "none"}, "ResourceNotFoundException"),
        *(
            ("secretsmanager", "get_random_password", params, "InvalidParameterException")
            for params in (
                {"ExcludeCharacters": "".join(map(chr, range(33, 127)))},
                {
                    "ExcludeNumbers": True,
                    "ExcludeUppercase": True,
                    "ExcludeLowercase": True,
                    "ExcludePunctuation": True,
                },
            )
        ),
        ("ssm", "describe_parameters", {"NextToken": "b"}, "InvalidNextToken"),
        ("ssm", "get_parameter_history", {"Name": "a", "NextToken": "b"}, "InvalidNextToken"),
        ("ssm", "get_parameters_by_path", {"Path": "/a", "NextToken": "b"}, "InvalidNextToken"),
        ("ssm", "put_parameter", {"Name": "a:1", "Value": "x", "Type": "String"}, "ValidationException"),
        *(
            ("sqs", "create_queue", {"QueueName": "q", "Attributes": {name: value}}, code)
            for name, value, code in (
                ("ApproximateNumberOfMessages", "1", "InvalidAttributeName"),
                ("DelaySeconds", "x", "InvalidAttributeValue"),
                ("DelaySeconds", "901", "InvalidAttributeValue"),
                ("MaximumMessageSize", "1023", "InvalidAttributeValue"),
                ("FifoQueue", "perhaps", "InvalidAttributeValue"),
                ("Policy", "{", "InvalidAttributeValue"),
                ("RedrivePolicy", "[]", "InvalidAttributeValue"),
            )
        ),
    ],
)
def test_nonsense_is_refused(twin: Twin, service: str, act: str, params: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(twin.client(service), act)(**params)
    assert refused.value.response["Error"]["Code"] in {code, f"AWS.SimpleQueueService.{code}"}


def test_a_queues_policy_stays_when_something_else_is_set(twin: Twin) -> None:
    sqs = twin.client("sqs")
    policy = '{"Statement": [{"Effect": "Allow"}]}'
    queue = sqs.create_queue(QueueName="a", Attributes={"Policy": policy, "DelaySeconds": "5"})["QueueUrl"]

    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "900"})

    kept = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert (kept["Policy"], kept["DelaySeconds"]) == (policy, "900")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    assert "Policy" not in sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]


def test_queues_are_listed_by_the_beginning_of_their_names(twin: Twin) -> None:
    sqs = twin.client("sqs")
    for name in ("site-a", "site-b", "other"):
        sqs.create_queue(QueueName=name)
    urls = sqs.list_queues(QueueNamePrefix="site")["QueueUrls"]
    assert [url.rpartition("/")[2] for url in urls] == ["site-a", "site-b"]
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="s.te")


@pytest.mark.parametrize(
    "body",
    [
        "Action=CreateDhcpOptions&DhcpConfiguration=",
        "Action=CreateTags&ResourceId=&Tag.1.Key=a",
        "Action=TerminateInstances&InstanceId=",
    ],
)
def test_an_empty_list_of_what_is_required_is_missing(twin: Twin, body: str) -> None:
    asked = body.encode()
    status, text = send(twin, signed(twin, asked), body=asked)
    assert (status, "MissingParameter" in text) == (400, True), text
