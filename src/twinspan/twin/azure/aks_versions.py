"""The Kubernetes versions that AKS offers, and what may follow what.

The twin's clusters run one real version whatever the API says; see the table of known differences.
Source: AKS release calendar (three minor versions are generally available); Kubernetes versions API; AKS
release notes to 2026-09-04 (1.36 generally available since 2026-06-19, 1.33 with long-term support alone). Of
1.35 the newest patch is the one that the twin runs.
"""

from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.errors import ArmError, bad_request

_PATCHES = {
    "1.34": ("1.34.3", "1.34.10"),
    "1.35": ("1.35.1", "1.35.4"),
    "1.36": ("1.36.3",),
}
DEFAULT = "1.35"
"""The newest but one. Source: AKS, "Supported Kubernetes versions", FAQ."""

_POOLS_BEHIND = 2


def full(version: str | None) -> str:
    """Return the version that a cluster gets: the newest patch of a minor version, or the one named.

    Raises:
        ArmError: `K8sVersionNotSupported`.
    """
    release = version or DEFAULT
    if release in _PATCHES:
        return _PATCHES[release][-1]
    if release in _PATCHES.get(_minor(release), ()):
        return release
    raise bad_request(
        "K8sVersionNotSupported",
        f"Managed cluster is on version {release}, which is not supported in this region. Please use [az aks "
        "get-versions] command to get the supported version list in this region. For more information, "
        "please "
        "check https://aka.ms/supported-version-list",
    )


def check_change(before: str, after: str) -> None:
    """Refuse to go back, or to leave out a minor version.

    Raises:
        ArmError: `OperationNotAllowed`.
    """
    if after != before and after not in upgrades(before):
        raise ArmError(
            409,
            "OperationNotAllowed",
            f"Upgrading Kubernetes version {before} to {after} is not allowed. Available upgrades: "
            f"[{' '.join(upgrades(before))}]. Please see https://aka.ms/aks-supported-k8s-ver for version "
            "details.",
        )


def check_pool(pool: str, cluster: str) -> None:
    """Refuse a pool that is newer than its control plane, or too old for it.

    Source: AKS API, ManagedClusterAgentPoolProfileProperties.orchestratorVersion.

    Raises:
        ArmError: `NodePoolMcVersionIncompatible`.
    """
    behind = _minor_number(cluster) - _minor_number(pool)
    if not 0 <= behind <= _POOLS_BEHIND:
        relation = "bigger than" if behind < 0 else f"more than {_POOLS_BEHIND} less than"
        raise bad_request(
            "NodePoolMcVersionIncompatible",
            f"Node pool version {pool} and control plane version {cluster} are incompatible. Minor version "
            f"of node pool version {_minor_number(pool)} is {relation} control plane version "
            f"{_minor_number(cluster)}. For more information, please check https://aka.ms/version-skew-policy",
        )


def upgrades(version: str) -> list[str]:
    """Return what a version may be upgraded to: later patches, and all of the next minor version."""
    minors = list(_PATCHES)
    place = minors.index(_minor(version)) if _minor(version) in minors else -1
    following = _PATCHES[minors[place + 1]] if 0 <= place < len(minors) - 1 else ()
    patches = _PATCHES.get(_minor(version), ())
    return [*(patch for patch in patches if _patch(patch) > _patch(version)), *following]


def listed() -> JsonObject:
    """Return the answer of `locations/{location}/kubernetesVersions`."""
    values: list[Json] = [
        {
            "version": minor,
            "isDefault": minor == DEFAULT,
            "isPreview": False,
            "capabilities": {"supportPlan": ["KubernetesOfficial"]},
            "patchVersions": {patch: {"upgrades": list(upgrades(patch))} for patch in patches},
        }
        for minor, patches in _PATCHES.items()
    ]
    return {"values": values}


def for_pools() -> Json:
    """Return the rows of `availableAgentPoolVersions`."""
    newest = full(None)
    return [
        {"kubernetesVersion": patch, "default": patch == newest}
        for patches in _PATCHES.values()
        for patch in patches
    ]


def upgrade_rows(version: str) -> Json:
    """Return the `upgrades` of an upgrade profile."""
    return [{"kubernetesVersion": upgrade, "isPreview": False} for upgrade in upgrades(version)]


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _minor_number(version: str) -> int:
    return int(version.split(".")[1])


def _patch(version: str) -> int:
    last = version.rsplit(".", maxsplit=1)[-1]
    return int(last) if last.isdigit() else 0
