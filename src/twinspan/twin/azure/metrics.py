"""Azure Monitor's metrics of a resource: `{resourceId}/providers/Microsoft.Insights/...`.

Source: Azure Monitor REST API, Metrics - List and Metric Definitions - List.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from twinspan.twin.azure.documents import Json, JsonObject
from twinspan.twin.azure.errors import ArmError, bad_request
from twinspan.twin.azure.http import Answer, Request
from twinspan.twin.azure.metrics_query import Query, duration, iso, parse_query, time_grains
from twinspan.twin.azure.resource_id import ResourceId
from twinspan.twin.azure.store import Resource
from twinspan.twin.azure.types.base import Context
from twinspan.twin.azure.types.virtual_network_gateways import VIRTUAL_NETWORK_GATEWAYS
from twinspan.twin.metrics.azure import DEFINITIONS, Definition
from twinspan.twin.metrics.series import MetricStore, Series, StatisticSet, merged

NAMESPACE = VIRTUAL_NETWORK_GATEWAYS.type
_AGGREGATIONS: Mapping[str, Callable[[StatisticSet], float]] = {
    "average": lambda point: point.average,
    "count": lambda point: float(point.count),
    "maximum": lambda point: point.maximum,
    "minimum": lambda point: point.minimum,
    "total": lambda point: point.total,
}


def answer(context: Context, request: Request, owner: Resource, kind: str) -> Answer:
    """Answer GET `metrics` or `metricDefinitions` of a resource.

    Raises:
        ArmError: The resource has no metrics, or the query makes no sense.
    """
    if request.method != "GET" or kind not in {"metrics", "metricdefinitions", "metricnamespaces"}:
        raise ArmError(404, "NotFound", f"The twin has no {request.method} {request.path}.")
    if owner.id.type.lower() != NAMESPACE.lower():
        raise bad_request("BadRequest", f"The resource type '{owner.id.type}' has no metrics in the twin.")
    store = context.metrics or MetricStore()
    if kind == "metricnamespaces":
        return Answer(document={"value": [_namespace(owner.id)]})
    if kind == "metricdefinitions":
        return Answer(
            document={"value": [_definition(owner.id, store, name) for name in sorted(DEFINITIONS)]}
        )
    query = parse_query(request.query, period_s=store.period_s)
    region = str(owner.body.get("location", ""))
    shown = [_metric(owner.id, store, name, query) for name in _wanted(query.names)]
    return Answer(
        document={
            "cost": 0,
            "timespan": f"{iso(query.start_s)}/{iso(query.end_s)}",
            "interval": duration(query.interval_s),
            "namespace": NAMESPACE,
            "resourceregion": region,
            "value": list[Json](shown),
        }
    )


def _wanted(names: Sequence[str]) -> list[str]:
    known = {name.lower(): name for name in DEFINITIONS}
    unknown = [name for name in names if name.lower() not in known]
    if unknown:
        raise bad_request(
            "BadRequest",
            f"Failed to find metric configuration for provider: Microsoft.Network, resource Type: "
            f"virtualNetworkGateways, metric: {unknown[0]}, Valid metrics: {','.join(sorted(DEFINITIONS))}",
        )
    return [known[name.lower()] for name in names] or [min(DEFINITIONS)]


def _namespace(owner: ResourceId) -> JsonObject:
    return {
        "id": f"{owner}/providers/microsoft.insights/metricNamespaces/{NAMESPACE}",
        "type": "Microsoft.Insights/metricNamespaces",
        "name": NAMESPACE,
        "classification": "Platform",
        "properties": {"metricNamespaceName": NAMESPACE},
    }


def _definition(owner: ResourceId, store: MetricStore, name: str) -> JsonObject:
    definition = DEFINITIONS[name]
    return {
        "id": f"{owner}/providers/microsoft.insights/metricdefinitions/{name}",
        "resourceId": str(owner),
        "namespace": NAMESPACE,
        "category": definition.category,
        "name": {"value": name, "localizedValue": definition.words},
        "isDimensionRequired": False,
        "unit": definition.unit,
        "primaryAggregationType": definition.aggregation,
        "supportedAggregationTypes": ["None", "Average", "Minimum", "Maximum", "Total", "Count"],
        "metricAvailabilities": [
            {"timeGrain": duration(grain), "retention": "P93D"} for grain in time_grains(store.period_s)
        ],
        "dimensions": [
            {"value": dimension, "localizedValue": dimension} for dimension in definition.dimensions
        ],
    }


def _metric(owner: ResourceId, store: MetricStore, name: str, query: Query) -> JsonObject:
    definition = DEFINITIONS[name]
    own = {dimension.lower() for dimension in definition.dimensions}
    foreign = [dimension for dimension in query.wanted if dimension.lower() not in own]
    if foreign:
        raise bad_request(
            "BadRequest",
            f"Metric: {name} does not support requested dimension combination: {','.join(foreign)}, "
            f"supported ones are: {','.join(definition.dimensions)}",
        )
    return {
        "id": f"{owner}/providers/Microsoft.Insights/metrics/{name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": name, "localizedValue": definition.words},
        "displayDescription": definition.words,
        "unit": definition.unit,
        "timeseries": list[Json](_timeseries(store, str(owner).lower(), name, definition, query)),
        "errorCode": "Success",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One time series of an answer."""

    values: tuple[tuple[str, str], ...]
    points: tuple[StatisticSet, ...]


def _timeseries(
    store: MetricStore, scope: str, name: str, definition: Definition, query: Query
) -> list[JsonObject]:
    split = [
        dimension
        for dimension in definition.dimensions
        if dimension.lower() in {w.lower() for w in query.wanted}
    ]
    groups: dict[tuple[tuple[str, str], ...], list[Series]] = {}
    for series in store.series(scope, name):
        own = dict(series.dimensions)
        if query.takes(own):
            groups.setdefault(tuple((dimension, own[dimension]) for dimension in split), []).append(series)
    rows = [
        _Row(
            values=values,
            points=tuple(merged(group, start_s=query.start_s, end_s=query.end_s, period_s=query.interval_s)),
        )
        for values, group in sorted(groups.items())
    ]
    aggregations = query.aggregations or (definition.aggregation.lower(),)
    if query.order is not None:
        measure, descending = query.order
        rows.sort(
            key=lambda row: sum(_AGGREGATIONS[measure](point) for point in row.points), reverse=descending
        )
    if split:
        rows = rows[: query.top]
    return [
        {
            "metadatavalues": [
                {"name": {"value": key.lower(), "localizedValue": key.lower()}, "value": value}
                for key, value in row.values
            ],
            **({} if query.metadata_only else {"data": _data(row, query, aggregations)}),
        }
        for row in rows
    ]


def _data(row: _Row, query: Query, aggregations: Sequence[str]) -> Json:
    """Return every interval's values; intervals without data have none."""
    values = {point.start_s: point for point in row.points}
    data: list[Json] = []
    start_s = query.start_s
    while start_s < query.end_s:
        point = values.get(start_s)
        measurements = (
            {aggregation: _AGGREGATIONS[aggregation](point) for aggregation in aggregations} if point else {}
        )
        data.append({"timeStamp": iso(start_s), **measurements})
        start_s += query.interval_s
    return data
