"""Whatever line a Ctrl-C interrupts, no host stays attached; a real socket stands for the twin's."""

import gc
import itertools
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from typing_extensions import override

from twinspan.cloud.endpoints import Endpoints
from twinspan.errors import DesignError
from twinspan.target import hosts
from twinspan.target.hosts import hosts_in
from twinspan.target.target import Target
from twinspan.target.twin import TwinPlace
from twinspan.twin import client, rpc
from twinspan.twin.calls import LeaseCalls
from twinspan.twin.control_server import ControlServer
from twinspan.twin.dataplane.wire import HostCalls, HostInfo, HostSpec
from twinspan.twin.rpc import offer
from twinspan.twin.rundir import RunDir
from twinspan.wait import wait_until

NAME = "leases"
OURS = {hosts.__file__, client.__file__, rpc.__file__}
"""Files in whose lines the Ctrl-C comes."""
EXIT = hosts.Attached.__exit__.__code__
"""Before its first line nothing of it has run: only the end of the process detaches then."""
EXIT_BEGINS = next(line for *_, line in EXIT.co_lines() if line and line > EXIT.co_firstlineno)


class Control(LeaseCalls, HostCalls):
    """Attaches hosts as a control process does: each until its connection ends."""

    def __init__(self) -> None:
        self.attached: dict[str, HostInfo] = {}
        self.ever = 0
        self._lock = threading.Lock()

    @override
    @contextmanager
    def hold_host(self, spec: HostSpec) -> Iterator[HostInfo]:
        if spec.subnet_id == "gone":
            raise DesignError(where="subnet gone", problem="there is none", remedy="Name another")
        info = HostInfo(
            name=spec.name, side=spec.side, subnet_id=spec.subnet_id, address=IPv4Address("10.0.0.4")
        )
        with self._lock:
            self.attached[spec.name] = info
            self.ever += 1
        try:
            yield info
        finally:
            self.detach(spec.name)

    @override
    def detach(self, name: str) -> None:
        with self._lock:
            self.attached.pop(name, None)

    @override
    def hosts(self) -> tuple[HostInfo, ...]:
        with self._lock:
            return tuple(self.attached.values())


@pytest.fixture
def control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    monkeypatch.setenv("TWINSPAN_HOME", str(tmp_path))
    monkeypatch.setattr(rpc, "_CLOSED_WITHIN_S", 3600.0)  # nobody may wait for an interrupted reader
    path = RunDir(NAME).socket
    path.parent.mkdir(parents=True)
    control = Control()
    server = ControlServer(path, offer(LeaseCalls, lambda: control) | offer(HostCalls, lambda: control))
    server.start()
    yield control
    server.stop()


TARGET = Target(place=TwinPlace(NAME), endpoints=Endpoints(aws=None, azure=None))


def interrupted(line: int) -> KeyboardInterrupt | None:
    """Attach two hosts and detach them; a Ctrl-C comes before that line of `OURS`, counted as they run."""
    seen = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal seen
        if frame.f_code.co_filename not in OURS:
            return None
        if event != "line" or (frame.f_code is EXIT and frame.f_lineno == EXIT_BEGINS):
            return trace
        seen += 1
        if seen == line:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        with hosts_in(TARGET, ["subnet-1"], ["/subnet"]) as (aws, azure):
            assert (len(aws), len(azure)) == (1, 1)
    except KeyboardInterrupt as interrupt:
        return interrupt  # its traceback keeps every frame, so that nothing is closed as garbage
    finally:
        sys.settrace(None)
    return None


def until_none_is_attached(control: Control, *, after: str = "") -> None:
    what = f"end of the hosts {after}"
    wait_until(
        control.hosts, lambda attached_hosts: attached_hosts == (), what=what, timeout_s=20, interval_s=0.001
    )


# An interrupted call that holds nothing may leave its connection to the garbage.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_whichever_line_is_interrupted_every_host_is_detached(control: Control) -> None:
    attached_when_interrupted = 0
    for line in itertools.count(1):
        before = control.ever
        interrupt = interrupted(line)
        if interrupt is None:
            break
        attached_when_interrupted += control.ever > before
        where = traceback.extract_tb(interrupt.__traceback__)[-1]
        until_none_is_attached(control, after=f"interrupted at {where.filename}:{where.lineno}")

    assert attached_when_interrupted > 10
    until_none_is_attached(control)
    interrupt = None
    gc.collect()  # here, where an unclosed connection is no fault


def test_hosts_are_gone_when_the_block_has_ended(control: Control) -> None:
    with hosts_in(TARGET, ["subnet-1"], ["/subnet"]) as (aws, azure):
        assert {host.name for host in control.hosts()} == {aws[0].name, azure[0].name}
    assert control.hosts() == ()


def test_a_host_that_cannot_be_attached_takes_the_other_with_it(control: Control) -> None:
    with pytest.raises(DesignError, match="subnet gone"), hosts_in(TARGET, ["subnet-1", "gone"], ["/subnet"]):
        pass
    assert control.ever == 1
    until_none_is_attached(control)
