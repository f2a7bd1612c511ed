"""Answers of moto's in JSON, without members that have nothing to say, which moto writes as null."""

import json
from http import HTTPStatus
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import BaseResponse


class WithoutNulls(BaseResponse):
    """A service's responses; comes in front of moto's class."""

    def call_action(self) -> TYPE_RESPONSE:
        """Answer without nulls, at any depth."""
        status, headers, body = super().call_action()
        if body and status == HTTPStatus.OK:
            shown = _without_nulls(json.loads(body))
            body = json.dumps({} if shown is None else shown)
        return status, headers, body


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
