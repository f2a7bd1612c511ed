"""This machine's Debian files as entries of image layers: programs with the libraries that they load."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from twinspan.command import environment, run
from twinspan.errors import HostError
from twinspan.twin.kubernetes.image_archive import Entry

_SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_LIBC, _UNWINDER = "libc.so.6", "libgcc_s.so.1"
_LIBRARY = re.compile(r"^\s+(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)
_PASSWD = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
_GROUP = b"root:x:0:\nnogroup:x:65534:\n"


def skeleton() -> list[Entry]:
    """Return what every image has: folders, users, and `/bin` and its like as one with `/usr/bin`."""
    merged = [Entry(path=name, link=f"usr/{name}") for name in ("bin", "sbin", "lib", "lib64")]
    folders = [f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")]
    folders += ["dev", "etc", "proc", "root", "run", "sys", "var/lib", "var/log"]
    return [
        *merged,
        *(Entry(path=name) for name in folders),
        Entry(path="tmp", mode=0o1777),
        Entry(path="var/run", link="../run"),
        Entry(path="etc/passwd", content=_PASSWD, mode=0o644),
        Entry(path="etc/group", content=_GROUP, mode=0o644),
        Entry(path="etc/nsswitch.conf", content=b"hosts: files dns\n", mode=0o644),
    ]


def busybox_entries(program: Path) -> list[Entry]:
    """Return busybox and a link for each of its commands."""
    names = run([str(program), "--list"]).stdout.split()
    links = [command_link(name, "busybox") for name in names if name != "busybox"]
    return [Entry(path="usr/bin/busybox", source=program), *links]


def image_program(program: str) -> Path:
    """Return the path of a program that goes into an image. Raises HostError: it is not installed."""
    path = shutil.which(program, path=_SEARCH_PATH)
    if path is None:
        raise HostError(
            problem=f"the container images need {program}, which is in none of {_SEARCH_PATH}",
            remedy=f"Run `make kubernetes`, or install {program}",
        )
    return Path(path)


def with_libraries(files: Iterable[Path]) -> set[Path]:
    """Return the files and the shared libraries they load, each where its loader looks for it.

    `ldd` does not list what libc loads by itself when a program ends a thread, as iperf3 3.18 does.
    """
    own = list(files)
    listed = run(["ldd", *map(str, own)], env=environment(LC_ALL="C"), check=False)
    libraries = set(map(Path, _LIBRARY.findall(listed.stdout)))
    unwinders = {library.with_name(_UNWINDER) for library in libraries if library.name == _LIBC}
    return {*own, *libraries, *filter(Path.exists, unwinders)}


def copy_of(source: Path) -> Entry:
    """Copy a file to its own place, with `/lib` and its like under `/usr`."""
    path = str(source).lstrip("/")
    return Entry(path=path if path.startswith("usr/") else f"usr/{path}", source=source)


def command_link(name: str, target: str) -> Entry:
    """Return a link in `/usr/bin`."""
    return Entry(path=f"usr/bin/{name}", link=target)
