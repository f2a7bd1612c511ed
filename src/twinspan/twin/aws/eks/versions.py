"""Kubernetes versions and add-ons that EKS offers.

Source: EKS User Guide, "Understand the Kubernetes version lifecycle on EKS" (calendar of 2026-10), "AWS
add-ons", "Review platform versions"; AWS's build numbers of add-ons are an example of each series. Of 1.35
the patch is the one that the twin runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesVersion:
    """A minor version, and until when AWS supports it."""

    name: str
    patch: str
    platform: str
    released: datetime
    standard_until: datetime
    extended_until: datetime

    def status(self, now: datetime) -> str:
        """Return `STANDARD_SUPPORT`, `EXTENDED_SUPPORT` or `UNSUPPORTED`."""
        if now <= self.standard_until:
            return "STANDARD_SUPPORT"
        return "EXTENDED_SUPPORT" if now <= self.extended_until else "UNSUPPORTED"


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


VERSIONS: Mapping[str, KubernetesVersion] = {
    name: KubernetesVersion(
        name=name,
        patch=patch,
        platform=platform,
        released=_day(released),
        standard_until=_day(standard),
        extended_until=_day(extended),
    )
    for name, patch, platform, released, standard, extended in (
        ("1.31", "1.31.14", "eks.50", "2024-09-26", "2025-11-26", "2026-11-26"),
        ("1.32", "1.32.13", "eks.43", "2025-01-25", "2026-03-23", "2027-03-23"),
        ("1.33", "1.33.13", "eks.33", "2025-05-28", "2026-07-29", "2027-07-29"),
        ("1.34", "1.34.3", "eks.13", "2025-10-06", "2026-12-02", "2027-12-02"),
        ("1.35", "1.35.4", "eks.9", "2026-01-28", "2027-03-27", "2028-03-27"),
        ("1.36", "1.36.4", "eks.9", "2026-06-02", "2027-08-02", "2028-08-02"),
    )
}
DEFAULT_VERSION = "1.35"
"""What a request without a version gets; need not be the newest (EKS API, CreateCluster, `version`)."""

_BUILDS: Mapping[str, Mapping[str, str]] = {
    "vpc-cni": dict.fromkeys(VERSIONS, "v1.21.1-eksbuild.1"),
    "coredns": {
        "1.31": "v1.11.4-eksbuild.28",
        "1.32": "v1.11.4-eksbuild.28",
        "1.33": "v1.12.4-eksbuild.1",
        "1.34": "v1.12.4-eksbuild.1",
        "1.35": "v1.13.1-eksbuild.1",
        "1.36": "v1.14.6-eksbuild.1",
    },
    "kube-proxy": {name: f"v{version.patch}-eksbuild.2" for name, version in VERSIONS.items()},
}
ADDONS = tuple(_BUILDS)


def default_build(addon: str, kubernetes: str) -> str:
    """Return the add-on's version that EKS takes for a Kubernetes version unless told otherwise."""
    return _BUILDS[addon][kubernetes]


def builds(addon: str) -> Mapping[str, tuple[str, ...]]:
    """Return the add-on's versions, each with the Kubernetes versions that it goes with."""
    names = dict.fromkeys(_BUILDS[addon].values())
    return {
        build: tuple(k for k, offered_build in _BUILDS[addon].items() if offered_build == build)
        for build in names
    }
