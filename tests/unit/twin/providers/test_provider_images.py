"""Images that the offline provider finds, without Terraform and without a cloud."""

from typing import Any

import pytest

from twinspan.errors import DesignError
from twinspan.twin.providers.aws.images import Ami, _the_one
from twinspan.twin.providers.engine import empty
from twinspan.twin.providers.schema import load


def image(name: str, created: str) -> dict[str, Any]:
    return {"ImageId": f"ami-{name}", "Name": name, "CreationDate": created}


OLD, NEW = image("old", "2026-01-01T00:00:00.000Z"), image("new", "2026-10-02T00:00:00.000Z")


def test_the_newest_of_several_images_counts_if_that_is_asked_for() -> None:
    assert _the_one([NEW, OLD], newest=True) is NEW
    assert _the_one([OLD], newest=False) is OLD


@pytest.mark.parametrize("images", [[], [OLD, NEW]])
def test_no_image_or_several_are_refused(images: list[dict[str, Any]]) -> None:
    with pytest.raises(DesignError):
        _the_one(images, newest=False)


class _NoCloud:
    """A cloud that answers nothing."""

    region = "eu-west-1"


def test_a_plan_from_nothing_asks_no_cloud_for_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINSPAN_PLAN_ONLY", "1")
    config = empty(load("aws").data_sources["aws_ami"])

    said = Ami().read(_NoCloud(), config)  # type: ignore[arg-type]  # nothing else of a cloud is used

    assert said["id"] == said["image_id"] != ""
