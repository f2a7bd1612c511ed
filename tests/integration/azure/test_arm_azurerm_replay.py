"""The calls of the Terraform provider azurerm 5.2.0, in its order and with its bodies, as read in its source.

Metadata, tokens (Microsoft Graph first), a GET that must be 404 before every create, PUT, polling by path on
the manager's address, GET, and deletes that poll until they are over.
"""

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure_api_harness import Body, Lab, Reply, Twin

from twinspan.wait import wait_until

NETWORK = "2025-01-01"
GROUPS = "2023-07-01"


class Provider:
    """A client that behaves like the provider's: it follows what the metadata says."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        cloud = twin.raw("GET", "/metadata/endpoints?api-version=2022-09-01", None, {}).json
        assert cloud["authentication"]["loginEndpoint"] == cloud["authentication"]["loginEndpoint"].rstrip(
            "/"
        )
        graph = twin.sign_in(scope=f"{cloud['microsoftGraphResourceId']}/.default")
        payload = graph.json["access_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert {"oid", "tid", "appid"} <= claims.keys()
        manager = twin.sign_in(scope=f"{cloud['authentication']['audiences'][0]}/.default")
        self.headers = {"Authorization": f"Bearer {manager.json['access_token']}"}

    def call(self, method: str, place: str, version: str, body: Body | None = None) -> Reply:
        headers = {**self.headers, "Content-Type": "application/json; charset=utf-8"}
        content = None if body is None else json.dumps(body).encode()
        return self.twin.raw(method, f"{place}?api-version={version}", content, headers)

    def create(self, place: str, body: Body, version: str = NETWORK) -> Any:
        before = self.call("GET", place, version)
        assert before.status == 404, before.text
        return self.write(place, body, version)

    def write(self, place: str, body: Body, version: str = NETWORK) -> Any:
        reply = self.call("PUT", place, version, body)
        assert reply.status in {200, 201}, reply.text
        self.follow(reply)
        return self.call("GET", place, version).json

    def remove(self, place: str, version: str = NETWORK) -> None:
        reply = self.call("DELETE", place, version)
        assert reply.status in {200, 202, 204}, reply.text
        if reply.status == 202:
            self.follow(reply)
        assert self.call("GET", place, version).status == 404

    def follow(self, reply: Reply) -> None:
        """Poll as the provider does: Azure-AsyncOperation, else Location, by path on its own base address."""
        where = reply.headers.get("azure-asyncoperation") or reply.headers.get("location")
        if where is None:
            assert reply.json["properties"]["provisioningState"] == "Succeeded"
            return
        assert int(reply.headers["retry-after"]) > 0
        parts = urlsplit(where)
        state = self.twin.raw("GET", f"{parts.path}?{parts.query}", None, self.headers)
        assert state.status in {200, 204}
        if state.status == 200:
            assert state.headers["content-type"].startswith("application/json")
            assert state.json["status"] == "Succeeded"


def _subnet(prefix: str, table: str | None) -> Body:
    told: Body = {
        "addressPrefix": prefix,
        "addressPrefixes": [prefix],
        "defaultOutboundAccess": True,
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
        "serviceEndpointPolicies": [],
        "serviceEndpoints": [],
        "sharingScope": "",
    }
    if table is not None:
        told["routeTable"] = {"id": table}
    return {"properties": told}


@pytest.mark.parametrize("embed", ["reference", "whole body"])
def test_the_provider_creates_plans_and_destroys(own_azure_twin: Twin, embed: str) -> None:
    twin = own_azure_twin
    provider = Provider(twin)
    lab = Lab(twin=twin, group="rg-terraform")
    group = f"{twin.subscription}/resourceGroups/{lab.group}"
    assert provider.call("GET", f"{twin.subscription}/providers", "2022-09-01").status == 200
    provider.create(group, {"location": "westeurope", "tags": {}}, GROUPS)
    vnet = {
        "location": "westeurope",
        "tags": {},
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
            "dhcpOptions": {"dnsServers": []},
            "privateEndpointVNetPolicies": "Disabled",
            "subnets": [],
        },
    }
    provider.create(f"{lab.scope}/virtualNetworks/vnet", vnet)
    table = provider.create(
        f"{lab.scope}/routeTables/table",
        {
            "location": "westeurope",
            "tags": {},
            "properties": {
                "disableBgpRoutePropagation": False,
                "routes": [
                    {
                        "name": "aws",
                        "properties": {
                            "addressPrefix": "10.2.0.0/16",
                            "nextHopType": "VirtualNetworkGateway",
                            "nextHopIpAddress": "",
                        },
                    }
                ],
            },
        },
    )
    provider.create(f"{lab.scope}/virtualNetworks/vnet/subnets/GatewaySubnet", _subnet("10.1.1.0/24", None))
    provider.create(f"{lab.scope}/virtualNetworks/vnet/subnets/app", _subnet("10.1.2.0/24", table["id"]))
    for name in ("ip0", "ip1"):
        body = lab.public_ip()
        body["sku"]["tier"] = "Regional"
        body["properties"].update(idleTimeoutInMinutes=4, publicIPAddressVersion="IPv4", ipTags=[])
        body["properties"]["ddosSettings"] = {"protectionMode": "VirtualNetworkInherited"}
        provider.create(f"{lab.scope}/publicIPAddresses/{name}", body)
    gateway_body = lab.gateway()
    gateway_body["properties"].update(
        vpnGatewayGeneration="", enablePrivateIpAddress=False, disableIPSecReplayProtection=False
    )
    gateway = provider.create(f"{lab.scope}/virtualNetworkGateways/gw", gateway_body)
    provider.create(f"{lab.scope}/localNetworkGateways/aws1", lab.local_gateway())
    body = lab.connection()
    policy = body["properties"]["ipsecPolicies"][0]
    policy["saDataSizeKilobytes"] = 0
    if embed == "whole body":
        local = provider.call("GET", f"{lab.scope}/localNetworkGateways/aws1", NETWORK).json
        body["properties"].update(virtualNetworkGateway1=gateway, localNetworkGateway2=local)
    connection = provider.create(f"{lab.scope}/connections/tunnel1", body)
    assert connection["properties"]["virtualNetworkGateway1"] == {"id": gateway["id"]}
    assert connection["properties"]["ipsecPolicies"][0]["saDataSizeKilobytes"] == 102400000
    key = provider.call("GET", f"{lab.scope}/connections/tunnel1/sharedkey", NETWORK)
    assert key.json["value"] == body["properties"]["sharedKey"]
    provider.write(f"{lab.scope}/connections/tunnel1/sharedkey", {"value": "Rotated.Key_1"})
    wait_until(  # as the provider does, since the operation is over before the connection is
        lambda: provider.call("GET", f"{lab.scope}/connections/tunnel1", NETWORK).json["properties"],
        lambda told: told["provisioningState"] != "Updating",
        what="new key",
        timeout_s=60,
    )
    for place in ("connections/tunnel1", "localNetworkGateways/aws1", "virtualNetworkGateways/gw"):
        provider.remove(f"{lab.scope}/{place}")
    for place in ("virtualNetworks/vnet/subnets/app", "virtualNetworks/vnet/subnets/GatewaySubnet"):
        provider.remove(f"{lab.scope}/{place}")
    for place in (
        "routeTables/table",
        "publicIPAddresses/ip0",
        "publicIPAddresses/ip1",
        "virtualNetworks/vnet",
    ):
        provider.remove(f"{lab.scope}/{place}")
    nested = provider.call("GET", f"{group}/resources", "2023-07-01")
    assert nested.json["value"] == []
    provider.remove(group, GROUPS)
