"""Who may use the twin's Azure subscription."""

import secrets
import uuid
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCredentials:
    """One tenant, one subscription in it and one service principal that owns it.

    Attributes:
        tenant_id: GUID of the Microsoft Entra tenant.
        subscription_id: GUID of the subscription.
        client_id: GUID of the application (service principal).
        client_secret: Its password; never printed.
    """

    tenant_id: str
    subscription_id: str
    client_id: str
    client_secret: str = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """Return credentials nobody else has; the secret has 256 random bits."""
        return cls(
            tenant_id=str(uuid.uuid4()),
            subscription_id=str(uuid.uuid4()),
            client_id=str(uuid.uuid4()),
            client_secret=secrets.token_urlsafe(32),
        )

    @property
    def object_id(self) -> str:
        """GUID of the service principal object (`oid` in its tokens); follows from the client id."""
        return str(uuid.uuid5(uuid.UUID(self.tenant_id), self.client_id))
