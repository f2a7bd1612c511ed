"""The folder of one twin: its settings, state, sockets and logs. Nobody else may look into it."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twinspan.errors import DesignError, HostError
from twinspan.home import home

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


@dataclass(frozen=True, slots=True)
class RunDir:
    """The folder of the twin `name`, and where things are in it.

    Raises:
        DesignError: The name is not of the form `[a-z0-9][a-z0-9-]{0,30}`.
    """

    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise DesignError(
                where="--name",
                problem=f"{self.name!r} cannot be the name of a twin",
                remedy="Use 1-31 small letters, digits and hyphens, not starting with a hyphen, e.g. `dev`",
            )

    @property
    def path(self) -> Path:
        """The folder itself, mode 0700."""
        return home() / self.name

    @property
    def settings(self) -> Path:
        """Ports and credentials (0600)."""
        return self.path / "settings.json"

    @property
    def process(self) -> Path:
        """Which process is the control process."""
        return self.path / "control.json"

    @property
    def socket(self) -> Path:
        """The control process's Unix socket."""
        return self.path / "control.sock"

    @property
    def aws_state(self) -> Path:
        """What the AWS API keeps."""
        return self.path / "aws.state"

    @property
    def azure_state(self) -> Path:
        """What the Azure API keeps."""
        return self.path / "azure.state"

    @property
    def tls(self) -> Path:
        """The authority, certificate and key of the Azure API."""
        return self.path / "tls"

    @property
    def authority(self) -> Path:
        """The certificate that clients of the Azure API trust."""
        return self.tls / "ca.pem"

    @property
    def ca_bundle(self) -> Path:
        """The system's authorities and the twin's."""
        return self.path / "ca-bundle.pem"

    @property
    def az_config(self) -> Path:
        """AZURE_CONFIG_DIR: where `az` keeps what it knows of this twin."""
        return self.path / "az"

    @property
    def terraform_data(self) -> Path:
        """TF_DATA_DIR for plain `terraform`."""
        return self.path / "terraform"

    @property
    def states(self) -> Path:
        """Terraform's states of users' own root modules here, and the modules that these have downloaded."""
        return self.path / "states"

    @property
    def providers_mirror(self) -> Path:
        """The offline Terraform providers for plain `terraform`."""
        return self.path / "providers"

    @property
    def providers_answer(self) -> Path:
        """Whether the real Terraform providers can be installed here, as last found."""
        return self.path / "providers.json"

    @property
    def data_plane(self) -> Path:
        """The agent's folder; gone when the twin is down."""
        return self.path / "dataplane"

    @property
    def kubeconfig(self) -> Path:
        """KUBECONFIG: where `aws eks update-kubeconfig` and `az aks get-credentials` write."""
        return self.path / "kubeconfig"

    @property
    def clusters(self) -> Path:
        """Authorities and ports of the Kubernetes clusters."""
        return self.path / "clusters"

    @property
    def logs(self) -> Path:
        """One file per process: `control.log`, `dataplane.log`..."""
        return self.path / "logs"

    def create(self) -> None:
        """Make the folder if it is missing, and close it to others.

        Raises:
            HostError: It cannot be made, or belongs to another user.
        """
        try:
            for folder in (self.path, self.logs, self.data_plane):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.chmod(0o700)
        except OSError as error:
            raise HostError(
                problem=f"the folder {self.path} cannot be used: {error.strerror}",
                remedy="Set TWINSPAN_HOME to a folder of yours",
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one `up` or `down` of this twin run at a time; others wait. The folder must exist."""
        with (self.path / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """Give a path for a Unix socket that fits into its 107 bytes, however deep the folder is."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
