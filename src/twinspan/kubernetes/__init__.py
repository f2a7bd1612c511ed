"""The Kubernetes clusters of both clouds, through their API servers; the same on the twin and for real."""

TOOLS_IMAGE = "docker.io/nicolaka/netshoot:v0.14"
"""What test pods run: has ping of iputils and iperf3; public, and one of the twin's own images."""
