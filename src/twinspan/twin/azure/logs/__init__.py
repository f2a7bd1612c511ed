"""Diagnostic logs of VPN gateways: from what charon and BIRD did, into workspaces, out by queries."""
