"""The calls of the control socket that go through to the data plane's agent."""

from collections.abc import Callable
from typing import Any

from twinspan.twin.agents import AgentSlot
from twinspan.twin.control_server import Lease, Method
from twinspan.twin.dataplane import wire
from twinspan.twin.dataplane.client import AgentClient


def agent_methods(agents: AgentSlot) -> dict[str, Method]:
    """Return name -> call, on whichever agent there is at the time."""

    def bound(call: Callable[[AgentClient, dict[str, Any]], object]) -> Method:
        return lambda params: call(agents.client, params)

    return {
        "observe": bound(lambda agent, _: wire.OBSERVED.dump_python(agent.observe(), mode="json")),
        "detach": bound(lambda agent, params: agent.detach(str(params["name"]))),
        "hosts": bound(lambda agent, _: wire.HOST_INFOS.dump_python(agent.hosts(), mode="json")),
        "run": bound(_run),
        "inject": bound(lambda agent, params: agent.inject(wire.FAULT_SPEC.validate_python(params))),
        "heal": bound(lambda agent, params: agent.heal(wire.FAULT_SPEC.validate_python(params))),
        "heal_all": bound(lambda agent, _: agent.heal_all()),
        "events": bound(
            lambda agent, params: wire.EVENTS.dump_python(agent.events(float(params["since_s"])), mode="json")
        ),
        "pids": bound(lambda agent, _: agent.pids()),
        "lose_node": bound(lambda agent, params: agent.lose_node(*_node(params))),
        "restore_node": bound(lambda agent, params: agent.restore_node(*_node(params))),
        "lose_cluster": bound(lambda agent, params: agent.lose_cluster(str(params["cluster"]))),
        "restore_cluster": bound(lambda agent, params: agent.restore_cluster(str(params["cluster"]))),
    }


def _node(params: dict[str, Any]) -> tuple[str, str]:
    return str(params["cluster"]), str(params["node"])


def agent_leases(agents: AgentSlot) -> dict[str, Lease]:
    """Return name -> call that is undone when its asker has gone.

    A fault that nobody minds must not stay, nor a host that sends on after the drill was killed.
    """

    def hold_fault(params: dict[str, Any]) -> Callable[[], None]:
        fault = wire.FAULT_SPEC.validate_python(params)
        agents.client.inject(fault)
        return lambda: agents.client.heal(fault)

    def hold_off(params: dict[str, Any]) -> Callable[[], None]:
        cluster, node = str(params["cluster"]), params.get("node")
        if node is None:
            agents.client.lose_cluster(cluster)
            return lambda: agents.client.restore_cluster(cluster)
        agents.client.lose_node(cluster, str(node))
        return lambda: agents.client.restore_node(cluster, str(node))

    def hold_host(params: dict[str, Any]) -> Callable[[], None]:
        info = agents.client.attach(wire.HOST_SPEC.validate_python(params))
        return lambda: agents.client.detach(info.name)

    return {"hold_fault": hold_fault, "hold_off": hold_off, "hold_host": hold_host}


def _run(agent: AgentClient, params: dict[str, Any]) -> object:
    request = wire.RUN_REQUEST.validate_python(params)
    done = agent.run(request.host, request.argv, timeout_s=request.timeout_s, stdin=request.stdin)
    return wire.COMPLETED.dump_python(done, mode="json")
