"""Fixtures of the tests of the offline providers."""

from provider_workspace import arm, cli_config, clouds, workspace

__all__ = ["arm", "cli_config", "clouds", "workspace"]
