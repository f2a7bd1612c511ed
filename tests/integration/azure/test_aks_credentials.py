"""The kubeconfigs of AKS clusters."""

import base64
import ssl
from pathlib import Path

import pytest
from aks_harness import Aks
from cryptography import x509
from cryptography.x509.oid import NameOID

from twinspan.cloud.azure import aks_kubeconfig, read_azure
from twinspan.errors import CloudRefusedError


@pytest.mark.parametrize("action", ["listClusterAdminCredential", "listClusterUserCredential"])
def test_a_kubeconfig_leads_to_this_machine_with_a_certificate_of_the_cluster(aks: Aks, action: str) -> None:
    aks.made()
    config = aks.kubeconfig(action)
    key = aks.cluster_id().lower()
    cluster = config["clusters"][0]["cluster"]
    assert cluster["server"] == aks.access.url(key, name="c")
    authority = base64.b64decode(cluster["certificate-authority-data"])
    assert authority.decode() == aks.access.authority(key, name="c").certificate
    user = config["users"][0]["user"]
    certificate = x509.load_pem_x509_certificate(base64.b64decode(user["client-certificate-data"]))
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
    names = {attribute.oid: attribute.value for attribute in certificate.subject}
    assert names == {NameOID.COMMON_NAME: "masterclient", NameOID.ORGANIZATION_NAME: "system:masters"}


def test_the_certificate_and_its_key_belong_together(aks: Aks, tmp_path: Path) -> None:
    aks.made()
    user = aks.kubeconfig("listClusterAdminCredential")["users"][0]["user"]
    pair = tmp_path / "pair.pem"
    pair.write_bytes(
        base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"])
    )
    ssl.create_default_context().load_cert_chain(pair)


def test_no_secret_of_a_cluster_is_in_the_state_file_and_files_are_private(aks: Aks) -> None:
    aks.made()
    aks.kubeconfig("listClusterAdminCredential")
    aks.twin.api.save()
    assert b"PRIVATE KEY" not in (aks.twin.folder / "azure.json").read_bytes()
    kept = [aks.twin.folder / "azure.json", *(aks.twin.folder / "clusters").glob("*.json")]
    assert len(kept) == 2
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}


def test_a_cluster_without_local_accounts_gives_out_no_certificate(aks: Aks) -> None:
    body = aks.cluster()
    body["properties"]["disableLocalAccounts"] = True
    refused = aks.put(body)
    assert (refused.status, refused.code) == (400, "BadRequest")
    body["properties"]["aadProfile"] = {"managed": True, "enableAzureRBAC": True}
    assert aks.put(body).status == 201
    aks.show([("system", True)])
    admin = aks.call("POST", f"{aks.cluster_id()}/listClusterAdminCredential")
    assert (admin.status, admin.code) == (400, "BadRequest")
    assert "set to disable local accounts" in admin.text
    user = aks.kubeconfig("listClusterUserCredential")["users"][0]["user"]
    assert user["exec"]["command"] == "kubelogin"
    with pytest.raises(CloudRefusedError, match="disable local accounts"):
        aks_kubeconfig(aks.endpoint(), aks.cluster_id(), admin=True)


def test_without_a_data_plane_there_is_no_kubeconfig(aks: Aks) -> None:
    aks.twin.clusters = None
    aks.twin.restart()
    assert aks.put().status == 201
    assert aks.state() == "Succeeded"
    refused = aks.call("POST", f"{aks.cluster_id()}/listClusterAdminCredential")
    assert (refused.status, refused.code) == (409, "OperationNotAllowed")


def test_the_reader_finds_clusters_with_their_pools(aks: Aks) -> None:
    aks.put()
    network, _ = read_azure(aks.endpoint())
    (cluster,) = network.aks_clusters
    assert (cluster.id, cluster.provisioning_state) == (aks.cluster_id().lower(), "Creating")
    assert (str(cluster.service_cidr), str(cluster.dns_service_ip)) == ("10.96.0.0/16", "10.96.0.10")
    assert (cluster.network_plugin, cluster.network_plugin_mode, cluster.pod_cidr) == ("azure", "", None)
    (pool,) = cluster.node_pools
    assert (pool.name, pool.mode, pool.count, pool.max_pods) == ("system", "System", 1, 30)
    assert pool.vnet_subnet_id == aks.subnet("aks-nodes").lower()
    assert pool.pod_subnet_id == aks.subnet("aks-pods").lower()
    aks.show([("system", True)])
    aks.call("POST", f"{aks.cluster_id()}/stop")
    (cluster,) = read_azure(aks.endpoint())[0].aks_clusters
    assert [node_pool.count for node_pool in cluster.node_pools] == [0]
    aks.call("DELETE", aks.cluster_id())
    assert read_azure(aks.endpoint())[0].aks_clusters == ()


def test_the_reader_gets_kubeconfigs(aks: Aks) -> None:
    aks.made()
    config = aks_kubeconfig(aks.endpoint(), aks.cluster_id().lower(), admin=True)
    assert config["current-context"] == "c-admin"
    assert config["clusters"][0]["cluster"]["server"] == aks.access.url(aks.cluster_id().lower(), name="c")
    with pytest.raises(CloudRefusedError, match="ResourceNotFound"):
        aks_kubeconfig(aks.endpoint(), aks.cluster_id("none"), admin=True)
