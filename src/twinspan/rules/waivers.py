"""Findings that somebody has decided to live with, each with the reason."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from twinspan.errors import DesignError
from twinspan.results import CheckResult, Finding, Outcome
from twinspan.rules.catalogue import rule_of

WAIVERS_FILE = "checks.toml"
"""Read from the environment's folder if it is there."""


class Waiver(BaseModel):
    """One entry of the file.

    Attributes:
        id: Which check.
        where: Which findings: a pattern with `*` and `?` for `Finding.subject`; brackets are themselves.
        reason: Why; never empty.
        expires: The last day it holds; None: for ever.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    where: str = "*"
    reason: str = Field(min_length=10)
    expires: date | None = None

    @field_validator("id")
    @classmethod
    def _exists(cls, value: str) -> str:
        if rule_of(value) is None:
            msg = f"there is no rule {value}"
            raise ValueError(msg)
        return value.upper()

    def meets(self, check_id: str, finding: Finding) -> bool:
        """Whether it is about this finding."""
        pattern = self.where.replace("[", "[[]")
        return self.id == check_id and fnmatchcase(finding.subject, pattern)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    waiver: list[Waiver] = Field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """The results with waivers applied, and what is to be said of the waivers themselves."""

    results: tuple[CheckResult, ...]
    notes: tuple[str, ...]


def load_waivers(file: Path) -> tuple[Waiver, ...]:
    """Read a waivers file.

    Raises:
        DesignError: It is missing, no TOML, names an unknown check, or gives no reason.
    """
    remedy = 'Write [[waiver]] with id = "RED-02", where = "*", reason = "..." (10 characters or more)'
    try:
        document = tomllib.loads(file.read_text())
    except OSError as error:
        raise DesignError(
            where=str(file), problem=f"cannot be read: {error.strerror}", remedy=remedy
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DesignError(where=str(file), problem=f"this is no TOML: {error}", remedy=remedy) from error
    try:
        return tuple(_File.model_validate(document).waiver)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DesignError(where=f"{file} {place}", problem=first["msg"], remedy=remedy) from error


def waivers_of(file: Path | None, *, env: Path | None) -> tuple[Waiver, ...]:
    """Read the given file, else that of an environment folder, if it has one.

    Raises:
        DesignError: As `load_waivers`.
    """
    if file is not None:
        return load_waivers(file)
    default_file = env / WAIVERS_FILE if env is not None else None
    return load_waivers(default_file) if default_file is not None and default_file.is_file() else ()


def apply_waivers(results: Sequence[CheckResult], waivers: Sequence[Waiver], *, today: date) -> Waived:
    """Mark the findings that a waiver meets; what the plan does not tell cannot be waived."""
    used: set[int] = set()

    def waived(check_id: str, finding: Finding) -> Finding:
        for position, waiver in enumerate(waivers):
            over = waiver.expires is not None and waiver.expires < today
            if finding.outcome is Outcome.FAIL and waiver.meets(check_id, finding):
                used.add(position)
                if not over:
                    return finding.model_copy(update={"outcome": Outcome.WAIVED, "waiver": waiver.reason})
        return finding

    changed = tuple(
        result.model_copy(
            update={
                "findings": tuple(waived(result.id, result_finding) for result_finding in result.findings)
            }
        )
        for result in results
    )
    notes = [
        f"the waiver of {waiver.id} for {waiver.where} ended on {waiver.expires}"
        if waiver.expires is not None and waiver.expires < today
        else f"the waiver of {waiver.id} for {waiver.where} meets nothing; remove it"
        for position, waiver in enumerate(waivers)
        if position not in used or (waiver.expires is not None and waiver.expires < today)
    ]
    return Waived(results=changed, notes=tuple(notes))
