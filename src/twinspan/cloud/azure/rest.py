"""Plain ARM requests, for what the typed clients do not cover."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from azure.core import PipelineClient
from azure.core.pipeline.policies import HeadersPolicy, RetryPolicy
from azure.core.rest import HttpRequest, HttpResponse
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
    with translated(endpoint, f"{method} {path.partition('?')[0]}"):
        request = HttpRequest(method, path if "://" in path else url + path, params=dict(params), json=body)
        response = _client(endpoint).send_request(request)
        response.raise_for_status()
        answer: Document = response.json() if response.content else {}
        return answer


@lru_cache(maxsize=8)
def _client(endpoint: AzureEndpoint) -> PipelineClient[HttpRequest, HttpResponse]:
    options = transport_options(endpoint)
    url = endpoint.resource_manager_url or AZURE
    return PipelineClient(
        base_url=url,
        policies=[
            HeadersPolicy({"Accept": "application/json"}),
            RetryPolicy(**options),
            ARMChallengeAuthenticationPolicy(credential_of(endpoint), f"{url}/.default"),
        ],
        **options,
    )
