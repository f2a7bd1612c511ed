"""The one place where a twin and real accounts are told apart by name."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twinspan.target.place import Place


def place_of(on: str, name: str) -> "Place":
    """Return the place that `--on` and `--name` mean; nothing is asked yet.

    Raises:
        HostError: What it needs is not installed.
    """
    if on == "cloud":
        from twinspan.target.cloud import CloudPlace  # noqa: PLC0415 - each loads what the other does not need

        return CloudPlace()
    from twinspan.target.twin import TwinPlace  # noqa: PLC0415 - as above

    return TwinPlace(name)
