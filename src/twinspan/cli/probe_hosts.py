"""Throw-away hosts of a twin for `twinspan probe`."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from twinspan.cli.target import Target
from twinspan.errors import DesignError, HostError
from twinspan.network.clouds import Cloud
from twinspan.probe.iperf import TunnelBytes
from twinspan.protocols import Host


def refuse_cloud(on: str) -> None:
    """Refuse real accounts: there are no throw-away hosts."""
    if on == "cloud":
        raise HostError(
            problem="twinspan attaches throw-away hosts to a twin only",
            remedy="Add --from pods, which sends from pods of the EKS and AKS clusters; or use --on twin",
        )


@contextmanager
def hosts_in(
    target: Target, aws_subnets: Sequence[str | None], azure_subnets: Sequence[str | None]
) -> Iterator[tuple[list[Host], list[Host]]]:
    """Attach one host per subnet while the block runs; None stands for the first of the outputs."""
    from twinspan.twin.client import TwinClient  # noqa: PLC0415 - the cloud's way needs no twin
    from twinspan.twin.dataplane.wire import HostSpec  # noqa: PLC0415

    expected = target.expected
    aws = [_subnet(each, "aws", expected.private_subnet_ids if expected else ()) for each in aws_subnets]
    azure = [_subnet(each, "azure", expected.azure_subnet_ids if expected else ()) for each in azure_subnets]
    group = expected.workload_security_group_id if expected else ""
    client = TwinClient(target.name)
    mark = secrets.token_hex(3)
    made: dict[Cloud, list[Host]] = {"aws": [], "azure": []}
    sides: tuple[tuple[Cloud, list[str]], ...] = (("aws", aws), ("azure", azure))
    with ExitStack() as stack:
        for side, subnets in sides:
            for number, subnet_id in enumerate(subnets):
                spec = HostSpec(
                    name=f"p{mark}-{side}{number}",
                    side=side,
                    subnet_id=subnet_id,
                    security_group_ids=(group,) if group and side == "aws" else (),
                )
                made[side].append(stack.enter_context(client.host(spec)))
        yield made["aws"], made["azure"]


def _subnet(given: str | None, side: Cloud, known: Sequence[str]) -> str:
    if given:
        return given.lower() if side == "azure" else given
    if not known:
        raise DesignError(
            where=f"--{side}-subnet",
            problem="no subnet is given, and the environment has no Terraform outputs yet",
            remedy="Run `twinspan apply` first, or name the subnet",
        )
    return known[0]


def tunnel_bytes_of(target: Target) -> TunnelBytes:
    """Return a reader of how much each tunnel has carried."""
    from twinspan.twin.client import TwinClient  # noqa: PLC0415 - the cloud's way needs no twin

    client = TwinClient(target.name)
    tunnels = target.expected.tunnels if target.expected else ()
    by_address = {tunnel.outside_ip_address: tunnel.key for tunnel in tunnels}
    by_connection = {tunnel.azure_connection_name.lower(): tunnel.key for tunnel in tunnels}

    def read(side: str) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        observed = client.observe()
        if side == "aws":
            ends = [
                (by_address.get(end.outside_ip_address, str(end.outside_ip_address)), end.bytes_out)
                for end in observed.aws_tunnels
            ]
        else:
            names = [end.connection_id.rpartition("/")[2].lower() for end in observed.azure_tunnels]
            ends = [
                (by_connection.get(name, name), end.bytes_out)
                for name, end in zip(names, observed.azure_tunnels, strict=True)
            ]
        # A connection has an end at every instance of the gateway; one of them carries the tunnel.
        for key, count in ends:
            counts[key] = counts.get(key, 0) + count
        return counts

    return read
