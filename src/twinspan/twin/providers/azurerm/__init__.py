"""The offline provider for hashicorp/azurerm."""

from typing import Any

from twinspan.twin.providers import schema
from twinspan.twin.providers.engine import State
from twinspan.twin.providers.provider import Definition
from twinspan.twin.providers.warning import offline_warning


def _connect(config: State) -> Any:
    return object()


def definition() -> Definition[Any]:
    """Return what makes this provider."""
    served = schema.load("azurerm")
    return Definition(
        schema=served,
        resources={},
        data_sources={},
        connect=_connect,
        warning=offline_warning("azurerm", served.version),
    )
