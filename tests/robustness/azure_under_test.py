"""An ARM API that robustness is tried on, and what counts as a wrong answer."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import quote

from azure_choices import UUID
from azure_requests import AzureClient
from robustness_runner import Connection, Reply, Sent

from twinspan.network.model import BgpPeer, GatewayRoute
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.server import ArmApi
from twinspan.twin.azure.tls import ensure_tls
from twinspan.twin.kubernetes.access import ClusterAccess
from twinspan.twin.kubernetes.spec import ClusterHealth
from twinspan.twin.metrics.series import MetricStore
from twinspan.twin.observed import Observed, ObservedState


class AzureUnderTest:
    """A running ARM API."""

    name = "azure"

    def __init__(self, api: ArmApi, credentials: ArmCredentials, tls: ssl.SSLContext) -> None:
        self._credentials = credentials
        self.subscription = credentials.subscription_id
        self.tls = tls
        self.port = api.port
        self._workspaces = [UUID]
        self.token = self._signed_in(api.url)

    def client(self, seed: int) -> AzureClient:
        """Return a client of its own."""
        return AzureClient(
            seed,
            subscription=self._credentials.subscription_id,
            tenant=self._credentials.tenant_id,
            token=self.token,
            workspaces=self._workspaces,
        )

    def problem(self, sent: Sent, reply: Reply) -> str | None:
        """Return what is wrong with an answer: each refusal says which code and what is wrong."""
        if sent.method == "HEAD" or not reply.body:
            return None if reply.status < 400 or sent.method == "HEAD" else f"{reply.status} without a body"
        try:
            document = json.loads(reply.body, parse_constant=_no_number)
        except ValueError:
            return f"{reply.status} with a body that is no JSON"
        if reply.status < 400:
            return None
        error = document.get("error") if isinstance(document, dict) else None
        if isinstance(error, str):  # the token endpoint has its own form
            return None if document.get("error_description") else "refusal of a token without a description"
        if not isinstance(error, dict) or not error.get("code") or not error.get("message"):
            return f"{reply.status} without code and message"
        return None

    def _signed_in(self, url: str) -> str:
        form = (
            f"grant_type=client_credentials&client_id={self._credentials.client_id}"
            f"&client_secret={quote(self._credentials.client_secret)}&scope={quote(f'{url}/.default')}"
        )
        opened = Connection(self)
        reply = opened.ask(
            Sent(
                method="POST",
                target=f"/{self._credentials.tenant_id}/oauth2/v2.0/token",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=form.encode(),
            )
        )
        opened.close()
        return str(json.loads(reply.body)["access_token"])


def _no_number(text: str) -> float:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(f"{text} is no JSON")


def _observed(subscription: str) -> Observed:
    """Return a data plane that has built the usual gateway and cluster of each group."""
    address = IPv4Address("169.254.21.2")
    peer = BgpPeer(
        local_address=address,
        neighbor=IPv4Address("169.254.21.1"),
        asn=64512,
        state="Connected",
        connected_duration="00:00:10",
        routes_received=1,
        messages_sent=1,
        messages_received=1,
    )
    route = GatewayRoute(
        local_address=address,
        network=IPv4Network("10.2.0.0/16"),
        next_hop=None,
        source_peer=IPv4Address("169.254.21.1"),
        origin="EBgp",
        as_path="64512",
        weight=32768,
    )
    groups = [f"/subscriptions/{subscription}/resourcegroups/{name}/providers" for name in "abc"]
    gateways = [f"{group}/microsoft.network/virtualnetworkgateways/a" for group in groups]
    return Observed(
        generation=1,
        azure_bgp_peers=dict.fromkeys(gateways, (peer,)),
        azure_learned_routes=dict.fromkeys(gateways, (route,)),
        azure_advertised_routes=dict.fromkeys(gateways, (route,)),
        clusters=tuple(
            ClusterHealth(
                key=f"{group}/microsoft.containerservice/managedclusters/a",
                api_ready=True,
                system_ready=True,
                problem="",
                nodes=(),
            )
            for group in groups
        ),
    )


@contextmanager
def serving(folder: Path) -> Iterator[AzureUnderTest]:
    """Yield an ARM API of its own, whose files are in `folder`."""
    credentials, files = ArmCredentials.generate(), ensure_tls(folder / "tls")
    board = ObservedState()
    board.publish(_observed(credentials.subscription_id))
    clusters = ClusterAccess(folder / "clusters", sockets=folder)
    api = ArmApi(
        board=board,
        credentials=credentials,
        tls=files,
        state_file=folder / "azure.json",
        on_change=lambda: None,
        metrics=MetricStore(period_s=10),
        clusters=clusters,
    )
    api.start()
    try:
        context = ssl.create_default_context(cafile=str(files.ca_certificate))
        yield AzureUnderTest(api, credentials, context)
    finally:
        api.stop()
        clusters.stop()
