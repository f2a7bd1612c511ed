"""The warning that says that no real provider is at work."""

from twinspan.twin.providers.resource import Problem
from twinspan.twin.providers.schema import ProviderSchema

_CHECKED = {"aws": "aws 5.100.0 and 6.47.0", "azurerm": "azurerm 5.2.0"}


def offline_warning(served: ProviderSchema, version: str) -> Problem:
    """Return the warning for one provider.

    Args:
        served: Its schema.
        version: By which Terraform asked for it.
    """
    other = "" if version == served.version else f" It has the schema of {served.version} all the same."
    return Problem(
        summary=f"offline provider for hashicorp/{served.name} {version}",
        detail="This is twinspan's offline provider, not the real one. It calls the same cloud API and its "
        f"schema was checked against {_CHECKED[served.name]}, but the real provider's own validation, "
        f"waiting and corner cases are not in it.{other} Run the configuration with the real provider before"
        " production.",
        warning=True,
    )
