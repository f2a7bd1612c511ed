"""The warning that says that no real provider is at work."""

from twinspan.twin.providers.resource import Problem

_CHECKED = {"aws": "aws 5.100.0 and 6.47.0", "azurerm": "azurerm 5.2.0"}


def offline_warning(provider: str, version: str) -> Problem:
    """Return the warning for one provider."""
    return Problem(
        summary=f"offline provider for hashicorp/{provider} {version}",
        detail="This is twinspan's offline provider, not the real one. It calls the same cloud API and its "
        f"schema was checked against {_CHECKED[provider]}, but the real provider's own validation, waiting "
        "and corner cases are not in it. Run the configuration with the real provider before production.",
        warning=True,
    )
