"""The first process of a node: makes the node's own file system, then waits for orphans.

Run by path with `python -I -S`, as PID 1 of new mount, PID, UTS and IPC namespaces, so it uses the standard
library alone. Programs come from this machine, read-only; all else is in memory and ends with the node.

Arguments: a JSON object with `root` (an empty folder), `hostname`, `pivot_root` (number of that system call),
and `binds` (target in the node -> folder of this machine; read-only unless the target is in `writable`).
"""

import ctypes
import hashlib
import json
import os
import signal
import sys
from pathlib import Path

_RDONLY, _NOSUID, _REMOUNT, _BIND, _REC, _PRIVATE, _SHARED = 1, 2, 32, 4096, 16384, 1 << 18, 1 << 20
_DETACH = 2

_PROGRAMS = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
_SETTINGS = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ssl", "protocols", "services")
_FOLDERS = (
    "dev",
    "etc",
    "opt",
    "proc",
    "root",
    "run",
    "sys",
    "tmp",
    "var/lib",
    "var/log/pods",
    "var/log/containers",
)
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "etc/resolv.conf": "",
}
_KERNEL_SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""What kubelet wants to find, and would otherwise write, for the whole machine."""

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Build the file system, say so on standard output, reap orphans for ever."""
    plan = json.loads(sys.argv[1])
    root = Path(plan["root"])
    os.umask(0o022)
    _mount("none", "/", "", _REC | _PRIVATE)
    _mount("tmpfs", root, "tmpfs", _NOSUID, "mode=0755")
    _fill(root, plan["hostname"])
    for target, source in plan["binds"].items():
        _bind(Path(source), root / target, writable=target in plan["writable"])
    _cover_kernel_settings(root)
    _change_root(root, plan["pivot_root"])
    name = plan["hostname"].encode()
    if _libc.sethostname(name, len(name)) != 0:
        raise OSError(ctypes.get_errno(), "sethostname")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    os.write(1, b"ready\n")
    os.close(1)
    while True:
        signal.sigwait({signal.SIGCHLD})
        _reap()


def _reap() -> None:
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


def _fill(root: Path, hostname: str) -> None:
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    machine_id = hashlib.sha256(hostname.encode()).hexdigest()[:32]
    own = {"etc/hostname": f"{hostname}\n", "etc/machine-id": f"{machine_id}\n"}
    for name, text in {**_FILES, **own}.items():
        (root / name).write_text(text)
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost {hostname}\n")
    for name in _PROGRAMS:
        source = Path("/") / name
        if source.is_symlink():
            (root / name).symlink_to(source.readlink())
        elif source.is_dir():
            _bind(source, root / name, writable=False)
    for name in _SETTINGS:
        if (Path("/etc") / name).exists():
            _bind(Path("/etc") / name, root / "etc" / name, writable=False)
    _mount("proc", root / "proc", "proc", _NOSUID)
    _mount("/dev", root / "dev", "", _BIND | _REC)
    _mount("/sys", root / "sys", "", _BIND | _REC)


def _cover_kernel_settings(root: Path) -> None:
    for name, value in _KERNEL_SETTINGS.items():
        cover = root / "run" / name.replace("/", ".")
        cover.write_text(f"{value}\n")
        _mount(cover, root / "proc/sys" / name, "", _BIND)


def _bind(source: Path, target: Path, *, writable: bool) -> None:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(source, target, "", _BIND)
    if not writable:
        _mount("none", target, "", _BIND | _REMOUNT | _RDONLY)


def _change_root(root: Path, pivot_root: int) -> None:
    """Make `root` the root of this mount namespace; volumes mounted later show in all of its containers."""
    old = root / ".old"
    old.mkdir()
    if _libc.syscall(pivot_root, os.fsencode(root), os.fsencode(old)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"pivot_root: {os.strerror(code)}")
    os.chdir("/")
    if _libc.umount2(b"/.old", _DETACH) != 0:
        raise OSError(ctypes.get_errno(), "umount of the old root")
    Path("/.old").rmdir()
    _mount("none", "/", "", _REC | _SHARED)


def _mount(source: Path | str, target: Path | str, kind: str, flags: int, data: str = "") -> None:
    done = _libc.mount(
        os.fsencode(source), os.fsencode(target), kind.encode() or None, flags, data.encode() or None
    )
    if done != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"mount {source} at {target}: {os.strerror(code)}")


if __name__ == "__main__":
    main()
