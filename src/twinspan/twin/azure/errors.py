"""What Azure Resource Manager answers when it says no."""

from collections.abc import Sequence
from dataclasses import dataclass

from twinspan.twin.azure.documents import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One line of an error's `details`."""

    code: str
    message: str


class ArmError(Exception):
    """A refusal with ARM's status, code and message; becomes the answer of the request.

    Source: Azure Resource Manager, common error response: `{"error": {"code", "message", "details"}}`.
    """

    def __init__(self, status: int, code: str, message: str, *, details: Sequence[Detail] = ()) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = tuple(details)

    def document(self) -> JsonObject:
        """Return the body of the answer."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "details": [{"code": line.code, "message": line.message} for line in self.details],
            }
        }


_SHOWN = 3
_DETAILS = 100


def invalid_format(problems: Sequence[Detail]) -> ArmError:
    """A body that does not fit the type's schema, with every problem found.

    The first ones are in the message too: Terraform, az and the SDKs show nothing else.
    """
    summary = " ".join(problem.message for problem in problems[:_SHOWN])
    more = f" And {len(problems) - _SHOWN} more, see the details." if len(problems) > _SHOWN else ""
    message = f"Cannot parse the request. {summary}{more}"
    return ArmError(400, "InvalidRequestFormat", message, details=problems[:_DETAILS])


def resource_not_found(resource_type: str, name: str, resource_group: str) -> ArmError:
    """A resource that is not there."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{resource_type}/{name}' under resource group '{resource_group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def resource_group_not_found(name: str) -> ArmError:
    """A resource group that is not there."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def bad_request(code: str, message: str) -> ArmError:
    """A well-formed body that breaks a rule of its resource type."""
    return ArmError(400, code, message)
