"""Private working copies of a Terraform tree, so that offline runs leave no trace in the user's."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from twinspan import extras
from twinspan.project.environment import Environment
from twinspan.project.messages import Diagnostic

_LEFT_BEHIND = (".git", ".terraform", "*.tfstate", "*.tfstate.*", "*.tfplan", "tests")
_LOCK = ".terraform.lock.hcl"
_OFFLINE_MARK = b"twinspan.twin.providers"
_LARGEST_WRAPPER_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where Terraform runs.

    Attributes:
        folder: The root module.
        data: `TF_DATA_DIR`; None leaves the caller's.
        config: `TF_CLI_CONFIG_FILE`; None leaves the caller's.
    """

    folder: Path
    data: Path | None = None
    config: Path | None = None


def offline_providers(workspace: Workspace) -> tuple[str, ...]:
    """Return which of the installed providers are twinspan's own, e.g. `hashicorp/aws`."""
    installed = (workspace.data or workspace.folder / ".terraform") / "providers"
    # installed/HOST/NAMESPACE/PROVIDER/VERSION/PLATFORM, the last of which is a link into a mirror.
    return tuple(
        sorted(
            "/".join(platform.relative_to(installed).parts[1:3])
            for platform in installed.glob("*/*/*/*/*")
            for executable in platform.resolve().glob("terraform-provider-*")
            if executable.stat().st_size < _LARGEST_WRAPPER_BYTES and _OFFLINE_MARK in executable.read_bytes()
        )
    )


class WorkingCopies:
    """A temporary folder, closed to other users, that goes with this object.

    It holds a copy of the tree per use: a lock file that names an offline provider must never reach the tree
    that is committed, and two runs at once must not meet in one folder.
    """

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="twinspan-terraform-")
        self._added: set[tuple[str, str]] = set()

    @property
    def home(self) -> Path:
        """The folder itself."""
        return Path(self._home.name)

    def copy(self, env: Environment, module: Path, *, purpose: str, config: Path | None = None) -> Workspace:
        """Copy the tree of `env` and return the workspace of its root module `module` there.

        The tree's own lock file comes along unless a `config` says where providers come from.
        """
        here = self.home / purpose
        left_behind = (*_LEFT_BEHIND, _LOCK) if config else _LEFT_BEHIND
        shutil.copytree(env.tree, here / "tree", symlinks=True, ignore=shutil.ignore_patterns(*left_behind))
        return Workspace(
            folder=here / "tree" / module.relative_to(env.tree), data=here / "data", config=config
        )

    def offline_config(self) -> Path:
        """Write a mirror of the offline providers there; return the `config` of a workspace that takes them.

        Raises:
            HostError: The extra `twin` is not installed, or this machine's architecture is unknown.
        """
        extras.require("twin", by="an offline provider", otherwise="take the real ones with --providers real")
        from twinspan.twin.providers.mirror import write_mirror  # noqa: PLC0415 - slow to load, seldom needed

        return write_mirror(self.home / "providers")

    def add_versions(self, config: Path, errors: Sequence[Diagnostic]) -> bool:
        """Have the offline providers of `config` be there in the versions that Terraform misses.

        Returns:
            Whether there are new ones, so that it is worth asking again.
        """
        from twinspan.twin.providers.mirror import add_versions  # noqa: PLC0415 - as above
        from twinspan.twin.providers.versions import versions_asked_for  # noqa: PLC0415 - as above

        missed = versions_asked_for("\n".join(error.as_line() for error in errors))
        fresh = {item for item in missed.items() if item not in self._added}
        add_versions(config, dict(fresh))
        self._added |= fresh
        return bool(fresh)

    def close(self) -> None:
        """Remove everything."""
        self._home.cleanup()
