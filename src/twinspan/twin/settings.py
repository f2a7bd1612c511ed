"""What a twin keeps between `down` and `up`: its ports and credentials."""

import secrets
import string
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twinspan.errors import HostError
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.files import write_private
from twinspan.twin.metrics.series import DEFAULT_PERIOD_S

BgpHold = Literal["negotiated", "fixed"]
"""How Azure's gateway treats the peer's hold time: RFC 4271's minimum of both, or its own 180 s always."""

_KEY_ID_CHARACTERS = string.ascii_uppercase + "234567"


class TwinSettings(BaseModel):
    """The settings file of a twin.

    Attributes:
        aws_port: Port of the AWS API; 0 before the first start.
        azure_port: Port of the Azure API; 0 before the first start.
        aws_region: The region of commands that name none. It stays while it holds something; else it is
            that of the newest EC2 or EKS change.
        aws_regions: Every region that holds something: the data plane runs all of them.
        azure_subscriptions: Every subscription that has a resource group: likewise.
        azure_bgp_hold: See `BgpHold`.
        metrics_period_s: Grain of both clouds' metrics, in seconds; the clouds themselves have 300.
        access_key_id: The AWS key pair's public half.
        secret_access_key: Its secret.
        azure: The service principal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    aws_port: int = Field(default=0, ge=0, le=65535)
    azure_port: int = Field(default=0, ge=0, le=65535)
    aws_region: str = "us-west-2"
    aws_regions: tuple[str, ...] = ()
    azure_subscriptions: tuple[str, ...] = ()
    azure_bgp_hold: BgpHold = "negotiated"
    metrics_period_s: int = Field(default=DEFAULT_PERIOD_S, ge=1, le=3600)
    access_key_id: str = Field(pattern=r"^AKIA[A-Z2-7]{16}$")
    secret_access_key: str = Field(min_length=40, repr=False)
    azure: ArmCredentials

    @classmethod
    def generate(cls) -> Self:
        """Return settings with credentials that nobody else has."""
        return cls(
            access_key_id="AKIA" + "".join(secrets.choice(_KEY_ID_CHARACTERS) for _ in range(16)),
            secret_access_key=secrets.token_urlsafe(30),
            azure=ArmCredentials.generate(),
        )

    def following(self, regions: tuple[str, ...], *, newest: str | None) -> Self:
        """Return these settings with the AWS regions that hold something now.

        Args:
            regions: Those.
            newest: The region of the newest change; None: there has been none.
        """
        main = self.aws_region if self.aws_region in regions else newest or self.aws_region
        return self.model_copy(update={"aws_region": main, "aws_regions": regions})

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Read the file; None if there is none.

        Raises:
            HostError: It is not one that `save` wrote.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValidationError, OSError) as error:
            raise HostError(
                problem=f"the settings file {path} cannot be used",
                remedy="Remove what this twin keeps with `twinspan twin down --purge`, then start it again",
            ) from error

    def save(self, path: Path) -> None:
        """Write the file, mode 0600, in one step."""
        write_private(path, self.model_dump_json(indent=2).encode())
