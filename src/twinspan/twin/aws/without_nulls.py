"""Answers of moto's in JSON, without what the service's model does not know and what has nothing to say."""

import json
from http import HTTPStatus
from typing import Any

from botocore.model import ListShape, Shape, StructureShape
from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model

_TOKENS = frozenset({"NextMarker", "NextToken"})
"""Members that are there if there is another page."""


class WithoutNulls(BaseResponse):
    """A service's responses; comes in front of moto's class."""

    def call_action(self) -> TYPE_RESPONSE:
        """Answer without nulls and unknown members, at any depth."""
        status, headers, body = super().call_action()
        if body and status == HTTPStatus.OK:
            shape = get_service_model(self.service_name).operation_model(self._get_action()).output_shape
            body = json.dumps({} if shape is None else _known(shape, json.loads(body) or {}))
        return status, headers, body


def _known(shape: Shape, value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            name: _known(shape.members[name], item)
            for name, item in value.items()
            if name in shape.members and item is not None and not (name in _TOKENS and item == "")
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_known(shape.member, item) for item in value]
    return value
