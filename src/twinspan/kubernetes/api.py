"""Requests to one cluster's API server. Source: Kubernetes API concepts; API reference v1.35."""

import json
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import urllib3.exceptions
from kubernetes.client import ApiException, Configuration
from kubernetes.client.rest import RESTClientObject

from twinspan.errors import ApiRefusedError, CloudRefusedError, CloudUnreachableError
from twinspan.kubernetes.endpoint import ClusterEndpoint

Manifest = dict[str, Any]
"""An object as the API takes and returns it: JSON whose fields depend on its kind."""

CONNECT_WITHIN_S = 10
ANSWER_WITHIN_S = 30
NOT_FOUND = 404
CONFLICT = 409
_TOKEN_GOOD_FOR_S = 600
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ClusterApi:
    """Speaks to one API server. Thread safe. To be closed: its key is in a file of mode 0600 until then."""

    def __init__(self, endpoint: ClusterEndpoint) -> None:
        self.endpoint = endpoint
        self._folder = tempfile.TemporaryDirectory(prefix="twinspan-cluster-")
        self._configuration = _configuration(endpoint, Path(self._folder.name))
        self._rest: Any = RESTClientObject(self._configuration)  # its methods have no types
        self._lock = threading.Lock()
        self._token = ""
        self._token_until = 0.0
        self._kinds: dict[str, Mapping[str, tuple[str, bool]] | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """Which cluster, for people: side and name."""
        return f"{self.endpoint.side} {self.endpoint.name}"

    @property
    def configuration(self) -> Configuration:
        """How to reach it, in the client library's own form."""
        return self._configuration

    def close(self) -> None:
        """Close connections and remove the files."""
        self._rest.close()
        self._folder.cleanup()

    def headers(self) -> dict[str, str]:
        """Return the headers that say who we are; a token is made again every ten minutes."""
        if self.endpoint.token is None:
            return {}
        with self._lock:
            if time.monotonic() >= self._token_until:
                self._token = self.endpoint.token()
                self._token_until = time.monotonic() + _TOKEN_GOOD_FOR_S
            return {"authorization": f"Bearer {self._token}"}

    def get(self, path: str, **query: str) -> Manifest:
        """Return an object or a list."""
        return self.request("GET", path, query=query)

    def find(self, path: str) -> Manifest | None:
        """Return an object; None if there is none."""
        try:
            return self.get(path)
        except ApiRefusedError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content_type: str = "application/json",
    ) -> Manifest:
        """Send a request and return the answer.

        Raises:
            ApiRefusedError: The server said no.
            CloudRefusedError: What answers does not speak Kubernetes, e.g. a proxy's page.
            CloudUnreachableError: It did not answer in time.
        """
        text = self._send(method, path, query=query, body=body, content_type=content_type)
        try:
            answer = json.loads(text) if text else {}
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise CloudRefusedError(
                operation=f"{self.name}: {method} {path}",
                code="NoKubernetes",
                message=f"{self.endpoint.server} answers, but not as a Kubernetes API does: {text[:80]!r}",
            )
        return answer

    def text(self, path: str, **query: str) -> str:
        """Return an answer that is no JSON, such as a log."""
        return self._send("GET", path, query=query, body=None, content_type="application/json").decode(
            errors="replace"
        )

    def delete(self, path: str, *, propagation: str = "Background") -> bool:
        """Ask for an object's removal; return whether there was one."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        try:
            self.request("DELETE", path, body=options)
        except ApiRefusedError as error:
            if error.status != NOT_FOUND:
                raise
            return False
        return True

    def resource(self, api_version: str, kind: str) -> tuple[str, bool] | None:
        """Return (the resource's name in paths, whether it lives in namespaces); None if it is not served."""
        if api_version not in self._kinds:
            served = self.find(group_path(api_version))
            self._kinds[api_version] = None if served is None else _kinds_in(served)
        return (self._kinds[api_version] or {}).get(kind)

    def forget_resources(self) -> None:
        """Ask again what is served: a definition of new kinds was applied."""
        self._kinds.clear()

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None,
        body: Manifest | None,
        content_type: str,
    ) -> bytes:
        url = f"{self.endpoint.server.rstrip('/')}{path}{'?' + urlencode(query) if query else ''}"
        headers = {"accept": "application/json, */*", "Content-Type": content_type, **self.headers()}
        operation = f"{self.name}: {method} {path}"
        try:
            response = self._rest.request(
                method, url, headers=headers, body=body, _request_timeout=(CONNECT_WITHIN_S, ANSWER_WITHIN_S)
            )
            data: bytes = response.read()
        except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            # The library raises its own exception only when TLS fails; statuses are looked at below.
            message = f"{operation}: no answer from {self.endpoint.server}: {error}"
            raise CloudUnreachableError(message) from error
        if not 200 <= response.status < 300:  # noqa: PLR2004 - HTTP's successes
            raise _refused(operation, response.status, response.reason, data)
        return data


def group_path(api_version: str) -> str:
    """Return where a group's version is served: `/api/v1`, `/apis/apps/v1`."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def object_path(api_version: str, plural: str, *, namespace: str | None, name: str = "") -> str:
    """Return the path of an object or, without a name, of its collection."""
    place = f"/namespaces/{quote(namespace)}" if namespace else ""
    return f"{group_path(api_version)}{place}/{plural}{'/' + quote(name) if name else ''}"


def _kinds_in(served: Manifest) -> Mapping[str, tuple[str, bool]]:
    """Return kind -> (plural, namespaced) of a resource list; subresources (`pods/log`) are left out."""
    return {
        resource["kind"]: (resource["name"], bool(resource["namespaced"]))
        for resource in served.get("resources", ())
        if "/" not in resource["name"]
    }


def _refused(operation: str, status: int, reason: str, data: bytes) -> ApiRefusedError:
    body = data.decode(errors="replace")
    try:
        said = json.loads(body)
        code, message = str(said.get("reason") or reason), str(said.get("message") or body)
    except (ValueError, AttributeError):
        code, message = reason, body
    return ApiRefusedError(operation=operation, status=status, code=code, message=message)


def _configuration(endpoint: ClusterEndpoint, folder: Path) -> Configuration:
    configuration = Configuration(host=endpoint.server, retries=1)
    if urlsplit(endpoint.server).hostname in _LOOPBACK:
        configuration.proxy = None
    configuration.ssl_ca_cert = _kept(folder / "ca.pem", endpoint.certificate_authority)
    if endpoint.client_certificate:
        configuration.cert_file = _kept(folder / "client.pem", endpoint.client_certificate)
        configuration.key_file = _kept(folder / "client-key.pem", endpoint.client_key)
    return configuration


def _kept(path: Path, pem: str) -> str:
    path.touch(mode=0o600)
    path.write_text(pem)
    return str(path)
