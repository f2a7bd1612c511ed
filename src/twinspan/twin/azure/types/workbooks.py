"""Microsoft.Insights/workbooks: a page of charts. It is kept and told; nothing draws it here."""

import json
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import override

from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.types.base import Context, Put
from twinspan.twin.azure.types.bodies import Body, Envelope, spelled
from twinspan.twin.azure.types.described_type import DescribedType
from twinspan.twin.azure.types.identities import Identity


class Properties(Body):
    """A workbook. Source: Azure Monitor REST API, Workbooks - Create Or Update, 2022-04-01."""

    display_name: Annotated[str, Field(alias="displayName", min_length=1)]
    serialized_data: Annotated[str, Field(alias="serializedData", min_length=1)]
    category: Annotated[str, Field(min_length=1)] = "workbook"
    source_id: Annotated[str | None, Field(alias="sourceId")] = None
    description: str | None = None
    version: str | None = None
    tags: list[str] | None = None
    time_modified: Annotated[Any, Field(alias="timeModified", exclude=True)] = None
    user_id: Annotated[Any, Field(alias="userId", exclude=True)] = None
    revision: Annotated[Any, Field(exclude=True)] = None


class Workbook(Envelope):
    """The whole document."""

    kind: Annotated[str, spelled("shared")] = "shared"
    identity: Identity | None = None
    properties: Properties


class _Workbooks(DescribedType):
    type = "Microsoft.Insights/workbooks"
    model = "Workbook"
    document = Workbook
    patched = frozenset({"kind", "properties"})
    patched_properties = frozenset(
        {"displayName", "serializedData", "category", "tags", "revision", "description"}
    )

    @override
    def check(self, context: Context, put: Put) -> None:
        try:
            page = json.loads(str(put.properties["serializedData"]))
        except ValueError as error:
            raise bad_request("BadRequest", f"serializedData is not JSON: {error}") from error
        if not isinstance(page, dict) or not isinstance(page.get("items"), list):
            raise bad_request("BadRequest", "serializedData is not a notebook: it has no list of items.")


WORKBOOKS = _Workbooks()
"""Source: Azure Monitor REST API, Workbooks."""
