"""Every operation that the twin serves succeeds, with an answer that is all that the service model says.

`tests/contract/aws_calls.json` has a call of each. The model is the one that botocore ships; the answers are
read as they came, so that nothing is forgiven that another client would not forgive.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from aws_answers import Answer, problems
from aws_calls import CALLS, PLANE, Caller
from aws_twin import Twin
from botocore.exceptions import ClientError

from twinspan.twin.aws.ec2 import connection_views
from twinspan.twin.aws.eks.backend import ACTIONS
from twinspan.twin.aws.requests.served import SERVED

pytest_plugins = ("aws_fixtures",)

_CALL_AND_CODE = 5
_NOT_SET = "nobody has set any"
_NOT_PAID = "the member says who pays, and nobody was asked to"
EMPTY: Mapping[str, str] = {
    "s3.GetBucketAccelerateConfiguration": _NOT_SET,
    "s3.GetBucketLogging": _NOT_SET,
    "s3.GetBucketNotificationConfiguration": _NOT_SET,
    "s3.PutBucketLifecycleConfiguration": "the member repeats one that was not sent",
    "s3.PutObjectTagging": "the member is for objects that are asked for by version",
    "s3.DeleteObjectTagging": "the member is for objects that are asked for by version",
    "s3.AbortMultipartUpload": _NOT_PAID,
}
"""Operation -> why its answer may be without any member."""


@pytest.fixture
def caller(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """Connections are there at once."""
    monkeypatch.setattr(connection_views, "PROVISIONING_LIMIT", timedelta(0))
    made = Caller(twin)
    yield made
    made.close()


def _says_something(answer: Answer) -> bool:
    """Tell whether the model has members for an answer."""
    shape = answer.operation.output_shape
    return shape is not None and bool(shape.members) and answer.name not in EMPTY


def test_the_table_has_every_operation_that_is_served() -> None:
    listed = {(call[0], call[1]) for call in CALLS if call[0] != PLANE}
    served = {(service, name) for service, names in SERVED.items() for name in names}
    assert listed == served | {("eks", name) for name in ACTIONS}


def test_every_operation_succeeds_with_the_answer_of_its_model(caller: Caller) -> None:
    wrong = []
    for call in CALLS:
        *_, code = call if len(call) == _CALL_AND_CODE else [""]
        try:
            result = caller.run(call)
            if not result and call[0] != PLANE and _says_something(caller.answers[-1]):
                wrong.append(f"{call[0]}.{call[1]}: nothing in the answer")
        except ClientError as error:
            if not code or error.response["Error"]["Code"] != code:
                wrong.append(f"{call[0]}.{call[1]}: {error}")
            caller.answers.pop()
    for answer in caller.answers:
        wrong += [f"{answer.name} {problem}" for problem in problems(answer)]
    assert "\n".join(wrong) == ""
