"""Secrets Manager of the twin: moto's secrets, as entries."""

from types import SimpleNamespace

import moto.secretsmanager.urls
from moto.secretsmanager.models import SecretsManagerBackend, secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse

from twinspan.twin.aws.without_nulls import WithoutNulls


class TwinSecretsResponse(WithoutNulls, SecretsManagerResponse):
    """Secrets Manager's actions."""


class TwinSecretsBackend(SecretsManagerBackend):
    """Secrets Manager's state of one region."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours lead to our own response class."""
        urls = moto.secretsmanager.urls
        return SimpleNamespace(url_bases=urls.url_bases, url_paths={"{0}/$": TwinSecretsResponse.dispatch})


def install() -> None:
    """Let the next backends of Secrets Manager be these."""
    secretsmanager_backends.backend = TwinSecretsBackend
