"""Review of bearer tokens for the API servers of EKS clusters.

An API server posts a TokenReview to `/clusters/<cluster name>`; the answer says whose token it is, from the
cluster's access entries. Source: Kubernetes, "Webhook Token Authentication"; EKS User Guide, "Grant IAM users
access to Kubernetes with EKS access entries".
"""

import json
import logging
import re
import socketserver
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from twinspan.errors import HostError
from twinspan.twin.aws.eks import KubernetesUser
from twinspan.twin.aws.signature import AccessKey
from twinspan.twin.kubernetes.eks_tokens import TokenError, verify_token
from twinspan.twin.loops import LAST, Loop
from twinspan.twin.rundir import short_path

BODY_LIMIT_BYTES = 64 * 1024

_API_VERSIONS = frozenset({"authentication.k8s.io/v1", "authentication.k8s.io/v1beta1"})
_PATH = re.compile(r"/clusters/(?P<name>[^/?]+)")
_POLL_S = 0.05
_LOG = logging.getLogger(__name__)

FindUser = Callable[[str, str], KubernetesUser | None]
"""(cluster name, region of the token) -> who the owner of the twin's key is there."""


class _Spec(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    token: SecretStr


class _Review(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    apiVersion: str  # noqa: N815 - Kubernetes' word
    spec: _Spec


class Authenticator:
    """Reviews tokens on a Unix socket, mode 0600, from `start` to `stop`.

    Args:
        path: The socket.
        key: The twin's key pair.
        hosts: `host:port` under which the twin's STS is known, asked for each token.
        find_user: Finds the user; `AwsApi.kubernetes_user`.
    """

    def __init__(
        self, path: Path, *, key: AccessKey, hosts: Callable[[], Collection[str]], find_user: FindUser
    ) -> None:
        self._path = path
        self._key = key
        self._hosts = hosts
        self._find_user = find_user
        self._server: _Server | None = None
        self._loop: Loop | None = None

    def start(self) -> None:
        """Listen; a socket that is left from before is replaced.

        Raises:
            HostError: The socket cannot be made.
        """
        try:
            self._path.unlink(missing_ok=True)
            with short_path(self._path) as name:
                self._server = _Server(name, self.review)
            self._path.chmod(0o600)
        except OSError as error:
            raise HostError(
                problem=f"the socket {self._path} cannot be made ({error.strerror})",
                remedy="Look at the rights and the free space of its folder",
            ) from error
        self._loop = Loop("authenticator", partial(_serve, self._server))
        self._loop.start()

    def stop(self) -> None:
        """Answer no more and remove the socket. Does nothing if it does not run."""
        if self._server is None or self._loop is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._loop.stop()
        self._server = None
        self._path.unlink(missing_ok=True)

    def review(self, cluster_name: str, body: bytes) -> dict[str, Any]:
        """Answer one TokenReview.

        Raises:
            ValueError: It is not a TokenReview.
        """
        try:
            review = _Review.model_validate_json(body)
        except ValidationError as error:
            raise ValueError("this is not a TokenReview") from error
        if review.apiVersion not in _API_VERSIONS:
            raise ValueError(f"apiVersion must be one of {', '.join(sorted(_API_VERSIONS))}")
        return {
            "apiVersion": review.apiVersion,
            "kind": "TokenReview",
            "status": self._status(cluster_name, review.spec.token.get_secret_value()),
        }

    def _status(self, cluster_name: str, token: str) -> dict[str, Any]:
        try:
            region = verify_token(token, cluster_name, self._key, hosts=self._hosts(), now=datetime.now(UTC))
        except TokenError as error:
            return _refused(cluster_name, str(error))
        user = self._find_user(cluster_name, region)
        if user is None:
            return _refused(cluster_name, "the caller has no access entry in the cluster")
        _LOG.debug("cluster %s: a token of %s", cluster_name, user.arn)
        return {
            "authenticated": True,
            "user": {
                "username": user.username,
                "uid": user.uid,
                "groups": list(user.groups),
                "extra": {"arn": [user.arn], "canonicalArn": [user.arn], "sessionName": [""]},
            },
        }


def _serve(server: "_Server") -> float:
    server.serve_forever(_POLL_S)
    return LAST


def _refused(cluster_name: str, why: str) -> dict[str, Any]:
    _LOG.info("cluster %s: a token is refused: %s", cluster_name, why)
    return {"authenticated": False, "error": why}


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        """Answer a review."""
        match = _PATH.match(self.path)
        length = self.headers.get("Content-Length", "")
        if match is None:
            self._send(404, {"message": "tokens are reviewed at /clusters/<name>"})
        elif not length.isdecimal() or int(length) > BODY_LIMIT_BYTES:
            self._send(413, {"message": f"a review has a length, of at most {BODY_LIMIT_BYTES} bytes"})
        else:
            try:
                answer = self.server.review(unquote(match["name"]), self.rfile.read(int(length)))
            except ValueError as error:
                self._send(400, {"message": str(error)})
            else:
                self._send(200, answer)

    def _send(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """Return who asks: on a Unix socket clients have no address."""
        return "api-server"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        _LOG.debug("%s %s %s", self.command, code, size)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: str, review: Callable[[str, bytes], dict[str, Any]]) -> None:
        self.review = review
        super().__init__(path, _Handler)
