#!/usr/bin/env python3
"""Write into each module's README what its HCL says: example, inputs, outputs, resources.

    tools/module_readmes.py

Everything between the two markers is replaced; the rest of a README is written by hand.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "terraform"))

from hcl_reader import Block, depth, read_folder

TERRAFORM = Path(__file__).resolve().parents[1] / "terraform"
BEGIN, END = "<!-- BEGIN_TF_DOCS -->\n", "<!-- END_TF_DOCS -->\n"
EXAMPLE = Path("examples") / "basic" / "main.tf"


def modules() -> list[Path]:
    """Return the folders of all modules, `bootstrap` among them."""
    folders = (file.parent for file in TERRAFORM.rglob("README.md") if (file.parent / "main.tf").is_file())
    return sorted(folders)


def documented(module: Path) -> str:
    """Return the README of a module with what the HCL says today between its markers.

    Raises:
        ValueError: The markers are missing.
    """
    before, begin, rest = (module / "README.md").read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{module / 'README.md'} lacks {BEGIN.strip()} and {END.strip()}")
    return before + BEGIN + "\n".join(_sections(module)) + END + after


def _sections(module: Path) -> Iterator[str]:
    blocks = read_folder(module)
    if (module / EXAMPLE).is_file():
        yield f"## Example\n\n[{EXAMPLE}]({EXAMPLE}):\n\n```hcl\n{(module / EXAMPLE).read_text()}```\n"
    inputs = [_input(block) for block in blocks if block.type == "variable"]
    outputs = [
        (f"`{block.labels[0]}`", _text(block.arguments["description"]))
        for block in blocks
        if block.type == "output"
    ]
    resources = [(f"`{'.'.join(block.labels)}`",) for block in blocks if block.type == "resource"]
    calls = [
        (f"`{block.labels[0]}`", f"`{_text(block.arguments['source'])}`")
        for block in blocks
        if block.type == "module"
    ]
    yield _table("Inputs", ("Name", "Description", "Type", "Default"), inputs)
    yield _table("Outputs", ("Name", "Description"), outputs)
    yield _table("Resources", ("Name",), resources)
    if calls:
        yield _table("Modules", ("Name", "Source"), calls)


def _input(block: Block) -> tuple[str, ...]:
    default = block.arguments.get("default")
    return (
        f"`{block.labels[0]}`",
        _text(block.arguments["description"]),
        _type(block.arguments["type"]),
        f"`{default}`" if default else "required",
    )


def _type(source: str) -> str:
    """Return a type for the cell of a table, indented again: the reader takes indentation away."""
    lines, level = [], 0
    for line in source.splitlines():
        level -= depth(line) < 0
        lines.append("  " * level + line)
        level += depth(line) > 0
    return f"`{source}`" if len(lines) == 1 else f"<pre>{'<br>'.join(lines)}</pre>"


def _text(literal: str) -> str:
    text: str = json.loads(literal)
    return text


def _table(title: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return f"## {title}\n\nNone.\n"
    lines = [header, ("---",) * len(header), *sorted(rows)]
    return f"## {title}\n\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    for each in modules():
        (each / "README.md").write_text(documented(each))
