"""Which objects of the API have nothing behind them on the data plane."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.core.base_backend import BackendDict

from twinspan.twin.aws.requests.beside import is_no_part
from twinspan.twin.aws.requests.served import OBJECTS_ONLY
from twinspan.twin.status import ObjectsOnly

_Names = Callable[[Any], Iterator[str]]


def _keys(attribute: str) -> _Names:
    return lambda backend: (str(key) for key in getattr(backend, attribute))


def _of_each(attribute: str, name: str) -> _Names:
    return lambda backend: (str(getattr(item, name)) for item in getattr(backend, attribute).values())


_KINDS: Mapping[str, tuple[str, str, _Names]] = {
    "elastic addresses": (
        "ec2",
        "AllocateAddress",
        lambda backend: (str(address.public_ip) for address in backend.addresses),
    ),
    "NAT gateways": (
        "ec2",
        "CreateNatGateway",
        lambda backend: (gateway.id for gateway in backend._nat_gateways()),  # noqa: SLF001 - those that are there
    ),
    "VPC endpoints": ("ec2", "CreateVpcEndpoint", _keys("vpc_end_points")),
    "flow logs": ("ec2", "CreateFlowLogs", _keys("flow_logs")),
    "launch templates": ("ec2", "CreateLaunchTemplate", _keys("launch_templates")),
    "volumes": ("ec2", "CreateVolume", _keys("volumes")),
    "key pairs": ("ec2", "CreateKeyPair", _keys("key_pairs")),
    "parameters of Systems Manager": (
        "ssm",
        "PutParameter",
        lambda backend: (parameter.name for parameter in backend.describe_parameters([], [])),
    ),
    "KMS keys": ("kms", "", _keys("keys")),
    "secrets": ("secretsmanager", "", _of_each("secrets", "name")),
    "zones of Route 53": ("route53", "", _of_each("zones", "name")),
    "subnet groups of RDS": ("rds", "", _keys("groups")),
    "subnet groups of ElastiCache": ("elasticache", "", _keys("groups")),
    "subnet groups of Redshift": ("redshift", "", _keys("groups")),
}
"""Kind -> moto's service, the operation whose reason it has, and the names in a backend."""


def objects_only() -> Iterator[ObjectsOnly]:
    """Yield the objects of each kind that there are any of. Nothing may change them meanwhile."""
    # moto names no public way to the services in use; its version is pinned.
    services: list[BackendDict[Any]] = BackendDict._instances  # type: ignore[misc]  # noqa: SLF001
    backends: dict[str, list[Any]] = {}
    for service in services:
        backends.setdefault(service.service_name, []).extend(held for _, _, held in service.iter_backends())
    for kind, (name, operation, names_in) in _KINDS.items():
        names = tuple(text for backend in backends.get(name, ()) for text in names_in(backend))
        if names:
            reason = OBJECTS_ONLY[operation] if operation else is_no_part(name)
            yield ObjectsOnly(kind=kind, names=names, reason=reason)
