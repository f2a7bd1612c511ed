"""Hosts that are network namespaces: one of each cloud, with a router between them."""

import json
import os
import secrets
import shutil
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address

import pytest

from twinspan import command
from twinspan.command import Completed
from twinspan.errors import CommandError

AWS_ADDRESS = IPv4Address("10.2.1.10")
AZURE_ADDRESS = IPv4Address("10.1.1.10")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceHost:
    """A `protocols.Host` that is a namespace."""

    name: str
    side: str
    address: IPv4Address

    def run(self, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        inside = ("ip", "netns", "exec", self.name, *argv)
        return command.run(inside, timeout_s=timeout_s, stdin=stdin, check=False)

    def load(self, ruleset: str) -> None:
        """Load nftables text; in one transaction, as nft does."""
        done = self.run(("nft", "-f", "-"), timeout_s=60, stdin=ruleset)
        assert done.returncode == 0, done.stderr


class Forgetful:
    """A host that carries out what an agent is asked, and loses the first answers to each request."""

    def __init__(self, host: NamespaceHost, times: int = 1) -> None:
        self.host = host
        self.times = times
        self.name, self.side, self.address = host.name, host.side, host.address
        self.lost: list[str] = []

    def run(self, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        done = self.host.run(argv, timeout_s=timeout_s, stdin=stdin)
        what = json.loads(stdin)["what"] if stdin else ""
        if what and self.lost.count(what) < self.times:
            self.lost.append(what)
            raise CommandError(argv, -9, f"no end within {timeout_s:g} s")
        return done


class Hanging:
    """A host that answers nothing until it goes on."""

    def __init__(self, host: NamespaceHost) -> None:
        self.host = host
        self.name, self.side, self.address = host.name, host.side, host.address
        self.goes_on = threading.Event()
        self.goes_on.set()

    def run(self, argv: Sequence[str], *, timeout_s: float, stdin: str | None = None) -> Completed:
        assert self.goes_on.wait(60)
        return self.host.run(argv, timeout_s=timeout_s, stdin=stdin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A host of each cloud with a router between them; the routers' ends are `aws0` and `azure0`."""

    aws: NamespaceHost
    azure: NamespaceHost
    router: NamespaceHost


def _ip(*words: str) -> None:
    command.run(("ip", *words), timeout_s=10)


def _namespace(stack: ExitStack) -> str:
    name = f"tsp-{secrets.token_hex(4)}"
    _ip("netns", "add", name)
    stack.callback(_ip, "netns", "delete", name)
    _ip("-n", name, "link", "set", "lo", "up")
    return name


def needs_root_and(*programs: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: run `sudo make test`")
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: run `make install`")


def build_wire(stack: ExitStack) -> Wire:
    """Make the three namespaces; the stack removes them."""
    router = _namespace(stack)
    hosts = {}
    for side, address in (("aws", AWS_ADDRESS), ("azure", AZURE_ADDRESS)):
        name = _namespace(stack)
        gateway = f"{address + 1}"
        _ip("link", "add", "eth0", "netns", name, "type", "veth", "peer", f"{side}0", "netns", router)
        _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        _ip("-n", router, "address", "add", f"{gateway}/24", "dev", f"{side}0")
        _ip("-n", router, "link", "set", f"{side}0", "up")
        _ip("-n", name, "route", "add", "default", "via", gateway)
        hosts[side] = NamespaceHost(name=name, side=side, address=address)
    between = NamespaceHost(name=router, side="internet", address=AWS_ADDRESS + 1)
    assert between.run(("sysctl", "-qw", "net.ipv4.ip_forward=1"), timeout_s=10).returncode == 0
    return Wire(aws=hosts["aws"], azure=hosts["azure"], router=between)


def fault(*rules: str, policy: str = "accept") -> str:
    """Return a filter for the router that breaks the path; `HEAL` takes it away."""
    lines = "\n".join(rules)
    return (
        f"table ip fault {{\nchain forward {{\ntype filter hook forward priority -10; policy {policy};\n"
        f"{lines}\n}}\n}}\n"
    )


CUT = fault(policy="drop")
HEAL = "delete table ip fault\n"
