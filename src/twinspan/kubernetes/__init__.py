"""The Kubernetes clusters of both clouds, through their API servers; the same on the twin and for real."""
