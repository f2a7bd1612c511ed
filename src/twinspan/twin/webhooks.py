"""Posts to webhooks. Only loopback addresses: a twin reaches nobody outside this machine."""

import http.client
import ipaddress
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

_TIMEOUT_S = 10.0


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine's own, by address or as `localhost`."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post to a URL for which `is_loopback` holds, and return the status.

    Redirects are not followed, proxies not used.

    Raises:
        OSError: Nobody listens there, or nobody answers in time.
        http.client.HTTPException: What answers does not speak HTTP.
        ValueError: The URL has no usable port or path.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    connection = (
        http.client.HTTPSConnection(
            host, parts.port, timeout=_TIMEOUT_S, context=ssl.create_default_context()
        )
        if secure
        else http.client.HTTPConnection(host, parts.port, timeout=_TIMEOUT_S)
    )
    try:
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection.request("POST", path, body=body, headers=dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()
