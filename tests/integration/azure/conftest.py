"""Fixtures of the tests of the twin's Azure API."""

from azure_api_harness import azure_twin, lab, own_azure_twin

__all__ = ["azure_twin", "lab", "own_azure_twin"]
