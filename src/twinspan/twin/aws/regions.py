"""Which regions of the twin's AWS hold something of the user's."""

from typing import Any

from moto.ec2.models import ec2_backends
from moto.eks.models import eks_backends

_GONE = "deleted"


def regions_in_use() -> tuple[str, ...]:
    """Return the regions that have more than the default VPC that AWS gives everybody, by name.

    moto's state must not change meanwhile.
    """
    used = {region for _, region, backend in ec2_backends.iter_backends() if _holds_anything(backend)}
    used |= {region for _, region, backend in eks_backends.iter_backends() if _holds_clusters(backend)}
    return tuple(sorted(used))


def _holds_anything(ec2: Any) -> bool:  # noqa: ANN401 - moto's backends are typed by their base alone
    made = (*ec2.vpn_gateways.values(), *ec2.customer_gateways.values(), *ec2.vpn_connections.values())
    return (
        any(not vpc.is_default for vpc in ec2.vpcs.values())
        or any(item.state != _GONE for item in made)
        or bool(ec2.enis)
    )


def _holds_clusters(eks: Any) -> bool:  # noqa: ANN401 - as above
    return bool(eks.clusters)
