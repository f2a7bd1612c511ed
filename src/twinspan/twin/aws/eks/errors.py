"""EKS's own words for what it refuses. Source: EKS API, Common Errors and each action's Errors."""

_STATUS = {
    "InvalidParameterException": 400,
    "InvalidRequestException": 400,
    "ResourceNotFoundException": 404,
    "ResourceInUseException": 409,
    "ServerException": 500,
    "UnknownOperationException": 404,
    "UnsupportedOperation": 400,
}


class EksError(Exception):
    """An answer that says no.

    Attributes:
        code: EKS's error code.
        status: HTTP status that goes with it.
        message: For the user.
        members: What else the error's structure holds, e.g. `clusterName`.
    """

    def __init__(self, code: str, message: str, **members: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = _STATUS[code]
        self.message = message
        self.members = members


def invalid_parameter(message: str, **members: str) -> EksError:
    """A parameter has a value that EKS does not allow."""
    return EksError("InvalidParameterException", message, **members)


def invalid_request(message: str, **members: str) -> EksError:
    """The request does not fit the state that things are in."""
    return EksError("InvalidRequestException", message, **members)


def not_found(message: str, **members: str) -> EksError:
    """There is no such thing."""
    return EksError("ResourceNotFoundException", message, **members)


def in_use(message: str, **members: str) -> EksError:
    """It exists already, or something else still needs it."""
    return EksError("ResourceInUseException", message, **members)


def unsupported(message: str) -> EksError:
    """AWS can do it, the twin cannot."""
    return EksError("UnsupportedOperation", f"The twin cannot do this: {message}")
