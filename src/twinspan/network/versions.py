"""Kubernetes versions: what a cloud's API says, and what really runs. Pure."""


def both_versions(expected: str, running: str) -> str:
    """Return what a cluster is said to run, and what it runs if that is another minor version.

    Args:
        expected: As EKS or AKS says, e.g. `1.35`.
        running: As the cluster's own API server says, e.g. `1.35.4`; empty if it was not asked.
    """
    if not running or minor(expected) == minor(running):
        return running or expected
    return f"asked for {expected}, runs {running}"


def minor(version: str) -> str:
    """Return the minor version, e.g. `1.35`."""
    return ".".join(version.removeprefix("v").split(".")[:2])
