"""Values of planned resources, as the model has them; what cannot be one is noted."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any, TypeVar

from twinspan.network.model import Malformed, Unplaced
from twinspan.network.unknown import CLOUD_CHOOSES, UNKNOWN, Unknown
from twinspan.project.joins import joined, joined_all, left_out
from twinspan.project.plan import Plan, PlannedResource

T = TypeVar("T")
_UNSET = (None, "", CLOUD_CHOOSES)


@dataclass(frozen=True, slots=True)
class Reading:
    """A plan while it is read.

    Attributes:
        plan: The plan.
        unplaced: Gets what belongs to an object that the plan does not name.
        malformed: Gets what is not in the form of its kind.
    """

    plan: Plan
    unplaced: list[Unplaced] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)

    def of(self, *types: str) -> tuple["Values", ...]:
        """Return the resources of these types."""
        return tuple(Values(self, resource) for resource in self.plan.of(*types))

    def by_holder(
        self, members: Iterable["Values"], holders: Mapping[str, str], attribute: str, *types: str
    ) -> Mapping[str, tuple["Values", ...]]:
        """Return the members of each object, by its id; those of none of them are unplaced.

        Args:
            members: Resources that are part of an object.
            holders: Id of an object, or what stands for it -> id of the object.
            attribute: The argument that names the object.
            types: Of the resources that the argument may name.
        """
        members_by_holder: dict[str, tuple[Values, ...]] = {}
        for member in members:
            holder = member.reference(attribute, *types)
            if isinstance(holder, str) and holder in holders:
                members_by_holder[holders[holder]] = (*members_by_holder.get(holders[holder], ()), member)
            elif holder is not None:
                self.unplace(member, attribute)
        return members_by_holder

    def unplace(self, member: "Values", attribute: str) -> None:
        """Note that a resource belongs to an object that the plan does not name."""
        self.unplaced.append(Unplaced(address=member.address, type=member.type, attribute=attribute))


@dataclass(frozen=True, slots=True)
class Values:
    """A planned resource, or a block in it."""

    reading: Reading
    resource: PlannedResource
    path: tuple[str | int, ...] = ()

    @property
    def address(self) -> str:
        """Terraform's address."""
        return self.resource.address

    @property
    def type(self) -> str:
        """E.g. `aws_vpc`."""
        return self.resource.type

    @property
    def id(self) -> str:
        """Its id, which is its address as long as it has none."""
        return id_of(self.resource)

    @property
    def name(self) -> str | Unknown:
        """Its tag `Name`, or an empty text."""
        for tags in ("tags_all", "tags"):
            value = self.resource.get(tags, "Name")
            if value is not None:
                return UNKNOWN if value is UNKNOWN else str(value)
        return ""

    @property
    def tags(self) -> Mapping[str, str | Unknown]:
        """Its tags, with those of the provider block, as far as their names are known."""
        tags = self.get("tags_all") or self.get("tags")
        items = tags.items() if isinstance(tags, Mapping) else ()
        return {key: value if isinstance(value, Unknown) else str(value) for key, value in items}

    def get(self, *names: str | int) -> Any:  # noqa: ANN401 - see PlannedResource.get
        """Return a value: None if it is not set, and else `Unknown` if it is not known."""
        value = self.resource.get(*self.path, *names)
        if value is not UNKNOWN:
            return value
        open_ = left_out(self.reading.plan, self.resource, (*self.path, *names))
        return CLOUD_CHOOSES if open_ else UNKNOWN

    def first(self, *names: str) -> str:
        """Return the first of several names of an argument that is known, else set, else the first."""
        given = [name for name in names if self.get(name) not in _UNSET]
        return next((name for name in given if self.get(name) is not UNKNOWN), [*given, names[0]][0])

    def blocks(self, name: str) -> tuple["Values", ...]:
        """Return the blocks of a name; none if it is not known how many there are."""
        value = self.get(name)
        count = len(value) if isinstance(value, list) else 0
        return tuple(Values(self.reading, self.resource, (*self.path, name, n)) for n in range(count))

    def block(self, name: str) -> "Values":
        """Return the only block of a name; in one that is not there nothing is set."""
        return Values(self.reading, self.resource, (*self.path, name, 0))

    def text(self, name: str, default: str | None = None) -> str | Unknown:
        """Return a text; if it is not set, the default or an empty one."""
        value = self.get(name)
        if isinstance(value, Unknown):
            return default if value is CLOUD_CHOOSES and default is not None else value
        return str(value) if value not in _UNSET else default or ""

    def number(self, name: str, default: int | None = None, *, zero: bool = True) -> int | Unknown:
        """Return a number, which a provider may write as text.

        Args:
            name: The argument.
            default: What an argument that is not set means; None: the cloud chooses.
            zero: Whether 0 is a value; else it is how a state shows an argument that is not set.
        """
        value = self.get(name)
        if value in _UNSET or (not zero and value == 0):
            return CLOUD_CHOOSES if default is None else default
        return self._one(name, value, _whole)

    def flag(self, name: str, *, default: bool = False) -> bool | Unknown:
        """Return a truth value."""
        value: object = self.get(name)
        if value is UNKNOWN:
            return UNKNOWN
        return default if value in _UNSET else str(value).lower() == "true"

    def ip_address(self, name: str) -> IPv4Address | Unknown | None:
        """Return an address; None if it is not set."""
        value = self.get(name)
        return None if value in (None, "") else self._one(name, value, _address)

    def cidr(self, name: str) -> IPv4Network | Unknown | None:
        """Return a range, whatever its host bits; None if it is not set, or one of IPv6."""
        value = self.get(name)
        return None if value in (None, "") or ":" in str(value) else self._cidr(name, value)

    def texts(self, name: str) -> tuple[str | Unknown, ...]:
        """Return a list of texts."""
        return tuple(
            member if isinstance(member, Unknown) else str(member) for _, member in self._items(name)
        )

    def numbers(self, name: str) -> tuple[int | Unknown, ...]:
        """Return a list of numbers."""
        return tuple(self._one(path, member, _whole) for path, member in self._items(name))

    def addresses(self, name: str) -> tuple[IPv4Address | Unknown, ...]:
        """Return a list of addresses."""
        return tuple(self._one(path, member, _address) for path, member in self._items(name))

    def cidrs(self, name: str) -> tuple[IPv4Network | Unknown, ...]:
        """Return a list of ranges, without those of IPv6."""
        return tuple(self._cidr(path, member) for path, member in self._items(name) if ":" not in str(member))

    def reference(self, name: str, *types: str) -> str | Unknown | None:
        """Return the id of what an argument names; None if it is not set.

        Args:
            name: The argument: an id, or a name if it ends so.
            types: Of the resources that it may name.
        """
        value = self.get(name)
        if value in _UNSET:
            return None
        if isinstance(value, str) and not name.endswith("_name"):
            return self._identity(value)
        resource = joined(self.reading.plan, self.resource, ".".join(map(str, (*self.path, name))), *types)
        return id_of(resource) if isinstance(resource, PlannedResource) else UNKNOWN

    def references(self, name: str, *types: str) -> tuple[str | Unknown, ...]:
        """Return the ids of what a list names."""
        identities = [
            member if isinstance(member, Unknown) else self._identity(str(member))
            for _, member in self._items(name)
        ]
        if UNKNOWN not in identities:
            return tuple(identities)
        named = joined_all(self.reading.plan, self.resource, (*self.path, name), *types)
        return tuple(map(id_of, named)) or tuple(identities)

    def _identity(self, value: str) -> str:
        return value.lower() if self.resource.type.startswith("azurerm_") else value

    def _items(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield the members of a list, each with its path; of one that is not known, that alone.

        Empty members are noted, and left out.
        """
        value = self.get(name)
        if value is UNKNOWN:
            yield name, UNKNOWN
        elif isinstance(value, list):
            for number in range(len(value)):
                member = self.resource.get(*self.path, name, number)
                if member in _UNSET:
                    self.note(f"{name}.{number}", "")
                else:
                    yield f"{name}.{number}", member

    def _cidr(self, name: str, value: object) -> IPv4Network | Unknown:
        read = self._one(name, value, _lenient)
        if isinstance(read, IPv4Network) and "/" in str(value) and str(read) != str(value):
            self.note(name, value)
        return read

    def _one(self, name: str, value: object, read: Callable[[object], T]) -> T | Unknown:
        if isinstance(value, Unknown):
            return value
        try:
            return read(value)
        except (TypeError, ValueError):
            self.note(name, value)
            return UNKNOWN

    def note(self, name: str, value: object) -> None:
        """Note a value that is not in the form of its kind."""
        attribute = ".".join(map(str, (*self.path, name)))
        self.reading.malformed.append(Malformed(address=self.address, attribute=attribute, value=str(value)))


def id_of(resource: PlannedResource) -> str:
    """Return the id of a resource: of one that is not there yet, its address; Azure's in lower case."""
    value = resource.get("id")
    if not isinstance(value, str) or not value:
        return resource.address
    return value.lower() if resource.type.startswith("azurerm_") else value


def _whole(value: object) -> int:
    if isinstance(value, bool):
        msg = f"{value} is no number"
        raise TypeError(msg)
    return int(str(value))


def _address(value: object) -> IPv4Address:
    return IPv4Address(str(value))


def _lenient(value: object) -> IPv4Network:
    return IPv4Network(str(value), strict=False)
