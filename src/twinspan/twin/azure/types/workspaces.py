"""Microsoft.OperationalInsights/workspaces: where logs are kept."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import override

from twinspan.twin.azure.documents import JsonObject
from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.base import Context, Put
from twinspan.twin.azure.types.bodies import Body, Envelope, spelled
from twinspan.twin.azure.types.described_type import DescribedType
from twinspan.twin.azure.types.identities import Identity

_DEFAULT_DAYS, _DAYS_OF_FREE, _NOT_SET = 30, 7, 0
"""Days that data is kept; 0 is what clients send that were given none, the Terraform provider among them."""
_ACCESS = spelled("Enabled", "Disabled")


class Sku(Body):
    """What is paid."""

    name: Annotated[str, spelled("PerGB2018", "Free", "Standalone", "PerNode", "Standard", "Premium")]
    last_sku_update: Annotated[Any, Field(alias="lastSkuUpdate", exclude=True)] = None


class Capping(Body):
    """How much is taken in on a day, in GB; -1 is no limit."""

    daily_quota_gb: Annotated[float, Field(alias="dailyQuotaGb", ge=-1, strict=False)] = -1
    quota_next_reset_time: Annotated[Any, Field(alias="quotaNextResetTime", exclude=True)] = None
    data_ingestion_status: Annotated[Any, Field(alias="dataIngestionStatus", exclude=True)] = None


class Features(Body):
    """Switches."""

    by_resource: Annotated[bool | None, Field(alias="enableLogAccessUsingOnlyResourcePermissions")] = None
    disable_local_auth: Annotated[bool | None, Field(alias="disableLocalAuth")] = None
    immediate_purge: Annotated[bool | None, Field(alias="immediatePurgeDataOn30Days")] = None


class Properties(Body):
    """A workspace. Source: Log Analytics REST API, Workspaces - Create Or Update, 2023-09-01."""

    sku: Sku = Sku(name="PerGB2018")
    retention_in_days: Annotated[int, Field(alias="retentionInDays", ge=0, le=730)] = _DEFAULT_DAYS
    workspace_capping: Annotated[Capping, Field(alias="workspaceCapping")] = Capping()
    ingestion: Annotated[str, Field(alias="publicNetworkAccessForIngestion"), _ACCESS] = "Enabled"
    query: Annotated[str, Field(alias="publicNetworkAccessForQuery"), _ACCESS] = "Enabled"
    features: Features = Features()
    force_cmk_for_query: Annotated[bool | None, Field(alias="forceCmkForQuery")] = None
    customer_id: Annotated[Any, Field(alias="customerId", exclude=True)] = None
    provisioning_state: Annotated[Any, Field(alias="provisioningState", exclude=True)] = None
    created_date: Annotated[Any, Field(alias="createdDate", exclude=True)] = None
    modified_date: Annotated[Any, Field(alias="modifiedDate", exclude=True)] = None


class Workspace(Envelope):
    """The whole document."""

    identity: Identity | None = None
    properties: Properties = Properties()


class _Workspaces(DescribedType):
    type = "Microsoft.OperationalInsights/workspaces"
    model = "Workspace"
    document = Workspace
    patched = frozenset({"identity", "properties"})

    @override
    def check(self, context: Context, put: Put) -> None:
        days = put.properties.get("retentionInDays")
        if isinstance(days, int) and days not in {_NOT_SET, _DAYS_OF_FREE} and days < _DEFAULT_DAYS:
            raise bad_request(
                "InvalidParameter", f"'RetentionInDays' property doesn't match the SKU limits: {days}."
            )

    @override
    def complete(self, context: Context, put: Put) -> None:
        super().complete(context, put)
        put.properties["retentionInDays"] = put.properties["retentionInDays"] or _DEFAULT_DAYS

    @override
    def decorate(self, context: Context, resource: Resource, members: JsonObject, *, listed: bool) -> None:
        members["customerId"] = resource.resource_guid
        members["provisioningState"] = "Succeeded"


WORKSPACES = _Workspaces()
"""Source: Log Analytics REST API, Workspaces."""
