"""Bodies of machines and what they need, as clients send them."""

from collections.abc import Sequence
from typing import Any

from azure_api_harness import LOCATION, Body

IMAGE = {
    "publisher": "Canonical",
    "offer": "0001-com-ubuntu-server-jammy",
    "sku": "22_04-lts",
    "version": "latest",
}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx4VdyW8pUqbMpKNpMNRYN0vc9iNKtVxDjm2Ju0S0Va"
PASSWORD = "P@ssw0rd1234!"


def interface(subnet: str, *, address: str | None = None, **properties: Any) -> Body:
    part: Body = {"subnet": {"id": subnet}}
    if address is not None:
        part |= {"privateIPAllocationMethod": "Static", "privateIPAddress": address}
    return {
        "location": LOCATION,
        "properties": {"ipConfigurations": [{"name": "first", "properties": part}], **properties},
    }


def disk(size_gb: int = 8) -> Body:
    return {
        "location": LOCATION,
        "sku": {"name": "Standard_LRS"},
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": size_gb},
    }


def operating_system() -> Body:
    return {"adminUsername": "azureuser", "adminPassword": PASSWORD}


def storage() -> Body:
    return {
        "imageReference": dict(IMAGE),
        "osDisk": {"createOption": "FromImage", "managedDisk": {"storageAccountType": "Standard_LRS"}},
    }


def machine(interfaces: Sequence[str], **properties: Any) -> Body:
    named = [
        {"id": interface_id, "properties": {"primary": not place}}
        for place, interface_id in enumerate(interfaces)
    ]
    return {
        "location": LOCATION,
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "storageProfile": storage(),
            "osProfile": {"computerName": "vm", **operating_system()},
            "networkProfile": {"networkInterfaces": named},
            **properties,
        },
    }


def scale_set(subnet: str, *, capacity: int = 2, mode: str = "Manual", **interface_properties: Any) -> Body:
    part = {"name": "first", "properties": {"primary": True, "subnet": {"id": subnet}}}
    nic = {
        "name": "nic",
        "properties": {"primary": True, "ipConfigurations": [part], **interface_properties},
    }
    return {
        "location": LOCATION,
        "sku": {"name": "Standard_B1s", "tier": "Standard", "capacity": capacity},
        "properties": {
            "orchestrationMode": "Uniform",
            "upgradePolicy": {"mode": mode},
            "virtualMachineProfile": {
                "storageProfile": storage(),
                "osProfile": {"computerNamePrefix": "web", **operating_system()},
                "networkProfile": {"networkInterfaceConfigurations": [nic]},
            },
        },
    }
