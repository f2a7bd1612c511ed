"""Which providers plain `terraform` takes in a shell that `twinspan twin env` has set up."""

import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Literal

from twinspan.command import ask, environment
from twinspan.errors import CommandError, WaitTimeoutError
from twinspan.home import home
from twinspan.twin.azure.files import write_private
from twinspan.twin.rundir import RunDir

Choice = Literal["auto", "real", "offline"]
Providers = Literal["real", "offline"]

CONSTRAINTS = {"aws": ">= 5.100.0, < 7.0.0", "azurerm": ">= 5.0.0, < 6.0.0"}
"""The versions that the Terraform tree of this project asks for."""
BEGIN_LIMIT_S = 15.0
"""How long Terraform may take to start, in seconds: a launcher may stand before it, on a busy machine."""
PROBE_LIMIT_S = 1.0
"""How long each of two questions may take a started Terraform, in seconds; what starting took is added."""
ANSWER_KEPT_S = 600.0
"""How long an answer holds, in seconds; a machine may come on line, or go off."""

_NO_SUCH_VERSION = {"aws": "0.0.0-none", "azurerm": "0.0.0-none"}
_KNOWN = "no available releases match"
_CONFIG = "TF_CLI_CONFIG_FILE"
_CACHE = "TF_PLUGIN_CACHE_DIR"


def own_config() -> str | None:
    """Return the user's TF_CLI_CONFIG_FILE: None if there is none, or if it is one that a twin has set."""
    config = os.environ.get(_CONFIG)
    return None if not config or Path(config).absolute().is_relative_to(home()) else config


def chosen_providers(name: str, choice: Choice) -> Providers:
    """Return which providers to take for the twin `name`; `auto`: the real ones if both can be installed.

    `auto` asks Terraform, within `BEGIN_LIMIT_S` and `PROBE_LIMIT_S`, and keeps the answer in the run
    directory until the user's own Terraform settings change or ten minutes are over. Without Terraform the
    answer is `real`: there is nothing to set up.
    """
    if choice != "auto":
        return choice
    if shutil.which("terraform") is None:
        return "real"
    kept = RunDir(name).providers_answer
    settings = _settings()
    known = _kept(kept, settings)
    if known is None:
        known = "real" if can_install() else "offline"
        answer = {"settings": settings, "providers": known, "at_s": time.time()}
        write_private(kept, json.dumps(answer).encode())
    return known


def provider_variables(name: str, providers: Providers) -> dict[str, str | None]:
    """Return what to set (None: to unset) so that plain `terraform` takes these providers.

    `offline` writes a mirror of the offline providers into the run directory. `real` leaves the user's own
    TF_CLI_CONFIG_FILE alone, and unsets only one that a twin has set.
    """
    if providers == "offline":
        from twinspan.twin.providers.mirror import write_mirror  # noqa: PLC0415 - slow to load

        # A plugin cache would go on offering the wrappers when they are long gone.
        return {_CONFIG: str(write_mirror(RunDir(name).providers_mirror)), _CACHE: None}
    return {_CONFIG: None} if os.environ.get(_CONFIG) and own_config() is None else {}


def can_install() -> bool:
    """Whether Terraform, as the user has set it up, can install both real providers.

    The first question is to install them, which a local mirror does at once. A registry would send hundreds
    of megabytes: if there is no end in time, the second question is whether it knows the providers at all.
    What came of the first is in a temporary folder, and goes with it.
    """
    with tempfile.TemporaryDirectory(prefix="twinspan-providers-") as folder:
        try:
            return _init(Path(folder) / "install", CONSTRAINTS)[0]
        except WaitTimeoutError:
            return False
        except CommandError:
            pass
        try:
            _, errors = _init(Path(folder) / "know", _NO_SUCH_VERSION)
        except (CommandError, WaitTimeoutError):
            return False
        return len(errors) == len(CONSTRAINTS) and all(_KNOWN in error for error in errors)


def _init(folder: Path, versions: dict[str, str]) -> tuple[bool, list[str]]:
    """Ask Terraform for these versions: whether it has installed them, and what it says if not.

    Raises:
        CommandError: It did not end in time.
        WaitTimeoutError: It did not even start.
    """
    (folder / "cache").mkdir(parents=True)
    required = {
        name: {"source": f"hashicorp/{name}", "version": version} for name, version in versions.items()
    }
    module = {"terraform": {"required_providers": required}}
    (folder / "main.tf.json").write_text(json.dumps(module))
    variables = environment(
        CHECKPOINT_DISABLE="1",
        TF_CLI_ARGS=None,
        TF_CLI_ARGS_init=None,
        TF_CLI_CONFIG_FILE=own_config(),
        TF_DATA_DIR=None,
        TF_PLUGIN_CACHE_DIR=str(folder / "cache"),
        TF_REGISTRY_CLIENT_TIMEOUT="1",
        TF_REGISTRY_DISCOVERY_RETRY="0",
        TF_WORKSPACE=None,
        TMPDIR=str(folder),
    )
    argv = ["terraform", "init", "-json", "-backend=false", "-input=false"]
    done = ask(argv, cwd=folder, env=variables, begin_s=BEGIN_LIMIT_S, timeout_s=PROBE_LIMIT_S)
    return done.returncode == 0, [line for line in done.stdout.splitlines() if '"@level":"error"' in line]


def _settings() -> str:
    """Return a digest of what decides where Terraform looks for providers."""
    config = own_config() or str(Path.home() / ".terraformrc")
    path = Path(config)
    content = path.read_bytes() if path.is_file() else b""
    names = sorted(name for name in os.environ if name.startswith("TF_") or name.lower().endswith("_proxy"))
    # A twin's own settings come and go with its `env`; they decide nothing.
    values = [f"{name}={os.environ[name]}" for name in names if name not in _OF_A_TWIN]
    return hashlib.sha256("\0".join([config, *values]).encode() + content).hexdigest()


_OF_A_TWIN = frozenset({_CACHE, _CONFIG, "NO_PROXY", "TF_DATA_DIR", "no_proxy"})


def _kept(file: Path, settings: str) -> Providers | None:
    try:
        answer = json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    age_s = time.time() - answer["at_s"]
    if answer["settings"] != settings or not 0 <= age_s < ANSWER_KEPT_S:
        return None
    return "real" if answer["providers"] == "real" else "offline"
