"""Settings of cloud objects in one form, so that what was planned and what is deployed can be compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ABSENT = "absent"
PRESENT = "present"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One setting of one object.

    Attributes:
        cloud: `aws` or `azure`.
        object: The cloud's id of the object; Azure's in lower case.
        name: The setting, in the provider's words; members of a list of the object as `kind: member`.
    """

    cloud: str
    object: str
    name: str

    @property
    def member(self) -> bool:
        """Whether it is a member of a list, which can be there without being planned."""
        return ": " in self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSettings:
    """Settings as they were planned, or as they are.

    Attributes:
        values: What can be shown.
        secrets: What can only be compared.
        owned: Objects whose lists of members are complete -> Terraform's address; in a plan only.
    """

    values: Mapping[Key, str] = field(default_factory=dict)
    secrets: Mapping[Key, str] = field(default_factory=dict, repr=False)
    owned: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One setting that is not as planned; a secret's values are not in here."""

    key: Key
    planned: str
    deployed: str

    @property
    def text(self) -> str:
        """One phrase about it."""
        return f"{self.key.name}: planned {self.planned}, deployed {self.deployed}"


def differences(planned: ObjectSettings, deployed: ObjectSettings) -> tuple[Difference, ...]:
    """Return what is not as planned, in the order of objects and names."""
    changes = [
        Difference(key=key, planned=value, deployed=deployed.values.get(key, ABSENT))
        for key, value in planned.values.items()
        if deployed.values.get(key, ABSENT) != value
    ]
    changes += [
        Difference(key=key, planned=ABSENT, deployed=value)
        for key, value in deployed.values.items()
        if key.member and key not in planned.values and (key.cloud, key.object) in planned.owned
    ]
    changes += [
        Difference(key=key, planned="a key", deployed="another key" if key in deployed.secrets else ABSENT)
        for key, value in planned.secrets.items()
        if deployed.secrets.get(key) != value
    ]
    return tuple(sorted(changes, key=lambda difference: difference.key))


def listed(values: Iterable[object]) -> str:
    """Return a set of values as text; what means "the cloud's default" is `default`."""
    return ", ".join(sorted(str(value) for value in values)) or "default"
