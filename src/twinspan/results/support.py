"""How well a twin does what a configuration asks for."""

from typing import Literal

from pydantic import Field

from twinspan.results.document import Document

Level = Literal["packets", "objects only", "refused"]
"""On a twin: part of the network that packets cross, an entry with nothing behind it, or not there."""


class Support(Document):
    """What a twin has behind one thing."""

    level: Level
    service: str = Field(
        default="", description="E.g. `ec2` or `microsoft.network`; empty: not known, or none."
    )
    reason: str = Field(default="", description="Why it is not `packets`.")


class Need(Document):
    """Something that a configuration asks for, and what a twin has behind it."""

    kind: Literal["resource", "data", "ephemeral", "argument", "provider"]
    name: str = Field(description="E.g. `aws_vpc`, `aws_vpc.ipv6_cidr_block` or `datadog/datadog`.")
    support: Support
    addresses: tuple[str, ...] = Field(default=(), description="Terraform's addresses of what asks for it.")
