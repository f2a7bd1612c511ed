"""Write a provider mirror for Terraform that holds the offline providers."""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from twinspan.host import architecture
from twinspan.twin.providers.tls import write_key_pair
from twinspan.twin.providers.versions import KNOWN

_KEY, _MIRROR = "plugin.pem", "mirror"
_OFFLINE = [f"registry.terraform.io/hashicorp/{provider}" for provider in KNOWN]


def write_mirror(folder: Path, *, python: str = sys.executable) -> Path:
    """Write an unpacked filesystem mirror of both offline providers, and a CLI configuration that uses it.

    The mirror holds one shell wrapper per provider and version. It starts `python`, so it works from any
    folder and with an empty HOME, but only on this machine and as long as that interpreter has this package.
    Written again, it is the same but for a new key.

    Args:
        folder: Where; made if missing, closed to others.
        python: Interpreter that has this package installed; an absolute path.

    Returns:
        The CLI configuration file: give it to Terraform as `TF_CLI_CONFIG_FILE`.

    Raises:
        HostError: This machine's architecture is unknown.
    """
    platform = _platform()
    folder = folder.absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    write_key_pair(folder / _KEY)
    for provider, versions in KNOWN.items():
        for version in versions:
            _write_wrapper(folder, provider, version, platform, python)
    config = folder / "terraformrc"
    config.write_text(_config(folder / _MIRROR))
    return config


def add_versions(config: Path, versions: Mapping[str, str], *, python: str = sys.executable) -> None:
    """Add versions of offline providers to the mirror that `write_mirror` has written.

    Args:
        config: What it returned.
        versions: Provider -> version.
        python: As there.
    """
    for provider, version in versions.items():
        _write_wrapper(config.parent, provider, version, _platform(), python)


def _platform() -> str:
    return f"linux_{architecture().name}"


def _write_wrapper(folder: Path, provider: str, version: str, platform: str, python: str) -> None:
    package = folder / _MIRROR / "registry.terraform.io" / "hashicorp" / provider / version
    wrapper = package / platform / f"terraform-provider-{provider}_v{version}"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    plugin = [python, "-I", "-m", "twinspan.twin.providers.plugin"]
    wrapper.write_text(f"#!/bin/sh\nexec {shlex.join([*plugin, provider, version, str(folder / _KEY)])}\n")
    wrapper.chmod(0o755)


def _config(mirror: Path) -> str:
    """Return a CLI configuration: the offline providers from the mirror, others as Terraform finds them.

    Source: Terraform, "Implied Local Mirror Directories": what is there is taken from nowhere else.
    """
    folders = [folder for folder in _implied() if folder.is_dir()]
    local = {f"{p.parent.parent.name}/{p.parent.name}/{p.name}" for f in folders for p in f.glob("*/*/*")}
    methods = [
        _method("filesystem_mirror", path=str(mirror), include=_OFFLINE),
        *(_method("filesystem_mirror", path=str(folder), exclude=_OFFLINE) for folder in folders),
        _method("direct", exclude=[*_OFFLINE, *sorted(local - set(_OFFLINE))]),
    ]
    return f"disable_checkpoint = true\nprovider_installation {{\n{''.join(methods)}}}\n"


def _method(name: str, **arguments: object) -> str:
    """Return an installation method in HCL, whose strings and lists are JSON's but for templates."""
    written = {
        key: json.dumps(value).replace("${", "$${").replace("%{", "%%{") for key, value in arguments.items()
    }
    lines = "".join(f"    {key} = {value}\n" for key, value in written.items())
    return f"  {name} {{\n{lines}  }}\n"


def _implied() -> list[Path]:
    """Return the folders in which Terraform looks for providers by itself."""
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    own = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return [
        Path.home() / ".terraform.d" / "plugins",
        *(Path(folder) / "terraform" / "plugins" for folder in (own, *shared.split(":"))),
    ]
