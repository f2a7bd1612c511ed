"""Azure resource ids: compared without case, answered in the spelling they were made with."""

from dataclasses import dataclass
from typing import Self

_MINIMUM_PARTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceId:
    """The id of a resource in a resource group.

    Attributes:
        types: Type names from the outside in, e.g. `("virtualNetworks", "subnets")`.
        names: One name for each of `types`.
    """

    subscription_id: str
    resource_group: str
    provider: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read an id.

        Raises:
            ValueError: It is not the full id of a resource in a resource group.
        """
        parts = path.strip("/").split("/")
        keywords = [part.lower() for part in parts[0:5:2]]
        if (
            not path.startswith("/")
            or len(parts) < _MINIMUM_PARTS
            or len(parts) % 2
            or keywords != ["subscriptions", "resourcegroups", "providers"]
            or not all(parts)
        ):
            msg = f"{path!r} is not a resource id"
            raise ValueError(msg)
        return cls(
            subscription_id=parts[1],
            resource_group=parts[3],
            provider=parts[5],
            types=tuple(parts[6::2]),
            names=tuple(parts[7::2]),
        )

    def __str__(self) -> str:
        pairs = "".join(f"/{kind}/{name}" for kind, name in zip(self.types, self.names, strict=True))
        return f"{self.group_path}/providers/{self.provider}{pairs}"

    @property
    def group_path(self) -> str:
        """The resource group's own id."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"

    def is_in(self, scope: str) -> bool:
        """Whether it is in a scope, the id of a subscription or resource group; empty: everywhere."""
        return not scope or self.key.startswith(f"{scope.lower()}/")

    @property
    def key(self) -> str:
        """The id in lower case: equal ids have equal keys."""
        return str(self).lower()

    @property
    def name(self) -> str:
        """The resource's own name, the last one."""
        return self.names[-1]

    @property
    def type(self) -> str:
        """The full type, e.g. `Microsoft.Network/virtualNetworks/subnets`."""
        return "/".join((self.provider, *self.types))

    @property
    def parent(self) -> Self | None:
        """The id of the resource this one is part of; None at the top."""
        if len(self.types) == 1:
            return None
        return type(self)(
            subscription_id=self.subscription_id,
            resource_group=self.resource_group,
            provider=self.provider,
            types=self.types[:-1],
            names=self.names[:-1],
        )

    def child(self, kind: str, name: str) -> Self:
        """Return the id of a part of this resource."""
        return type(self)(
            subscription_id=self.subscription_id,
            resource_group=self.resource_group,
            provider=self.provider,
            types=(*self.types, kind),
            names=(*self.names, name),
        )
