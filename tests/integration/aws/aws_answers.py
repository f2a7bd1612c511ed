"""What is wrong with an answer, by the service model that botocore ships: no tolerance that clients have.

Source: Smithy specifications "AWS JSON 1.1 protocol", "AWS restJson1 protocol", "AWS restXml protocol", "AWS
query protocol" and "AWS EC2 query protocol".
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from twinspan.twin.aws.requests.flaws import Flaw
from twinspan.twin.aws.requests.shapes import check_text

_WITH_PATH = "Route 53 API, sample responses: ids with a path, which the model's length leaves out"
ACCEPTED: Mapping[str, str] = {
    "s3.PutBucketTagging status 204, not 200": "S3 API, PutBucketTagging, sample response",
    "ec2.DescribeInternetGateways /internetGatewaySet/[]/attachmentSet/[]/state is 'available': "
    "Valid values: attaching | attached | detaching | detached": "EC2 API, InternetGatewayAttachment, state",
    "ec2.CreateVpcEndpoint /vpcEndpoint/state is 'available'": "EC2 API, its example",
    "ec2.DescribeVpcEndpoints /vpcEndpointSet/[]/state is 'available'": "EC2 API, its example",
    "route53.CreateHostedZone /HostedZone/Id is '/hostedzone/": _WITH_PATH,
    "route53.CreateHostedZone /DelegationSet is missing": "a private zone has none: UNCONFIRMED",
    "route53.GetHostedZone /HostedZone/Id is '/hostedzone/": _WITH_PATH,
    "route53.ListHostedZones /HostedZones/[]/Id is '/hostedzone/": _WITH_PATH,
    "route53.ListHostedZonesByName /HostedZones/[]/Id is '/hostedzone/": _WITH_PATH,
    "route53.UpdateHostedZoneComment /HostedZone/Id is '/hostedzone/": _WITH_PATH,
    "ssm.GetCommandInvocation /ExecutionElapsedTime is 'PT": "Systems Manager API, GetCommandInvocation: a"
    " duration, with the pattern of a date",
}
"""First words of what the model does not allow -> where it is written that the cloud answers so."""
_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
    "string": (str,),
    "blob": (str,),
}
_UNNAMED = ("requestId", "ResponseMetadata", "RequestId")
"""What stands beside the members of an answer in XML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it came over the wire.

    Attributes:
        protocol: The one of the request: `ec2`, `query`, `json`, `rest-json` or `rest-xml`.
        headers: By their names in small letters.
    """

    operation: OperationModel
    protocol: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def name(self) -> str:
        """Service and operation."""
        return f"{self.operation.service_model.service_name}.{self.operation.name}"


def problems(answer: Answer) -> Iterator[str]:
    """Yield what a client could not take, or would lose."""
    return (
        problem for problem in _problems(answer) if not f"{answer.name} {problem}".startswith(tuple(ACCEPTED))
    )


def _problems(answer: Answer) -> Iterator[str]:
    expected = answer.operation.http.get("responseCode", 200)
    if answer.status != expected:
        yield f"status {answer.status}, not {expected}"
    shape = answer.operation.output_shape
    if shape is None:
        if answer.protocol.endswith("json") and answer.body.strip() not in {b"", b"{}"}:
            yield f"a body where there is none: {answer.body[:80]!r}"
        return
    yield from _headers(shape, answer)
    payload = shape.serialization.get("payload")
    if payload is not None and not isinstance(shape.members[payload], StructureShape):
        return  # the body is the member
    if answer.status == 204 or answer.operation.http["method"] == "HEAD":
        return
    inner = shape.members[payload] if payload is not None else shape
    assert isinstance(inner, StructureShape), answer.name
    if answer.protocol.endswith("json"):
        document = json.loads(answer.body) if answer.body or shape.members else {}
        yield from _json(inner, document, "")
    elif answer.body or _in_body(inner):
        root = ET.fromstring(answer.body)
        result = inner.serialization.get("resultWrapper") or shape.serialization.get("resultWrapper")
        if result is not None:
            (root,) = [child for child in root if _tag(child) == result]
        yield from _structure(inner, root, "")


def _headers(shape: StructureShape, answer: Answer) -> Iterator[str]:
    for name, member in shape.members.items():
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if location != "header" or isinstance(member, ListShape):
            continue
        given = answer.headers.get(wire.lower())
        if given is not None:
            yield from _text(member, given, name)
        elif name in shape.required_members:
            yield f"{name} is missing"


def _in_body(shape: StructureShape) -> bool:
    return any("location" not in member.serialization for member in shape.members.values())


def _json(shape: Shape, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, _json_types(shape)) or (
        isinstance(value, bool) and shape.type_name != "boolean"
    ):
        yield f"{where} is {type(value).__name__}, not {shape.type_name}"
    elif isinstance(shape, StructureShape):
        yield from _json_members(shape, value, where)
    elif isinstance(shape, ListShape):
        for element in value:
            yield from _json(shape.member, element, f"{where}/[]")
    elif isinstance(shape, MapShape):
        for key, entry in value.items():
            yield from _text(shape.key, key, f"{where}/key")
            yield from _json(shape.value, entry, f"{where}/{key}")
    elif isinstance(value, str):
        yield from _text(shape, value, where)


def _json_types(shape: Shape) -> Any:
    if isinstance(shape, StructureShape | MapShape):
        return (dict,)
    return (list,) if isinstance(shape, ListShape) else _JSON_TYPES[shape.type_name]


def _json_members(shape: StructureShape, value: Mapping[str, Any], where: str) -> Iterator[str]:
    members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
    for wire, member_value in value.items():
        if wire in members:
            yield from _json(members[wire], member_value, f"{where}/{wire}")
        else:
            yield f"{where}/{wire} is unknown"
    for name in shape.required_members:
        if shape.members[name].serialization.get("name", name) not in value:
            yield f"{where}/{name} is missing"


def _structure(shape: StructureShape, element: ET.Element, where: str) -> Iterator[str]:
    members = {
        _xml_name(member, name): (name, member)
        for name, member in shape.members.items()
        if "location" not in member.serialization and not member.serialization.get("xmlAttribute")
    }
    children_by_tag: dict[str, list[ET.Element]] = {}
    for child in element:
        children_by_tag.setdefault(_tag(child), []).append(child)
    for tag, children in children_by_tag.items():
        if tag in members:
            yield from _members(members[tag][1], children, f"{where}/{tag}")
        elif where or tag not in _UNNAMED:
            yield f"{where}/{tag} is unknown"
    for tag, (name, _) in members.items():
        if name in shape.required_members and tag not in children_by_tag:
            yield f"{where}/{tag} is missing"


def _members(shape: Shape, elements: list[ET.Element], where: str) -> Iterator[str]:
    flattened = shape.serialization.get("flattened")
    if isinstance(shape, ListShape):
        entries = elements if flattened else _entries(shape, elements)
        item = shape.member.serialization.get("name", "member")
        for entry in entries:
            if not flattened and _tag(entry) != item:
                yield f"{where}/{_tag(entry)} is not {item}"
            yield from _members(shape.member, [entry], f"{where}/[]")
        return
    if len(elements) > 1 and not flattened:
        yield f"{where} is there {len(elements)} times"
    (element, *_) = elements
    if isinstance(shape, StructureShape):
        yield from _structure(shape, element, where)
    elif isinstance(shape, MapShape):
        for entry in elements if flattened else list(element):
            yield from _entry(shape, entry, where)
    elif len(element):
        yield f"{where} has elements inside"
    else:
        yield from _text(shape, element.text or "", where)


def _entries(shape: ListShape, elements: list[ET.Element]) -> list[ET.Element]:
    assert len(elements) == 1, shape.name
    return list(elements[0])


def _entry(shape: MapShape, entry: ET.Element, where: str) -> Iterator[str]:
    names = (shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value"))
    if tuple(_tag(child) for child in entry) != names:
        yield f"{where} has an entry of {[_tag(child) for child in entry]}"
        return
    yield from _members(shape.key, [entry[0]], f"{where}/key")
    yield from _members(shape.value, [entry[1]], f"{where}/{entry[0].text}")


def _text(shape: Shape, text: str, where: str) -> Iterator[str]:
    if shape.type_name == "boolean" and text not in {"true", "false"}:
        yield f"{where} is {text!r}, which clients take for false"
    try:
        check_text(shape, text, where)
    except Flaw as flaw:
        yield f"{where} is {text!r}: {flaw.need}"


def _xml_name(shape: Shape, name: str) -> str:
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        name = shape.member.serialization.get("name") or name
    return str(shape.serialization.get("name", name))


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
