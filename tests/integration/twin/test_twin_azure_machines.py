"""Virtual machines of a running twin: made, stopped and deleted by Azure's API, and seen by packets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from twinspan.cloud.azure import AzureEndpoint, rest
from twinspan.cloud.azure.client import clients
from twinspan.errors import CloudRefusedError
from twinspan.twin.client import TwinClient, twin_endpoints
from twinspan.twin.dataplane.wire import HostSpec
from twinspan.wait import wait_until

pytestmark = pytest.mark.root

LOCATION = "westeurope"
VERSION = "2024-11-01"
IMAGE = {
    "publisher": "Canonical",
    "offer": "0001-com-ubuntu-server-jammy",
    "sku": "22_04-lts",
    "version": "latest",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A virtual network of two subnets in a resource group on a twin."""

    endpoint: AzureEndpoint
    client: TwinClient

    @property
    def group(self) -> str:
        return f"/subscriptions/{self.endpoint.subscription_id}/resourceGroups/machines"

    @property
    def network(self) -> Any:
        return clients(self.endpoint).network

    def put(self, place: str, body: Mapping[str, Any]) -> None:
        resources = clients(self.endpoint).resources.resources
        poller = resources.begin_create_or_update_by_id(
            f"{self.group}/providers/{place}", {"location": LOCATION, **body}, api_version=VERSION
        )
        poller.result()

    def delete(self, place: str) -> None:
        resources = clients(self.endpoint).resources.resources
        resources.begin_delete_by_id(f"{self.group}/providers/{place}", api_version=VERSION).result()

    def interface(self, name: str, subnet: str, **properties: Any) -> str:
        """Make an interface, and return its address."""
        part = {
            "subnet": {
                "id": f"{self.group}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/{subnet}"
            }
        }
        self.put(
            f"Microsoft.Network/networkInterfaces/{name}",
            {"properties": {"ipConfigurations": [{"name": "first", "properties": part}], **properties}},
        )
        made = self.network.network_interfaces.get("machines", name)
        return str(made.ip_configurations[0].private_ip_address)

    def machine(self, name: str) -> None:
        """Make a machine with the interface of the same name; returns when Azure says that it is there."""
        nic = f"{self.group}/providers/Microsoft.Network/networkInterfaces/{name}"
        self.put(
            f"Microsoft.Compute/virtualMachines/{name}",
            {
                "properties": {
                    "hardwareProfile": {"vmSize": "Standard_B1s"},
                    "storageProfile": {
                        "imageReference": IMAGE,
                        "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
                    },
                    "osProfile": {"adminUsername": "azureuser", "adminPassword": "P@ssw0rd1234!"},
                    "networkProfile": {"networkInterfaces": [{"id": nic}]},
                }
            },
        )

    def power(self, name: str) -> str:
        place = f"{self.group}/providers/Microsoft.Compute/virtualMachines/{name}/instanceView"
        codes = [status["code"] for status in rest.get(self.endpoint, place, api_version=VERSION)["statuses"]]
        return next(str(code) for code in codes if "PowerState/" in code).removeprefix("PowerState/")

    def turn(self, name: str, action: str, state: str) -> None:
        place = f"{self.group}/providers/Microsoft.Compute/virtualMachines/{name}/{action}"
        rest.post(self.endpoint, place, api_version=VERSION)
        wait_until(lambda: self.power(name), lambda seen: seen == state, what=f"{name} {state}", timeout_s=30)

    def reaches(self, name: str, address: str) -> bool:
        machine = f"{self.group}/providers/Microsoft.Compute/virtualMachines/{name}".lower()
        argv = ["ping", "-c", "2", "-i", "0.2", "-W", "1", address]
        return self.client.execute(machine, argv, timeout_s=10).returncode == 0


@pytest.fixture(scope="module")
def site(running: str) -> Site:
    endpoint = twin_endpoints(running).azure
    assert endpoint is not None
    made = Site(endpoint=endpoint, client=TwinClient(running))
    clients(endpoint).resources.resource_groups.create_or_update("machines", {"location": LOCATION})
    subnets = [
        {"name": name, "properties": {"addressPrefix": f"10.30.{place}.0/24"}}
        for place, name in enumerate(("a", "b"), start=1)
    ]
    made.put(
        "Microsoft.Network/virtualNetworks/vnet",
        {"properties": {"addressSpace": {"addressPrefixes": ["10.30.0.0/16"]}, "subnets": subnets}},
    )
    return made


@pytest.fixture(scope="module")
def pair(site: Site) -> tuple[str, str]:
    """Addresses of two machines, `one` in subnet a and `two` in subnet b."""
    addresses = site.interface("one", "a"), site.interface("two", "b")
    site.machine("one")
    site.machine("two")
    return addresses


def test_machines_reach_each_other_until_one_stops(site: Site, pair: tuple[str, str]) -> None:
    assert pair == ("10.30.1.4", "10.30.2.4")
    assert site.power("two") == "running"
    assert site.reaches("one", pair[1])

    site.turn("two", "powerOff", "stopped")
    assert not site.reaches("one", pair[1])
    site.turn("two", "start", "running")
    assert site.reaches("one", pair[1])
    site.turn("two", "deallocate", "deallocated")
    assert not site.reaches("one", pair[1])
    site.turn("two", "start", "running")
    assert site.reaches("one", pair[1])


def test_the_groups_of_interface_and_subnet_decide(site: Site, pair: tuple[str, str]) -> None:
    rule = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "*",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    }
    site.put(
        "Microsoft.Network/networkSecurityGroups/nsg",
        {"properties": {"securityRules": [{"name": "deny", "properties": rule}]}},
    )
    group = {"id": f"{site.group}/providers/Microsoft.Network/networkSecurityGroups/nsg"}

    assert site.interface("two", "b", networkSecurityGroup=group) == pair[1]
    site.client.settled(20)
    assert not site.reaches("one", pair[1])
    shown = site.network.network_interfaces.begin_list_effective_network_security_groups(
        "machines", "two"
    ).result()
    (effective,) = shown.value
    assert effective.network_security_group.id == group["id"]
    assert [security_rule.name for security_rule in effective.effective_security_rules][:2] == [
        "securityRules/deny",
        "defaultSecurityRules/AllowVnetInBound",
    ]
    site.interface("two", "b")
    site.client.settled(20)
    assert site.reaches("one", pair[1])


def test_effective_routes_are_those_of_the_data_plane(site: Site, pair: tuple[str, str]) -> None:
    del pair
    route = {
        "addressPrefix": "10.99.0.0/16",
        "nextHopType": "VirtualAppliance",
        "nextHopIpAddress": "10.30.2.4",
    }
    site.put(
        "Microsoft.Network/routeTables/table",
        {"properties": {"routes": [{"name": "far", "properties": route}]}},
    )
    table = {"id": f"{site.group}/providers/Microsoft.Network/routeTables/table"}
    site.network.subnets.begin_create_or_update(
        "machines", "vnet", "a", {"properties": {"addressPrefix": "10.30.1.0/24", "routeTable": table}}
    ).result()
    site.client.settled(20)

    shown = site.network.network_interfaces.begin_get_effective_route_table("machines", "one").result()

    rows = {
        row.address_prefix[0]: (row.source, row.next_hop_type, row.next_hop_ip_address) for row in shown.value
    }
    assert rows["10.30.0.0/16"] == ("Default", "VnetLocal", [])
    assert rows["10.99.0.0/16"] == ("User", "VirtualAppliance", ["10.30.2.4"])
    assert rows["192.168.0.0/16"] == ("Default", "None", [])


def _run(site: Site, name: str, *lines: str, **parameters: str) -> str:
    """Run a script as az does, and return its message."""
    place = f"{site.group}/providers/Microsoft.Compute/virtualMachines/{name}/runCommand"
    body = {
        "commandId": "RunShellScript",
        "script": list(lines),
        "parameters": [{"name": key, "value": value} for key, value in parameters.items()],
    }
    url = f"{site.endpoint.resource_manager_url}{place}?api-version={VERSION}"
    began = site.network._client.send_request(HttpRequest("POST", url, json=body))
    assert began.status_code == 202, began.text()
    where = began.headers["Location"]
    ended = wait_until(
        lambda: site.network._client.send_request(HttpRequest("GET", where)),
        lambda reply: reply.status_code != 202,
        what="the end of a command",
        timeout_s=30,
    )
    (value,) = ended.json()["value"]
    assert value["code"] == "ProvisioningState/succeeded"
    return str(value["message"])


def test_a_script_runs_on_the_machine_and_returns_what_it_printed(site: Site, pair: tuple[str, str]) -> None:
    pinged = _run(site, "one", "ping -c 2 -i 0.2 $1", "echo done >&2", target=pair[1])
    assert "2 received" in pinged
    assert pinged.endswith("[stderr]\ndone\n")
    assert pair[0] in _run(site, "one", "ip -br addr")
    assert _run(site, "one", "cat; echo $greeting; exit 3", greeting="a 'b' $c") == (
        "Enable succeeded: \n[stdout]\na 'b' $c\n\n[stderr]\n"
    )


def test_a_machine_is_gone_before_its_interface_can_be_deleted(site: Site) -> None:
    site.interface("three", "b")
    site.machine("three")
    with pytest.raises(CloudRefusedError, match="NicInUse"):
        rest._send(
            site.endpoint,
            "DELETE",
            f"{site.group}/providers/Microsoft.Network/networkInterfaces/three",
            {"api-version": VERSION},
        )

    site.delete("Microsoft.Compute/virtualMachines/three")

    assert not [key for key in site.client.observe().machines if key.endswith("/three")]
    site.delete("Microsoft.Network/networkInterfaces/three")
    site.client.settled(20)
    assert site.client.status().problems == ()


def test_a_machine_whose_address_is_taken_fails_with_the_reason(site: Site) -> None:
    subnet = f"{site.group}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/b".lower()
    site.client.settled(20)
    with site.client.hold_host(HostSpec(name="squatter", side="azure", subnet_id=subnet)) as host:
        part = {
            "subnet": {"id": subnet},
            "privateIPAllocationMethod": "Static",
            "privateIPAddress": str(host.address),
        }
        site.put(
            "Microsoft.Network/networkInterfaces/late",
            {"properties": {"ipConfigurations": [{"name": "first", "properties": part}]}},
        )
        with pytest.raises(HttpResponseError, match="NetworkingInternalOperationError"):
            site.machine("late")
    site.delete("Microsoft.Compute/virtualMachines/late")
