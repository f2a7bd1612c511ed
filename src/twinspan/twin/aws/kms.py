"""KMS of the twin: moto's keys, as entries that encrypt; policies and grants keep nobody out."""

from types import SimpleNamespace

import moto.kms.urls
from moto.kms.models import KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from twinspan.twin.aws.without_nulls import WithoutNulls


class TwinKmsResponse(WithoutNulls, KmsResponse):
    """KMS's actions."""


class TwinKmsBackend(KmsBackend):
    """KMS's state of one region."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """Moto looks for its URLs beside the class; ours lead to our own response class."""
        return SimpleNamespace(
            url_bases=moto.kms.urls.url_bases, url_paths={"{0}/$": TwinKmsResponse.dispatch}
        )


def install() -> None:
    """Let the next backends of KMS be these."""
    kms_backends.backend = TwinKmsBackend
