# ruff: noqa: ANN401 - values of Terraform and of the APIs have no static type
"""The AWS client of the offline provider: credentials and endpoints as the real provider takes them."""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from twinspan.errors import CloudRefusedError, CloudUnreachableError, HostError
from twinspan.twin.providers.engine import State

_ATTEMPTS = 3
"""Tries per request. The real provider makes 25, over minutes; offline a dead endpoint must show at once."""


@dataclass(frozen=True, kw_only=True)
class AwsCloud:
    """Calls AWS APIs in one region.

    Attributes:
        region: Where calls go.
        account_id: Whose credentials these are; empty if `skip_requesting_account_id` is set.
        partition: `aws`, `aws-cn`..., for ARNs.
        default_tags: Of the provider block.
        ignored_tags: Of the provider block: keys, and beginnings of keys that end with `*`.
        clients: botocore clients, made when first needed, shared by all regions.
    """

    region: str
    account_id: str = ""
    partition: str = "aws"
    default_tags: Mapping[str, str] = field(default_factory=dict)
    ignored_tags: tuple[str, ...] = ()
    clients: "Clients"

    def in_region(self, region: str | None) -> "AwsCloud":
        """Return this client for another region; for None, itself."""
        if not isinstance(region, str) or region in {"", self.region}:
            return self
        return replace(self, region=region)

    def heeds(self, tag: str) -> bool:
        """Whether a tag is one that the provider looks at. Source: hashicorp/aws, `ignore_tags`."""
        return not any(
            tag.startswith(name.removesuffix("*")) if name.endswith("*") else tag == name
            for name in self.ignored_tags
        )

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make one API call; parameters that are None are left out.

        Raises:
            CloudRefusedError: The API said no; carries its code.
            CloudUnreachableError: It did not answer, or there are no credentials.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow, not needed for schemas

        client = self.clients.get(service, self.region)
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            answer: dict[str, Any] = getattr(client, operation)(**given)
        except ClientError as error:
            details = error.response.get("Error", {})
            raise CloudRefusedError(
                operation=f"{service}:{operation.replace('_', ' ').title().replace(' ', '')}",
                code=str(details.get("Code", "Unknown")),
                message=str(details.get("Message", "")),
            ) from error
        except BotoCoreError as error:
            raise CloudUnreachableError(f"{service}:{operation}: {error}") from error
        return answer

    def arn(self, service: str, resource: str, *, account: bool = True) -> str:
        """Return the ARN of something of this account and region."""
        owner = self.account_id if account else ""
        return f"arn:{self.partition}:{service}:{self.region}:{owner}:{resource}"


class Clients:
    """Makes botocore clients once per service and region. Thread safe."""

    def __init__(self, config: State) -> None:
        """Take the settings of a provider block."""
        import botocore.session  # noqa: PLC0415 - half a second that `terraform validate` need not wait

        self._config = config
        self._session = botocore.session.Session(profile=config["profile"])
        self._endpoints = {
            service: url for block in config["endpoints"] or [] for service, url in block.items() if url
        }
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def region(self) -> str | None:
        """Return the region of the provider block, the environment or the profile, in this order."""
        region: str | None = (
            self._config["region"]
            or os.environ.get("AWS_REGION")
            or os.environ.get("AWS_DEFAULT_REGION")
            or self._session.get_config_variable("region")
        )
        return region

    def get(self, service: str, region: str) -> Any:
        """Return the client for a service in a region."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._make(service, region)
            return self._clients[service, region]

    def _make(self, service: str, region: str) -> Any:
        from botocore.config import Config  # noqa: PLC0415 - see above

        config = self._config
        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self._endpoints.get(service),
            aws_access_key_id=config["access_key"],
            aws_secret_access_key=config["secret_key"],
            aws_session_token=config["token"],
            verify=False if config["insecure"] else config["custom_ca_bundle"],
            config=Config(
                retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                s3={"addressing_style": "path" if config["s3_use_path_style"] else "auto"},
                max_pool_connections=20,
            ),
        )


def connect(config: State) -> AwsCloud:
    """Return the client for a provider block.

    Raises:
        HostError: No region, or a profile that does not exist.
        CloudError: The credentials are refused by STS, or STS does not answer.
    """
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - see above

    try:
        clients = Clients(config)
        region = clients.region()
    except BotoCoreError as error:
        raise HostError(
            problem=str(error),
            remedy="Name an existing profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ) from error
    if not region:
        raise HostError(problem="no AWS region is set", remedy='Set AWS_REGION or `region` in provider "aws"')
    tags = {
        key: value for block in config["default_tags"] or [] for key, value in (block["tags"] or {}).items()
    }
    ignored = tuple(
        name
        for block in config["ignore_tags"] or []
        for name in (*(block["keys"] or ()), *(f"{prefix}*" for prefix in block["key_prefixes"] or ()))
    )
    cloud = AwsCloud(region=region, default_tags=tags, ignored_tags=ignored, clients=clients)
    if config["skip_requesting_account_id"]:
        return cloud
    caller = cloud.call("sts", "get_caller_identity")
    return replace(cloud, account_id=caller["Account"], partition=caller["Arn"].split(":")[1])
