"""What the twin has behind a Terraform type or argument, read from what its two APIs serve.

Only names are matched here: a provider's type to the API operation or resource type that it makes. Whether
that is served, and why not, is asked of the APIs' own tables, so nothing has to be said twice.
"""

from collections.abc import Mapping
from typing import Any

from twinspan.results.support import Support
from twinspan.twin.support import aws, azure

LOCAL = Support(level="objects only", reason="the provider works it out itself; no cloud is asked")


def support_of(mode: str, type_name: str) -> Support:
    """Return what is behind a resource (`managed`) or a data source (`data`)."""
    if type_name.startswith("aws_"):
        return aws.support_of(mode, type_name)
    if type_name.startswith("azurerm_"):
        return azure.support_of(mode, type_name)
    return LOCAL


def refused_arguments(type_name: str, values: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the arguments that are set and that the twin refuses -> what it is without."""
    return aws.refused_arguments(type_name, values) if type_name.startswith("aws_") else {}
