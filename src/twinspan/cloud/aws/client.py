"""botocore clients, made once per endpoint, and their errors in our words."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)
from botocore.loaders import Loader, create_loader
from botocore.parsers import ResponseParserError

from twinspan.cloud.aws.endpoint import AwsEndpoint
from twinspan.errors import CloudRefusedError, CloudUnreachableError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_sts import STSClient

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 20
CONNECTIONS = 10
"""Calls at the same time, at most."""

_MAKING = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsClients:
    """The clients of one endpoint. They are thread safe; making them is not."""

    ec2: "EC2Client"
    sts: "STSClient"


def clients(endpoint: AwsEndpoint) -> AwsClients:
    """Return the clients of an endpoint; the same ones every time."""
    with _MAKING, translated(endpoint, "credentials"):
        return AwsClients(ec2=_make_service(endpoint, "ec2"), sts=_make_service(endpoint, "sts"))


def service_client(endpoint: AwsEndpoint, service: str) -> Any:  # noqa: ANN401 - botocore makes clients at run time
    """Return the client of any service of an endpoint, e.g. `service-quotas`; the same one every time."""
    with _MAKING, translated(endpoint, "credentials"):
        return _make_service(endpoint, service)


@lru_cache(maxsize=128)
def _make_service(endpoint: AwsEndpoint, service: str) -> Any:  # noqa: ANN401 - as above
    return _session_of(endpoint).create_client(
        service,
        region_name=endpoint.region,
        endpoint_url=endpoint.endpoint_url,
        aws_access_key_id=endpoint.access_key_id,
        aws_secret_access_key=endpoint.secret_access_key,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": 3 if endpoint.endpoint_url is None else 2},
            proxies=None if endpoint.endpoint_url is None else {},
            s3={"addressing_style": "auto" if endpoint.endpoint_url is None else "path"},
        ),
    )


def _session_of(endpoint: AwsEndpoint) -> botocore.session.Session:
    session = botocore.session.Session() if endpoint.access_key_id is None else _session_without_profile()
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    return session


@cache
def _loader(data_path: str | None) -> Loader:
    """Return what reads the models of services; each is megabytes of JSON, kept for the whole process."""
    return create_loader(data_path)


def _session_without_profile() -> botocore.session.Session:
    """Return a session that looks at no profile: AWS_PROFILE may name one that does not exist here."""
    return botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, "/dev/null", None),
            "credentials_file": (None, None, "/dev/null", None),
        }
    )


@contextmanager
def translated(endpoint: AwsEndpoint, operation: str) -> Iterator[None]:
    """Turn boto's exceptions into CloudRefusedError and CloudUnreachableError."""
    where = endpoint.endpoint_url or f"AWS in {endpoint.region}"
    try:
        yield
    except ClientError as error:
        refusal = error.response.get("Error", {})
        raise CloudRefusedError(
            operation=operation,
            code=refusal.get("Code", "Unknown"),
            message=refusal.get("Message", str(error)),
        ) from error
    except (BotoConnectionError, HTTPClientError) as error:
        raise CloudUnreachableError(f"{operation}: no answer from {where}: {error}") from error
    except BotoCoreError as error:
        raise CloudRefusedError(operation=operation, code=type(error).__name__, message=str(error)) from error
    except ResponseParserError as error:
        raise CloudRefusedError(
            operation=operation, code="InvalidResponse", message=f"{where} does not speak AWS: {error}"
        ) from error
