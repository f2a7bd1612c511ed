"""Network interfaces in Azure Resource Manager: their addresses, and what may use them."""

from typing import Any

import machine_bodies
import pytest
from azure_api_harness import LOCATION, Body
from machine_site import Site, addresses


def test_dynamic_addresses_are_the_lowest_free_ones_and_stay(site: Site) -> None:
    static = site.interface("static", address="10.1.2.5")
    first, second = site.interface("one"), site.interface("two")

    assert (addresses(static), addresses(first), addresses(second)) == (
        ["10.1.2.5"],
        ["10.1.2.4"],
        ["10.1.2.6"],
    )
    assert site.lab.delete("networkInterfaces/one").status == 202
    assert addresses(site.interface("two")) == ["10.1.2.6"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.1.3.4", "PrivateIPAddressNotInSubnet"),
        ("10.1.2.3", "PrivateIPAddressInReservedRange"),
        ("10.1.2.255", "PrivateIPAddressInReservedRange"),
        ("10.1.2.9", "PrivateIPAddressIsAllocated"),
        ("ten", "InvalidIPAddressFormat"),
    ],
)
def test_an_address_that_cannot_be_had_is_refused(site: Site, address: str, code: str) -> None:
    site.interface("other", address="10.1.2.9")

    reply = site.lab.put("networkInterfaces/nic", machine_bodies.interface(site.app, address=address))

    assert (reply.status, reply.code) == (400, code)
    assert site.lab.get("networkInterfaces/nic").status == 404


def _two_parts(site: Site, **second: Any) -> Body:
    body = machine_bodies.interface(site.app)
    part = {"name": "second", "properties": {"subnet": {"id": site.app}, **second}}
    body["properties"]["ipConfigurations"].append(part)
    return body


def test_the_only_configuration_is_primary_whatever_the_request_says(site: Site) -> None:
    body = machine_bodies.interface(site.app)
    body["properties"]["ipConfigurations"][0]["properties"]["primary"] = False

    made = site.lab.made("networkInterfaces/nic", body)

    assert [part["properties"]["primary"] for part in made["properties"]["ipConfigurations"]] == [True]


def test_one_of_several_configurations_is_primary(site: Site) -> None:
    assert (
        site.lab.put("networkInterfaces/nic", _two_parts(site)).code
        == "NetworkInterfaceMustHaveOnePrimaryIpConfiguration"
    )

    made = site.lab.made("networkInterfaces/nic", _two_parts(site, primary=True))

    assert addresses(made) == ["10.1.2.4", "10.1.2.5"]
    primary = [part["properties"]["primary"] for part in made["properties"]["ipConfigurations"]]
    assert primary == [False, True]


def test_a_subnet_that_is_full_is_refused(site: Site) -> None:
    small = {"properties": {"addressPrefix": "10.1.9.0/29"}}
    site.lab.made("virtualNetworks/vnet/subnets/small", small)
    subnet = f"{site.lab.scope}/virtualNetworks/vnet/subnets/small"
    for number in range(3):
        site.lab.made(f"networkInterfaces/n{number}", machine_bodies.interface(subnet))

    reply = site.lab.put("networkInterfaces/one-more", machine_bodies.interface(subnet))
    scale_set = site.call("PUT", "virtualMachineScaleSets/set", machine_bodies.scale_set(subnet))

    assert (reply.status, reply.code) == (400, "SubnetIsFull")
    assert (scale_set.status, scale_set.code) == (400, "SubnetIsFull")
    assert site.call("GET", "virtualMachineScaleSets/set").status == 404
    assert site.call("GET", "disks").json == {"value": []}


def test_a_gateways_subnet_takes_no_interface(site: Site) -> None:
    subnet = f"{site.lab.scope}/virtualNetworks/vnet/subnets/GatewaySubnet"

    reply = site.lab.put("networkInterfaces/nic", machine_bodies.interface(subnet))

    assert (reply.status, reply.code) == (400, "GatewaySubnetCannotBeUsed")


def test_what_an_interface_uses_cannot_be_deleted(site: Site) -> None:
    site.lab.made("networkSecurityGroups/nsg", {"location": LOCATION})
    site.lab.made("applicationSecurityGroups/web", {"location": LOCATION})
    site.lab.made("publicIPAddresses/ip", site.lab.public_ip())
    body = machine_bodies.interface(
        site.app, networkSecurityGroup={"id": f"{site.lab.scope}/networkSecurityGroups/nsg"}
    )
    body["properties"]["ipConfigurations"][0]["properties"] |= {
        "publicIPAddress": {"id": f"{site.lab.scope}/publicIPAddresses/ip"},
        "applicationSecurityGroups": [{"id": f"{site.lab.scope}/applicationSecurityGroups/web"}],
    }
    made = site.lab.made("networkInterfaces/nic", body)

    codes = {
        place: site.lab.delete(place).code
        for place in (
            "networkSecurityGroups/nsg",
            "applicationSecurityGroups/web",
            "publicIPAddresses/ip",
            "virtualNetworks/vnet/subnets/app",
        )
    }

    assert codes == {
        "networkSecurityGroups/nsg": "InUseNetworkSecurityGroupCannotBeDeleted",
        "applicationSecurityGroups/web": "InUseApplicationSecurityGroupCannotBeDeleted",
        "publicIPAddresses/ip": "PublicIPAddressCannotBeDeleted",
        "virtualNetworks/vnet/subnets/app": "InUseSubnetCannotBeDeleted",
    }
    properties = site.lab.get("networkSecurityGroups/nsg").json["properties"]
    assert properties["networkInterfaces"] == [{"id": made["id"]}]
    assert "subnets" not in properties


def test_an_application_security_group_that_a_rule_names_cannot_be_deleted(site: Site) -> None:
    group = site.lab.made("applicationSecurityGroups/web", {"location": LOCATION})
    rule: Body = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationPortRange": "80",
        "destinationApplicationSecurityGroups": [{"id": group["id"]}],
    }
    site.lab.made("networkSecurityGroups/nsg", {"location": LOCATION})
    both = site.lab.put(
        "networkSecurityGroups/nsg/securityRules/web",
        {"properties": rule | {"destinationAddressPrefix": "*"}},
    )
    site.lab.made("networkSecurityGroups/nsg/securityRules/web", {"properties": rule})

    assert both.code == "SecurityRuleParameterContainsUnsupportedValue"
    assert site.lab.delete("applicationSecurityGroups/web").code == (
        "InUseApplicationSecurityGroupCannotBeDeleted"
    )
