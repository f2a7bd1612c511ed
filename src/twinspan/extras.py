"""The parts of twinspan that an installation may lack: the extras that the package's metadata names."""

import re
from importlib.metadata import PackageNotFoundError, distribution, requires
from typing import Literal

from twinspan.errors import HostError

Extra = Literal["report", "twin"]

_OF_AN_EXTRA = re.compile(r"(?P<name>[\w.-]+).*;.*\bextra == ['\"](?P<extra>[\w-]+)['\"]")
"""Source: PyPA, Core metadata specifications, Requires-Dist and Provides-Extra."""


def missing(extra: Extra) -> tuple[str, ...]:
    """Return the names of the packages of an extra that are not installed, in order."""
    matches = (_OF_AN_EXTRA.match(requirement) for requirement in requires("twinspan") or ())
    return tuple(
        sorted({match["name"] for match in matches if match and match["extra"] == extra and _lacks(match)})
    )


def require(extra: Extra, *, by: str, otherwise: str = "") -> None:
    """Refuse to go on without an extra.

    Args:
        extra: Which one.
        by: What needs it, as the subject of a sentence in the singular, e.g. `the twin`.
        otherwise: What to do without it; an instruction, e.g. `use --on cloud`. Empty if nothing can be done.

    Raises:
        HostError: A package of it is not installed.
    """
    if packages := missing(extra):
        raise HostError(
            problem=f"{by} needs {', '.join(packages)}, not installed here",
            remedy=f"Run `pip install 'twinspan[{extra}]'`" + (f", or {otherwise}" if otherwise else ""),
        )


def _lacks(requirement: re.Match[str]) -> bool:
    try:
        distribution(requirement["name"])
    except PackageNotFoundError:
        return True
    return False
