"""A body that Azure Resource Manager takes, for every resource type that the twin has.

Names are few, so that what one client makes is what another one changes.
"""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

Body = dict[str, Any]
LOCATION = "westeurope"


class Scope:
    """Ids in one resource group, of names drawn at random."""

    def __init__(self, draw: Random, group: str, *, usual: float = 0.6) -> None:
        self.draw = draw
        self.group = group
        self._usual = usual

    def id(self, kind: str, provider: str = "Microsoft.Network") -> str:
        """Return the id of something of a type that may be there."""
        *parents, last = kind.split("/")
        group = self.group
        if self.draw.random() > self._usual + 0.35:
            group = self.group[:-1] + self.draw.choice("abc")
        return (
            "/".join([f"{group}/providers/{provider}", *(f"{parent}/{self.name()}" for parent in parents)])
            + f"/{last}/{self.name()}"
        )

    def name(self) -> str:
        """Return the usual name, or one of a few others."""
        if self.draw.random() < self._usual:
            return "a"
        return self.draw.choice(("b", "GatewaySubnet", "default"))

    def network(self) -> str:
        return f"10.{self.draw.randrange(4)}.{self.draw.randrange(0, 256, 16)}.0/{self.draw.choice((20, 24))}"

    def apipa(self) -> str:
        return f"169.254.{self.draw.choice((21, 22))}.{self.draw.randrange(1, 30)}"


def _subnet(scope: Scope) -> Body:
    properties: Body = {"addressPrefix": scope.network()}
    if scope.draw.random() < 0.3:
        properties["networkSecurityGroup"] = {"id": scope.id("networkSecurityGroups")}
    if scope.draw.random() < 0.3:
        properties["routeTable"] = {"id": scope.id("routeTables")}
    return {"properties": properties}


def _network(scope: Scope) -> Body:
    second = scope.draw.randrange(4)
    subnets = (("GatewaySubnet", f"10.{second}.1.0/24"), ("a", f"10.{second}.16.0/20"))
    return {
        "location": LOCATION,
        "properties": {
            "addressSpace": {"addressPrefixes": [f"10.{second}.0.0/16"]},
            "subnets": [
                {"name": name, "properties": {"addressPrefix": prefix}}
                for name, prefix in subnets[scope.draw.choice((0, 0, 0, 1)) :]
            ],
        },
    }


def _public(_: Scope) -> Body:
    return {
        "location": LOCATION,
        "sku": {"name": "Standard"},
        "zones": ["1", "2", "3"],
        "properties": {"publicIPAllocationMethod": "Static"},
    }


def _route(scope: Scope) -> Body:
    return {"properties": {"addressPrefix": scope.network(), "nextHopType": "VirtualNetworkGateway"}}


def _table(scope: Scope) -> Body:
    return {"location": LOCATION, "properties": {"routes": [{"name": "a", **_route(scope)}]}}


def _rule(scope: Scope) -> Body:
    return {
        "properties": {
            "priority": scope.draw.randrange(100, 120),
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "Tcp",
            "sourceAddressPrefix": scope.network(),
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "443",
        }
    }


def _filter(scope: Scope) -> Body:
    return {"location": LOCATION, "properties": {"securityRules": [{"name": "a", **_rule(scope)}]}}


def _gateway(scope: Scope) -> Body:
    gateway, network = scope.id("virtualNetworkGateways"), scope.id("virtualNetworks")
    instances = scope.draw.choice((1, 2, 2))
    addresses = f"{scope.group}/providers/Microsoft.Network/publicIPAddresses"
    return {
        "location": LOCATION,
        "properties": {
            "gatewayType": "Vpn",
            "vpnType": "RouteBased",
            "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
            "activeActive": instances == 2,
            "enableBgp": True,
            "ipConfigurations": [
                {
                    "name": f"instance{index}",
                    "properties": {
                        "subnet": {"id": f"{network}/subnets/GatewaySubnet"},
                        "publicIPAddress": {"id": f"{addresses}/{'ab'[index]}"},
                    },
                }
                for index in range(instances)
            ],
            "bgpSettings": {
                "asn": 65000,
                "bgpPeeringAddresses": [
                    {
                        "ipconfigurationId": f"{gateway}/ipConfigurations/instance{index}",
                        "customBgpIpAddresses": [f"169.254.21.{2 + 4 * index}"],
                    }
                    for index in range(instances)
                ],
            },
        },
    }


def _local(scope: Scope) -> Body:
    properties: Body = {"gatewayIpAddress": f"203.0.113.{scope.draw.randrange(1, 255)}"}
    if scope.draw.random() < 0.5:
        properties["localNetworkAddressSpace"] = {"addressPrefixes": [scope.network()]}
    if scope.draw.random() < 0.6:
        properties["bgpSettings"] = {"asn": 64512, "bgpPeeringAddress": scope.apipa()}
    return {"location": LOCATION, "properties": properties}


def _connection(scope: Scope) -> Body:
    return {
        "location": LOCATION,
        "properties": {
            "connectionType": "IPsec",
            "virtualNetworkGateway1": {"id": scope.id("virtualNetworkGateways")},
            "localNetworkGateway2": {"id": scope.id("localNetworkGateways")},
            "enableBgp": scope.draw.random() < 0.5,
            "sharedKey": "Twin.Key_0123456789",
            "dpdTimeoutSeconds": 15,
            "ipsecPolicies": [
                {
                    "ikeEncryption": "GCMAES256",
                    "ikeIntegrity": "SHA384",
                    "dhGroup": "ECP384",
                    "ipsecEncryption": "GCMAES256",
                    "ipsecIntegrity": "GCMAES256",
                    "pfsGroup": "ECP384",
                    "saLifeTimeSeconds": 3600,
                    "saDataSizeKilobytes": 102400000,
                }
            ],
        },
    }


def _pool(scope: Scope) -> Body:
    return {
        "mode": scope.draw.choice(("System", "User")),
        "count": scope.draw.randrange(1, 4),
        "vmSize": "Standard_B2s",
        "maxPods": 30,
        "vnetSubnetID": scope.id("virtualNetworks/subnets"),
    }


def _cluster(scope: Scope) -> Body:
    identity = scope.id("userAssignedIdentities", "Microsoft.ManagedIdentity")
    return {
        "location": LOCATION,
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": {
            "dnsPrefix": "dev",
            "networkProfile": {
                "networkPlugin": "azure",
                "serviceCidr": "10.96.0.0/16",
                "dnsServiceIP": "10.96.0.10",
            },
            "agentPoolProfiles": [{"name": "a", **_pool(scope), "mode": "System"}],
        },
    }


def _identity(_: Scope) -> Body:
    return {"location": LOCATION}


def _group(_: Scope) -> Body:
    return {
        "location": "Global",
        "properties": {
            "groupShortName": "vpn",
            "enabled": False,
            "emailReceivers": [{"name": "mail", "emailAddress": "a@example.com"}],
        },
    }


def _alert(scope: Scope) -> Body:
    return {
        "location": "global",
        "properties": {
            "severity": 1,
            "enabled": True,
            "scopes": [scope.id("virtualNetworkGateways")],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [
                    {
                        "criterionType": "StaticThresholdCriterion",
                        "name": "down",
                        "metricName": "BgpPeerStatus",
                        "operator": "LessThan",
                        "threshold": 1,
                        "timeAggregation": "Maximum",
                        "dimensions": [{"name": "BgpPeerAddress", "operator": "Include", "values": ["*"]}],
                    }
                ],
            },
            "actions": [{"actionGroupId": scope.id("actionGroups", "Microsoft.Insights")}],
        },
    }


def _workbook(_: Scope) -> Body:
    data = json.dumps({"version": "Notebook/1.0", "items": []})
    return {
        "location": LOCATION,
        "kind": "shared",
        "properties": {"displayName": "a", "serializedData": data, "category": "workbook"},
    }


def _workspace(_: Scope) -> Body:
    return {"location": LOCATION, "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}}


def _interface(scope: Scope) -> Body:
    part: Body = {"subnet": {"id": scope.id("virtualNetworks/subnets")}}
    if scope.draw.random() < 0.3:
        part |= {"privateIPAllocationMethod": "Static", "privateIPAddress": "10.1.16.9"}
    if scope.draw.random() < 0.3:
        part["applicationSecurityGroups"] = [{"id": scope.id("applicationSecurityGroups")}]
    properties: Body = {"ipConfigurations": [{"name": "a", "properties": part}]}
    if scope.draw.random() < 0.3:
        properties["networkSecurityGroup"] = {"id": scope.id("networkSecurityGroups")}
    return {"location": LOCATION, "properties": properties}


def _machine_parts() -> tuple[Body, Body]:
    image = {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}
    return (
        {"imageReference": image, "osDisk": {"createOption": "FromImage"}},
        {"adminUsername": "azureuser", "adminPassword": "P@ssw0rd1234!"},
    )


def _machine(scope: Scope) -> Body:
    disk, system = _machine_parts()
    named = [{"id": scope.id("networkInterfaces"), "properties": {"primary": True}}]
    return {
        "location": LOCATION,
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "storageProfile": disk,
            "osProfile": system,
            "networkProfile": {"networkInterfaces": named},
        },
    }


def _scale_set(scope: Scope) -> Body:
    disk, system = _machine_parts()
    part = {"name": "a", "properties": {"subnet": {"id": scope.id("virtualNetworks/subnets")}}}
    nic = {"name": "a", "properties": {"primary": True, "ipConfigurations": [part]}}
    return {
        "location": LOCATION,
        "sku": {"name": "Standard_B1s", "capacity": scope.draw.randrange(3)},
        "properties": {
            "upgradePolicy": {"mode": scope.draw.choice(("Manual", "Automatic"))},
            "virtualMachineProfile": {
                "storageProfile": disk,
                "osProfile": system,
                "networkProfile": {"networkInterfaceConfigurations": [nic]},
            },
        },
    }


def _disk(_: Scope) -> Body:
    return {
        "location": LOCATION,
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8},
    }


def _key(_: Scope) -> Body:
    return {"location": LOCATION, "properties": {"publicKey": "ssh-ed25519 AAAA"}}


GOOD: Mapping[str, Callable[[Scope], Body]] = {
    "Microsoft.Network/virtualNetworks": _network,
    "Microsoft.Network/virtualNetworks/subnets": _subnet,
    "Microsoft.Network/publicIPAddresses": _public,
    "Microsoft.Network/routeTables": _table,
    "Microsoft.Network/routeTables/routes": _route,
    "Microsoft.Network/networkSecurityGroups": _filter,
    "Microsoft.Network/networkSecurityGroups/securityRules": _rule,
    "Microsoft.Network/virtualNetworkGateways": _gateway,
    "Microsoft.Network/localNetworkGateways": _local,
    "Microsoft.Network/connections": _connection,
    "Microsoft.Network/applicationSecurityGroups": _identity,
    "Microsoft.Network/networkInterfaces": _interface,
    "Microsoft.Compute/availabilitySets": _identity,
    "Microsoft.Compute/disks": _disk,
    "Microsoft.Compute/sshPublicKeys": _key,
    "Microsoft.Compute/virtualMachines": _machine,
    "Microsoft.Compute/virtualMachineScaleSets": _scale_set,
    "Microsoft.ContainerService/managedClusters": _cluster,
    "Microsoft.ContainerService/managedClusters/agentPools": lambda scope: {"properties": _pool(scope)},
    "Microsoft.ManagedIdentity/userAssignedIdentities": _identity,
    "Microsoft.Insights/actionGroups": _group,
    "Microsoft.Insights/metricAlerts": _alert,
    "Microsoft.Insights/workbooks": _workbook,
    "Microsoft.OperationalInsights/workspaces": _workspace,
}
"""Full type -> how to make a body."""


def role_assignment(scope: Scope) -> Body:
    """Return the body of a role assignment."""
    role = "4d97b98b-1d4f-4787-a291-c67834d212e7"
    return {
        "properties": {
            "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": "11111111-2222-3333-4444-555555555555",
            "principalType": scope.draw.choice(("User", "ServicePrincipal")),
        }
    }


def diagnostic_setting(scope: Scope) -> Body:
    """Return the body of a diagnostic setting."""
    return {
        "properties": {
            "workspaceId": scope.id("workspaces", "Microsoft.OperationalInsights"),
            "logs": [{"category": "TunnelDiagnosticLog", "enabled": True}],
        }
    }


_EXPRESSIONS = (
    "[concat('a', '')]",
    "[variables('name')]",
    "[variables('other')]",
    "[parameters('where')]",
    "[parameters()]",
    "[reference('a').ipAddress]",
    "[reference('/a')]",
    "[reference(resourceId('Microsoft.Network/virtualNetworks', 'a')).subnets[0].name]",
    "[resourceId()]",
    "[resourceId('a/b')]",
    "[resourceGroup().location]",
    "[providers('Microsoft.Network', 'x').apiVersions[99999999999]]",
    "[toLower(subscription())]",
    "[concat(resourceGroup(), subscription())]",
    "[concat(",
    "[]",
    "[" + "concat(" * 60 + ")" * 60 + "]",
    f"[concat({'9' * 5000})]",
)


def deployment(scope: Scope) -> Body:
    """Return the body of a template deployment."""
    return {
        "properties": {
            "mode": "Incremental",
            "parameters": {"where": {"value": LOCATION}},
            "template": {
                "contentVersion": "1.0.0.0",
                "parameters": {"where": {"type": "string"}},
                "variables": {
                    "name": scope.draw.choice(("b", *_EXPRESSIONS)),
                    "other": "[variables('name')]",
                },
                "resources": [
                    {
                        "type": "Microsoft.Network/publicIPAddresses",
                        "name": scope.draw.choice(("a", "[variables('name')]")),
                        "dependsOn": scope.draw.choice(([], ["a"], ["b"])),
                        "apiVersion": "2025-01-01",
                        **_public(scope),
                        "location": "[parameters('where')]",
                    }
                ],
                "outputs": {"ip": {"type": "string", "value": scope.draw.choice(_EXPRESSIONS)}},
            },
        }
    }
