"""moto's services as WSGI applications whose every failure is an error of the API, never HTML."""

import logging
import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import flask
from botocore.model import OperationNotFoundError
from moto import backends
from moto.core.exceptions import ServiceException
from moto.moto_server.werkzeug_app import BackendRequest, create_backend_app
from werkzeug.exceptions import HTTPException

from twinspan.twin.aws import faults, own_backends
from twinspan.twin.aws.requests.edge import NotServedError, admit
from twinspan.twin.aws.requests.flaws import Flaw
from twinspan.twin.aws.requests.refusals import words

SERVICE_KEY = "twinspan.service"
"""Where the signing name of the service asked is in a request's environment."""

SCOPE_KEY = "twinspan.scope"
"""Where the middleware puts the request's proved `CredentialScope`: whose key, which region."""

SERVICES: dict[str, backends.SERVICE_NAMES] = {
    "ec2": "ec2",
    "eks": "eks",
    "elasticache": "elasticache",
    "iam": "iam",
    "kms": "kms",
    "logs": "logs",
    "monitoring": "cloudwatch",
    "rds": "rds",
    "redshift": "redshift",
    "route53": "route53",
    "s3": "s3",
    "secretsmanager": "secretsmanager",
    "servicequotas": "service-quotas",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "sts": "sts",
}
"""Signing name -> moto's name, of the services a twin has."""

_S3_CONTROL_PATH = "/v20180820/"
_LOG = logging.getLogger(__name__)
_FILTER = re.compile(r"[Ff]ilters?\b.*?'(?P<name>[^']+)'")


_WITHOUT_FORMS = frozenset({"eks", "route53", "s3", "s3control"})
"""Services whose bodies are documents or objects, never forms."""


class _WholeRequest(BackendRequest):
    """A request whose body stays what it is, even if its content type says that it is a form."""

    @property
    def want_form_data_parsed(self) -> bool:
        """Return False: werkzeug would take the body for a form, and leave nothing of it."""
        return False


class Application:
    """Passes each request to its service. A service is loaded when it is first asked."""

    def __init__(self) -> None:
        self._apps: dict[backends.SERVICE_NAMES, flask.Flask] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, whose environment has its service at `SERVICE_KEY`."""
        service = environ[SERVICE_KEY]
        name = SERVICES[service]
        if name == "s3" and environ.get("PATH_INFO", "").startswith(_S3_CONTROL_PATH):
            name = service = "s3control"
        try:
            admit(service, environ)
        except Flaw as flaw:
            style = faults.wire_style(service, environ.get("CONTENT_TYPE", ""))
            return _written(environ, *words(service, style, flaw))(environ, start_response)
        except NotServedError as error:
            return _written(environ, error.code, str(error), status=error.status)(environ, start_response)
        return self.load(name)(environ, start_response)

    def load(self, name: backends.SERVICE_NAMES) -> flask.Flask:
        """Return a service, loading it if it is not loaded yet."""
        if name not in self._apps:
            own_backends.install(name)
            self._apps[name] = _create_app(name)
        return self._apps[name]


def _create_app(service: backends.SERVICE_NAMES) -> flask.Flask:
    app = create_backend_app(service)
    app.debug = False
    # Two slashes are a name in between that is empty, or part of an object's name; flask would redirect.
    app.url_map.merge_slashes = False
    if service in _WITHOUT_FORMS:
        app.request_class = _WholeRequest
    app.register_error_handler(ServiceException, _service_error)
    app.register_error_handler(OperationNotFoundError, _unknown_operation)
    app.register_error_handler(NotImplementedError, _not_implemented)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _bug)
    return app


def explain_gap(error: NotImplementedError) -> tuple[str, str]:
    """Return the API's code and message for something that moto lacks."""
    # moto raises some with a template and what belongs in it, as if it were logging.
    text = str(error.args[0]) % error.args[1:] if len(error.args) > 1 else str(error)
    match = _FILTER.search(text)
    if match is not None:
        return "InvalidParameterValue", f"The filter '{match['name']}' is invalid"
    return "UnsupportedOperation", f"The twin cannot do this: {text.split('. ')[0]}"


def _answer(code: str, message: str, *, status: int = 400) -> flask.Response:
    return _written(flask.request.environ, code, message, status=status)


def _written(environ: WSGIEnvironment, code: str, message: str, *, status: int = 400) -> flask.Response:
    style = faults.wire_style(environ[SERVICE_KEY], environ.get("CONTENT_TYPE", ""))
    written = faults.fault(style, code, message, status=status)
    return flask.Response(written.body, status=written.status, headers=written.headers())


def _service_error(error: ServiceException) -> flask.Response:
    return _answer(error.code, error.message)


def _unknown_operation(error: OperationNotFoundError) -> flask.Response:
    action = str(error).rpartition(" ")[2]
    return _answer("InvalidAction", f"The action {action} is not valid for this web service.")


def _not_implemented(error: NotImplementedError) -> flask.Response:
    return _answer(*explain_gap(error))


def _http_error(error: HTTPException) -> flask.Response:
    return _answer("InvalidAction", error.description or "Not found", status=error.code or 400)


def _bug(error: Exception) -> flask.Response:
    _LOG.error("the AWS API failed on %s %s", flask.request.method, flask.request.path, exc_info=error)
    # Not 5xx: clients repeat those for minutes, and nothing would get better.
    return _answer(
        "UnsupportedOperation",
        f"The twin failed: {type(error).__name__}. This is a fault of the twin; see its log",
    )
