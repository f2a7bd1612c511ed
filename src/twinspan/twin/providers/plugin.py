"""The plugin process that Terraform starts: `python -m twinspan.twin.providers.plugin NAME VERSION KEY_FILE`.

It prints go-plugin's handshake line, serves until Terraform says Shutdown, and ends at once then (Terraform
kills a plugin that takes two seconds). If Terraform dies without a word, it ends too.
"""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from twinspan.twin.providers.provider import Provider
from twinspan.twin.providers.server import start

_COOKIE = ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
"""Source: Terraform's plugin handshake, `docs/plugin-protocol/README.md` of hashicorp/terraform."""

_DEFINITIONS = {"aws": "twinspan.twin.providers.aws", "azurerm": "twinspan.twin.providers.azurerm"}
_FOLDER, _SOCKET = "twinspan-provider-", "plugin"
_SHORT = "/tmp"  # noqa: S108 - a private folder is made in it
_LONGEST_SOCKET_PATH = 107
"""Bytes. Source: unix(7), `sun_path`."""
_BEGIN = b"-----BEGIN CERTIFICATE-----"


def handshake(socket_path: str, pem: bytes) -> str:
    """Return go-plugin's line: core protocol 1, plugin protocol 6, where, how, certificate (DER, base64)."""
    body = pem[pem.index(_BEGIN) + len(_BEGIN) :].split(b"-----END", 1)[0]
    certificate = b"".join(body.split()).rstrip(b"=").decode()
    return f"1|6|unix|{socket_path}|grpc|{certificate}\n"


def serve(
    provider: str, version: str, key_file: Path, announce: Callable[[str], None], ended: threading.Event
) -> None:
    """Serve a provider by a version's name until `ended` is set or the parent process is gone."""
    parent = os.getppid()  # before the handshake: whoever reads it may be gone right after
    definition: Any = import_module(_DEFINITIONS[provider]).definition(version)
    pem = key_file.read_bytes()
    folder = _socket_folder()
    try:
        socket_path = f"{folder}/{_SOCKET}"
        server = start(
            Provider(definition),
            socket_path=socket_path,
            tls=(pem, pem[pem.index(_BEGIN) :]),
            stop=ended.set,
        )
        announce(handshake(socket_path, pem))
        while not ended.wait(timeout=1.0) and os.getppid() == parent:
            pass
        server.stop(grace=0.2)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _socket_folder() -> str:
    """Make a private folder whose path leaves room for a socket's name; Terraform connects by that path."""
    folder = tempfile.mkdtemp(prefix=_FOLDER)
    if len(f"{folder}/{_SOCKET}".encode()) <= _LONGEST_SOCKET_PATH:
        return folder
    Path(folder).rmdir()
    return tempfile.mkdtemp(prefix=_FOLDER, dir=_SHORT)


def main() -> None:
    """Run as a plugin of Terraform."""
    name, value = _COOKIE
    if os.environ.get(name) != value or sys.argv[1:2] == [] or sys.argv[1] not in _DEFINITIONS:
        sys.stderr.write("This program is a Terraform provider; Terraform starts it. Run `terraform`.\n")
        sys.exit(2)

    def announce(line: str) -> None:
        sys.stdout.write(line)
        sys.stdout.flush()

    provider, version, key_file = sys.argv[1:]
    serve(provider, version, Path(key_file), announce, threading.Event())
    os._exit(0)


if __name__ == "__main__":
    main()
