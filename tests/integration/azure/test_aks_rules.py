"""What AKS refuses."""

from collections.abc import Callable

import pytest
from aks_harness import Aks
from azure_api_harness import Body, Change, both, dropping, setting

NETWORK = "properties.networkProfile"
POOL = "properties.agentPoolProfiles.0"


def pool_in(member: str, subnet: str) -> Callable[[Body, Aks], None]:
    return lambda body, aks: setting(f"{POOL}.{member}", aks.subnet(subnet))(body, aks.lab)


KUBENET = both(setting(f"{NETWORK}.networkPlugin", "kubenet"), dropping(f"{POOL}.podSubnetID"))


def of_lab(change: Change) -> Callable[[Body, Aks], None]:
    return lambda body, aks: change(body, aks.lab)


def case(name: str, change: Change, code: str) -> object:
    return pytest.param(of_lab(change), code, id=name)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        case(
            "service range 169.254/16",
            setting(f"{NETWORK}.serviceCidr", "169.254.0.0/16"),
            "InvalidParameter",
        ),
        case(
            "service range in 172.30/16",
            both(
                setting(f"{NETWORK}.serviceCidr", "172.30.1.0/24"),
                setting(f"{NETWORK}.dnsServiceIP", "172.30.1.10"),
            ),
            "InvalidParameter",
        ),
        case(
            "service range over 172.31/16",
            both(
                setting(f"{NETWORK}.serviceCidr", "172.16.0.0/12"),
                setting(f"{NETWORK}.dnsServiceIP", "172.16.0.10"),
            ),
            "InvalidParameter",
        ),
        case(
            "service range 192.0.2/24", setting(f"{NETWORK}.serviceCidr", "192.0.2.0/24"), "InvalidParameter"
        ),
        case(
            "service range over the network",
            both(
                setting(f"{NETWORK}.serviceCidr", "10.1.128.0/20"),
                setting(f"{NETWORK}.dnsServiceIP", "10.1.128.10"),
            ),
            "ServiceCidrOverlapExistingSubnetsCidr",
        ),
        case("no service range", setting(f"{NETWORK}.serviceCidr", "ten"), "InvalidParameter"),
        case("host bits", setting(f"{NETWORK}.serviceCidr", "10.96.0.1/16"), "InvalidCIDRNotation"),
        case("too large", setting(f"{NETWORK}.serviceCidr", "10.0.0.0/8"), "InvalidParameter"),
        case("DNS outside", setting(f"{NETWORK}.dnsServiceIP", "10.97.0.10"), "DnsServiceIpOutOfServiceCidr"),
        case("DNS on the first", setting(f"{NETWORK}.dnsServiceIP", "10.96.0.1"), "InvalidParameter"),
        case("DNS no address", setting(f"{NETWORK}.dnsServiceIP", "ten"), "InvalidParameter"),
        case("pod range", setting(f"{NETWORK}.podCidr", "10.244.0.0/16"), "InvalidParameter"),
        case("own network plugin", setting(f"{NETWORK}.networkPlugin", "none"), "InvalidParameter"),
        case(
            "policies of Azure with kubenet",
            both(KUBENET, setting(f"{NETWORK}.networkPolicy", "azure")),
            "NetworkPolicyAzureNotSupportedForKubenet",
        ),
        case(
            "policies of Cilium on Azure's data plane",
            setting(f"{NETWORK}.networkPolicy", "cilium"),
            "NetworkPolicyNotSupported",
        ),
        case(
            "Cilium's data plane with Calico's policies",
            both(
                setting(f"{NETWORK}.networkDataplane", "cilium"),
                setting(f"{NETWORK}.networkPolicy", "calico"),
            ),
            "BadRequest",
        ),
        case(
            "Cilium's data plane with kubenet",
            both(KUBENET, setting(f"{NETWORK}.networkDataplane", "cilium")),
            "BadRequest",
        ),
        case("unknown policy engine", setting(f"{NETWORK}.networkPolicy", "weave"), "InvalidRequestFormat"),
        case("unknown plugin", setting(f"{NETWORK}.networkPlugin", "flannel"), "InvalidRequestFormat"),
        case("no pools", dropping("properties.agentPoolProfiles"), "MustDefineAtLeastOneSystemPool"),
        case("no system pool", setting(f"{POOL}.mode", "User"), "MustDefineAtLeastOneSystemPool"),
        case("pool name in capitals", setting(f"{POOL}.name", "System"), "InvalidParameter"),
        case("pool name of 13", setting(f"{POOL}.name", "abcdefghijklm"), "InvalidParameter"),
        case("no nodes", setting(f"{POOL}.count", 0), "InvalidParameter"),
        case("few pods", setting(f"{POOL}.maxPods", 10), "InsufficientMaxPods"),
        case("too few pods", setting(f"{POOL}.maxPods", 9), "InvalidParameter"),
        case("many pods", setting(f"{POOL}.maxPods", 251), "InvalidParameter"),
        case("zone 4", setting(f"{POOL}.availabilityZones", ["4"]), "AvailabilityZoneNotSupported"),
        case("machine size", setting(f"{POOL}.vmSize", "t3.medium"), "BadRequest"),
        case("Windows", setting(f"{POOL}.osType", "Windows"), "InvalidParameter"),
        case("unknown member", setting(f"{POOL}.colour", "red"), "InvalidRequestFormat"),
        case("more nodes than addresses", setting(f"{POOL}.count", 260), "InsufficientSubnetSize"),
        case("scaling without limits", setting(f"{POOL}.enableAutoScaling", True), "InvalidParameter"),
        case("no subnet", dropping(f"{POOL}.vnetSubnetID"), "InvalidParameter"),
        case("subnet no id", setting(f"{POOL}.vnetSubnetID", "aks-nodes"), "LinkedInvalidPropertyId"),
        pytest.param(pool_in("vnetSubnetID", "none"), "SubnetNotFound", id="subnet not there"),
        pytest.param(pool_in("podSubnetID", "none"), "SubnetNotFound", id="pod subnet not there"),
        pytest.param(pool_in("podSubnetID", "aks-nodes"), "InvalidParameter", id="pods on the nodes' subnet"),
        pytest.param(pool_in("vnetSubnetID", "delegated"), "SubnetIsDelegated", id="nodes delegated"),
        pytest.param(pool_in("podSubnetID", "other"), "SubnetIsDelegated", id="pods delegated elsewhere"),
        case(
            "overlay with a pod subnet",
            setting(f"{NETWORK}.networkPluginMode", "overlay"),
            "InvalidParameter",
        ),
        case("no DNS prefix", dropping("properties.dnsPrefix"), "InvalidParameter"),
        case("DNS prefix", setting("properties.dnsPrefix", "-a"), "InvalidParameter"),
        case("old version", setting("properties.kubernetesVersion", "1.20.2"), "K8sVersionNotSupported"),
        case("no identity", dropping("identity"), "BadRequest"),
        case(
            "identity not there",
            setting("identity.userAssignedIdentities", {"/subscriptions/s/resourceGroups/g": {}}),
            "FailedIdentityOperation",
        ),
        case("no location", dropping("location"), "LocationRequired"),
        case("no such location", setting("location", "moon"), "LocationNotAvailableForResourceType"),
    ],
)
def test_a_bad_cluster_is_refused_and_nothing_is_made(
    aks: Aks, change: Callable[[Body, Aks], None], code: str
) -> None:
    for name, service in (
        ("delegated", "Microsoft.ContainerService/managedClusters"),
        ("other", "Microsoft.Sql/managedInstances"),
    ):
        delegation = {"name": "d", "properties": {"serviceName": service}}
        prefix = {"delegated": "10.1.20.0/24", "other": "10.1.21.0/24"}[name]
        aks.lab.made(
            f"virtualNetworks/vnet/subnets/{name}",
            {"properties": {"addressPrefix": prefix, "delegations": [delegation]}},
        )
    body = aks.cluster()
    change(body, aks)
    refused = aks.put(body)
    assert (refused.status, refused.code) == (400, code), refused.text
    assert aks.call("GET", aks.cluster_id()).status == 404
    groups = [row["name"] for row in aks.call("GET", f"{aks.twin.subscription}/resourcegroups").json["value"]]
    assert groups == [aks.lab.group]


def test_a_network_with_a_range_that_aks_keeps_takes_no_cluster(aks: Aks) -> None:
    aks.lab.made(
        "virtualNetworks/bad",
        {
            "location": "westeurope",
            "properties": {
                "addressSpace": {"addressPrefixes": ["172.31.0.0/16"]},
                "subnets": [{"name": "n", "properties": {"addressPrefix": "172.31.0.0/24"}}],
            },
        },
    )
    body = aks.cluster()
    pool = body["properties"]["agentPoolProfiles"][0]
    del pool["podSubnetID"]
    pool["vnetSubnetID"] = f"{aks.lab.scope}/virtualNetworks/bad/subnets/n"
    refused = aks.put(body)
    assert (refused.status, refused.code) == (400, "InvalidParameter")
    assert "172.31.0.0/16" in refused.text


@pytest.mark.parametrize(
    ("change", "code"),
    [
        case("DNS prefix", setting("properties.dnsPrefix", "other"), "PropertyChangeNotAllowed"),
        case("service range", setting(f"{NETWORK}.serviceCidr", "10.97.0.0/16"), "PropertyChangeNotAllowed"),
        case("machine size", setting(f"{POOL}.vmSize", "Standard_D2s_v5"), "PropertyChangeNotAllowed"),
        case("pods per node", setting(f"{POOL}.maxPods", 40), "PropertyChangeNotAllowed"),
        case("zones", setting(f"{POOL}.availabilityZones", ["1"]), "PropertyChangeNotAllowed"),
        case("back a version", setting("properties.kubernetesVersion", "1.34"), "OperationNotAllowed"),
    ],
)
def test_what_is_fixed_cannot_be_changed(aks: Aks, change: Callable[[Body, Aks], None], code: str) -> None:
    aks.made()
    before = aks.get()
    body = aks.cluster()
    change(body, aks)
    refused = aks.put(body)
    assert (refused.status in {400, 409}, refused.code) == (True, code), refused.text
    assert aks.get() == before


@pytest.mark.parametrize(("pool", "code"), [("1.36", "NodePoolMcVersionIncompatible"), ("1.34", None)])
def test_a_pool_is_not_newer_than_its_control_plane(aks: Aks, pool: str, code: str | None) -> None:
    aks.made()
    answer = aks.put_pool("work", aks.pool(mode="User") | {"orchestratorVersion": pool})
    assert (None if answer.status < 400 else answer.code) == code, answer.text


def test_the_last_system_pool_stays(aks: Aks) -> None:
    aks.made()
    aks.put_pool("work", aks.pool(mode="User"))
    aks.show([("system", True), ("work", True)])
    refused = aks.call("DELETE", f"{aks.cluster_id()}/agentPools/system")
    assert (refused.status, refused.code) == (400, "OperationNotAllowed")
    assert "at least one system agent pool" in refused.text
    turned = aks.put_pool("system", aks.pool(mode="User"))
    assert (turned.status, turned.code) == (400, "OperationNotAllowed")


@pytest.mark.parametrize("subnet", ["aks-nodes", "aks-pods"])
def test_a_subnet_with_nodes_or_pods_is_not_deleted(aks: Aks, subnet: str) -> None:
    aks.made()
    refused = aks.lab.delete(f"virtualNetworks/vnet/subnets/{subnet}")
    assert (refused.status, refused.code) == (400, "InUseSubnetCannotBeDeleted")
    aks.call("DELETE", aks.cluster_id())
    aks.publish()
    assert aks.lab.delete(f"virtualNetworks/vnet/subnets/{subnet}").status == 202


def test_aks_delegates_an_undelegated_pod_subnet_to_itself(aks: Aks) -> None:
    aks.made()
    delegations = aks.lab.get("virtualNetworks/vnet/subnets/aks-pods").json["properties"]["delegations"]
    assert [delegation["properties"]["serviceName"] for delegation in delegations] == [
        "Microsoft.ContainerService/managedClusters"
    ]


def test_a_pool_needs_its_cluster(aks: Aks) -> None:
    refused = aks.put_pool("work", aks.pool(mode="User"))
    assert (refused.status, refused.code) == (404, "ParentResourceNotFound")


def test_a_put_that_leaves_a_pool_out_does_not_remove_it(aks: Aks) -> None:
    aks.made()
    aks.put_pool("work", aks.pool(mode="User"))
    aks.show([("system", True), ("work", True)])
    aks.get()
    assert aks.put().status == 200
    assert aks.state("work") == "Succeeded"
