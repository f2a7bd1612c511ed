import pytest

from twinspan.twin.azure.documents import Json
from twinspan.twin.azure.errors import ArmError
from twinspan.twin.azure.templates import Bounds, Function, resolve

FUNCTIONS: dict[str, Function] = {
    "concat": lambda given: "".join(str(argument) for argument in given),
    "thing": lambda _: {"name": "x", "items": [{"deep": True}]},
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        ("[[not an expression]", "[not an expression]"),
        ("[concat('a', 'b')]", "ab"),
        ("[concat('it''s', ' ', 3)]", "it's 3"),
        ("[CONCAT(concat('a'), thing().name)]", "ax"),
        ("[thing().items[0].deep]", True),
        ("[thing()['NAME']]", "x"),
        ({"a": ["[concat('b')]", 1, None]}, {"a": ["b", 1, None]}),
    ],
)
def test_expressions_are_evaluated(template: Json, value: Json) -> None:
    assert resolve(template, FUNCTIONS, Bounds()) == value


@pytest.mark.parametrize(
    "template",
    [
        "[]",
        "[concat(]",
        "[concat('a']",
        "[concat('a' 'b')]",
        "[concat('a'))]",
        "[unknown()]",
        "[thing().missing]",
        "[thing().items[7]]",
        "[thing().name.more]",
        "[#]",
        "[" + "concat(" * 60 + "'a'" + ")" * 60 + "]",
    ],
)
def test_a_bad_expression_is_refused(template: str) -> None:
    with pytest.raises(ArmError, match="InvalidTemplate"):
        resolve(template, FUNCTIONS, Bounds())


def test_nesting_has_an_end() -> None:
    template: Json = "x"
    for _ in range(60):
        template = [template]
    with pytest.raises(ArmError, match="nested deeper"):
        resolve(template, FUNCTIONS, Bounds())


def test_a_template_cannot_grow_without_end() -> None:
    """Each variable names the next one ten times: eight of them would be a hundred million values."""
    bounds = Bounds()
    variables: dict[str, Json] = {f"v{n}": [f"[v('v{n + 1}')]"] * 10 for n in range(8)}
    functions: dict[str, Function] = {
        "v": lambda given: resolve(variables.get(str(given[0])), functions, bounds),
    }
    with pytest.raises(ArmError, match="more than"):
        resolve("[v('v0')]", functions, bounds)
