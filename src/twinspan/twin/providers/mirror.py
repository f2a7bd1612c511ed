"""Write a provider mirror for Terraform that holds the offline providers."""

import shlex
import sys
from pathlib import Path

from twinspan.host import architecture
from twinspan.twin.providers.schema import VERSIONS
from twinspan.twin.providers.tls import write_key_pair


def write_mirror(folder: Path, *, python: str = sys.executable) -> Path:
    """Write an unpacked filesystem mirror of both offline providers, and a CLI configuration that uses it.

    The mirror holds one shell wrapper per provider. It starts `python`, so it works from any folder and
    with an empty HOME, but only on this machine and as long as that interpreter has this package. Written
    again, it is the same but for a new key.

    Args:
        folder: Where; made if missing, closed to others.
        python: Interpreter that has this package installed; an absolute path.

    Returns:
        The CLI configuration file: give it to Terraform as `TF_CLI_CONFIG_FILE`.

    Raises:
        HostError: This machine's architecture is unknown.
    """
    platform = f"linux_{architecture().name}"
    folder = folder.absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    key_file = folder / "plugin.pem"
    write_key_pair(key_file)
    mirror = folder / "mirror"
    for provider, version in VERSIONS.items():
        package = mirror / "registry.terraform.io" / "hashicorp" / provider / version / platform
        package.mkdir(parents=True, exist_ok=True)
        wrapper = package / f"terraform-provider-{provider}_v{version}"
        wrapper.write_text(_wrapper(python, provider, key_file))
        wrapper.chmod(0o755)
    config = folder / "terraformrc"
    config.write_text(_config(mirror))
    return config


def _wrapper(python: str, provider: str, key_file: Path) -> str:
    command = shlex.join([python, "-I", "-m", "twinspan.twin.providers.plugin", provider, str(key_file)])
    return f"#!/bin/sh\nexec {command}\n"


def _config(mirror: Path) -> str:
    path = str(mirror).replace("\\", "\\\\").replace('"', '\\"')
    return f"""disable_checkpoint = true
provider_installation {{
  filesystem_mirror {{
    path    = "{path}"
    include = ["registry.terraform.io/hashicorp/*"]
  }}
}}
"""
