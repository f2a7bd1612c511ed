"""What AKS answers besides its resources: versions and upgrades."""

from twinspan.twin.azure import aks_versions, resources
from twinspan.twin.azure.documents import JsonObject, text
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.locations import canonical_location
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.types.base import Context
from twinspan.twin.azure.types.managed_clusters import MANAGED_CLUSTERS, upgrade_profile


def in_provider(request: Request, lower: list[str]) -> Answer | None:
    """Answer below `/subscriptions/{id}/providers`; None if it is not for AKS's lists.

    Args:
        request: The request.
        lower: The path from the namespace on, in small letters.

    Raises:
        ArmError: There is no such region.
    """
    match request.method, lower:
        case "GET", ["microsoft.containerservice", "locations", location, "kubernetesversions"]:
            canonical_location(location, "locations/kubernetesVersions")
            return Answer(document=aks_versions.listed())
        case _:
            return None


def of_cluster(context: Context, request: Request, identity: ResourceId) -> Answer | None:
    """Answer what a cluster and its pools tell without being parts of it; None if it is something else.

    Args:
        context: What the subscription has.
        request: The request.
        identity: What was asked for, e.g. `.../managedClusters/c/upgradeProfiles/default`; a list without a
            name, e.g. `availableAgentPoolVersions`, has an empty one.

    Raises:
        ArmError: The cluster is not there.
    """
    owner = identity.parent
    if (
        request.method != "GET"
        or owner is None
        or not owner.type.lower().startswith(MANAGED_CLUSTERS.type.lower())
    ):
        return None
    match [kind.lower() for kind in identity.types[1:]], identity.name.lower():
        case ["upgradeprofiles"], "default":
            return Answer(document=upgrade_profile(context, resources.read(context, owner)))
        case ["availableagentpoolversions"], "":
            resources.read(context, owner)
            members: JsonObject = {"agentPoolVersions": aks_versions.for_pools()}
            return Answer(document=_told(owner, "availableAgentPoolVersions", "", members))
        case ["agentpools", "upgradeprofiles"], "default":
            version = text(resources.read(context, owner).body, "properties", "orchestratorVersion") or ""
            upgrades = aks_versions.upgrade_rows(version)
            members = {"kubernetesVersion": version, "osType": "Linux", "upgrades": upgrades}
            return Answer(document=_told(owner, "upgradeProfiles", "/default", members))
        case _:
            return None


def _told(owner: ResourceId, kind: str, name: str, members: JsonObject) -> JsonObject:
    return {
        "id": f"{owner}/{kind}{name}",
        "name": "default",
        "type": f"{owner.type}/{kind}",
        "properties": members,
    }
