"""By which versions Terraform may ask for an offline provider; the schema is the same in all of them.

A design says which versions it takes. A version that is not there would end `terraform init`; so there is
one, whose warning says what schema it has, and Terraform names each argument that this does not know.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from twinspan.twin.providers.schema import VERSIONS

KNOWN: Mapping[str, Sequence[str]] = {
    "aws": ("3.76.1", "4.67.0", "5.100.0", VERSIONS["aws"]),
    "azurerm": ("2.99.0", "3.117.1", "4.50.0", VERSIONS["azurerm"]),
}
"""Provider -> versions that are always there. Source: the releases of both providers on GitHub."""

_NONE_MATCHES = re.compile(
    r"provider hashicorp/(?P<name>aws|azurerm): no available releases match the given constraints"
    r" (?P<constraints>[0-9.,<>=!~ ]+)"
)
_CONSTRAINT = re.compile(r"(?P<operator>[<>=!~]*) *(?P<version>[0-9]+(\.[0-9]+)*)")
_OPERATORS = {"": "==", "=": "==", "~>": "~="}
"""Terraform's where Python's differ. Source: Terraform, Version Constraints."""


def version_meeting(provider: str, constraints: str) -> str | None:
    """Return a version that meets constraints as Terraform writes them; None if there is none.

    The first choice is the schema's own, then the newest that is always there, then the oldest one allowed.

    Args:
        provider: `aws` or `azurerm`.
        constraints: E.g. `>= 6.28.0, < 7.0.0`.
    """
    parts = [_CONSTRAINT.fullmatch(part.strip()) for part in constraints.split(",")]
    matches = [match for match in parts if match]
    try:
        allowed = SpecifierSet(",".join(_specifier(match["operator"], match["version"]) for match in matches))
    except InvalidSpecifier:
        return None
    if len(matches) < len(parts):
        return None
    mentioned = sorted({near for match in matches for near in _near(match["version"])}, key=Version)
    choices = (VERSIONS[provider], *reversed(KNOWN[provider]), *mentioned)
    return next((version for version in choices if version in allowed), None)


def versions_asked_for(error: str) -> dict[str, str]:
    """Return provider -> a version that Terraform would take, from its error that none is."""
    chosen = (
        (match["name"], version_meeting(match["name"], match["constraints"].strip()))
        for match in _NONE_MATCHES.finditer(error)
    )
    return {name: version for name, version in chosen if version is not None}


def _specifier(operator: str, version: str) -> str:
    if operator == "~>" and "." not in version:
        return f"=={version}.*"  # Python's `~=` wants two parts
    return f"{_OPERATORS.get(operator, operator)}{version}"


def _near(version: str) -> Iterator[str]:
    """Yield a version with three parts, and the next ones after it."""
    major, minor, patch = ([int(part) for part in version.split(".")] + [0, 0])[:3]
    yield f"{major}.{minor}.{patch}"
    yield f"{major}.{minor}.{patch + 1}"
    yield f"{major}.{minor + 1}.0"
