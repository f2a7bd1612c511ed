"""What a configuration asks for, read from `terraform graph` without planning anything.

Terraform itself is asked, so that nothing here has to understand its language. The graph names every
resource, also of types that no installed provider knows, and every provider configuration that would be used;
neither variables nor credentials are needed. Source: Terraform, "Command: graph" (`-type=plan`).
"""

import re
from dataclasses import dataclass

from twinspan.project.plan import split_address

_NODE = re.compile(r'^\s*"\[root\] (?P<address>.*)" \[label = ')
_PROVIDER = re.compile(r'^provider\["(?P<source>[^"]+)"\](?:\.(?P<alias>[\w-]+))?$')
_RESOURCE = re.compile(r"^(?:(?P<mode>data|ephemeral)\.)?(?P<type>\w+)\.[\w-]+ \(expand\)$")


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class ProviderConfiguration:
    """A provider as one module configures it, or as Terraform does where no module says how.

    Attributes:
        module: The module's key, as in `modules.json`.
        source: E.g. `registry.terraform.io/hashicorp/aws`.
        alias: Empty for the default configuration.
    """

    module: str
    source: str
    alias: str = ""


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Wanted:
    """A resource, data source or ephemeral resource of a configuration.

    Attributes:
        mode: `managed`, `data` or `ephemeral`.
        type: E.g. `aws_vpc`.
        address: Terraform's address of it, without keys.
    """

    mode: str
    type: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What a configuration asks for.

    Attributes:
        providers: Every configuration of a provider that is used.
        wanted: Everything that is to be made or read.
    """

    providers: tuple[ProviderConfiguration, ...]
    wanted: tuple[Wanted, ...]


def read_graph(dot: str) -> Graph:
    """Read what `terraform graph -type=plan` prints."""
    providers: set[ProviderConfiguration] = set()
    resources: set[Wanted] = set()
    for line in dot.splitlines():
        node = _NODE.match(line)
        if node is None:
            continue
        module, rest = split_address(node["address"].replace('\\"', '"'))
        if match := _PROVIDER.match(rest):
            providers.add(
                ProviderConfiguration(module=_key(module), source=match["source"], alias=match["alias"] or "")
            )
        elif match := _RESOURCE.match(rest):
            address = ".".join(part for part in (module, rest.removesuffix(" (expand)")) if part)
            resources.add(Wanted(mode=match["mode"] or "managed", type=match["type"], address=address))
    return Graph(providers=tuple(sorted(providers)), wanted=tuple(sorted(resources)))


def _key(module: str) -> str:
    """Return `network.vpn` for `module.network.module.vpn`."""
    return ".".join(module.split(".")[1::2])
