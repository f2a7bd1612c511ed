"""Microsoft.Insights/metricAlerts: rules on the metrics of VPN gateways."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import override

from twinspan.twin.azure.documents import JsonObject, texts
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.types.base import Context, Put
from twinspan.twin.azure.types.bodies import Body, Envelope, parsed, spelled
from twinspan.twin.azure.types.described_type import DescribedType
from twinspan.twin.azure.types.virtual_network_gateways import VIRTUAL_NETWORK_GATEWAYS
from twinspan.twin.metrics.azure import DEFINITIONS

SINGLE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
MULTIPLE = "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria"
_STATIC = "StaticThresholdCriterion"
_FREQUENCIES = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
_WINDOWS = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")
SECONDS = {
    "PT1M": 60,
    "PT5M": 300,
    "PT15M": 900,
    "PT30M": 1800,
    "PT1H": 3600,
    "PT6H": 21600,
    "PT12H": 43200,
    "P1D": 86400,
}
"""Window or frequency -> seconds."""
_LIMIT = 5


class Dimension(Body):
    """Which values of a dimension are looked at, each on its own; `*` is all there are."""

    name: str
    operator: Annotated[str, spelled("Include", "Exclude")]
    values: Annotated[list[str], Field(min_length=1)]


class Criterion(Body):
    """One comparison of a metric with a fixed threshold."""

    criterion_type: Annotated[str, Field(alias="criterionType")] = _STATIC
    name: str
    metric_name: Annotated[str, Field(alias="metricName")]
    metric_namespace: Annotated[str | None, Field(alias="metricNamespace")] = None
    operator: Annotated[
        str, spelled("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
    ]
    threshold: Annotated[float, Field(strict=False, allow_inf_nan=False)]
    time_aggregation: Annotated[
        str, Field(alias="timeAggregation"), spelled("Average", "Count", "Minimum", "Maximum", "Total")
    ]
    dimensions: Annotated[list[Dimension], Field(default_factory=list)]
    skip_metric_validation: Annotated[bool, Field(alias="skipMetricValidation")] = False


class Criteria(Body):
    """All comparisons of a rule; it rings when every one holds."""

    kind: Annotated[str, Field(alias="odata.type"), spelled(SINGLE, MULTIPLE)]
    all_of: Annotated[list[Criterion], Field(alias="allOf", min_length=1, max_length=_LIMIT)]


class Action(Body):
    """Who is told."""

    action_group_id: Annotated[str, Field(alias="actionGroupId")]
    web_hook_properties: Annotated[dict[str, str] | None, Field(alias="webHookProperties")] = None


class Properties(Body):
    """A rule. Source: Azure Monitor REST API, Metric Alerts - Create Or Update, 2018-03-01."""

    description: str | None = None
    severity: Annotated[int, Field(ge=0, le=4)]
    enabled: bool
    scopes: Annotated[list[str], Field(min_length=1)]
    evaluation_frequency: Annotated[str, Field(alias="evaluationFrequency"), spelled(*_FREQUENCIES)]
    window_size: Annotated[str, Field(alias="windowSize"), spelled(*_WINDOWS)]
    target_resource_type: Annotated[str | None, Field(alias="targetResourceType")] = None
    target_resource_region: Annotated[str | None, Field(alias="targetResourceRegion")] = None
    criteria: Criteria
    auto_mitigate: Annotated[bool, Field(alias="autoMitigate")] = True
    actions: Annotated[list[Action], Field(default_factory=list)]
    last_updated_time: Annotated[Any, Field(alias="lastUpdatedTime", exclude=True)] = None
    is_migrated: Annotated[Any, Field(alias="isMigrated", exclude=True)] = None


class MetricAlert(Envelope):
    """The whole document."""

    properties: Properties


class _MetricAlerts(DescribedType):
    type = "Microsoft.Insights/metricAlerts"
    model = "MetricAlert"
    document = MetricAlert
    is_global = True
    created = 200  # Metric Alerts - Create Or Update knows no 201; clients take it for an error

    @override
    def check(self, context: Context, put: Put) -> None:
        rule = parsed(Properties, put.properties)
        if SECONDS[rule.window_size] < SECONDS[rule.evaluation_frequency]:
            raise bad_request(
                "BadRequest",
                f"The evaluation frequency {rule.evaluation_frequency} must not be longer than the window "
                f"size {rule.window_size}.",
            )
        if rule.criteria.kind == SINGLE and len(rule.scopes) != 1:
            raise bad_request("BadRequest", f"{SINGLE} takes one scope, not {len(rule.scopes)}.")
        for scope in rule.scopes:
            _check_scope(context, scope)
        for action in rule.actions:
            if context.store.get(action.action_group_id) is None:
                raise bad_request(
                    "BadRequest", f"The action group {action.action_group_id} could not be found."
                )
        names = [criterion.name for criterion in rule.criteria.all_of]
        if len(set(names)) != len(names):
            raise bad_request("BadRequest", f"Two criteria have the same name: {', '.join(names)}.")
        for criterion in rule.criteria.all_of:
            _check_criterion(criterion, alone=len(names) == 1)

    @override
    def complete(self, context: Context, put: Put) -> None:
        super().complete(context, put)
        members = put.properties  # the Terraform provider sends empty texts for what it was not given
        members["targetResourceType"] = members.get("targetResourceType") or VIRTUAL_NETWORK_GATEWAYS.type
        gateway = context.store.get(texts(members, "scopes")[0])
        if gateway is not None and not members.get("targetResourceRegion"):
            members["targetResourceRegion"] = gateway.body.get("location")


def _check_scope(context: Context, scope: str) -> None:
    """Refuse a scope that is not a VPN gateway of this subscription."""
    try:
        identity = ResourceId.parse(scope)
    except ValueError as error:
        raise bad_request(
            "BadRequest", f"The scope {scope} is not the id of a resource; the twin takes no wider scopes."
        ) from error
    if identity.type.lower() != VIRTUAL_NETWORK_GATEWAYS.type.lower():
        raise bad_request("BadRequest", f"The resource type '{identity.type}' has no metrics in the twin.")
    if context.store.get(identity) is None:
        raise ArmError(404, "ResourceNotFound", f"The scope {scope} was not found.")


def _check_criterion(criterion: Criterion, *, alone: bool) -> None:
    """Refuse a comparison of what the gateway does not measure."""
    if criterion.criterion_type != _STATIC:
        raise bad_request(
            "BadRequest", f"The twin has no {criterion.criterion_type}; it takes {_STATIC} only."
        )
    if (criterion.metric_namespace or VIRTUAL_NETWORK_GATEWAYS.type).lower() != (
        VIRTUAL_NETWORK_GATEWAYS.type.lower()
    ):
        raise bad_request("BadRequest", f"The metric namespace {criterion.metric_namespace} is unknown.")
    known = DEFINITIONS.get(criterion.metric_name)
    if known is None:
        raise bad_request(
            "BadRequest",
            f"Couldn't find a metric named {criterion.metric_name}. Valid metrics: "
            f"{', '.join(sorted(DEFINITIONS))}.",
        )
    for dimension in criterion.dimensions:
        if dimension.name.lower() not in {known_dimension.lower() for known_dimension in known.dimensions}:
            raise bad_request(
                "BadRequest",
                f"The metric {criterion.metric_name} has no dimension {dimension.name}; it has "
                f"{', '.join(known.dimensions)}.",
            )
        single = (
            dimension.operator == "Include" and len(dimension.values) == 1 and "*" not in dimension.values
        )
        if not alone and not single:
            raise bad_request(
                "BadRequest",
                f"With several criteria each dimension takes one value; {dimension.name} of "
                f"{criterion.name} has others.",
            )


def properties_of(body: JsonObject) -> Properties:
    """Return a rule that is stored."""
    return parsed(MetricAlert, body).properties


METRIC_ALERTS = _MetricAlerts()
"""Source: Azure Monitor REST API, Metric Alerts."""
