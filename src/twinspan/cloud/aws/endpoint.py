"""Where an AWS API is, and with which key it is asked."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsEndpoint:
    """An AWS account and its regions in use.

    Attributes:
        region: E.g. `us-west-2`; where a single region is asked, this one is.
        regions: Those that are read; `region` is read as well, whether it is among them or not.
        endpoint_url: Where every service is served; None for AWS itself.
        access_key_id: None for the user's own chain of credentials (environment, profile, SSO, role).
        secret_access_key: Its secret; never printed.
    """

    region: str
    regions: tuple[str, ...] = ()
    endpoint_url: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)

    def in_region(self, region: str) -> Self:
        """Return the same account in this region alone; an empty text stands for `region`."""
        return replace(self, region=region or self.region, regions=())

    def reading(self, regions: Iterable[str]) -> Self:
        """Return the same account, of which these regions are read too, the first of them for the main one.

        Without any it stays as it is.
        """
        more = tuple(dict.fromkeys(regions))
        return replace(self, region=more[0], regions=(*more, *self.regions)) if more else self

    def each_region(self) -> tuple[Self, ...]:
        """Return an endpoint for each region that is read, that of `region` first."""
        return tuple(map(self.in_region, dict.fromkeys((self.region, *self.regions))))
