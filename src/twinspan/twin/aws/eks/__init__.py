"""EKS of the twin: clusters, managed node groups, add-ons and access entries, driven by the data plane."""

from twinspan.twin.aws.eks.access_entries import KubernetesUser
from twinspan.twin.aws.eks.backend import CLUSTERS_KEY, SETTLED_KEY, TwinEksBackend, find_user

__all__ = [
    "CLUSTERS_KEY",
    "SETTLED_KEY",
    "KubernetesUser",
    "TwinEksBackend",
    "find_user",
]
