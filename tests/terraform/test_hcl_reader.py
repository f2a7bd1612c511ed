"""The reader that the schema tests stand on."""

import pytest
from hcl_reader import HclError, read


def test_arguments_blocks_and_dynamic_blocks_are_found() -> None:
    (block,) = read(
        """
# resource "no" "no" {
resource "a_b" "this" {
  for_each = var.x # a comment {
  name     = "with # and // and { in it"
  list = [
    "one",
    { a = 1 },
  ]

  inner {
    deep = true
  }
  dynamic "other" {
    for_each = var.y

    content {
      value = other.key
    }
  }
  empty {}
}
"""
    )
    assert block.labels == ("a_b", "this")
    assert set(block.arguments) == {"for_each", "name", "list"}
    assert [inner.type for inner in block.blocks] == ["inner", "dynamic", "empty"]
    assert block.blocks[1].blocks[0].arguments == {"value": "other.key"}


@pytest.mark.parametrize("text", ["nonsense\n", 'resource "a" "b" {\n  x = 1\n', 'a "b" { c = 1 }\n'])
def test_what_is_not_formatted_hcl_is_refused(text: str) -> None:
    with pytest.raises(HclError):
        read(text)
