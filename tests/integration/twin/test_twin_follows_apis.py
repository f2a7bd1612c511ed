"""What is made through the two APIs is built, and what the daemons say comes back through them."""

import os
import signal
from contextlib import closing

import dev_network
import pytest

from twinspan.cloud.aws.client import clients as aws_clients
from twinspan.cloud.reader import read_network
from twinspan.twin import lifecycle
from twinspan.twin.client import TwinClient, twin_endpoints
from twinspan.twin.status import Status
from twinspan.wait import wait_until

pytestmark = pytest.mark.root


def wait_for_tunnels(client: TwinClient, *, ipsec: int, bgp: int) -> Status:
    def counts(status: Status) -> tuple[int, int]:
        up = sum(tunnel.ipsec == "up" for tunnel in status.tunnels)
        return up, sum(tunnel.bgp == "Established" for tunnel in status.tunnels)

    return wait_until(
        client.status,
        lambda status: counts(status) == (ipsec, bgp),
        what=f"{ipsec} tunnels with IPsec, {bgp} with BGP",
        timeout_s=45,
    )


def test_a_network_made_through_the_apis_carries_packets_and_is_reported_up(name: str) -> None:
    lifecycle.up(name)
    client, endpoints = TwinClient(name), twin_endpoints(name)
    dev = dev_network.build(endpoints)
    client.settled(30)
    wait_for_tunnels(client, ipsec=4, bgp=4)
    network, _ = read_network(endpoints)
    assert network.aws
    assert network.azure
    telemetry = [
        tunnel.telemetry for connection in network.aws.vpn_connections for tunnel in connection.tunnels
    ]
    assert [item.status if item else None for item in telemetry] == ["UP"] * 4
    assert {connection.connection_status for connection in network.azure.connections} == {"Connected"}

    subnet = next(candidate for candidate in network.aws.subnets if candidate.vpc_id == dev.vpc)
    group = next(
        security_group for security_group in network.aws.security_groups if security_group.name == "workload"
    )
    workload = next(
        candidate for candidate in network.azure.virtual_networks[0].subnets if candidate.name == "workload"
    )
    with closing(client.host_leases()) as hosts:
        near = hosts.attach("aws", subnet.id, security_group_ids=(group.id,))
        far = hosts.attach("azure", workload.id)
        done = near.run(["ping", "-c", "2", "-W", "2", str(far.address)], timeout_s=10)
        hosts.detach()
    assert done.returncode == 0, done.stdout
    assert client.hosts() == ()


@pytest.mark.slow
def test_a_deleted_connection_takes_its_tunnels_down(name: str) -> None:
    lifecycle.up(name)
    client, endpoints = TwinClient(name), twin_endpoints(name)
    dev = dev_network.build(endpoints)
    client.settled(30)
    wait_for_tunnels(client, ipsec=4, bgp=4)
    assert endpoints.aws
    aws_clients(endpoints.aws).ec2.delete_vpn_connection(VpnConnectionId=dev.vpn_connections[0])
    client.settled(30)
    status = wait_for_tunnels(client, ipsec=2, bgp=2)
    assert {tunnel.vpn_connection_id for tunnel in status.tunnels} == {dev.vpn_connections[1]}


@pytest.mark.slow
def test_one_wrong_key_costs_one_tunnel_and_says_so(name: str) -> None:
    lifecycle.up(name)
    client, endpoints = TwinClient(name), twin_endpoints(name)
    dev_network.build(endpoints, wrong_key=True)
    client.settled(30)
    wait_for_tunnels(client, ipsec=3, bgp=3)

    # AWS may have dialled before Azure's end was there, and dials again some seconds later.
    broken = wait_until(
        lambda: [tunnel for tunnel in client.status().tunnels if tunnel.ipsec == "down"],
        lambda down_tunnels: [tunnel.last_error for tunnel in down_tunnels] == ["AUTHENTICATION_FAILED"],
        what="one tunnel whose authentication failed",
        timeout_s=15,
    )
    assert [tunnel.azure_connections for tunnel in broken] == [("tunnel1",)]


@pytest.mark.slow
def test_the_tunnels_come_back_after_the_agent_was_killed(name: str) -> None:
    status = lifecycle.up(name)
    client, endpoints = TwinClient(name), twin_endpoints(name)
    dev_network.build(endpoints)
    client.settled(30)
    wait_for_tunnels(client, ipsec=4, bgp=4)
    os.kill(status.pids["agent"], signal.SIGKILL)
    wait_until(
        client.status,
        lambda current_status: current_status.pids.get("agent") not in {None, status.pids["agent"]},
        what="another agent",
        timeout_s=30,
    )
    wait_for_tunnels(client, ipsec=4, bgp=4)
