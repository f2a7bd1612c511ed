"""Microsoft.Resources/deployments at resource group scope: what `az network vpn-connection create` uses."""

import copy
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from twinspan.twin.azure import groups, resources
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.documents import Json, JsonObject, member, objects, text, texts
from twinspan.twin.azure.errors import ArmError, Detail, invalid_format
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.resources import Conditions
from twinspan.twin.azure.templates import LONGEST_TEXT, Bounds, Function, invalid_template, resolve
from twinspan.twin.azure.types.base import Context

TYPE = "Microsoft.Resources/deployments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One run of a template in a resource group."""

    context: Context
    credentials: ArmCredentials
    group: str
    name: str
    body: JsonObject
    bounds: Bounds = field(default_factory=Bounds)

    @property
    def key(self) -> str:
        """Its id in lower case."""
        return self.identity.lower()

    @property
    def identity(self) -> str:
        """Its id."""
        return f"{self.scope}/providers/{TYPE}/{self.name}"

    @property
    def scope(self) -> str:
        """The id of its resource group."""
        return f"/subscriptions/{self.credentials.subscription_id}/resourceGroups/{self.group}"

    def plan(self) -> list[tuple[ResourceId, JsonObject]]:
        """Return the template's resources, evaluated and in order of their dependencies.

        Raises:
            ArmError: `InvalidTemplate`, `ResourceGroupNotFound`.
        """
        groups.read(self.context.store, self.scope)
        self._refuse_others()
        mode = text(self.body, "properties", "mode") or ""
        if mode.lower() != "incremental":
            raise invalid_template(f"deployment mode '{mode}' is not part of the twin; use Incremental")
        functions = self._functions()
        planned: list[tuple[ResourceId, JsonObject]] = []
        for declaration in _ordered(objects(self.body, "properties", "template", "resources")):
            resource = resolve(declaration, functions, self.bounds)
            if not isinstance(resource, dict):
                raise invalid_template("a resource is not an object")
            for name in _NOT_TAKEN & resource.keys():
                raise invalid_template(f"'{name}' of a resource is not part of the twin")
            planned.append((self._resource_id(resource), resource))
        return planned

    def _refuse_others(self) -> None:
        """Refuse what would change what a deployment does, and is not part of the twin."""
        inner = self.body.get("properties")
        others = [name for name in self.body if name not in _MEMBERS and self.body[name] is not None]
        for name, value in inner.items() if isinstance(inner, dict) else ():
            if name not in _PROPERTIES and value is not None:
                others.append(f"properties.{name}")
        given = member(self.body, "properties", "parameters")
        declared = member(self.body, "properties", "template", "parameters")
        for name, value in given.items() if isinstance(given, dict) else ():
            if not isinstance(declared, dict) or name not in declared:
                raise invalid_template(f"the template has no parameter '{name}', which the request gives")
            if isinstance(value, dict):
                others += [f"properties.parameters.{name}.{key}" for key in value if key != "value"]
        if others:
            message = "It is not part of the twin. Path '{}'."
            raise invalid_format(
                [Detail(code="InvalidJson", message=message.format(path)) for path in others]
            )

    def run(self) -> tuple[JsonObject, JsonObject | None]:
        """Create the resources; return the deployment's document and its error, if any.

        As in Azure, resources made before one that is refused stay.

        Raises:
            ArmError: The template itself is wrong; nothing was made.
        """
        planned = self.plan()
        error: JsonObject | None = None
        made: list[Json] = []
        for identity, resource in planned:
            body = {name: resource[name] for name in resource if name not in _ENVELOPE}
            try:
                resources.put(self.context, identity, body, Conditions())
            except ArmError as refusal:
                error = _failure(refusal)
                break
            made.append({"id": str(identity)})
        outputs = {} if error is not None else self._outputs()
        document = self._document(outputs, made, error)
        self.context.store.deployments[self.key] = document
        return document, error

    def _outputs(self) -> JsonObject:
        """Return the evaluated outputs."""
        functions = self._functions()
        declared = member(self.body, "properties", "template", "outputs")
        outputs: JsonObject = {}
        for name, output in declared.items() if isinstance(declared, dict) else ():
            outputs[name] = {
                "type": (text(output, "type") or "string").capitalize(),
                "value": resolve(member(output, "value"), functions, self.bounds),
            }
        return outputs

    def _document(self, outputs: JsonObject, made: list[Json], error: JsonObject | None) -> JsonObject:
        """Return what is told about the deployment: never its parameters, which may be secret."""
        members: JsonObject = {
            "provisioningState": "Failed" if error is not None else "Succeeded",
            "correlationId": str(uuid.uuid4()),
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "mode": "Incremental",
            "dependencies": [],
            "providers": [],
            "outputs": outputs,
            "outputResources": made,
        }
        if error is not None:
            members["error"] = error
        document: JsonObject = {"id": self.identity, "name": self.name, "type": TYPE, "properties": members}
        tags = self.body.get("tags")
        return document if tags is None else {**document, "tags": tags}

    def _resource_id(self, resource: JsonObject) -> ResourceId:
        """Return the id of a template's resource: its type and name, taken apart and joined."""
        kind, name = text(resource, "type"), text(resource, "name")
        if kind is None or name is None:
            raise invalid_template("a resource has no type or no name")
        provider, *kinds = kind.split("/")
        names = name.split("/")
        if not kinds or len(kinds) != len(names):
            raise invalid_template(
                f"the resource name '{name}' does not have as many parts as its type '{kind}'"
            )
        return ResourceId(
            subscription_id=self.credentials.subscription_id,
            resource_group=self.group,
            provider=provider,
            types=tuple(kinds),
            names=tuple(names),
        )

    def _functions(self) -> Mapping[str, Function]:
        """Return the functions an expression may call."""
        return {
            "parameters": self._parameter,
            "variables": self._variable,
            "reference": self._reference,
            "resourceid": self._resource_id_function,
            "concat": _concat,
            "tolower": lambda given: _first(given).lower(),
            "toupper": lambda given: _first(given).upper(),
            "resourcegroup": lambda _: groups.render(groups.read(self.context.store, self.scope)),
            "subscription": lambda _: {"subscriptionId": self.credentials.subscription_id},
            "providers": lambda _: {"apiVersions": ["2025-01-01"]},
        }

    def _parameter(self, given: list[Json]) -> Json:
        """`parameters('name')`: the value given, else the default."""
        name = _first(given)
        value = member(self.body, "properties", "parameters", name, "value")
        declared = member(self.body, "properties", "template", "parameters", name)
        if declared is None:
            raise invalid_template(f"the template parameter '{name}' is not found")
        if value is None:
            value = member(declared, "defaultValue")
        if value is None:
            raise invalid_template(f"the value for the template parameter '{name}' is not provided")
        return value

    def _variable(self, given: list[Json]) -> Json:
        """`variables('name')`."""
        name = _first(given)
        value = member(self.body, "properties", "template", "variables", name)
        if value is None:
            raise invalid_template(f"the template variable '{name}' is not found")
        return resolve(value, self._functions(), self.bounds)

    def _reference(self, given: list[Json]) -> Json:
        """`reference('name or id')`: the properties of a resource."""
        target = _first(given)
        if not target.startswith("/"):
            named = [identity for identity, _ in self.plan() if identity.name.lower() == target.lower()]
            if not named:
                raise invalid_template(f"the resource '{target}' is not defined in the template")
            target = str(named[0])
        try:
            identity = ResourceId.parse(target)
        except ValueError as error:
            raise invalid_template(f"'{target}' is not the id of a resource") from error
        resource = resources.read(self.context, identity)
        document = resources.type_of(resource.id).render(self.context, resource)
        return copy.deepcopy(member(document, "properties"))

    def _resource_id_function(self, given: list[Json]) -> Json:
        """`resourceId('Namespace/type', 'name', ...)` in this resource group."""
        kind, names = _first(given), [str(name) for name in given[1:]]
        return str(self._resource_id({"type": kind, "name": "/".join(names)}))


_ENVELOPE = {"type", "name", "apiVersion", "dependsOn", "comments"}
_NOT_TAKEN = {"condition", "copy", "scope"}
_MEMBERS = {"properties", "tags", "id", "name", "type"}
_PROPERTIES = {"mode", "template", "parameters"}


def _ordered(declared: list[JsonObject]) -> list[JsonObject]:
    """Return resources so that each comes after those it depends on."""
    ordered: list[JsonObject] = []
    waiting = list(declared)
    while waiting:
        names = {(text(resource, "name") or "").lower() for resource in waiting}
        ready = [resource for resource in waiting if not _depends(resource, names)]
        if not ready:
            raise invalid_template("circular dependency between resources")
        ordered += ready
        waiting = [resource for resource in waiting if all(resource is not one for one in ready)]
    return ordered


def _depends(resource: JsonObject, names: set[str]) -> bool:
    """Whether `dependsOn` mentions one of `names`, as a name or inside an id."""
    for target in texts(resource, "dependsOn"):
        last = target.lower().replace("')]", "").replace("'", "/").rsplit("/", 1)[-1]
        if last in names:
            return True
    return False


def _concat(given: list[Json]) -> str:
    """`concat('a', ...)`, of texts."""
    joined = "".join(str(part) for part in given)
    if len(joined) > LONGEST_TEXT:
        raise invalid_template(f"a text of more than {LONGEST_TEXT} characters")
    return joined


def _first(given: list[Json]) -> str:
    """Return the first argument, a text."""
    if not given or not isinstance(given[0], str):
        raise invalid_template("a template function lacks its first argument, a string")
    return given[0]


def _failure(refusal: ArmError) -> JsonObject:
    """Return the error of a deployment whose resource was refused."""
    return {
        "code": "DeploymentFailed",
        "message": "At least one resource deployment operation failed. Please list deployment operations for "
        "details. Please see https://aka.ms/arm-deployment-operations for usage details.",
        "details": [refusal.document()["error"]],
    }
