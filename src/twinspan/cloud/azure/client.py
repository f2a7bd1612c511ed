"""Azure SDK clients, made once per endpoint, and their errors in our words.

The SDK takes long to load, so only who makes a client loads it.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from twinspan.cloud.azure.endpoint import AzureEndpoint
from twinspan.errors import CloudRefusedError, CloudUnreachableError

if TYPE_CHECKING:
    from azure.mgmt.network import NetworkManagementClient
    from azure.mgmt.resource.resources import ResourceManagementClient

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 20
CONNECTIONS = 8
"""Calls at the same time, at most."""

AZURE = "https://management.azure.com"
"""Azure Resource Manager of the public cloud."""
_MAKING = threading.Lock()

logging.getLogger("azure").addHandler(logging.NullHandler())  # what it logs, it raises too


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureClients:
    """The clients of one endpoint; thread safe."""

    network: "NetworkManagementClient"
    resources: "ResourceManagementClient"


def clients(endpoint: AzureEndpoint) -> AzureClients:
    """Return the clients of an endpoint; the same ones every time."""
    with _MAKING:
        return _make(endpoint)


def close(endpoint: AzureEndpoint) -> None:
    """Close the connections to an endpoint, so that its server need not wait for them."""
    with _MAKING:
        made = _make(endpoint)
        _make.cache_clear()
    made.network.close()
    made.resources.close()


@lru_cache(maxsize=32)
def _make(endpoint: AzureEndpoint) -> AzureClients:
    from azure.mgmt.network import NetworkManagementClient  # noqa: PLC0415 - see above
    from azure.mgmt.resource.resources import ResourceManagementClient  # noqa: PLC0415 - see above

    url = endpoint.resource_manager_url or AZURE
    transport = transport_options(endpoint)
    credential = credential_of(endpoint)
    scopes = [f"{url}/.default"]
    return AzureClients(
        network=NetworkManagementClient(
            credential, endpoint.subscription_id, base_url=url, credential_scopes=scopes, **transport
        ),
        resources=ResourceManagementClient(
            credential, endpoint.subscription_id, base_url=url, credential_scopes=scopes, **transport
        ),
    )


def transport_options(endpoint: AzureEndpoint) -> dict[str, Any]:
    """Return time limits and trust; an endpoint of our own is never asked through a proxy."""
    options: dict[str, Any] = {
        "connection_timeout": CONNECT_TIMEOUT_S,
        "read_timeout": READ_TIMEOUT_S,
        "retry_total": 2,
        "retry_backoff_factor": 0.2,
        "retry_backoff_max": 10,
    }
    if endpoint.ca_certificate is not None:
        options["connection_verify"] = str(endpoint.ca_certificate)
    if endpoint.resource_manager_url is not None:
        options["use_env_settings"] = False
    return options


@lru_cache(maxsize=8)
def credential_of(endpoint: AzureEndpoint) -> TokenCredential:
    """Return what gets tokens for an endpoint; the same every time, so that tokens are kept."""
    from azure.identity import ClientSecretCredential, DefaultAzureCredential  # noqa: PLC0415 - see above

    if endpoint.client_id is None or endpoint.client_secret is None or endpoint.tenant_id is None:
        return DefaultAzureCredential()
    if endpoint.authority is None:
        return ClientSecretCredential(endpoint.tenant_id, endpoint.client_id, endpoint.client_secret)
    return ClientSecretCredential(
        endpoint.tenant_id,
        endpoint.client_id,
        endpoint.client_secret,
        authority=endpoint.authority,
        disable_instance_discovery=True,
        **transport_options(endpoint),
    )


@contextmanager
def translated(endpoint: AzureEndpoint, operation: str) -> Iterator[None]:
    """Turn the SDK's exceptions into CloudRefusedError and CloudUnreachableError."""
    try:
        yield
    except (ServiceRequestError, ServiceResponseError) as error:
        where = endpoint.resource_manager_url or AZURE
        raise CloudUnreachableError(f"{operation}: no answer from {where}: {error.message}") from error
    except ClientAuthenticationError as error:
        if _is_silence(error):
            authority = endpoint.authority or "Microsoft Entra ID"
            raise CloudUnreachableError(f"{operation}: no token from {authority}: {error.message}") from error
        raise CloudRefusedError(
            operation=operation, code=_code(error, "AuthenticationFailed"), message=_first_line(error)
        ) from error
    except HttpResponseError as error:
        raise CloudRefusedError(
            operation=operation, code=_code(error, str(error.status_code)), message=_first_line(error)
        ) from error
    except AzureError as error:
        raise CloudRefusedError(
            operation=operation, code=type(error).__name__, message=_first_line(error)
        ) from error
    except JSONDecodeError as error:
        # The SDK lets it through when a success is no JSON: a proxy's page, say.
        where = endpoint.resource_manager_url or AZURE
        raise CloudRefusedError(
            operation=operation,
            code="NoJson",
            message=f"{where} answers, but not as Azure does: {error.doc[:80]!r}",
        ) from error


def _is_silence(error: BaseException) -> bool:
    """Whether a failed sign-in was no refusal: the SDK dresses a connection that failed as one."""
    cause = error.__cause__ or error.__context__
    if cause is None:
        return False
    return isinstance(cause, ServiceRequestError | ServiceResponseError) or _is_silence(cause)


def _code(error: HttpResponseError, otherwise: str) -> str:
    return (error.error.code if error.error else None) or otherwise


def _first_line(error: AzureError) -> str:
    details = getattr(error, "error", None)
    text = getattr(details, "message", None) or error.message
    return str(text).strip().splitlines()[0] if text else type(error).__name__
