"""Wires and servers that are gone after the test, also if it dies."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from wire_hosts import NamespaceHost, Wire, build_wire, needs_root_and


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A fresh wire without any filter."""
    needs_root_and("ip", "nft", "sysctl", "ping", "iperf3")
    with ExitStack() as stack:
        yield build_wire(stack)


@pytest.fixture
def start_server() -> Iterator[Callable[[str, NamespaceHost, str, int], None]]:
    """Start a Python program in a namespace, once; wait until it says that it listens; end it afterwards."""
    running: dict[tuple[str, str, int], subprocess.Popen[str]] = {}

    def start(program: str, host: NamespaceHost, kind: str, port: int) -> None:
        if (host.name, kind, port) in running:
            return
        argv = ["ip", "netns", "exec", host.name, sys.executable, "-I", "-c", program]
        server = subprocess.Popen(
            [*argv, "serve", kind, str(host.address), str(port)], stdout=subprocess.PIPE, text=True
        )
        running[host.name, kind, port] = server
        assert server.stdout is not None
        assert server.stdout.readline() == "listening\n"

    yield start
    for server in running.values():
        server.kill()
        server.communicate(timeout=10)
