"""Services of which the twin has backends of its own that are loaded when the service is first asked.

Those of `server` are needed at once; these, and what moto imports for them, are not in the way of `twin up`.
"""

from collections.abc import Mapping
from importlib import import_module

_MODULES: Mapping[str, str] = {
    "elasticache": "twinspan.twin.aws.subnet_groups.elasticache",
    "kms": "twinspan.twin.aws.kms",
    "rds": "twinspan.twin.aws.subnet_groups.rds",
    "redshift": "twinspan.twin.aws.subnet_groups.redshift",
    "route53": "twinspan.twin.aws.route53",
    "secretsmanager": "twinspan.twin.aws.secrets",
}
"""moto's name of a service -> the module whose `install` puts ours in place of moto's."""


def install(service: str) -> None:
    """Let the next backends of a service be ours, if there are any. Idempotent."""
    if service in _MODULES:
        import_module(_MODULES[service]).install()
