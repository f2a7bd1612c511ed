"""The routes of Microsoft.Resources/deployments."""

from dataclasses import dataclass
from functools import partial

from twinspan.twin.azure import groups, resources
from twinspan.twin.azure.credentials import ArmCredentials
from twinspan.twin.azure.deployments import Deployment
from twinspan.twin.azure.documents import JsonObject, member, references
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.operations import RETRY_AFTER, Operations, Outcome
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.types.base import Context, reference_list


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRoutes:
    """Answers below `.../providers/Microsoft.Resources/deployments`."""

    context: Context
    credentials: ArmCredentials
    operations: Operations
    base_url: str

    def handle(self, request: Request, group: str, tail: list[str]) -> Answer:
        """Answer a request; `tail` is what follows `deployments` in the path.

        Raises:
            ArmError: It is refused.
        """
        groups.read(self.context.store, self._deployment(group, "", {}).scope)
        match request.method, [part.lower() for part in tail]:
            case "GET", []:
                return self._list(group)
            case "PUT", [_]:
                return self._run(request, self._deployment(group, tail[0], request.json_object()))
            case "POST", [_, "validate"]:
                return self._validate(self._deployment(group, tail[0], request.json_object()))
            case (("GET" | "HEAD"), [_]):
                document = self._find(group, tail[0])
                return Answer(document=document) if request.method == "GET" else Answer(status=204)
            case "DELETE", [_]:
                self._find(group, tail[0])
                del self.context.store.deployments[self._deployment(group, tail[0], {}).key]
                return Answer(status=204, changed=True)
            case "GET", [_, "operationstatuses", operation]:
                return self.operations.state(operation)
            case _:
                raise ArmError(404, "NotFound", f"The twin has no {request.method} {request.path}.")

    def _deployment(self, group: str, name: str, body: JsonObject) -> Deployment:
        return Deployment(
            context=self.context, credentials=self.credentials, group=group, name=name, body=body
        )

    def _find(self, group: str, name: str) -> JsonObject:
        """Return a deployment's document, or refuse with 404."""
        document = self.context.store.deployments.get(self._deployment(group, name, {}).key)
        if document is None:
            raise ArmError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
        return document

    def _list(self, group: str) -> Answer:
        prefix = self._deployment(group, "", {}).key
        deployments = self.context.store.deployments.items()
        return Answer(
            document={"value": [document for key, document in deployments if key.startswith(prefix)]}
        )

    def _run(self, request: Request, deployment: Deployment) -> Answer:
        """Run a template; its end, good or bad, is told at the `Azure-AsyncOperation` address."""
        document, error = deployment.run()
        made = [
            ResourceId.parse(reference)
            for _, reference in references(member(document, "properties", "outputResources"))
        ]
        operation = self.operations.keep(partial(self._outcome, made, error))
        version = request.query["api-version"]
        url = f"{self.base_url}{deployment.identity}/operationStatuses/{operation}?api-version={version}"
        headers = {"Azure-AsyncOperation": url, **RETRY_AFTER}
        return Answer(status=201, document=document, headers=headers, changed=True)

    def _outcome(self, made: list[ResourceId], error: JsonObject | None) -> Outcome | None:
        """Return how a deployment ended; None while one of its resources is being made."""
        outcomes = [resources.type_of(identity).outcome(self.context, identity) for identity in made]
        if None in outcomes:
            return None
        errors = [outcome.error for outcome in outcomes if outcome is not None and outcome.error is not None]
        return Outcome(error=error or next(iter(errors), None))

    def _validate(self, deployment: Deployment) -> Answer:
        """Check a template without making anything."""
        planned = deployment.plan()
        properties: JsonObject = {
            "provisioningState": "Succeeded",
            "mode": member(deployment.body, "properties", "mode"),
            "validatedResources": reference_list([str(identity) for identity, _ in planned]),
        }
        return Answer(document={"id": deployment.identity, "name": deployment.name, "properties": properties})
