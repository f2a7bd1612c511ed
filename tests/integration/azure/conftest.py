"""Fixtures of the tests of the twin's Azure API."""

from aks_harness import aks, bare_aks
from arm_samples import estate
from azure_api_harness import azure_twin, lab, own_azure_twin
from machine_site import site

__all__ = ["aks", "azure_twin", "bare_aks", "estate", "lab", "own_azure_twin", "site"]
