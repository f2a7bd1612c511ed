"""Write an error the way each AWS API writes it, so that every client can read it."""

import json
from dataclasses import dataclass
from uuid import uuid4
from xml.sax.saxutils import escape

EC2_STATUS = {"DryRunOperation": 412, "AuthFailure": 401, "UnauthorizedOperation": 403, "InternalError": 500}
"""HTTP status of EC2 errors that are not 400. Source: EC2 API, Error codes for the Amazon EC2 API."""

_XML_SERVICES = frozenset({"cloudfront", "route53"})
_SIGNATURE_CODES = {
    "ec2": {
        "InvalidAccessKeyId": ("AuthFailure", 401),
        "SignatureDoesNotMatch": ("AuthFailure", 401),
        "MissingAuthenticationToken": ("AuthFailure", 401),
        "IncompleteSignature": ("IncompleteSignature", 400),
        "RequestExpired": ("RequestExpired", 400),
    },
    "s3": {
        "InvalidAccessKeyId": ("InvalidAccessKeyId", 403),
        "SignatureDoesNotMatch": ("SignatureDoesNotMatch", 403),
        "MissingAuthenticationToken": ("AccessDenied", 403),
        "IncompleteSignature": ("AuthorizationHeaderMalformed", 400),
        "RequestExpired": ("RequestTimeTooSkewed", 403),
    },
    "json": {
        "InvalidAccessKeyId": ("UnrecognizedClientException", 400),
        "SignatureDoesNotMatch": ("InvalidSignatureException", 400),
        "MissingAuthenticationToken": ("MissingAuthenticationTokenException", 400),
        "IncompleteSignature": ("IncompleteSignatureException", 400),
        "RequestExpired": ("InvalidSignatureException", 400),
    },
    "query": {
        "InvalidAccessKeyId": ("InvalidClientTokenId", 403),
        "SignatureDoesNotMatch": ("SignatureDoesNotMatch", 403),
        "MissingAuthenticationToken": ("MissingAuthenticationToken", 403),
        "IncompleteSignature": ("IncompleteSignature", 400),
        "RequestExpired": ("SignatureDoesNotMatch", 403),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """An error answer, ready to send."""

    status: int
    code: str
    content_type: str
    body: bytes

    def headers(self) -> dict[str, str]:
        """Return the headers it needs; JSON clients look for the code in one of them."""
        return {"Content-Type": self.content_type, "x-amzn-ErrorType": self.code}


def wire_style(service: str | None, content_type: str) -> str:
    """Return how a service writes errors: `ec2`, `s3`, `json` or `query`.

    Args:
        service: Signing name; None when the request is not signed.
        content_type: The request's.
    """
    if service in {"ec2", "s3"}:
        return service
    if service in _XML_SERVICES or content_type.startswith("application/x-www-form-urlencoded"):
        return "query"
    return "s3" if service is None and not content_type else "json"


def fault(style: str, code: str, message: str, *, status: int = 400) -> ErrorAnswer:
    """Write one error in a wire style."""
    request_id = str(uuid4())
    if style == "json":
        text = json.dumps({"__type": code, "message": message})
        return ErrorAnswer(
            status=status, code=code, content_type="application/x-amz-json-1.1", body=text.encode()
        )
    detail = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if style == "ec2":
        text = (
            f"<Response><Errors><Error>{detail}</Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    elif style == "s3":
        text = f"<Error>{detail}<RequestId>{request_id}</RequestId></Error>"
    else:
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type>{detail}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'
    return ErrorAnswer(
        status=status, code=code, content_type="text/xml;charset=UTF-8", body=document.encode()
    )


def signature_fault(style: str, code: str, message: str) -> ErrorAnswer:
    """Write a refused signature in the words of the API that was called."""
    own_code, status = _SIGNATURE_CODES[style][code]
    if style == "ec2" and own_code == "AuthFailure":
        message = f"AWS was not able to validate the provided access credentials. {message}"
    return fault(style, own_code, message, status=status)
