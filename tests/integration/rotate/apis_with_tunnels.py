"""Serve a twin's two APIs with tunnels that follow them, as the data plane's would, without one.

A tunnel is up if both ends have one key, and has BGP if Azure's connection has it on. While the file
`sick-aws` or `sick-azure` is there, that API answers everything as it says: with a status, or not (`hangs`).
"""

import sys
import threading
import time
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "cloud"))  # what serves both APIs

from both_apis import endpoints_of, serving, tell

from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.reader import read_network
from twinspan.network.links import TunnelLink, tunnel_links
from twinspan.network.model import Secrets
from twinspan.twin.aws.auth_middleware import AuthMiddleware
from twinspan.twin.azure.app import ArmApplication
from twinspan.twin.observed import AwsTunnelEnd, AzureTunnelEnd, Observed, ObservedState

ROUTES = (IPv4Network("10.1.0.0/16"),)
POLL_S = 0.02


def main(folder: Path) -> None:
    board, changed = ObservedState(), threading.Event()
    _make_sick(folder)
    with serving(folder, board, changed.set) as access:
        threading.Thread(target=_follow, args=(endpoints_of(access), board, changed), daemon=True).start()
        tell(access)


def _follow(endpoints: Endpoints, board: ObservedState, changed: threading.Event) -> None:
    generation = 0
    while True:
        changed.wait()
        changed.clear()
        try:
            network, secrets = read_network(endpoints)
        except Exception:  # noqa: BLE001 - an API that is sick now
            time.sleep(POLL_S)
            changed.set()
            continue
        generation += 1
        links = [link for link in tunnel_links(network) if link.joined]
        board.publish(
            Observed(
                generation=generation,
                aws_tunnels=tuple(_aws_end(link, secrets) for link in links),
                azure_tunnels=tuple(_azure_end(link, secrets) for link in links),
            )
        )


def _state(link: TunnelLink, secrets: Secrets) -> dict[str, Any]:
    assert link.tunnel
    assert link.vpn_connection
    assert link.azure_connection
    keys = {
        secrets.aws[link.vpn_connection.id, str(link.tunnel.outside_ip_address)],
        secrets.azure[link.azure_connection.id.lower()],
    }
    up = len(keys) == 1
    established = up and link.azure_connection.bgp_enabled
    numbers = ("bytes_in", "bytes_out", "packets_in", "packets_out", "dropped_in", "dropped_out")
    return {
        "ike_up": up,
        "ipsec_up": up,
        "bgp_state": "Established" if established else "Connect",
        "accepted_routes": ROUTES if established else (),
        "since": None,
        "bgp_since": None,
        "last_error": "",
        "sa": None,
        **dict.fromkeys(numbers, 0),
    }


def _aws_end(link: TunnelLink, secrets: Secrets) -> AwsTunnelEnd:
    assert link.vpn_connection
    assert link.tunnel
    assert link.tunnel.outside_ip_address
    return AwsTunnelEnd(
        vpn_connection_id=link.vpn_connection.id,
        outside_ip_address=link.tunnel.outside_ip_address,
        **_state(link, secrets),
    )


def _azure_end(link: TunnelLink, secrets: Secrets) -> AzureTunnelEnd:
    assert link.azure_connection
    assert link.instance
    return AzureTunnelEnd(
        connection_id=link.azure_connection.id.lower(),
        ip_configuration_id=link.instance.ip_configuration_id,
        public_ip_address=link.instance.public_ip_address or IPv4Address(0),
        **_state(link, secrets),
    )


def _make_sick(folder: Path) -> None:
    """Put an illness before both APIs, which files turn on."""
    aws, azure = AuthMiddleware.__call__, ArmApplication.asgi

    def aws_or_sick(self: AuthMiddleware, environ: Any, start: Callable[..., Any]) -> Iterable[bytes]:
        status = _status(folder / "sick-aws")
        if status is None:
            return aws(self, environ, start)
        start(f"{status} Sick", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return [b""]

    async def azure_or_sick(self: ArmApplication, scope: Any, receive: Any, send: Any) -> None:
        signing_in = "/oauth2/" in scope.get("path", "") or "/.well-known/" in scope.get("path", "")
        status = None if signing_in else _status(folder / "sick-azure")
        if status is None:
            await azure(self, scope, receive, send)
            return
        await send({"type": "http.response.start", "status": status, "headers": [(b"retry-after", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    setattr(AuthMiddleware, "__call__", aws_or_sick)  # noqa: B010 - mypy lets nobody assign a method
    setattr(ArmApplication, "asgi", azure_or_sick)  # noqa: B010 - as above


def _status(file: Path) -> int | None:
    return int(file.read_text()) if file.exists() else None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
