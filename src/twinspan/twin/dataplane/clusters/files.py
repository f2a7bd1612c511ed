"""Files that the agent writes for the programs of a cluster; all are for root alone."""

import base64
import os
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives import serialization

from twinspan.twin.kubernetes.authority import ClusterAuthority


def write(path: Path, text: str) -> Path:
    """Write a file of mode 0600 and return its path. A reader sees the old text or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)
    return path


def write_yaml(path: Path, content: dict[str, Any]) -> Path:
    """Write a YAML file and return its path."""
    return write(path, yaml.safe_dump(content, sort_keys=False))


def kubeconfig(
    authority: ClusterAuthority, *, server: str, user: str, organizations: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return a kubeconfig for a component, with a certificate of its own in it.

    Args:
        authority: Signs the certificate.
        server: URL of the API server.
        user: Name in Kubernetes, e.g. `system:kube-scheduler`.
        organizations: Groups in Kubernetes.
    """
    certificate, key = authority.issue(user, organizations=organizations)
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "default",
                "cluster": {
                    "server": server,
                    "certificate-authority-data": _encoded(authority.certificate),
                },
            }
        ],
        "users": [
            {
                "name": "default",
                "user": {
                    "client-certificate-data": _encoded(certificate),
                    "client-key-data": _encoded(key),
                },
            }
        ],
        "contexts": [{"name": "default", "context": {"cluster": "default", "user": "default"}}],
        "current-context": "default",
    }


def public_key(private: str) -> str:
    """Return the public half of a private key, both PEM."""
    key = serialization.load_pem_private_key(private.encode(), password=None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
