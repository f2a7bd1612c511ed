"""What is being done with objects that the data plane makes: clusters, pools, machines.

A write only notes what it began; later the board is compared with it, and the object is done, gone or failed.
Source: provisioningState of the compute and AKS REST APIs (Creating, Updating, Deleting, Failed, Succeeded).
"""

import time

from twinspan.twin.azure.documents import JsonObject, text
from twinspan.twin.azure.operations import Outcome
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.types.base import Context

CREATING, UPDATING, DELETING = "Creating", "Updating", "Deleting"
SUCCEEDED, FAILED = "Succeeded", "Failed"


def begin(context: Context, identity: ResourceId, state: str) -> None:
    """Note that something is being done with an object; `state` in the API's words."""
    context.store.pending[identity.key] = {
        "state": state,
        "generation": context.board.latest().generation,
        "began": int(time.time()),
    }


def state_of(context: Context, identity: ResourceId) -> str:
    """Return the provisioning state of an object."""
    return text(context.store.pending.get(identity.key), "state") or SUCCEEDED


def failure(context: Context, identity: ResourceId, *, code: str) -> JsonObject:
    """Return the error of a failed object: the service's code, and the data plane's reason."""
    return {"code": code, "message": text(context.store.pending.get(identity.key), "problem") or ""}


def outcome(context: Context, identity: ResourceId, *, code: str) -> Outcome | None:
    """Return how the last change of an object ended, with `code` if it failed; None while it goes on."""
    state = state_of(context, identity)
    if state == SUCCEEDED:
        return Outcome()
    return Outcome(error=failure(context, identity, code=code)) if state == FAILED else None
