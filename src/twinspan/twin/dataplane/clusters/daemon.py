"""Daemons of a cluster: as the data plane's others, with Kubernetes' way of logging."""

import re
from collections.abc import Callable, Mapping, Sequence

from twinspan.twin.dataplane.daemons import Daemon
from twinspan.twin.dataplane.events import DaemonLines, Journal

_CHATTER = re.compile(r'^(?:[I]\d{4} |Flag --|time="[^"]*" level=(?:info|debug)|\{"level":"(?:info|debug)")')
"""What is not worth a line in the twin's log: information of klog, containerd and etcd."""

_NO_INOTIFY = "too many open files"
_NO_INOTIFY_REMEDY = " (raise fs.inotify.max_user_instances: root has used up its inotify instances)"


class NodeDaemon(Daemon):
    """One process of a control plane or a node, in a namespace. If it ends by itself it is started again.

    Args:
        role: What it is, e.g. `kubelet ip-10-2-1-4.us-west-2.compute.internal`.
        namespace: Its network namespace.
        argv: The command, which may go on into more namespaces.
        environment: Its whole environment.
        journal: Where its end and its restart are noted.
        on_start: Called after each start.
    """

    def __init__(
        self,
        *,
        role: str,
        namespace: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        journal: Journal,
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        lines = DaemonLines(role)
        self._last_words = ""

        def keep(line: str) -> None:
            if not _CHATTER.match(line):
                self._last_words = line
                lines.add(line)

        super().__init__(
            role=role,
            namespace=namespace,
            argv=argv,
            environment=environment,
            journal=journal,
            on_line=keep,
            before_start=lines.fresh,
            on_start=on_start,
            # containerd and kubelet make the folders of containers that run as any user.
            umask=0o022,
        )

    @property
    def problem(self) -> str:
        """Why it does not run, in its own last words; empty if it does, or may yet."""
        if not self.failing:
            return ""
        remedy = _NO_INOTIFY_REMEDY if _NO_INOTIFY in self._last_words else ""
        return f"{self.role} ends as soon as it is started: {self._last_words}{remedy}"
