"""Where an AWS API is, and with which key it is asked."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsEndpoint:
    """An AWS account and region.

    Attributes:
        region: E.g. `us-west-2`.
        endpoint_url: Where every service is served; None for AWS itself.
        access_key_id: None for the user's own chain of credentials (environment, profile, SSO, role).
        secret_access_key: Its secret; never printed.
    """

    region: str
    endpoint_url: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
