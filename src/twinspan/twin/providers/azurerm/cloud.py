"""The Azure Resource Manager client of the offline provider."""

import http.client
import json
import os
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from twinspan.errors import CloudRefusedError, CloudUnreachableError, HostError
from twinspan.twin.providers.engine import State
from twinspan.twin.providers.plan_only import plan_only
from twinspan.wait import wait_until

_TIMEOUT_S = 30.0
_OPERATION_TIMEOUT_S = 90 * 60.0
"""Source: azurerm_virtual_network_gateway, default create timeout of 90 minutes."""
_POLL_S = 0.05
_EARLY_S = 120.0
"""A token is renewed this long before it ends."""
_PUBLIC = (
    "https://management.azure.com",
    "https://login.microsoftonline.com",
    "https://management.azure.com/",
)
_GROUPS_VERSION = "2023-07-01"
_VERSIONS = {
    "microsoft.authorization": "2022-04-01",
    "microsoft.compute/disks": "2023-04-02",
    "microsoft.compute/virtualmachines": "2024-03-01",
    "microsoft.containerservice": "2025-05-01",
    "microsoft.insights/actiongroups": "2023-01-01",
    "microsoft.insights/diagnosticsettings": "2021-05-01-preview",
    "microsoft.insights/metricalerts": "2018-03-01",
    "microsoft.insights/workbooks": "2022-04-01",
    "microsoft.managedidentity": "2024-11-30",
    "microsoft.network": "2025-01-01",
    "microsoft.operationalinsights": "2022-10-01",
}
"""Stable API versions: of resource groups, and by resource provider or type.

Source: Azure REST API specifications; for groups, networks and machines those that hashicorp/azurerm 5.2.0
uses.
"""
Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer: status, headers in lower case, JSON body (empty if there is none)."""

    status: int
    headers: Mapping[str, str]
    body: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A service principal with a client secret."""

    tenant_id: str
    subscription_id: str
    client_id: str
    client_secret: str = field(repr=False)


class Transport:
    """HTTPS with one kept-open connection per thread and host. Certificates as SSL_CERT_FILE says."""

    def __init__(self) -> None:
        self._tls = ssl.create_default_context()
        self._local = threading.local()
        self._all: list[http.client.HTTPSConnection] = []

    def close(self) -> None:
        """Close every connection."""
        while self._all:
            self._all.pop().close()

    def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Send a request, once more on a new connection if the kept one had been closed.

        Raises:
            CloudUnreachableError: No answer, or an untrusted certificate.
        """
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        for fresh in (False, True):
            try:
                connection = self._connection(parts.netloc, fresh=fresh)
                connection.request(method, path, body=body, headers=dict(headers))
                response = connection.getresponse()
                text = response.read()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                if fresh:
                    raise CloudUnreachableError(f"{method} {parts.netloc}: {error}") from error
            except (OSError, http.client.HTTPException) as error:
                self._local.__dict__.clear()
                raise CloudUnreachableError(f"{method} {parts.netloc}: {error}") from error
            else:
                lower = {name.lower(): value for name, value in response.getheaders()}
                return Answer(status=response.status, headers=lower, body=_json(text))
        raise CloudUnreachableError(f"{method} {parts.netloc}: no answer")

    def _connection(self, netloc: str, *, fresh: bool) -> http.client.HTTPSConnection:
        kept: dict[str, http.client.HTTPSConnection] = self._local.__dict__.setdefault("kept", {})
        if fresh or netloc not in kept:
            if netloc in kept:
                kept[netloc].close()
            kept[netloc] = http.client.HTTPSConnection(netloc, timeout=_TIMEOUT_S, context=self._tls)
            self._all.append(kept[netloc])
        return kept[netloc]


def _json(text: bytes) -> Document:
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {"value": body}


class ArmCloud:
    """Calls Azure Resource Manager for one subscription. Thread safe."""

    def __init__(self, credentials: Credentials, *, metadata_host: str | None) -> None:
        """Find the endpoints: the metadata host's, or the public cloud's."""
        self.credentials = credentials
        self._transport = Transport()
        self._token, self._token_until = "", 0.0
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._manager, self._authority, self._audience = _PUBLIC
        if metadata_host:
            url = f"https://{metadata_host}/metadata/endpoints?api-version=2022-09-01"
            answer = self._transport.send("GET", url, headers={}, body=None)
            self._check("GET metadata/endpoints", answer)
            self._manager = answer.body["resourceManager"].rstrip("/")
            self._authority = answer.body["authentication"]["loginEndpoint"].rstrip("/")
            self._audience = answer.body["authentication"]["audiences"][0]

    @property
    def subscription(self) -> str:
        """The id of the subscription as a resource."""
        return f"/subscriptions/{self.credentials.subscription_id}"

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def lock(self, *identities: str) -> "Locks":
        """Return a context in which nobody else changes these resources, or what is inside them.

        Azure refuses or loses changes made to one virtual network at the same time.
        """
        with self._lock:
            names = sorted({identity.lower() for identity in identities})
            return Locks([self._locks.setdefault(name, threading.Lock()) for name in names])

    def authenticate(self) -> None:
        """Get a token. Raises CloudRefusedError if the credentials are wrong."""
        self._bearer()

    def _bearer(self) -> str:
        with self._lock:
            if time.monotonic() > self._token_until:
                self._renew()
            return self._token

    def _renew(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.credentials.client_id,
            "client_secret": self.credentials.client_secret,
            "scope": f"{self._audience.rstrip('/')}/.default",
        }
        url = f"{self._authority}/{quote(self.credentials.tenant_id)}/oauth2/v2.0/token"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._transport.send("POST", url, headers=headers, body=urlencode(form).encode())
        if answer.status != http.client.OK:
            raise CloudRefusedError(
                operation="entra:token",
                code=str(answer.body.get("error", answer.status)),
                message=str(answer.body.get("error_description", "no token")),
            )
        self._token = answer.body["access_token"]
        self._token_until = time.monotonic() + float(answer.body["expires_in"]) - _EARLY_S

    def _request(self, method: str, url: str, document: Document | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {self._bearer()}", "Content-Type": "application/json"}
        body = None if document is None else json.dumps(document).encode()
        return self._transport.send(method, url, headers=headers, body=body)

    def _url(self, identity: str, query: str = "") -> str:
        _, provided, rest = identity.rpartition("/providers/")
        version = _version(rest) if provided else _GROUPS_VERSION
        return f"{self._manager}{quote(identity)}?{query}api-version={version}"

    def _check(self, operation: str, answer: Answer) -> None:
        if answer.status < http.client.BAD_REQUEST:
            return
        error = answer.body.get("error", {})
        details = [str(line.get("message", "")) for line in error.get("details") or []]
        raise CloudRefusedError(
            operation=f"arm:{operation}",
            code=str(error.get("code", answer.status)),
            message=" ".join([str(error.get("message", "")), *details]),
        )

    def get(self, identity: str) -> Document | None:
        """Return a resource, None if it or its parent does not exist."""
        answer = self._request("GET", self._url(identity))
        if answer.status == http.client.NOT_FOUND:
            return None
        self._check(f"GET {_short(identity)}", answer)
        return answer.body

    def put(self, identity: str, document: Document) -> None:
        """Create or replace a resource and wait until that is done."""
        self._run("PUT", identity, document)

    def post(self, identity: str, action: str) -> Document:
        """Call an action that answers at once."""
        answer = self._request("POST", self._url(f"{identity}/{action}"), {})
        self._check(f"POST {_short(identity)}/{action}", answer)
        return answer.body

    def delete(self, identity: str) -> None:
        """Delete a resource and wait until it is gone; no error if it does not exist."""
        self._run("DELETE", identity, None)

    def find(self, identity: str, condition: str) -> list[Document]:
        """Return the members of a collection for which an OData condition holds."""
        answer = self._request("GET", self._url(identity, f"{urlencode({'$filter': condition})}&"))
        self._check(f"GET {_short(identity)}", answer)
        members: list[Document] = answer.body.get("value", [])
        return members

    def list_resources(self, group: str) -> list[Document]:
        """Return what is in a resource group."""
        answer = self._request("GET", self._url(f"{group}/resources"))
        if answer.status == http.client.NOT_FOUND:
            return []
        self._check(f"GET {_short(group)}/resources", answer)
        resources: list[Document] = answer.body.get("value", [])
        return resources

    def _run(self, method: str, identity: str, document: Document | None) -> None:
        operation = f"{method} {_short(identity)}"
        answer = self._request(method, self._url(identity), document)
        if method == "DELETE" and answer.status == http.client.NOT_FOUND:
            return
        self._check(operation, answer)
        if url := answer.headers.get("azure-asyncoperation"):
            self._await_status(operation, url)
        elif (url := answer.headers.get("location")) and answer.status == http.client.ACCEPTED:
            wait_until(
                lambda: self._request("GET", url),
                lambda polled: polled.status != http.client.ACCEPTED,
                what=f"end of {operation}",
                timeout_s=_OPERATION_TIMEOUT_S,
                interval_s=_POLL_S,
            )
        if method == "PUT":
            self._await_provisioned(operation, identity)

    def _await_status(self, operation: str, url: str) -> None:
        def poll() -> Document:
            answer = self._request("GET", url)
            self._check(operation, answer)
            return answer.body

        body = wait_until(
            poll,
            lambda document: document.get("status") in {"Succeeded", "Failed", "Canceled"},
            what=f"end of {operation}",
            timeout_s=_OPERATION_TIMEOUT_S,
            interval_s=_POLL_S,
        )
        if body["status"] != "Succeeded":
            error = body.get("error", {})
            raise CloudRefusedError(
                operation=f"arm:{operation}",
                code=str(error.get("code", body["status"])),
                message=str(error.get("message", "the operation did not succeed")),
            )

    def _await_provisioned(self, operation: str, identity: str) -> None:
        state = wait_until(
            lambda: ((self.get(identity) or {}).get("properties") or {}).get(
                "provisioningState", "Succeeded"
            ),
            lambda provisioning_state: provisioning_state in {"Succeeded", "Failed", "Canceled"},
            what=f"{_short(identity)} provisioned",
            timeout_s=_OPERATION_TIMEOUT_S,
            interval_s=_POLL_S,
        )
        if state != "Succeeded":
            raise CloudRefusedError(
                operation=f"arm:{operation}", code=state, message=f"provisioningState is {state}"
            )


class Locks:
    """Several locks, taken in one order, given back together."""

    def __init__(self, locks: list[threading.Lock]) -> None:
        self._locks = locks

    def __enter__(self) -> None:
        for lock in self._locks:
            lock.acquire()

    def __exit__(self, *_: object) -> None:
        for lock in self._locks:
            lock.release()


def _version(provided: str) -> str:
    """Return the API version for what follows `/providers/` in an id."""
    namespace, _, kinds = provided.lower().partition("/")
    own = _VERSIONS.get(f"{namespace}/{kinds.split('/', 1)[0]}")
    return own or _VERSIONS.get(namespace, _GROUPS_VERSION)


def _short(identity: str) -> str:
    """Return the part of an id that tells people what it is: type and name."""
    return "/".join(identity.rsplit("/", 2)[1:])


def connect(config: State) -> ArmCloud:
    """Return the client for a provider block, with a token.

    Raises:
        HostError: Something is missing.
        CloudError: The endpoint does not answer, or refuses the credentials.
    """
    settings = {
        "subscription_id": config["subscription_id"] or os.environ.get("ARM_SUBSCRIPTION_ID"),
        "tenant_id": config["tenant_id"] or os.environ.get("ARM_TENANT_ID"),
        "client_id": _given(config, "client_id"),
        "client_secret": _given(config, "client_secret"),
    }
    missing = [name for name, value in settings.items() if not value]
    if missing:
        names = ", ".join(f"ARM_{name.upper()}" for name in missing)
        raise HostError(
            problem=f"no {', '.join(missing)} for Azure",
            remedy=f"Set {names}. The offline provider signs in with a client secret only",
        )
    host = config["metadata_host"] or os.environ.get("ARM_METADATA_HOSTNAME")
    cloud = ArmCloud(
        Credentials(**{name: str(value) for name, value in settings.items()}), metadata_host=host
    )
    if not plan_only():
        cloud.authenticate()
    return cloud


def _given(config: State, name: str) -> str | None:
    """Return a setting from the block or the environment, or from the file named there."""
    if value := config[name] or os.environ.get(f"ARM_{name.upper()}"):
        return str(value)
    path = config[f"{name}_file_path"] or os.environ.get(f"ARM_{name.upper()}_FILE_PATH")
    return Path(path).read_text().strip() if path else None
