"""Network namespaces below the agent's private /run, and how to act inside one."""

import ctypes
import hashlib
import os
import re
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from twinspan.command import run
from twinspan.errors import CommandError, HostError
from twinspan.twin.attempts import undone_on_failure
from twinspan.twin.loops import start_task

T = TypeVar("T")

FOLDER = Path("/run/netns")
"""Where `ip netns` keeps names; a tmpfs that only the agent's mount namespace has."""

_CLONE_NEWNET = 0x40000000
_FAILED_LINE = re.compile(r"Command failed -:(\d+)")
_BRIDGED_PASSES = {f"bridge/bridge-nf-call-{family}tables": "0" for family in ("ip", "ip6", "arp")}
_ANNOUNCED = {"ipv4/conf/all/arp_notify": "1"}
"""Who takes over an address says so to its neighbours; they would send to the one before for a minute."""
_libc = ctypes.CDLL(None, use_errno=True)


def short_name(prefix: str, key: str) -> str:
    """Return a name of at most 15 characters (IFNAMSIZ) that is the same for the same key.

    Args:
        prefix: At most 6 characters.
        key: Any identifier.
    """
    return f"{prefix}{hashlib.sha256(key.encode()).hexdigest()[:9]}"


def add(names: Iterable[str]) -> None:
    """Make namespaces with `lo` up. Raises CommandError if one exists.

    Filters see what is routed, never what is only bridged: with br_netfilter, which Docker loads, they would
    see both. Source: Linux, Documentation/networking/ip-sysctl.rst, /proc/sys/net/bridge.
    """
    names = list(names)
    ip("".join(f"netns add {name}\n" for name in names))
    with undone_on_failure(*(partial(delete, name) for name in names)):
        for name in names:
            ip("link set lo up\n", namespace=name)
            set_sysctls(name, _ANNOUNCED)
            with suppress(FileNotFoundError):
                set_sysctls(name, _BRIDGED_PASSES)


def delete(name: str) -> None:
    """Remove a namespace's name; the kernel ends it with its last process."""
    ip(f"netns delete {name}\n")


def end_processes(name: str) -> None:
    """Kill whatever runs in a namespace, itself and below."""
    inode = (FOLDER / name).stat().st_ino
    for entry in Path("/proc").iterdir():
        with suppress(OSError):  # it has ended, or is none of ours
            if entry.name.isdigit() and (entry / "ns/net").stat().st_ino == inode:
                os.kill(int(entry.name), signal.SIGKILL)


def exists(name: str) -> bool:
    """Return whether a namespace of that name has been made."""
    return (FOLDER / name).exists()


def ip(commands: str | Sequence[str], *, namespace: str | None = None) -> None:
    """Run lines of `ip -batch` in a namespace, the agent's own if None.

    Raises:
        CommandError: One line failed; the lines after it did not run.
    """
    text = commands if isinstance(commands, str) else "".join(f"{line}\n" for line in commands)
    if not text:
        return
    where = ["-n", namespace] if namespace else []
    run(["ip", *where, "-batch", "-"], stdin=text)


def ip_each(commands: Sequence[str], *, namespace: str) -> dict[int, str]:
    """Run lines of `ip -batch` in a namespace, also those after one that fails.

    Returns:
        Number of each line that failed, from 0 -> why, in `ip`'s words.

    Raises:
        CommandError: `ip` failed without naming a line, e.g. because there is no such namespace.
    """
    argv = ["ip", "-n", namespace, "-force", "-batch", "-"]
    done = run(argv, stdin="".join(f"{line}\n" for line in commands), check=False)
    failed: dict[int, str] = {}
    reasons: list[str] = []
    for line in done.stderr.splitlines():
        match = _FAILED_LINE.fullmatch(line.strip())
        if match:
            failed[int(match.group(1)) - 1] = " ".join(reasons)
            reasons = []
        else:
            reasons.append(line.strip())
    if done.returncode != 0 and not failed:
        raise CommandError(argv, done.returncode, done.stderr)
    return failed


def nft(namespace: str, rules: str) -> None:
    """Load an nftables script in a namespace, all of it or nothing.

    Raises:
        CommandError: nft refused it.
    """
    run(inside_argv(namespace, ["nft", "-f", "-"]), stdin=rules)


def inside_argv(namespace: str, argv: Sequence[str]) -> list[str]:
    """Return the command that becomes `argv` inside a namespace (same process id)."""
    return ["nsenter", f"--net={FOLDER / namespace}", "--", *argv]


def inside(namespace: str, function: Callable[[], T]) -> T:
    """Call a function inside a namespace, on a thread that is thrown away, and return its answer.

    Raises:
        HostError: The namespace does not exist.
    """
    answers: list[T] = []
    failures: list[BaseException] = []

    def enter() -> None:
        try:
            _join(namespace)
            answers.append(function())
        except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
            failures.append(error)

    start_task(f"in-{namespace}", enter).join()
    if failures:
        raise failures[0]
    return answers[0]


def set_sysctls(namespace: str, values: Mapping[str, str]) -> None:
    """Set `net` sysctls of a namespace, e.g. `{"ipv4/ip_forward": "1"}`."""

    def write() -> None:
        for name, value in values.items():
            (Path("/proc/sys/net") / name).write_text(value)

    inside(namespace, write)


def spread_flows(namespace: str) -> None:
    """Choose among equal paths by addresses and ports, differently in every namespace.

    Routers in a row that hash alike would each see only the flows that hash to themselves, and send all
    of them the same way. Kernels before 6.11 cannot be given a seed: there, hops still hash alike.
    """
    set_sysctls(namespace, {"ipv4/fib_multipath_hash_policy": "1"})
    seed = int.from_bytes(hashlib.sha256(namespace.encode()).digest()[:4], "big") | 1
    with suppress(FileNotFoundError):
        set_sysctls(namespace, {"ipv4/fib_multipath_hash_seed": str(seed)})


def _join(namespace: str) -> None:
    try:
        descriptor = os.open(FOLDER / namespace, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise HostError(
            problem=f"the namespace {namespace} does not exist", remedy="Run `twinspan twin up` again"
        ) from error
    try:
        if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
            code = ctypes.get_errno()
            raise OSError(code, f"setns {namespace}: {os.strerror(code)}")
    finally:
        os.close(descriptor)
