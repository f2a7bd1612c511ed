"""A refused request in the words of the API that was asked.

Source: EC2 API, Error codes; IAM, STS, SNS, SQS and CloudWatch API, Common Errors; CloudWatch Logs API and
EKS API, InvalidParameterException; Route 53 API, InvalidInput; S3 API, Error responses. "1 validation error
detected" is as users report it.
"""

from collections.abc import Mapping

from twinspan.twin.aws.requests.flaws import Flaw, FlawKind

_EC2 = {
    FlawKind.SYNTAX: "MalformedQueryString",
    FlawKind.UNKNOWN: "UnknownParameter",
    FlawKind.MISSING: "MissingParameter",
    FlawKind.TYPE: "InvalidParameterValue",
    FlawKind.VALUE: "InvalidParameterValue",
}
_QUERY = {
    FlawKind.SYNTAX: "MalformedQueryString",
    FlawKind.UNKNOWN: "ValidationError",
    FlawKind.MISSING: "ValidationError",
    FlawKind.TYPE: "MalformedInput",
    FlawKind.VALUE: "ValidationError",
}
_JSON = {
    FlawKind.SYNTAX: "SerializationException",
    FlawKind.UNKNOWN: "ValidationException",
    FlawKind.MISSING: "ValidationException",
    FlawKind.TYPE: "SerializationException",
    FlawKind.VALUE: "ValidationException",
}
_S3 = {
    FlawKind.SYNTAX: "MalformedXML",
    FlawKind.UNKNOWN: "MalformedXML",
    FlawKind.MISSING: "MalformedXML",
    FlawKind.TYPE: "InvalidArgument",
    FlawKind.VALUE: "InvalidArgument",
}
_LOGS = {
    **_JSON,
    FlawKind.UNKNOWN: "InvalidParameterException",
    FlawKind.MISSING: "InvalidParameterException",
    FlawKind.VALUE: "InvalidParameterException",
}
_EKS = dict.fromkeys(FlawKind, "InvalidParameterException")
_ROUTE53 = dict.fromkeys(FlawKind, "InvalidInput")
_OWN: Mapping[str, Mapping[FlawKind, str]] = {
    "ec2": _EC2,
    "eks": _EKS,
    "logs": _LOGS,
    "route53": _ROUTE53,
    "s3": _S3,
}


def words(service: str, style: str, flaw: Flaw) -> tuple[str, str]:
    """Return the error's code and its message.

    Args:
        service: Signing name.
        style: How the service writes errors, see `faults.wire_style`.
        flaw: What is wrong.
    """
    codes = _OWN.get(service) or (_QUERY if style == "query" else _JSON)
    return codes[flaw.fault], _ec2_message(flaw) if service == "ec2" else _message(flaw)


def _ec2_message(flaw: Flaw) -> str:
    match flaw.fault:
        case FlawKind.MISSING:
            return f"The request must contain the parameter {flaw.where}"
        case FlawKind.UNKNOWN:
            return f"The parameter {flaw.where} is not recognized"
        case FlawKind.SYNTAX:
            return f"{flaw.where}: {flaw.need}" if flaw.where else flaw.need
        case FlawKind.TYPE | FlawKind.VALUE:
            return f"Value ({flaw.value}) for parameter {flaw.where} is invalid. {flaw.need}"


def _message(flaw: Flaw) -> str:
    if not flaw.where:
        return flaw.need
    if flaw.fault is FlawKind.UNKNOWN:
        return f"The twin does not know the parameter {flaw.where}"
    given = "null" if flaw.fault is FlawKind.MISSING else f"'{flaw.value}'"
    need = "Member must not be null" if flaw.fault is FlawKind.MISSING else flaw.need
    return (
        f"1 validation error detected: Value {given} at '{flaw.where}' failed to satisfy constraint: {need}"
    )
