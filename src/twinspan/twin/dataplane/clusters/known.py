"""What the API server of a cluster has last said of the objects that the twin itself follows."""

from twinspan.twin.dataplane.clusters.api import ApiClient, Json
from twinspan.twin.dataplane.clusters.manifests import NAMESPACE
from twinspan.twin.dataplane.clusters.watch import Watch

_APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"


class KnownObjects:
    """Nodes, Services and the workloads of kube-system, from one watch each.

    Args:
        api: The cluster's API server.
    """

    def __init__(self, api: ApiClient) -> None:
        self._nodes, self._services, self._deployments, self._daemon_sets = self._watches = tuple(
            Watch[Json](api, path, lambda item: item)
            for path in ("/api/v1/nodes", "/api/v1/services", f"{_APPS}/deployments", f"{_APPS}/daemonsets")
        )
        self._started = False

    def start(self) -> None:
        """Begin to follow, when the API server is ready; nothing happens the second time."""
        if not self._started:
            self._started = True
            for watch in self._watches:
                watch.start()

    def end(self) -> None:
        """Follow no more; returns at once."""
        for watch in self._watches:
            watch.end()

    @property
    def nodes(self) -> dict[str, Json]:
        """Name -> node."""
        return _by_name(self._nodes)

    @property
    def services(self) -> tuple[Json, ...] | None:
        """Of all namespaces; None before the first answer."""
        return self._services.kept

    @property
    def deployments(self) -> dict[str, Json]:
        """Name -> deployment of kube-system."""
        return _by_name(self._deployments)

    @property
    def daemon_sets(self) -> dict[str, Json]:
        """Name -> daemon set of kube-system."""
        return _by_name(self._daemon_sets)


def _by_name(watch: Watch[Json]) -> dict[str, Json]:
    return {item["metadata"]["name"]: item for item in watch.kept or ()}
