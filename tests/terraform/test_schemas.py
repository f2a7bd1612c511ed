"""The HCL against the true schemas of three provider releases."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hcl_reader import Block, read, read_folder

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT.parent / "shared" / "schemas"
RELEASES = {
    "aws": ("aws-5.100.0.json", "aws-6.47.0.json"),
    "azurerm": ("azurerm-5.2.0.json",),
}
FOLDERS = sorted({file.parent for file in (ROOT / "terraform").rglob("*.tf")})
META = {"for_each", "count", "provider", "depends_on"}
# The dumps were written with every key of this name removed: the attributes of that name went too.
NOT_IN_THE_DUMPS = {"description"}
# Required in one release and optional in another: valid in both, as long as it is given.
NO_LONGER_REQUIRED = {
    ("aws_nat_gateway", "subnet_id"),
    ("aws_cloudwatch_metric_alarm", "comparison_operator"),
    ("aws_cloudwatch_metric_alarm", "evaluation_periods"),
}
META_BLOCKS = {"lifecycle", "timeouts", "provisioner", "connection"}
_REFERENCE = re.compile(
    r"(?<!module\.)\b((?:aws|azurerm)_[a-z0-9_]+)\.[a-z_0-9]+(?:\[[^\]]+\])?\.([a-z_0-9]+)"
)

pytestmark = pytest.mark.skipif(not SCHEMAS.is_dir(), reason=f"{SCHEMAS} with the true schemas is absent")


@dataclass(frozen=True, slots=True)
class Use:
    """An argument or block as used: where, and what it is in a schema."""

    resource_type: str
    path: tuple[str, ...]
    is_block: bool


@cache
def schema(release: str) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads((SCHEMAS / release).read_text())
    return wire


def releases_of(resource_type: str) -> tuple[str, ...]:
    return RELEASES[resource_type.partition("_")[0]]


def uses(block: Block, resource_type: str, path: tuple[str, ...] = ()) -> Iterator[Use]:
    for name in block.arguments:
        if name not in NOT_IN_THE_DUMPS and (path or name not in META):
            yield Use(resource_type, (*path, name), is_block=False)
    for inner in block.blocks:
        if inner.type in META_BLOCKS:
            continue
        name, content = inner.type, inner
        if inner.type == "dynamic":
            name = inner.labels[0]
            content = next(child for child in inner.blocks if child.type == "content")
        yield Use(resource_type, (*path, name), is_block=True)
        yield from uses(content, resource_type, (*path, name))


def problem(use: Use, release: str) -> str | None:
    """What is wrong with one use against one release; None if nothing."""
    place = f"{release}: {use.resource_type} {'.'.join(use.path)}"
    resource = schema(release)["resource_schemas"].get(use.resource_type)
    if resource is None:
        return f"{release}: no resource type {use.resource_type}"
    block = resource["block"]
    for name in use.path[:-1]:
        block = block.get("block_types", {}).get(name, {}).get("block", {})
    last = use.path[-1]
    if use.is_block:
        return None if last in block.get("block_types", {}) else f"{place} is no block"
    attribute = block.get("attributes", {}).get(last)
    if attribute is None:
        return f"{place} does not exist"
    return None if attribute.get("required") or attribute.get("optional") else f"{place} cannot be set"


def missing(block: Block, resource_type: str, release: str) -> list[str]:
    """Required arguments and blocks that a resource does not give, at its top level."""
    true = schema(release)["resource_schemas"][resource_type]["block"]
    given = set(block.arguments) | {
        inner.labels[0] if inner.type == "dynamic" else inner.type for inner in block.blocks
    }
    required = [name for name, attribute in true.get("attributes", {}).items() if attribute.get("required")]
    required += [name for name, inner in true.get("block_types", {}).items() if inner.get("min_items")]
    return [f"{release}: {resource_type} lacks {name}" for name in required if name not in given]


def shape(use: Use, release: str) -> object:
    """Type or nesting, and whether it is required."""
    block = schema(release)["resource_schemas"][use.resource_type]["block"]
    for name in use.path[:-1]:
        block = block["block_types"][name]["block"]
    if use.is_block:
        inner = block["block_types"][use.path[-1]]
        return inner["nesting_mode"], inner.get("max_items"), inner.get("min_items")
    attribute = block["attributes"][use.path[-1]]
    return attribute["type"], bool(attribute.get("required"))


def resources(folder: Path) -> list[Block]:
    return [block for block in read_folder(folder) if block.type == "resource"]


def all_uses() -> set[Use]:
    return {use for folder in FOLDERS for block in resources(folder) for use in uses(block, block.labels[0])}


def test_every_folder_was_read() -> None:
    names = {str(folder.relative_to(ROOT / "terraform")) for folder in FOLDERS}
    assert {"bootstrap", "modules/aws_azure_network", "modules/aws/vpn", "modules/azure/vpn_gateway"} <= names
    assert len({use.resource_type for use in all_uses()}) >= 30


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT / "terraform")))
def test_every_argument_exists_and_can_be_set_in_every_release(folder: Path) -> None:
    problems = [
        complaint
        for block in resources(folder)
        for use in uses(block, block.labels[0])
        for release in releases_of(use.resource_type)
        if (complaint := problem(use, release))
    ]
    assert problems == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT / "terraform")))
def test_nothing_required_is_left_out(folder: Path) -> None:
    problems = [
        complaint
        for block in resources(folder)
        for release in releases_of(block.labels[0])
        for complaint in missing(block, block.labels[0], release)
    ]
    assert problems == []


def test_types_and_nesting_are_the_same_in_both_aws_majors() -> None:
    aws = [
        use
        for use in all_uses()
        if use.resource_type.startswith("aws_") and (use.resource_type, *use.path) not in NO_LONGER_REQUIRED
    ]
    differing = [use for use in aws if len({repr(shape(use, release)) for release in RELEASES["aws"]}) > 1]
    assert differing == []


def test_every_attribute_that_is_read_exists_in_every_release() -> None:
    read_attributes = {
        match.groups()
        for folder in FOLDERS
        for file in folder.glob("*.tf")
        for match in _REFERENCE.finditer(file.read_text())
    }
    absent = [
        f"{release}: {resource_type}.{name}"
        for resource_type, name in read_attributes
        for release in releases_of(resource_type)
        if name not in readable(resource_type, release)
    ]
    assert read_attributes
    assert absent == []


def readable(resource_type: str, release: str) -> set[str]:
    """What a reference may name first: attributes and blocks."""
    block = schema(release)["resource_schemas"][resource_type]["block"]
    return {*block["attributes"], *block.get("block_types", {})}


def test_nothing_used_is_deprecated_in_any_release() -> None:
    deprecated = [
        f"{release}: {use.resource_type} {'.'.join(use.path)}"
        for use in all_uses()
        for release in releases_of(use.resource_type)
        if not use.is_block and _attribute(use, release).get("deprecated")
    ]
    assert deprecated == []


def _attribute(use: Use, release: str) -> dict[str, Any]:
    block = schema(release)["resource_schemas"][use.resource_type]["block"]
    for name in use.path[:-1]:
        block = block["block_types"][name]["block"]
    attribute: dict[str, Any] = block["attributes"][use.path[-1]]
    return attribute


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'resource "azurerm_virtual_network_gateway" "x" {\n  enable_bgp = true\n}\n',
            "enable_bgp does not exist",
        ),
        ('resource "aws_vpc" "x" {\n  arn = "a"\n}\n', "arn cannot be set"),
        ('resource "aws_vpc" "x" {\n  tags {\n    a = 1\n  }\n}\n', "tags is no block"),
        (
            """
resource "aws_vpn_connection" "x" {
  tunnel1_log_options {
    cloudwatch_log_options {
      bgp_log_enabled = true
    }
  }
}
""",
            "aws-5.100.0.json: aws_vpn_connection tunnel1_log_options.cloudwatch_log_options.bgp_log_enabled",
        ),
        ('resource "aws_vpc" "x" {\n  region = "us-east-1"\n}\n', "aws-5.100.0.json: aws_vpc region"),
        ('resource "aws_nonsense" "x" {\n  a = 1\n}\n', "no resource type aws_nonsense"),
    ],
)
def test_a_wrong_argument_is_caught(text: str, expected: str) -> None:
    (block,) = read(text)
    complaints = [
        problem(use, release)
        for use in uses(block, block.labels[0])
        for release in releases_of(use.resource_type)
    ]
    assert any(expected in text for text in complaints if text)


def test_a_missing_required_argument_is_caught() -> None:
    (block,) = read('resource "aws_customer_gateway" "x" {\n  bgp_asn = "65000"\n}\n')
    assert missing(block, "aws_customer_gateway", "aws-5.100.0.json") == [
        "aws-5.100.0.json: aws_customer_gateway lacks type"
    ]
