"""Reads which arguments and blocks formatted HCL uses; enough for `terraform fmt`'s output, and no more."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(r'^(?P<type>[a-z0-9_]+)(?P<labels>( "[^"]*")*) \{(?P<rest>.*)$')
_ARGUMENT = re.compile(r"^(?P<name>[a-z0-9_]+)\s*= ?(?P<value>.*)$")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_COMMENT = re.compile(r"(#|//).*$")


@dataclass(slots=True)
class Block:
    """One block: its type, labels, arguments by name (with their source text) and inner blocks."""

    type: str
    labels: tuple[str, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)
    blocks: list["Block"] = field(default_factory=list)


class HclError(ValueError):
    """A line is neither a block, an argument nor an end: not `terraform fmt`'s output."""


def read(text: str) -> list[Block]:
    """Return the top-level blocks of `text`."""
    lines = iter([line for line in (_bare(raw) for raw in text.splitlines()) if line])
    root = Block("root")
    _fill(root, lines, top=True)
    return root.blocks


def read_folder(folder: Path) -> list[Block]:
    """Return the top-level blocks of all `.tf` files in `folder`."""
    return [block for file in sorted(folder.glob("*.tf")) for block in read(file.read_text())]


def _bare(line: str) -> str:
    """The line without its comment and its indentation; a # within a string stays."""
    kept = _STRING.sub(lambda match: match[0].replace("#", "\0").replace("//", "\1"), line)
    return _COMMENT.sub("", kept).replace("\0", "#").replace("\1", "//").strip()


def depth(text: str) -> int:
    """Return how many brackets `text` opens and does not close; negative if it closes more."""
    without_strings = _STRING.sub('""', text)
    return sum(without_strings.count(c) for c in "([{") - sum(without_strings.count(c) for c in ")]}")


def _fill(block: Block, lines: Iterator[str], *, top: bool = False) -> None:
    for line in lines:
        if line == "}" and not top:
            return
        argument, inner = _ARGUMENT.match(line), _BLOCK.match(line)
        if inner is not None:
            child = Block(inner["type"], tuple(re.findall(r'"([^"]*)"', inner["labels"])))
            block.blocks.append(child)
            if inner["rest"].strip() == "}":
                continue
            if inner["rest"].strip():
                raise HclError(line)
            _fill(child, lines)
        elif argument is not None and not top:
            value = argument["value"]
            while depth(value) > 0:
                value += "\n" + next(lines)
            block.arguments[argument["name"]] = value
        else:
            raise HclError(line)
    if not top:
        raise HclError(f"{block.type} has no end")
