"""Recordings of what Terraform's real providers sent, as they are kept in `recordings/`."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from contract_documents import Tree

Cloud = Literal["aws", "azure"]
_READING = ("describe", "get", "list", "sharedkeys")
FOLDER = Path(__file__).parent / "recordings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request of a provider and what it needs in the answer; placeholders stand for what differs.

    Attributes:
        step: What Terraform was doing, e.g. `create`.
        service: AWS: whose signature it bears.
        region: AWS: for which region it is signed.
        target: Path and query.
        headers: Those that matter to the API.
        form: The body if it is a form.
        body: The body if it is something else: a JSON document, or text.
        statuses: With which it may be answered.
        answer_headers: Names in small letters, with the value needed.
        answer: The expectation of the body.
        error: AWS: the code needed, if it must be refused.
        repeated: Whether the provider asked more than once until the answer was this.
    """

    step: str
    cloud: Cloud
    method: str
    target: str
    statuses: tuple[int, ...]
    service: str = ""
    region: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    body: Tree = None
    answer_headers: dict[str, str] = field(default_factory=dict)
    answer: Tree = None
    error: str = ""
    repeated: bool = False

    @property
    def action(self) -> str:
        """The operation's name as far as the request says it, else the last part of its path."""
        named = self.form.get("Action") or self.headers.get("x-amz-target", "").rpartition(".")[2]
        return named or self.target.partition("?")[0].rpartition("/")[2]

    @property
    def name(self) -> str:
        """The request in words, for messages."""
        place = self.action if self.cloud == "aws" and self.target == "/" else self.target
        return f"{self.step}: {self.method} {self.service} {place}"

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, so that it may be sent again."""
        if self.method in {"GET", "HEAD"} or "/oauth2/" in self.target:
            return True
        return self.action.lower().startswith(_READING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What the providers sent while Terraform applied, changed, imported and destroyed one root module.

    Attributes:
        root: The folder, relative to the repository.
        providers: Name -> version.
        types: The types of the resources that it made.
        imported: Those of them that were imported, too.
    """

    root: str
    providers: dict[str, str]
    types: tuple[str, ...]
    imported: tuple[str, ...]
    exchanges: tuple[Exchange, ...]


def load(path: Path) -> Recording:
    """Return a recording."""
    with gzip.open(path, "rt") as lines:
        head, *rest = (json.loads(line) for line in lines)
    exchanges = tuple(Exchange(**{**row, "statuses": tuple(row["statuses"])}) for row in rest)
    return Recording(
        root=head["root"],
        providers=head["providers"],
        types=tuple(head["types"]),
        imported=tuple(head["imported"]),
        exchanges=exchanges,
    )


def save(recording: Recording, path: Path) -> None:
    """Write a recording; the same recording gives the same bytes."""
    head = {
        "root": recording.root,
        "providers": recording.providers,
        "types": recording.types,
        "imported": recording.imported,
    }
    lines = [head, *(_row(exchange) for exchange in recording.exchanges)]
    text = "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _row(exchange: Exchange) -> dict[str, Any]:
    empty: Sequence[object] = (None, "", {}, False)
    return {name: value for name, value in asdict(exchange).items() if value not in empty}
