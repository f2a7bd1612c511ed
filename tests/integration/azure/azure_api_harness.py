"""A real twin Azure API on a free port, with real clients and a plain HTTPS client for it."""

import http.client
import json
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.server import ArmApi
from twinspan.twin.azure.tls import TlsFiles, ensure_tls
from twinspan.twin.dataplane.wire import MachineCalls
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.metrics.series import MetricStore
from twinspan.twin.observed import ObservedState

VERSION = "2025-01-01"
LOCATION = "westeurope"
Body = dict[str, Any]

IDLE_S = 2.0
"""A connection that has been silent for so long is made again; the server hangs up after five seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


@dataclass(slots=True, kw_only=True)
class Twin:
    folder: Path
    credentials: ArmCredentials
    tls: TlsFiles
    board: ObservedState = field(default_factory=ObservedState)
    changes: list[None] = field(default_factory=list)
    api: ArmApi = field(init=False)
    token: str = field(init=False, default="")
    connection: http.client.HTTPSConnection | None = field(init=False, default=None)
    answered_s: float = field(init=False, default=0.0)
    clusters: ClusterAccess | None = None
    metrics: MetricStore | None = None
    machines: Callable[[], MachineCalls] | None = None
    unbuilt: Callable[[], tuple[str, ...]] = tuple

    def start(self, port: int = 0) -> None:
        self.api = ArmApi(
            board=self.board,
            credentials=self.credentials,
            tls=self.tls,
            state_file=self.folder / "azure.json",
            on_change=lambda: self.changes.append(None),
            port=port,
            clusters=self.clusters,
            metrics=self.metrics,
            machines=self.machines,
            unbuilt=self.unbuilt,
        )
        self.api.start()
        if not self.token:
            self.token = self.sign_in().json["access_token"]

    def stop(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        self.api.stop()

    def restart(self) -> None:
        port = self.api.port
        self.stop()
        self.start(port)

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.credentials.subscription_id}"

    def raw(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        if self.connection is not None and time.monotonic() - self.answered_s > IDLE_S:
            self.connection.close()
            self.connection = None
        if self.connection is None:
            context = ssl.create_default_context(cafile=str(self.tls.ca_certificate))
            self.connection = http.client.HTTPSConnection(
                "localhost", self.api.port, context=context, timeout=20
            )
        self.connection.request(method, path, body=body, headers=dict(headers))
        response = self.connection.getresponse()
        text = response.read().decode()
        self.answered_s = time.monotonic()
        return Reply(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            text=text,
        )

    def sign_in(self, path: str = "{tenant}/oauth2/v2.0/token", **changes: str) -> Reply:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.credentials.client_id,
            "client_secret": self.credentials.client_secret,
            "scope": f"{self.api.url}/.default",
            **changes,
        }
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        place = "/" + path.format(tenant=self.credentials.tenant_id)
        return self.raw("POST", place, urlencode(form).encode(), kind)

    def call(
        self, method: str, path: str, body: Body | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Reply:
        separator = "&" if "?" in path else "?"
        place = path if "api-version=" in path else f"{path}{separator}api-version={VERSION}"
        sent = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            **(headers or {}),
        }
        return self.raw(method, place, None if body is None else json.dumps(body).encode(), sent)

    def credential(self) -> ClientSecretCredential:
        return ClientSecretCredential(
            self.credentials.tenant_id,
            self.credentials.client_id,
            self.credentials.client_secret,
            authority=self.api.url,
            disable_instance_discovery=True,
            connection_verify=str(self.tls.ca_certificate),
        )

    def network(self) -> Any:
        return NetworkManagementClient(
            self.credential(), self.credentials.subscription_id, **self._client_options()
        )

    def resources(self) -> Any:
        return ResourceManagementClient(
            self.credential(), self.credentials.subscription_id, **self._client_options()
        )

    def _client_options(self) -> dict[str, Any]:
        return {
            "base_url": self.api.url,
            "credential_scopes": [f"{self.api.url}/.default"],
            "connection_verify": str(self.tls.ca_certificate),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """One resource group of a twin, and bodies that the API takes."""

    twin: Twin
    group: str

    @property
    def scope(self) -> str:
        return f"{self.twin.subscription}/resourceGroups/{self.group}/providers/Microsoft.Network"

    def put(self, place: str, body: Body, **headers: str) -> Reply:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.twin.call("PUT", f"{self.scope}/{place}", body, headers=names)

    def get(self, place: str) -> Reply:
        return self.twin.call("GET", f"{self.scope}/{place}")

    def delete(self, place: str) -> Reply:
        return self.twin.call("DELETE", f"{self.scope}/{place}")

    def post(self, place: str, body: Body | None = None) -> Reply:
        return self.twin.call("POST", f"{self.scope}/{place}", body)

    def made(self, place: str, body: Body) -> Body:
        reply = self.put(place, body)
        assert reply.status in {200, 201}, reply.text
        document: Body = reply.json
        return document

    def network(self) -> Body:
        return {
            "location": LOCATION,
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
                "subnets": [
                    {"name": "GatewaySubnet", "properties": {"addressPrefix": "10.1.1.0/24"}},
                    {"name": "app", "properties": {"addressPrefix": "10.1.2.0/24"}},
                ],
            },
        }

    def public_ip(self) -> Body:
        return {
            "location": LOCATION,
            "sku": {"name": "Standard"},
            "zones": ["1", "2", "3"],
            "properties": {"publicIPAllocationMethod": "Static"},
        }

    def configuration(self, index: int) -> Body:
        return {
            "name": f"instance{index}",
            "properties": {
                "subnet": {"id": f"{self.scope}/virtualNetworks/vnet/subnets/GatewaySubnet"},
                "publicIPAddress": {"id": f"{self.scope}/publicIPAddresses/ip{index}"},
            },
        }

    def configuration_id(self, index: int) -> str:
        return f"{self.scope}/virtualNetworkGateways/gw/ipConfigurations/instance{index}"

    def gateway(self) -> Body:
        custom = (["169.254.21.2", "169.254.22.2"], ["169.254.21.6", "169.254.22.6"])
        return {
            "location": LOCATION,
            "properties": {
                "gatewayType": "Vpn",
                "vpnType": "RouteBased",
                "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
                "activeActive": True,
                "enableBgp": True,
                "ipConfigurations": [self.configuration(0), self.configuration(1)],
                "bgpSettings": {
                    "asn": 65000,
                    "bgpPeeringAddresses": [
                        {"ipconfigurationId": self.configuration_id(index), "customBgpIpAddresses": addresses}
                        for index, addresses in enumerate(custom)
                    ],
                },
            },
        }

    def local_gateway(self, address: str = "203.0.113.1", peer: str = "169.254.21.1") -> Body:
        return {
            "location": LOCATION,
            "properties": {
                "gatewayIpAddress": address,
                "bgpSettings": {"asn": 64512, "bgpPeeringAddress": peer},
            },
        }

    def policy(self) -> Body:
        return {
            "ikeEncryption": "GCMAES256",
            "ikeIntegrity": "SHA384",
            "dhGroup": "ECP384",
            "ipsecEncryption": "GCMAES256",
            "ipsecIntegrity": "GCMAES256",
            "pfsGroup": "ECP384",
            "saLifeTimeSeconds": 3600,
            "saDataSizeKilobytes": 102400000,
        }

    def connection(self) -> Body:
        return {
            "location": LOCATION,
            "properties": {
                "connectionType": "IPsec",
                "virtualNetworkGateway1": {"id": f"{self.scope}/virtualNetworkGateways/gw"},
                "localNetworkGateway2": {"id": f"{self.scope}/localNetworkGateways/aws1"},
                "enableBgp": True,
                "sharedKey": "Twin.Key_0123456789",
                "dpdTimeoutSeconds": 15,
                "ipsecPolicies": [self.policy()],
                "gatewayCustomBgpIpAddresses": [
                    {"ipConfigurationId": self.configuration_id(0), "customBgpIpAddress": "169.254.22.2"},
                    {"ipConfigurationId": self.configuration_id(1), "customBgpIpAddress": "169.254.21.6"},
                ],
            },
        }

    def build_network(self) -> None:
        self.made("virtualNetworks/vnet", self.network())
        self.made("publicIPAddresses/ip0", self.public_ip())
        self.made("publicIPAddresses/ip1", self.public_ip())

    def build(self) -> None:
        self.build_network()
        self.made("virtualNetworkGateways/gw", self.gateway())
        self.made("localNetworkGateways/aws1", self.local_gateway())
        self.made("connections/tunnel1", self.connection())


def new_twin(folder: Path) -> Twin:
    return Twin(folder=folder, credentials=ArmCredentials.generate(), tls=ensure_tls(folder / "tls"))


@pytest.fixture(scope="session")
def azure_twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A running API that all tests share; each works in a resource group of its own."""
    twin = new_twin(tmp_path_factory.mktemp("azure"))
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def own_azure_twin(tmp_path: Path) -> Iterator[Twin]:
    """A running API for one test."""
    twin = new_twin(tmp_path)
    twin.start()
    yield twin
    twin.stop()


def new_lab(twin: Twin) -> Lab:
    lab = Lab(twin=twin, group=f"rg-{uuid.uuid4().hex[:8]}")
    made = twin.call("PUT", f"{twin.subscription}/resourceGroups/{lab.group}", {"location": LOCATION})
    assert made.status == 201, made.text
    return lab


@pytest.fixture
def lab(azure_twin: Twin) -> Iterator[Lab]:
    """An empty resource group, removed with its content at the end."""
    made = new_lab(azure_twin)
    yield made
    azure_twin.call("DELETE", f"{azure_twin.subscription}/resourceGroups/{made.group}")


Change = Callable[[Body, Lab], None]


def setting(path: str, value: Any) -> Change:
    """Return a change that sets the member at a dotted path; numbers index lists."""

    def change(body: Body, _: Lab) -> None:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        target: Any = body
        for step in way:
            target = target[step]
        target[last] = value

    return change


def dropping(path: str) -> Change:
    """Return a change that removes the member at a dotted path."""

    def change(body: Body, _: Lab) -> None:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        target: Any = body
        for step in way:
            target = target[step]
        del target[last]

    return change


def pointing(path: str, place: str) -> Change:
    """Return a change that points the reference at a dotted path to something else in the group."""
    return lambda body, lab: setting(path, {"id": f"{lab.scope}/{place}"})(body, lab)


def both(first: Change, second: Change) -> Change:
    """Return both changes, one after the other."""

    def change(body: Body, lab: Lab) -> None:
        first(body, lab)
        second(body, lab)

    return change
