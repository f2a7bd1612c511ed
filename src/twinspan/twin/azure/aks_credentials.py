"""The kubeconfigs of AKS clusters: real ones, for the address where this machine reaches the API server.

Nothing of them is kept: a client certificate is made by the cluster's authority each time one is asked for.
Source: Managed Clusters - List Cluster Admin Credentials, List Cluster User Credentials (REST).
"""

import base64
import json

from twinspan.twin.azure.documents import Json, JsonObject, flag, text
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.store import Resource
from twinspan.twin.kubernetes.access import ClusterAccess

_ADMINISTRATOR = ("masterclient", "system:masters")
_SERVER_APPLICATION = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""Microsoft Entra application "Azure Kubernetes Service AAD Server", the same in every tenant."""


def credentials(
    clusters: ClusterAccess | None, cluster: Resource, *, admin: bool, tenant_id: str
) -> JsonObject:
    """Return the answer of `listClusterAdminCredential` or `listClusterUserCredential`.

    Args:
        clusters: Who knows authorities and addresses.
        cluster: The cluster.
        admin: Whether a cluster administrator's is asked for.
        tenant_id: For those who sign in by Microsoft Entra ID.

    Raises:
        ArmError: `BadRequest` if local accounts are disabled; 409 if this twin has no data plane.
    """
    members = cluster.body.get("properties")
    entra = text(members, "aadProfile", "tenantID") is not None or flag(members, "aadProfile", "managed")
    if admin and flag(members, "disableLocalAccounts"):
        raise bad_request(
            "BadRequest",
            "Getting static credential is not allowed because this cluster is set to disable local accounts.",
        )
    if clusters is None:
        raise ArmError(
            409,
            "OperationNotAllowed",
            f"Cluster {cluster.id} has no API server: this Azure API runs without a data plane.",
        )
    user = _entra_user(tenant_id) if entra and not admin else _certificate(clusters, cluster)
    config = _config(clusters, cluster, user, admin=admin)
    value = base64.b64encode(json.dumps(config).encode()).decode()
    return {"kubeconfigs": [{"name": "clusterAdmin" if admin else "clusterUser", "value": value}]}


def _certificate(clusters: ClusterAccess, cluster: Resource) -> JsonObject:
    """Return a new client certificate; while local accounts are on, users and administrators are the same."""
    name, group = _ADMINISTRATOR
    authority = clusters.authority(cluster.id.key, name=cluster.id.name)
    certificate, key = authority.issue(name, organizations=(group,))
    return {"client-certificate-data": _encoded(certificate), "client-key-data": _encoded(key)}


def _entra_user(tenant_id: str) -> JsonObject:
    arguments: list[Json] = ["get-token", "--login", "devicecode", "--server-id", _SERVER_APPLICATION]
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "kubelogin",
            "args": [*arguments, "--tenant-id", tenant_id],
            "installHint": "kubelogin is not installed; see https://aka.ms/aks/kubelogin",
            "provideClusterInfo": False,
        }
    }


def _config(clusters: ClusterAccess, cluster: Resource, user: JsonObject, *, admin: bool) -> JsonObject:
    """Return a kubeconfig with AKS's names; JSON is YAML too."""
    name, group = cluster.id.name, cluster.id.resource_group
    who = f"clusterAdmin_{group}_{name}" if admin else f"clusterUser_{group}_{name}"
    context = f"{name}-admin" if admin else name
    authority = clusters.authority(cluster.id.key, name=name)
    server: JsonObject = {
        "certificate-authority-data": _encoded(authority.certificate),
        "server": clusters.url(cluster.id.key, name=name),
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": server}],
        "contexts": [{"name": context, "context": {"cluster": name, "user": who}}],
        "current-context": context,
        "preferences": {},
        "users": [{"name": who, "user": user}],
    }


def _encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
