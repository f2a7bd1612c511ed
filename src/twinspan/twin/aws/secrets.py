"""Secrets Manager of the twin: moto's secrets, as entries."""

import json
from types import SimpleNamespace

import moto.secretsmanager.urls
from moto.secretsmanager.exceptions import InvalidParameterException, SecretsManagerClientError
from moto.secretsmanager.models import SecretsManagerBackend, secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse

from twinspan.twin.aws.without_nulls import WithoutNulls


class TwinSecretsResponse(WithoutNulls, SecretsManagerResponse):
    """Secrets Manager's actions."""

    def create_secret(self) -> str:
        """Make a secret, whose tags have keys. Source: Secrets Manager API, CreateSecret, Tag."""
        self._check_tags()
        return super().create_secret()

    def tag_resource(self) -> str:
        """Tag a secret. Source: Secrets Manager API, TagResource."""
        self._check_tags()
        return super().tag_resource()

    def _check_tags(self) -> None:
        for tag in self._get_param("Tags", if_none=[]):
            if not tag.get("Key"):
                raise InvalidParameterException("A tag must have a key")
            tag.setdefault("Value", "")

    def get_random_password(self) -> str:
        """Make a password of the characters that are left. Source: Secrets Manager API, GetRandomPassword."""
        try:
            return super().get_random_password()
        except IndexError:
            raise InvalidParameterException("No characters are left to make a password of") from None

    def list_secrets(self) -> str:
        """List secrets. Source: Secrets Manager API, ListSecrets."""
        if not str(self._get_param("NextToken", if_none="0")).isdecimal():
            raise SecretsManagerClientError("InvalidNextTokenException", "The NextToken value is invalid.")
        return super().list_secrets()

    def list_secret_version_ids(self) -> str:
        """Show versions with the secret's ARN. Source: Secrets Manager API, ListSecretVersionIds."""
        arn = self.backend.describe_secret(self._get_param("SecretId")).arn
        answer = json.loads(super().list_secret_version_ids())
        answer["ARN"] = arn
        return json.dumps(answer)


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
