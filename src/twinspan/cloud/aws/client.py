"""boto3 clients, made once per endpoint, and their errors in our words."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
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
        return _make(endpoint)


def service_client(endpoint: AwsEndpoint, service: str) -> Any:  # noqa: ANN401 - boto3 makes clients at run time
    """Return the client of any service of an endpoint, e.g. `service-quotas`; the same one every time."""
    with _MAKING, translated(endpoint, "credentials"):
        return _make_service(endpoint, service)


@lru_cache(maxsize=32)
def _make_service(endpoint: AwsEndpoint, service: str) -> Any:  # noqa: ANN401 - as above
    session: Any
    session, config = _session_of(endpoint)
    return session.client(service, endpoint_url=endpoint.endpoint_url, config=config)


@lru_cache(maxsize=8)
def _make(endpoint: AwsEndpoint) -> AwsClients:
    session, config = _session_of(endpoint)
    return AwsClients(
        ec2=session.client("ec2", endpoint_url=endpoint.endpoint_url, config=config),
        sts=session.client("sts", endpoint_url=endpoint.endpoint_url, config=config),
    )


def _session_of(endpoint: AwsEndpoint) -> tuple[boto3.session.Session, Config]:
    session = boto3.session.Session(
        aws_access_key_id=endpoint.access_key_id,
        aws_secret_access_key=endpoint.secret_access_key,
        region_name=endpoint.region,
        botocore_session=None if endpoint.access_key_id is None else _session_without_profile(),
    )
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": 3 if endpoint.endpoint_url is None else 2},
        proxies=None if endpoint.endpoint_url is None else {},
    )
    return session, config


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
