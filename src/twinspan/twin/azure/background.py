"""Work for a request that goes on after it is answered, without the lock on the subscription."""

from collections.abc import Callable

from twinspan.errors import TwinspanError
from twinspan.twin.azure.documents import Json
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.operations import Asked, Outcome
from twinspan.twin.loops import start_task


def in_background(work: Callable[[], Json]) -> Asked:
    """Begin some work and return what says how it ended.

    Args:
        work: Returns a result; an ArmError or TwinspanError becomes the operation's error.
    """
    ended: list[Outcome] = []

    def turn() -> None:
        try:
            ended.append(Outcome(result=work()))
        except ArmError as error:
            ended.append(Outcome(error={"code": error.code, "message": error.message}))
        except TwinspanError as error:
            ended.append(Outcome(error={"code": "InternalOperationError", "message": str(error)}))

    start_task("azure-operation", turn)
    return lambda: ended[0] if ended else None
