"""Fixtures of the tests of the twin's Azure API."""

from aks_harness import aks
from azure_api_harness import azure_twin, lab, own_azure_twin

__all__ = ["aks", "azure_twin", "lab", "own_azure_twin"]
