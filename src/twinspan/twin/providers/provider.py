"""One configured provider: Terraform's questions answered by schemas, engine and resource types."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

from twinspan.errors import CloudRefusedError, TwinspanError
from twinspan.twin.providers import engine
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Change, Cloud, DataSource, Problem, Resource
from twinspan.twin.providers.schema import Attribute, Block, ProviderSchema
from twinspan.twin.providers.values import Value, conform, decode_json, is_wholly_known


class ProblemError(Exception):
    """An answer that is a diagnostic.

    Attributes:
        problem: What to show.
        state: What to save nevertheless; None to save nothing new.
    """

    def __init__(self, problem: Problem, state: State | None = None) -> None:
        super().__init__(problem.summary)
        self.problem = problem
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A planned state and the names of attributes that need another object."""

    state: State
    requires_replace: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Definition(Generic[Cloud]):
    """What makes one provider.

    Attributes:
        schema: What it serves.
        resources: Type name -> how it is handled; a type without an entry can be planned, not applied.
        data_sources: Type name -> how it is read.
        connect: Makes the cloud's client from the provider block; raises TwinspanError if it cannot.
        scope: Returns the client for one object's state, e.g. in its region.
        warning: Shown whenever the provider is configured.
    """

    schema: ProviderSchema
    resources: Mapping[str, Resource[Cloud]]
    data_sources: Mapping[str, DataSource[Cloud]]
    connect: Callable[[State], Cloud]
    scope: Callable[[Cloud, State], Cloud]
    warning: Problem


def by_name(items: Iterable[type[Resource[Cloud]]]) -> dict[str, Resource[Cloud]]:
    """Return one object of each class under its type name."""
    return {item.type_name: item() for item in items}


def problem_of(error: Exception, doing: str) -> Problem:
    """Return the diagnostic for a failure while `doing` something: the API's code first."""
    if isinstance(error, CloudRefusedError):
        return Problem(summary=f"{doing}: {error.code}", detail=str(error))
    return Problem(summary=f"{doing} failed", detail=str(error))


class Provider(Generic[Cloud]):
    """Answers Terraform for one provider configuration. Thread safe after `configure`."""

    def __init__(self, definition: Definition[Cloud]) -> None:
        self.definition = definition
        self.schema = definition.schema
        self._cloud: Cloud | None = None
        self._lock = threading.Lock()

    def block(self, type_name: str) -> Block:
        """Return the schema of a resource type. Raises ProblemError for an unknown one."""
        return self._lookup(self.schema.resources, type_name, "resource type")

    def data_block(self, type_name: str) -> Block:
        """Return the schema of a data source. Raises ProblemError for an unknown one."""
        return self._lookup(self.schema.data_sources, type_name, "data source")

    def _lookup(self, blocks: Mapping[str, Block], name: str, what: str) -> Block:
        if name not in blocks:
            raise ProblemError(Problem(summary=f"unknown {what} {name}", detail="It is not in the schema."))
        return blocks[name]

    def configure(self, config: State) -> Sequence[Problem]:
        """Connect to the cloud and return what to tell the user; with an error in it, it did not connect."""
        try:
            with self._lock:
                self._cloud = self.definition.connect(config)
        except TwinspanError as error:
            return [problem_of(error, f"configuring provider {self.schema.name}")]
        return [self.definition.warning]

    def _connected(self, state: State | None = None) -> Cloud:
        if self._cloud is None:
            raise ProblemError(
                Problem(
                    summary=f"provider {self.schema.name} is not configured",
                    detail="Its settings depend on values that are not known yet.",
                )
            )
        return self._cloud if state is None else self.definition.scope(self._cloud, state)

    def validate(self, type_name: str, config: State) -> Sequence[Problem]:
        """Return what is wrong with a resource's configuration, beyond what Terraform checks itself."""
        block, resource = self.block(type_name), self.definition.resources.get(type_name)
        if resource is None:
            return []
        problems: list[Problem] = []

        def see(_: Attribute, path: str, value: Value) -> None:
            rule = resource.rules.get(path)
            if rule is None or value is None or not is_wholly_known(value):
                return
            if text := rule(value):
                problems.append(
                    Problem(
                        summary=f"invalid value for {path}", detail=f"{type_name}.{path}: {text}.", path=path
                    )
                )

        engine.visit(block, config, see)
        return [*problems, *resource.validate(config)]

    def upgrade(self, type_name: str, version: int, json: bytes) -> State:
        """Return a saved state in today's shape. Raises ProblemError for one that is newer."""
        block = self.block(type_name)
        if version > block.version:
            raise ProblemError(
                Problem(
                    summary=f"{type_name} was saved by a newer provider",
                    detail=f"The state has schema version {version}, this provider knows {block.version}.",
                )
            )
        state: State = decode_json(json, block.type)
        return state

    def plan(self, type_name: str, prior: State | None, config: State) -> Plan:
        """Return the planned state of an object that stays or comes (not of one that goes)."""
        block, resource = self.block(type_name), self.definition.resources.get(type_name)
        facts = resource.facts if resource else Facts()
        state = engine.plan(block, facts, prior=prior, config=config)
        if resource is not None and self._cloud is not None:
            change = Change(prior=prior, planned=state, config=config)
            try:
                state = resource.adjust(self._cloud, change)
            except TwinspanError as error:
                raise ProblemError(problem_of(error, f"planning {type_name}")) from error
        if prior is None:
            return Plan(state=state)
        return Plan(state=state, requires_replace=engine.replacements(facts, prior=prior, planned=state))

    def _resource(self, type_name: str) -> Resource[Cloud]:
        if type_name not in self.definition.resources:
            raise ProblemError(
                Problem(
                    summary=f"{type_name} cannot be applied offline",
                    detail=f"The offline {self.schema.name} provider knows the schema of {type_name} "
                    "but cannot create, read or delete it. Use the real provider.",
                )
            )
        return self.definition.resources[type_name]

    def create(self, type_name: str, planned: State) -> State:
        """Make an object. Raises ProblemError, with the state of a half-made one."""
        cloud, resource = self._connected(planned), self._resource(type_name)
        made: list[str] = []
        try:
            identity = resource.create(cloud, planned, made.append)
            state = self._read(type_name, {**planned, "id": identity}, planned)
        except TwinspanError as error:
            half = engine.without_unknowns({**planned, "id": made[0]}) if made else None
            raise ProblemError(problem_of(error, f"creating {type_name}"), half) from error
        if state is None:
            detail = f"{identity} was created but the API does not list it."
            raise ProblemError(Problem(summary=f"creating {type_name} failed", detail=detail))
        return state

    def update(self, type_name: str, prior: State, planned: State) -> State:
        """Change an object in place."""
        cloud, resource = self._connected(planned), self._resource(type_name)
        try:
            renewed = resource.update(cloud, prior, planned)
            state = self._read(type_name, {**planned, **renewed}, planned)
        except TwinspanError as error:
            raise ProblemError(problem_of(error, f"updating {type_name} {prior['id']}"), prior) from error
        if state is None:
            detail = f"{prior['id']} disappeared while it was updated."
            raise ProblemError(Problem(summary=f"updating {type_name} failed", detail=detail), prior)
        return state

    def delete(self, type_name: str, prior: State) -> None:
        """Remove an object."""
        cloud, resource = self._connected(prior), self._resource(type_name)
        try:
            resource.delete(cloud, prior)
        except TwinspanError as error:
            raise ProblemError(problem_of(error, f"deleting {type_name} {prior['id']}"), prior) from error

    def read(self, type_name: str, state: State) -> State | None:
        """Return the present state of an object, None if it is gone."""
        try:
            return self._read(type_name, state, state)
        except TwinspanError as error:
            raise ProblemError(problem_of(error, f"reading {type_name} {state['id']}"), state) from error

    def _read(self, type_name: str, state: State, reference: State) -> State | None:
        cloud, resource, block = self._connected(state), self._resource(type_name), self.block(type_name)
        said = resource.read(cloud, state)
        if said is None:
            return None
        merged = engine.without_unknowns({**state, **said})
        whole: State = conform(merged, block.type)
        return engine.settle(block, whole, reference)

    def import_state(self, type_name: str, import_id: str) -> State:
        """Return a state with what is needed to read an existing object."""
        cloud, resource, block = self._connected(), self._resource(type_name), self.block(type_name)
        defaults = {name: value for name, value in resource.facts.defaults.items() if "." not in name}
        try:
            imported_state = resource.import_state(cloud, import_id)
        except ValueError as error:
            detail = f"{import_id!r}: {error}."
            raise ProblemError(
                Problem(summary=f"cannot import {type_name} by this id", detail=detail)
            ) from error
        except TwinspanError as error:
            raise ProblemError(problem_of(error, f"importing {type_name} {import_id}")) from error
        return {**engine.empty(block), **defaults, **imported_state}

    def read_data_source(self, type_name: str, config: State) -> State:
        """Return what a data source says."""
        block, cloud = self.data_block(type_name), self._connected()
        if type_name not in self.definition.data_sources:
            detail = f"The offline {self.schema.name} provider knows only the schema of data {type_name}."
            raise ProblemError(Problem(summary=f"{type_name} cannot be read offline", detail=detail))
        try:
            said = self.definition.data_sources[type_name].read(cloud, config)
        except TwinspanError as error:
            raise ProblemError(problem_of(error, f"reading data {type_name}")) from error
        whole: State = conform({**config, **said}, block.type)
        return whole
