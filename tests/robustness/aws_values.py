"""Values for the parameters of AWS operations: good ones, nearly good ones, and nonsense."""

import json
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from moto.core.models import DEFAULT_ACCOUNT_ID

from twinspan.twin.aws.quotas import QUOTAS

ODD_TEXTS: Sequence[str] = (
    "",
    " ",
    "0",
    "-1",
    "null",
    "None",
    "true",
    "\0",
    "\x1b[31m",
    "\ufffe",
    "é",
    "💥",
    "a" * 300,
    "a" * 5000,
    "../../etc/passwd",
    "%00",
    "%",
    "{0}",
    "%s",
    "<a>&amp;]]>",
    "'\"`$(reboot)",
    "10.0.0.0/33",
    "10.0.0.1/8",
    "256.1.1.1",
    "::/0",
    "2001:db8::/32",
    "vpc-",
    "vpc-xyz",
    "sg-0123456789abcdef0",
    "arn:aws:",
    "arn:aws:iam::123456789012:role/none",
    "tag:",
    "*",
    "[",
    "(?P<",
    "99999999999999999999999",
    "2026-13-45T99:99:99Z",
    "2026-11-28T12:00:00Z",
)
_NUMBERS = (
    0,
    1,
    -1,
    2,
    5,
    22,
    80,
    100,
    300,
    443,
    1000,
    65535,
    65536,
    2**31 - 1,
    2**31,
    -(2**31),
    2**63,
    10**30,
)
_CIDRS = (
    "10.0.0.0/16",
    "10.0.0.0/24",
    "10.0.1.0/24",
    "10.1.0.0/16",
    "10.0.0.0/28",
    "10.0.0.0/30",
    "0.0.0.0/0",
    "192.168.0.0/24",
    "169.254.21.0/30",
    "169.254.22.0/30",
)
_DOCUMENT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Resource": "*",
            }
        ],
    }
)
_BY_NAME: Sequence[tuple[re.Pattern[str], Sequence[str]]] = (
    (re.compile(r"Cidr", re.IGNORECASE), _CIDRS),
    (re.compile(r"AvailabilityZone(?!Id)"), ("eu-central-1a", "eu-central-1b", "eu-central-9z")),
    (re.compile(r"Outside|IpAddress|PublicIp|PrivateIp|^Ip$", re.IGNORECASE), ("203.0.113.9", "10.0.0.4")),
    (re.compile(r"(Policy|Assume.*)Document$|^Policy$"), (_DOCUMENT, "{}", "[]", "null", '{"Statement": 1}')),
    (re.compile(r"DashboardBody"), ('{"widgets": []}', "{}", "[]")),
    (re.compile(r"^IpProtocol$|^Protocol$"), ("tcp", "udp", "-1", "icmp", "6", "47", "sqs", "email")),
    (re.compile(r"Endpoint$"), ("http://127.0.0.1:9/x", "a@example.com", "http://10.0.0.1/")),
    (re.compile(r"Asn$|BgpAsn"), ("65000", "64512", "4200000000")),
    (re.compile(r"[nN]amespace"), ("AWS/VPN", "Own")),
    (re.compile(r"MetricName"), ("TunnelState", "TunnelDataIn", "own")),
    (re.compile(r"^Statistic|^Stat$"), ("Average", "Maximum", "p99")),
    (re.compile(r"Expression"), ("m1 + 1", "FILL(m1, 0)", "SUM(METRICS())", "(" * 200, "m1/0", "1**9**9**9")),
    (re.compile(r"[vV]ersion$"), ("1.35", "1.34", "v1")),
    (re.compile(r"^ServiceCode$"), tuple({service for service, _ in QUOTAS})),
    (re.compile(r"^QuotaCode$"), tuple({code for _, code in QUOTAS})),
    (re.compile(r"^AccountId$"), (DEFAULT_ACCOUNT_ID,)),
    (re.compile(r"Bucket$"), ("bucket-a", "bucket-b")),
    (re.compile(r"^Key$"), ("a", "a/b", "Name", "aws:x")),
    (re.compile(r"Name", re.IGNORECASE), ("a", "b", "c", "default")),
)
_FILTER_NAMES = re.compile(r"<li> <p> <code>([a-z][a-z0-9.:-]+)</code>")
_DEEPEST = 6


class Values:
    """Draws values for shapes.

    Args:
        draw: Where chance comes from.
        ids: Identifiers that the API gave out, by their prefix; grows meanwhile.
        odd: How often a value is nonsense, of 1.
    """

    def __init__(self, draw: Random, ids: Mapping[str, Sequence[str]], odd: float) -> None:
        self._draw = draw
        self._ids = ids
        self.odd = odd

    def structure(self, shape: StructureShape, *, deep: int = 0) -> dict[str, Any]:
        """Return members for a structure: most of the required ones, and some of the others."""
        members = {}
        for name, member in shape.members.items():
            required = name in shape.required_members
            likely = 1 - self.odd / 4 if required else (0.3 if deep else 0.35)
            if name == "DryRun":
                likely = 0.02
            if self._draw.random() < likely:
                members[name] = self.value(name, member, deep=deep + 1)
        return members

    def value(self, name: str, shape: Shape, *, deep: int = 0) -> Any:  # noqa: PLR0911 - one for each type
        """Return a value for a member."""
        draw = self._draw
        if isinstance(shape, StructureShape):
            return self.structure(shape, deep=deep) if deep < _DEEPEST else {}
        if isinstance(shape, ListShape):
            singular = name.removesuffix("s")
            if name == "Filters" and self._draw.random() < 0.7:
                return [self._filter(shape) for _ in range(draw.choice((1, 1, 2)))]
            return [
                self.value(singular, shape.member, deep=deep) for _ in range(draw.choice((0, 1, 1, 1, 2, 3)))
            ]
        if isinstance(shape, MapShape):
            return {
                self._text(f"{name}Key", shape.key): self.value(f"{name}Value", shape.value, deep=deep)
                for _ in range(draw.choice((0, 1, 1, 2)))
            }
        match shape.type_name:
            case "boolean":
                return draw.random() < 0.5
            case "integer" | "long" | "float" | "double" | "short" | "byte":
                return self._number(shape)
            case "timestamp":
                return draw.choice((0, 1_700_000_000, 1_800_000_000, -1, 10**9))
            case "blob":
                return draw.choice((b"", b"a", bytes(range(256))))
        return self._text(name, shape)

    def _number(self, shape: Shape) -> float:
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if self._draw.random() > self.odd and (least is not None or most is not None):
            return int(self._draw.choice([limit for limit in (least, most) if limit is not None]))
        if self._draw.random() < self.odd:
            return self._draw.choice(_NUMBERS)
        return self._draw.choice(_NUMBERS[3:12])

    def _filter(self, shape: ListShape) -> dict[str, Any]:
        names = _FILTER_NAMES.findall(shape.documentation) or ["vpc-id", "state", "tag:Name"]
        values = [
            self._text(
                self._draw.choice(("VpcId", "Name", "CidrBlock")), StringShape("s", {"type": "string"})
            )
        ]
        drawn_filter: dict[str, Any] = {
            "Name": self._draw.choice([*names, "tag:Name", "tag-key", "nonsense"])
        }
        if self._draw.random() < 0.95:
            drawn_filter["Values"] = values * self._draw.choice((0, 1, 1, 2))
        return drawn_filter

    def _text(self, name: str, shape: Shape) -> str:
        draw = self._draw
        if draw.random() < self.odd:
            return draw.choice(ODD_TEXTS)
        choices = shape.metadata.get("enum")
        if choices:
            return str(draw.choice(choices))
        known = self._identifier(name)
        if known is not None:
            return known
        for pattern, texts in _BY_NAME:
            if pattern.search(name):
                return draw.choice(texts)
        return draw.choice(("a", "b", "x-1", "Some text"))

    def _identifier(self, name: str) -> str | None:
        """Return an identifier that the API gave out, for members that take one."""
        if name == "AccountId":
            return None
        if re.search(r"Arn|ARN", name):
            pool = [*self._ids.get("arn", ())]
        elif name.endswith(("Id", "ID")) or name in {"Resource", "Group", "ResourceId"}:
            prefixes = _PREFIXES.get(name)
            pool = [
                identifier for prefix in prefixes or self._ids for identifier in self._ids.get(prefix, ())
            ]
            if self._draw.random() < self.odd:
                pool = [identifier for ids in self._ids.values() for identifier in ids]
        else:
            return None
        return self._draw.choice(pool) if pool else None


_PREFIXES: Mapping[str, Sequence[str]] = {
    "AllocationId": ("eipalloc",),
    "AssociationId": ("rtbassoc", "eipassoc", "aclassoc", "vpc-cidr-assoc"),
    "CustomerGatewayId": ("cgw",),
    "DhcpOptionsId": ("dopt",),
    "GatewayId": ("igw", "vgw"),
    "GroupId": ("sg",),
    "Group": ("sg",),
    "InternetGatewayId": ("igw",),
    "NatGatewayId": ("nat",),
    "NetworkAclId": ("acl",),
    "NetworkInterfaceId": ("eni",),
    "RouteTableId": ("rtb",),
    "SecurityGroupId": ("sg",),
    "SecurityGroupRuleId": ("sgr",),
    "SubnetId": ("subnet",),
    "VpcId": ("vpc",),
    "VpnConnectionId": ("vpn",),
    "VpnGatewayId": ("vgw",),
}
"""Member -> prefixes of the identifiers that it takes."""
