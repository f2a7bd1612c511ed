"""Microsoft.Insights/actionGroups: who is told when an alert fires."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import override

from twinspan.twin.azure.errors import bad_request
from twinspan.twin.azure.types.base import Context, Put
from twinspan.twin.azure.types.bodies import Body, Envelope, parsed
from twinspan.twin.azure.types.described_type import DescribedType


class EmailReceiver(Body):
    """One address."""

    name: Annotated[str, Field(min_length=1)]
    email_address: Annotated[str, Field(alias="emailAddress", pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    use_common_alert_schema: Annotated[bool, Field(alias="useCommonAlertSchema")] = False
    status: Annotated[Any, Field(exclude=True)] = None


class WebhookReceiver(Body):
    """One web address."""

    name: Annotated[str, Field(min_length=1)]
    service_uri: Annotated[str, Field(alias="serviceUri", pattern=r"^https?://[^/\s]+")]
    use_common_alert_schema: Annotated[bool, Field(alias="useCommonAlertSchema")] = False
    use_aad_auth: Annotated[bool, Field(alias="useAadAuth")] = False


class Properties(Body):
    """A group. Source: Azure Monitor REST API, Action Groups - Create Or Update, 2023-01-01."""

    group_short_name: Annotated[str, Field(alias="groupShortName", min_length=1, max_length=12)]
    enabled: bool = True
    email_receivers: Annotated[list[EmailReceiver], Field(alias="emailReceivers", default_factory=list)]
    webhook_receivers: Annotated[list[WebhookReceiver], Field(alias="webhookReceivers", default_factory=list)]
    sms_receivers: Annotated[list[Any], Field(alias="smsReceivers", max_length=0, default_factory=list)]
    itsm_receivers: Annotated[list[Any], Field(alias="itsmReceivers", max_length=0, default_factory=list)]
    push_receivers: Annotated[
        list[Any], Field(alias="azureAppPushReceivers", max_length=0, default_factory=list)
    ]
    runbook_receivers: Annotated[
        list[Any], Field(alias="automationRunbookReceivers", max_length=0, default_factory=list)
    ]
    voice_receivers: Annotated[list[Any], Field(alias="voiceReceivers", max_length=0, default_factory=list)]
    logic_app_receivers: Annotated[
        list[Any], Field(alias="logicAppReceivers", max_length=0, default_factory=list)
    ]
    function_receivers: Annotated[
        list[Any], Field(alias="azureFunctionReceivers", max_length=0, default_factory=list)
    ]
    arm_role_receivers: Annotated[
        list[Any], Field(alias="armRoleReceivers", max_length=0, default_factory=list)
    ]
    event_hub_receivers: Annotated[
        list[Any], Field(alias="eventHubReceivers", max_length=0, default_factory=list)
    ]


class ActionGroup(Envelope):
    """The whole document."""

    properties: Properties


class _ActionGroups(DescribedType):
    type = "Microsoft.Insights/actionGroups"
    model = "ActionGroup"
    document = ActionGroup
    is_global = True
    patched_properties = frozenset({"enabled"})

    @override
    def check(self, context: Context, put: Put) -> None:
        group = parsed(Properties, put.properties)
        names = [receiver.name for receiver in group.email_receivers]
        names += [receiver.name for receiver in group.webhook_receivers]
        if len(set(names)) != len(names):
            raise bad_request("BadRequest", f"Two receivers have the same name: {', '.join(names)}.")


def properties_of(body: dict[str, Any]) -> Properties:
    """Return a group that is stored."""
    return parsed(ActionGroup, body).properties


ACTION_GROUPS = _ActionGroups()
"""Source: Azure Monitor REST API, Action Groups."""
