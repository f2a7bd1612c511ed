"""AKS clusters and pools from creation to deletion, with a data plane that the test plays."""

from aks_harness import Aks


def test_a_cluster_is_being_created_until_its_api_and_nodes_are_ready(aks: Aks) -> None:
    reply = aks.put(aks.cluster(count=2))
    assert (reply.status, reply.json["properties"]["provisioningState"]) == (201, "Creating")
    assert aks.operation(reply)["status"] == "InProgress"
    aks.show(ready=False)
    assert aks.state() == "Creating"
    aks.show([("system", True)])
    assert (aks.state(), aks.state("system")) == ("Creating", "Creating")
    aks.show([("system", True), ("system", False)])
    assert aks.state() == "Creating"
    aks.show([("system", True), ("system", True)])
    assert aks.operation(reply)["status"] == "Succeeded"
    assert (aks.state(), aks.state("system")) == ("Succeeded", "Succeeded")


def test_what_the_data_plane_says_is_wrong_fails_the_operation_and_a_new_put_starts_again(aks: Aks) -> None:
    reply = aks.put()
    aks.show(ready=False, problem="etcd: no space left")
    operation = aks.operation(reply)
    assert (operation["status"], operation["error"]["message"]) == ("Failed", "etcd: no space left")
    assert aks.state() == "Failed"
    again = aks.put()
    assert (again.status, again.json["properties"]["provisioningState"]) == (200, "Updating")
    aks.show([("system", True)])
    assert aks.state() == "Succeeded"


def test_a_pool_is_added_scaled_and_deleted(aks: Aks) -> None:
    aks.made()
    reply = aks.put_pool("work", aks.pool(count=2, mode="User"))
    assert (reply.status, reply.json["properties"]["provisioningState"]) == (201, "Creating")
    assert aks.state() == "Succeeded"
    aks.show([("system", True), ("work", True), ("work", True)])
    assert aks.operation(reply)["status"] == "Succeeded"
    scaled = aks.put_pool("work", aks.pool(count=1, mode="User"))
    assert (scaled.status, scaled.json["properties"]["provisioningState"]) == (200, "Scaling")
    assert aks.operation(scaled)["status"] == "InProgress"
    aks.show([("system", True), ("work", True)])
    assert aks.operation(scaled)["status"] == "Succeeded"
    listed = aks.call("GET", f"{aks.cluster_id()}/agentPools").json["value"]
    assert [(row["name"], row["properties"]["count"]) for row in listed] == [("system", 1), ("work", 1)]
    deleted = aks.call("DELETE", f"{aks.cluster_id()}/agentPools/work")
    assert (deleted.status, aks.state("work")) == (202, "Deleting")
    aks.show([("system", True)])
    assert (aks.operation(deleted)["status"], aks.state("work")) == ("Succeeded", "gone")


def test_a_deleted_cluster_goes_when_the_data_plane_has_let_go_of_it(aks: Aks) -> None:
    aks.made()
    group = f"{aks.twin.subscription}/resourceGroups/{aks.get()['nodeResourceGroup']}"
    assert aks.call("GET", group).json["managedBy"].lower() == aks.cluster_id().lower()
    url = aks.access.url(aks.cluster_id().lower(), name="c")
    deleted = aks.call("DELETE", aks.cluster_id())
    assert (deleted.status, aks.state()) == (202, "Deleting")
    assert aks.operation(deleted)["status"] == "InProgress"
    aks.publish()
    assert aks.operation(deleted)["status"] == "Succeeded"
    assert aks.call("GET", aks.cluster_id()).status == 404
    assert aks.call("GET", group).status == 404
    assert url not in aks.access.urls().values()
    assert aks.call("DELETE", aks.cluster_id()).status == 204


def test_deleting_without_a_data_plane_does_not_wait_for_it(aks: Aks) -> None:
    aks.put()
    deleted = aks.call("DELETE", aks.cluster_id())
    assert aks.operation(deleted)["status"] == "Succeeded"
    assert aks.call("GET", aks.cluster_id()).status == 404


def test_a_cluster_goes_with_its_resource_group(aks: Aks) -> None:
    aks.made()
    aks.kubeconfig("listClusterAdminCredential")
    node_group = f"{aks.twin.subscription}/resourceGroups/{aks.get()['nodeResourceGroup']}"
    assert aks.call("DELETE", aks.group).status == 202
    aks.publish()
    assert aks.call("GET", node_group).status == 404
    assert aks.access.urls() == {}


def test_a_stopped_cluster_has_no_nodes_until_it_is_started(aks: Aks) -> None:
    aks.made()
    stopped = aks.call("POST", f"{aks.cluster_id()}/stop")
    assert (stopped.status, aks.state()) == (202, "Stopping")
    place = stopped.headers["location"].removeprefix(aks.twin.api.url)
    assert aks.call("GET", place).status == 202
    aks.show()
    assert aks.call("GET", place).status == 204
    assert (aks.state(), aks.get()["powerState"]["code"]) == ("Succeeded", "Stopped")
    aks.call("POST", f"{aks.cluster_id()}/start")
    assert aks.state() == "Starting"
    aks.show([("system", True)])
    assert (aks.state(), aks.get()["powerState"]["code"]) == ("Succeeded", "Running")


def test_a_restart_keeps_clusters_and_what_was_going_on(aks: Aks) -> None:
    aks.made()
    aks.put_pool("work", aks.pool(mode="User"))
    before = aks.get()
    aks.twin.restart()
    assert aks.get() == before
    assert aks.state("work") == "Creating"
    aks.show([("system", True), ("work", True)])
    assert aks.state("work") == "Succeeded"


def test_a_cluster_made_while_another_change_goes_on_is_refused(aks: Aks) -> None:
    aks.put()
    for reply in (aks.put(), aks.put_pool("work", aks.pool(mode="User"))):
        assert (reply.status, reply.code) == (409, "OperationNotAllowed")


def test_every_change_wakes_who_builds_the_data_plane(aks: Aks) -> None:
    aks.twin.changes.clear()
    aks.put()
    assert len(aks.twin.changes) == 1
    aks.show([("system", True)])
    aks.get()
    assert len(aks.twin.changes) == 2
    aks.get()
    assert len(aks.twin.changes) == 2


def test_the_api_shows_what_azure_shows_of_a_cluster(aks: Aks) -> None:
    aks.made()
    properties = aks.get()
    assert properties["fqdn"].startswith("dev-")
    assert properties["fqdn"].endswith(".hcp.westeurope.azmk8s.io")
    assert properties["nodeResourceGroup"] == f"MC_{aks.lab.group}_c_westeurope"
    assert properties["networkProfile"]["serviceCidrs"] == ["10.96.0.0/16"]
    assert properties["currentKubernetesVersion"].startswith("1.35.")
    assert properties["agentPoolProfiles"][0]["orchestratorVersion"] == properties["currentKubernetesVersion"]
    assert set(properties["identityProfile"]["kubeletidentity"]) == {"resourceId", "clientId", "objectId"}
    document = aks.call("GET", aks.cluster_id()).json
    ids = document["identity"]["userAssignedIdentities"][aks.identity_id]
    assert ids["principalId"] == aks.call("GET", aks.identity_id).json["properties"]["principalId"]
    assert aks.call("PUT", aks.cluster_id(), document).status == 200


def test_versions_are_listed_for_regions_clusters_and_pools(aks: Aks) -> None:
    aks.made()
    place = f"{aks.twin.subscription}/providers/Microsoft.ContainerService/locations/westeurope"
    values = aks.call("GET", f"{place}/kubernetesVersions").json["values"]
    assert [row["version"] for row in values if row["isDefault"]] == ["1.35"]
    profile = aks.call("GET", f"{aks.cluster_id()}/upgradeProfiles/default").json["properties"]
    offered = [row["kubernetesVersion"] for row in profile["controlPlaneProfile"]["upgrades"]]
    assert {version.rpartition(".")[0] for version in offered} == {"1.36"}
    pools = aks.call("GET", f"{aks.cluster_id()}/availableAgentPoolVersions").json["properties"]
    assert any(row["default"] for row in pools["agentPoolVersions"])
    body = aks.cluster()
    body["properties"]["kubernetesVersion"] = offered[0]
    assert aks.put(body).status == 200
    assert aks.get()["currentKubernetesVersion"] == offered[0]
