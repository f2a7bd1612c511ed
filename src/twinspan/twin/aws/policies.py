"""Policies of keys and secrets, as far as the twin reads them: it keeps nobody out by them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def statements_of(policy: str) -> Sequence[Mapping[str, Any]]:
    """Return the statements of a policy; none if it is no JSON object with statements."""
    try:
        document = json.loads(policy)
    except ValueError:
        return ()
    statements = document.get("Statement") if isinstance(document, dict) else None
    listed: list[Any] = statements if isinstance(statements, list) else [statements]
    return listed if all(isinstance(statement, dict) for statement in listed) else ()


def lets_anybody_in(statement: Mapping[str, Any]) -> bool:
    """Tell whether a statement allows something to everybody, on no condition."""
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    anybody = "*" in (named if isinstance(named, list) else [named])
    return anybody and statement.get("Effect") == "Allow" and not statement.get("Condition")
