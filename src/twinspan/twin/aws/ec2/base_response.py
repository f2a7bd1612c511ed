"""What every EC2 request of the twin goes through before and after its own action."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from uuid import uuid4

from botocore.model import OperationNotFoundError
from moto.core.common_types import TYPE_RESPONSE
from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.core.responses import ActionContext, ActionResult
from moto.core.serialize import DefaultAttributePicker
from moto.core.utils import camelcase_to_underscores, get_service_model, method_names_from_class
from moto.ec2.exceptions import DryRunClientError, EC2ClientError
from moto.ec2.responses import EC2Response

from twinspan.twin.aws.application import explain_gap
from twinspan.twin.aws.ec2.blocks import make_canonical
from twinspan.twin.aws.ec2.filter_names import check_filters
from twinspan.twin.aws.ec2.needs import check_needs
from twinspan.twin.aws.ec2.pages import page
from twinspan.twin.aws.ec2.references import check_references
from twinspan.twin.aws.ec2.routes import RouteBackend
from twinspan.twin.aws.faults import EC2_STATUS
from twinspan.twin.observed import ObservedState

BOARD_KEY = "twinspan.board"
"""Where the server puts the observation board into a request's environment."""

_CONFIRMATIONS = frozenset({"Return", "ReturnValue"})
"""Members that say that something was done. Source: EC2 API, each action's Response Elements."""
_TAG_PREFIX = "aws:"
_REQUEST_ID = re.compile(r"(?<=<request[iI][dD]>)request-id(?=</)|(?<=<RequestID>)request-id(?=</)")


class ExactResult(ActionResult):
    """An answer whose members are named just as in the API: moto need not guess, which is slow."""

    def execute_result(self, context: ActionContext) -> TYPE_RESPONSE:
        """Write it in the form of the operation's output."""
        serializer = context.serializer_class(
            operation_model=context.operation_model, value_picker=DefaultAttributePicker()
        )
        written = serializer.serialize(self.result)
        body = written["body"]
        return (
            written["status_code"],
            dict(written["headers"]),
            body.decode() if isinstance(body, bytes) else body,
        )


class TwinBaseResponse(EC2Response):
    """EC2's front door: required parameters, dry runs, and EC2 errors for whatever goes wrong."""

    _actions: ClassVar[frozenset[str]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._actions = frozenset(method_names_from_class(cls))

    @property
    def backend(self) -> "RouteBackend":
        """The state of the region that was asked."""
        backend = self.ec2_backend
        if not isinstance(backend, RouteBackend):
            raise TypeError(f"the EC2 backend is a {type(backend).__name__}, not the twin's")
        return backend

    @property
    def board(self) -> ObservedState:
        """What the data plane says."""
        board = self.normalized_request.environ[BOARD_KEY]
        if not isinstance(board, ObservedState):
            raise TypeError(f"{BOARD_KEY} is a {type(board).__name__}")
        return board

    def filters(self) -> Sequence[Mapping[str, Any]]:
        """Return the request's filters, as parsed."""
        filters: Sequence[Mapping[str, Any]] = self._get_param("Filters", [])
        return filters

    def tags_for(self, resource_type: str) -> dict[str, str]:
        """Return the tags that the request gives to what it makes.

        Raises:
            EC2ClientError: A tag is for another kind of resource, or its key is AWS's own.
        """
        tags: dict[str, str] = {}
        for specification in self._get_param("TagSpecifications", []):
            if specification.get("ResourceType") != resource_type:
                raise EC2ClientError(
                    "InvalidParameterValue",
                    f"'{specification.get('ResourceType')}' is not a valid taggable resource type",
                )
            tags.update({tag["Key"]: tag.get("Value", "") for tag in specification.get("Tags", [])})
        for key in tags:
            if key.startswith(_TAG_PREFIX):
                raise EC2ClientError(
                    "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use"
                )
        return tags

    def _dispatch(
        self, request: Request, full_url: str | None = None, headers: object = None
    ) -> TYPE_RESPONSE:
        try:
            self.setup_class(request, full_url, headers)
        except OperationNotFoundError:
            action = self._get_action()
            return self._refuse(
                EC2ClientError("InvalidAction", f"The action {action} is not valid for this web service.")
            )
        except ValueError as error:
            return self._refuse(
                EC2ClientError("InvalidParameterValue", f"A parameter does not parse: {error}")
            )
        return self.call_action()

    def call_action(self) -> TYPE_RESPONSE:
        """Check what is common to all actions, run the one that was asked, number the answer."""
        try:
            self._check()
            if self._get_param("DryRun", if_none=False):
                raise DryRunClientError
            return _numbered(self._run())
        except ServiceException as error:
            return self._refuse(error)
        except NotImplementedError as error:
            return self._refuse(EC2ClientError(*explain_gap(error)))

    def _run(self) -> TYPE_RESPONSE:
        action = self._get_action()
        method = camelcase_to_underscores(action)
        if method not in self._actions:
            raise NotImplementedError(f"it has no {action}")
        result = getattr(self, method)()
        if not isinstance(result, ActionResult):
            raise NotImplementedError(f"moto answers {action} in a form of its own")
        return self.serialized(_confirmed(action, self._paged(action, result)))

    def _paged(self, action: str, result: ActionResult) -> ActionResult:
        if not isinstance(result.result, Mapping) or not result.result:
            return result
        return type(result)(page(action, self._get_params(), result.result))

    def _check(self) -> None:
        """Check what any action needs: nothing missing, nothing the twin lacks, all that is named there."""
        action, params = self._get_action(), self._get_params()
        for name, value in params.items():
            if (
                isinstance(value, list)
                and name.endswith("s")
                and all(isinstance(item, str) for item in value)
            ):
                params[name] = list(dict.fromkeys(value))
        if action != "DeleteTags":
            for tag in _tags(params):
                tag.setdefault("Value", "")
        check_needs(action, params)
        make_canonical(action, params)
        check_filters(action, params.get("Filters") or ())
        check_references(self.backend, action, params)

    def _refuse(self, error: ServiceException) -> TYPE_RESPONSE:
        status, headers, body = self.serialized(ActionResult(error))
        return _numbered((EC2_STATUS.get(error.code, status), headers, body))


def _confirmed(action: str, result: ActionResult) -> ActionResult:
    """Say that it worked, where the answer has a member for that and an action has left it out."""
    shape = get_service_model("ec2").operation_model(action).output_shape
    if result.result or shape is None:
        return result
    return ExactResult(dict.fromkeys(_CONFIRMATIONS & shape.members.keys(), True))


def _numbered(answer: TYPE_RESPONSE) -> TYPE_RESPONSE:
    """Put a real request id where moto's serializer puts a fixed one."""
    status, headers, body = answer
    if isinstance(body, str):
        body = _REQUEST_ID.sub(str(uuid4()), body)
    return status, headers, body


def _tags(params: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the tags of a request; EC2 takes one without a value for one with an empty value."""
    yield from params.get("Tags") or ()
    for specification in params.get("TagSpecifications") or ():
        yield from specification.get("Tags") or ()
