"""The images that clusters of the twin have, made of this machine's Debian files: no registry is reached.

They go by the names of public images that have the same programs: manifests need no change on real clouds.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twinspan.command import environment, run
from twinspan.errors import HostError
from twinspan.twin.kubernetes.host_files import (
    busybox_entries,
    command_link,
    copy_of,
    image_program,
    skeleton,
    with_libraries,
)
from twinspan.twin.kubernetes.image_archive import Blob, Entry, Image, make_layer, write_archive

PAUSE_IMAGE = "registry.k8s.io/pause:3.9"
"""Holds a pod's namespaces; containerd's `sandbox_image`."""

BUSYBOX_IMAGE = "docker.io/library/busybox:1.36"
"""Small shell tools, `httpd`, `wget` and `nc` among them."""

TOOLS_IMAGE = "docker.io/nicolaka/netshoot:v0.14"
"""Network tools: `ping` of iputils, `iperf3`, `ip`, `iptables`, `python3` with what the flow agent and
an HTTPS server import.

The real clouds pull the public one, whose Python has all its modules.
"""

DNS_IMAGE = "registry.k8s.io/coredns/coredns:v1.14.3"
"""CoreDNS and nothing else."""

SYSTEM_IMAGE = "twinspan.local/system:1"
"""What the other system pods run: `iptables`, `nft`, `ip`, `conntrack`."""

ARCHIVE = "images.tar"
"""File name of the archive in the folder of archives; holds all images."""

_RECIPE = 10  # counted up when this module makes other images of the same files
_SHELL = ("dash", "wget")  # Debian's static busybox crashes in `wget -T`
_FIREWALL = ("xtables-nft-multi", "xtables-legacy-multi")
_FIREWALL_NAMES = ("iptables", "iptables-save", "iptables-restore")
_BASE = ("bash", "ping", "ip", *_FIREWALL)
_TOOLS = ("iperf3", "env", "timeout")  # busybox's own run its applets, such as its `ping`, before PATH
_FLOW_AGENT = ("array", "base64", "contextlib", "json", "select", "socket", "struct", "time", "zlib")
_HTTPS_SERVER = ("encodings.idna", "http.server", "ssl", "threading", "typing")
_LOADED = f"""
import {", ".join((*_FLOW_AGENT, *_HTTPS_SERVER))}, collections.abc, os, sys, sysconfig
print(sysconfig.get_path("platstdlib"))
for module in sys.modules.values():
    print(getattr(module, "__file__", None) or "")
"""
_SYSTEM = ("conntrack", "nft")
_EXTENSIONS = ("libxt_*.so", "libipt_*.so")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Layers, in the order in which images stack them, so that images share what is below."""

    busybox: Blob
    shell: Blob
    base: Blob
    dns: Blob
    tools: Blob
    system: Blob


def ensure_images(folder: Path) -> Path:
    """Write the archive of all images, unless it is there and its inputs are what they were.

    Args:
        folder: That of the programs (`Programs.folder`); `coredns` is taken from it.

    Returns:
        The folder of archives; each `*.tar` in it is for `ctr -n k8s.io images import`.

    Raises:
        HostError: A program that goes into an image is not installed.
        CommandError: `ldd` or `busybox` failed.
        OSError: The folder is not writable.
    """
    images = folder / "images"
    if _is_current(images, folder):
        return images
    images.mkdir(exist_ok=True)
    _give_to_owner_of(folder, images)
    with _locked(images / "lock"):
        if not _is_current(images, folder):
            sources: set[Path] = set()
            write_archive(images / ARCHIVE, _images(_parts(folder, sources)))
            draft = images / f"inputs.{os.getpid()}"
            draft.write_text(json.dumps(_fingerprint(sources)))
            draft.replace(images / "inputs.json")
            _give_to_owner_of(folder, *images.iterdir())
    return images


def _images(parts: _Parts) -> tuple[Image, ...]:
    """Put the layers together."""
    common = (parts.busybox, parts.shell, parts.base)
    return (
        Image(names=(PAUSE_IMAGE,), layers=(parts.busybox,), command=("/bin/busybox", "sleep", "infinity")),
        Image(names=(DNS_IMAGE,), layers=(parts.dns,), entrypoint=("/coredns",)),
        Image(names=(BUSYBOX_IMAGE,), layers=(parts.busybox, parts.shell), command=("sh",)),
        Image(names=(TOOLS_IMAGE,), layers=(*common, parts.tools), command=("sh",)),
        Image(names=(SYSTEM_IMAGE,), layers=(*common, parts.system), command=("sh",)),
    )


def _parts(folder: Path, sources: set[Path]) -> _Parts:
    """Make the layers; what they are made of is added to `sources`."""
    busybox = image_program("busybox")
    base = [image_program(name) for name in _BASE]
    shell = with_libraries(image_program(name) for name in _SHELL)
    below = with_libraries([*base, *_extensions()]) | shell
    python, modules, dynload = _python()
    tools = with_libraries([*map(image_program, _TOOLS), python, *modules])
    system = with_libraries(image_program(name) for name in _SYSTEM)
    dns = folder / "coredns"
    sources |= {busybox, dns, image_program("iptables"), *below, *tools, *system}
    return _Parts(
        busybox=make_layer([*skeleton(), *busybox_entries(busybox)]),
        shell=make_layer([*map(copy_of, shell), command_link("sh", "dash")]),
        base=make_layer([*map(copy_of, below - shell), *_firewall_links()]),
        dns=make_layer([Entry(path="coredns", source=dns)]),
        tools=make_layer([*map(copy_of, tools - below), dynload]),
        system=make_layer(map(copy_of, system - below)),
    )


def _firewall_links() -> list[Entry]:
    """Link `iptables` to the variant that this machine's is: rules of the two kinds must not be mixed."""
    variant = image_program("iptables").resolve().name
    links = []
    for program in _FIREWALL:
        kind = program.split("-")[1]
        for name in _FIREWALL_NAMES:
            special = name.replace("iptables", f"iptables-{kind}")
            links.append(Entry(path=f"usr/sbin/{special}", link=program))
            if program == variant:
                links.append(Entry(path=f"usr/sbin/{name}", link=program))
    return links


def _extensions() -> list[Path]:
    """Return the plug-ins that `iptables` loads for the matches and targets of rules."""
    extensions = [file for pattern in _EXTENSIONS for file in Path("/usr/lib").glob(f"*/xtables/{pattern}")]
    if not extensions:
        raise HostError(
            problem="the container images need iptables' extensions (/usr/lib/*/xtables), not found here",
            remedy="Run `make kubernetes`",
        )
    return extensions


def _python() -> tuple[Path, set[Path], Entry]:
    """Return the distribution's Python, the files of what the flow agent imports, and an empty landmark.

    A Python of any other origin may need libraries of that origin's, so it must be the one in `/usr/bin`.
    """
    program = image_program("python3")
    result = run([str(program), "-I", "-c", _LOADED], env=environment(LC_ALL="C.UTF-8"))
    folder, *files = result.stdout.splitlines()
    # Without that folder Python complains at every start; of the modules in it those that count are listed.
    landmark = Entry(path=f"{folder.lstrip('/')}/lib-dynload")
    return program, {Path(file) for file in files if file}, landmark


def _is_current(images: Path, folder: Path) -> bool:
    try:
        recorded = json.loads((images / "inputs.json").read_text())
        sources = {Path(path) for path in recorded["sources"]}
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return False
    if folder / "coredns" not in sources or not (images / ARCHIVE).exists():
        return False
    return bool(recorded == _fingerprint(sources))


def _fingerprint(sources: Iterable[Path]) -> dict[str, object]:
    """Say what the images are made of: each file's place, size and time of change; null if it is gone."""
    return {"recipe": _RECIPE, "sources": {str(path): _state(path) for path in sorted(sources)}}


def _state(path: Path) -> Sequence[str | int] | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return [str(path.resolve()), seen.st_size, seen.st_mtime_ns]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until no other process makes the images."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _give_to_owner_of(folder: Path, *files: Path) -> None:
    """Let the folder's owner go on using what root made in it."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        for file in files:
            os.chown(file, owner.st_uid, owner.st_gid)
