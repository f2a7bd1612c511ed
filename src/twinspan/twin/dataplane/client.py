"""The agent as the control process has it: its calls over its socket."""

import socket
from contextlib import AbstractContextManager, nullcontext

from typing_extensions import override

from twinspan.twin.dataplane.wire import AgentCalls
from twinspan.twin.rpc import Connection, Peer, Stub

_AGENT = Peer(
    name="the data-plane agent",
    restart="Look at `twinspan twin logs`, then run `twinspan twin down` and `twin up`",
    answer_within_s=180.0,
)


class AgentClient(AgentCalls, Stub):
    """Commands one agent. Calls from several threads run at the same time.

    Every call raises HostError if the agent has ended, or does not answer in time, and whatever
    TwinspanError the agent met itself.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._connection = Connection(sock, _AGENT)

    @override
    def connection(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._connection)

    @property
    def ended(self) -> bool:
        """Whether a call has found the agent gone."""
        return self._connection.ended

    def close(self) -> None:
        """Close the socket, which ends the agent and all it made."""
        self._connection.close()
