"""EC2's own words for what it refuses. Source: EC2 API, Error codes for the Amazon EC2 API."""

from moto.ec2.exceptions import EC2ClientError


def invalid_value(name: str, value: object, why: str) -> EC2ClientError:
    """A parameter has a value that AWS does not allow; None is a secret, which no message shows."""
    if value is None:  # GoogleCloudPlatform/pbmm-on-gcp-onboarding issue 299 shows AWS's words
        return EC2ClientError("InvalidParameterValue", f"Value for parameter {name} is invalid. {why}")
    return EC2ClientError("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid. {why}")


def invalid_combination(message: str) -> EC2ClientError:
    """Parameters that are fine alone do not go together."""
    return EC2ClientError("InvalidParameterCombination", message)


def unsupported(message: str) -> EC2ClientError:
    """AWS can do it, the twin cannot."""
    return EC2ClientError("UnsupportedOperation", message)


def missing(name: str) -> EC2ClientError:
    """A required parameter is not there."""
    return EC2ClientError("MissingParameter", f"The request must contain the parameter {name}")


def limit_exceeded(code: str, limit: int, what: str) -> EC2ClientError:
    """A quota is used up."""
    return EC2ClientError(code, f"The maximum number of {what} ({limit}) has been reached")
