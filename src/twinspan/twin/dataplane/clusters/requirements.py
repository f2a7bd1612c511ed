"""What clusters need of this machine."""

import os
from pathlib import Path

from twinspan.twin.dataplane.clusters import cgroups
from twinspan.twin.kubernetes.programs import NAMES, missing_host_programs
from twinspan.twin.kubernetes.spec import ClusterSpec


def lacking(spec: ClusterSpec) -> str:
    """Return what is missing for a cluster, in words; empty if nothing is."""
    programs = Path(spec.programs) if spec.programs else None
    missing = [
        name for name in NAMES if programs is None or not os.access(programs / name, os.X_OK)
    ] + sorted(missing_host_programs())
    if missing:
        return f"Kubernetes cannot run here: {', '.join(missing)} missing"
    if not spec.images or not any(Path(spec.images).glob("*.tar")):
        return f"there are no container images in {spec.images or 'any folder'}"
    if not cgroups.usable():
        return "this machine has no writable control groups (/sys/fs/cgroup)"
    return ""
