"""Upstream's end-to-end tests as programs of this user: built once, from the version that clusters run.

`python tools/conformance_suite.py CONFORMANCE GO`: the folder of the Go module, and the requirements file of
the Go from PyPI. Nothing stays of what Go downloads and compiles.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from twinspan.errors import HostError, TwinspanError
from twinspan.twin.kubernetes.build import Module, build
from twinspan.twin.kubernetes.install import Printer, locked
from twinspan.twin.kubernetes.programs import caches

_UPSTREAM = "k8s.io/kubernetes/test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The programs of the tests.

    Attributes:
        folder: Holds them.
    """

    folder: Path

    @property
    def tests(self) -> Path:
        """All tests of Kubernetes as one program."""
        return self.folder / "e2e.test"

    @property
    def ginkgo(self) -> Path:
        """Runs that program several times at once, each a part of the tests."""
        return self.folder / "ginkgo"

    @property
    def agnhost(self) -> Path:
        """What most test pods run."""
        return self.folder / "agnhost"


def main() -> int:
    """Build the suite unless it is there; return the exit status."""
    parser = argparse.ArgumentParser(prog="conformance_suite", description="Build Kubernetes' own tests.")
    parser.add_argument("conformance", type=Path, help="folder of the Go module that they are built from")
    parser.add_argument("go_requirements", type=Path, help="requirements file of the Go from PyPI")
    arguments = parser.parse_args()
    modules = suite_modules(arguments.conformance.resolve(), arguments.go_requirements.resolve())
    printer = Printer()
    try:
        build_suite(modules, show=printer.show)
    except TwinspanError as error:
        printer.end()
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    printer.end()
    return 0


def suite_modules(folder: Path, go_requirements: Path) -> tuple[Module, ...]:
    """Return what is built of the one Go module, the smallest first."""
    packages = {
        "ginkgo": "github.com/onsi/ginkgo/v2/ginkgo",
        "agnhost": f"{_UPSTREAM}/images/agnhost",
        "e2e.test": f"{_UPSTREAM}/e2e",
    }
    return tuple(
        Module(
            name=f"{program} of Kubernetes",
            programs=(program,),
            package=package,
            cost="20 minutes of one core's time for all tests, 170 MB",
            folder=folder,
            go_requirements=go_requirements,
        )
        for program, package in packages.items()
    )


def find_suite(modules: tuple[Module, ...]) -> Suite:
    """Return the suite that was built of these modules, by this user or by the one who called sudo.

    Raises:
        HostError: There is none.
    """
    for cache in caches():
        folder = cache / "conformance" / modules[0].key
        if folder.is_dir():
            return Suite(folder=folder)
    raise HostError(
        problem=f"Kubernetes' own tests of version {modules[0].version} have not been built here",
        remedy="Run `make conformance-suite`",
    )


def build_suite(modules: tuple[Module, ...], *, show: Callable[[str], None]) -> None:
    """Build the suite into this user's cache; quick and silent if it is there.

    Raises:
        HostError: It cannot be built.
    """
    cache = caches()[0] / "conformance"
    folder = cache / modules[0].key
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache, show):
            if not folder.is_dir():
                _build(modules, cache, folder, show)
    except OSError as error:
        raise HostError(
            problem=f"cannot write to {cache}: {error.strerror}",
            remedy="Free disk there, or set XDG_CACHE_HOME to a folder of yours",
        ) from error


def _build(modules: tuple[Module, ...], cache: Path, folder: Path, show: Callable[[str], None]) -> None:
    began = time.monotonic()
    work = cache / "building"
    work.mkdir(exist_ok=True)
    for left in (*cache.glob("new.*"), *cache.glob("build-*")):  # of killed runs, and older versions
        shutil.rmtree(left)
    fresh = Path(tempfile.mkdtemp(prefix="new.", dir=cache))
    fresh.chmod(0o755)
    show(f"Kubernetes' own tests {modules[0].version} are built here, once: {modules[0].cost}")
    try:
        for module in modules:
            build(module, work=work, target=fresh, show=show)
        fresh.rename(folder)
    except HostError as error:
        raise HostError(
            problem=error.problem,
            remedy="Run `make conformance-suite` again with disk and memory free, and GOPROXY set to a "
            "module proxy that this machine reaches",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(work)
    show(f"Kubernetes' own tests {modules[0].version} are ready ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    sys.exit(main())
