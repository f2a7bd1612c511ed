"""Plain ARM requests, for what the typed clients do not cover."""

from collections.abc import Mapping
from typing import Any

from azure.core.rest import HttpRequest
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from twinspan.cloud.azure.client import AZURE, credential_of, translated, transport_options
from twinspan.cloud.azure.endpoint import AzureEndpoint

Document = dict[str, Any]


def get(
    endpoint: AzureEndpoint, path: str, *, api_version: str, params: Mapping[str, str] | None = None
) -> Document:
    """Return what ARM answers to GET.

    Args:
        endpoint: Which subscription, and as whom.
        path: Below the service's root, e.g. `/subscriptions/...`; or a whole URL that ARM gave out.
        api_version: As ARM wants it with every request.
        params: Further query parameters.

    Raises:
        CloudRefusedError: ARM said no.
        CloudUnreachableError: It did not answer.
    """
    return _send(endpoint, "GET", path, {"api-version": api_version, **(params or {})})


def get_all(
    endpoint: AzureEndpoint, path: str, *, api_version: str, params: Mapping[str, str] | None = None
) -> list[Document]:
    """Return all values of a list, over all its pages. Raises as `get`."""
    page = get(endpoint, path, api_version=api_version, params=params)
    values = list(page.get("value", []))
    while page.get("nextLink"):
        page = _send(endpoint, "GET", page["nextLink"], {})
        values += page.get("value", [])
    return values


def post(endpoint: AzureEndpoint, path: str, *, api_version: str, body: Document | None = None) -> Document:
    """Return what ARM answers to POST, e.g. of a `list...` action. Raises as `get`."""
    return _send(endpoint, "POST", path, {"api-version": api_version}, body)


def _send(
    endpoint: AzureEndpoint,
    method: str,
    path: str,
    params: Mapping[str, str],
    body: Document | None = None,
) -> Document:
    url = endpoint.resource_manager_url or AZURE
    with translated(endpoint, f"{method} {path.partition('?')[0]}"), _client(endpoint, url) as client:
        request = HttpRequest(method, path if "://" in path else url + path, params=dict(params), json=body)
        response = client.send_request(request)
        response.raise_for_status()
        answer: Document = response.json() if response.content else {}
        return answer


def _client(endpoint: AzureEndpoint, url: str) -> ARMPipelineClient[Any, Any]:
    options = transport_options(endpoint)
    policy = ARMChallengeAuthenticationPolicy(credential_of(endpoint), f"{url}/.default")
    return ARMPipelineClient(base_url=url, authentication_policy=policy, **options)
