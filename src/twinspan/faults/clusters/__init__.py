"""Faults of the Kubernetes clusters: what is measured is requests to a service."""
