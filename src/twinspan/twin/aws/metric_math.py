"""Metric math of CloudWatch, as far as a VPN's throughput needs it.

Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics". Simplified: arithmetic of
metrics and numbers, and FILL with a number; no other functions.
"""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

Values = dict[datetime, float]
"""Time -> value."""

_SUPPORTED = "only numbers, ids, + - * /, FILL and parentheses are supported"
_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def evaluate(expression: str, known: Mapping[str, Values], *, times: Iterable[datetime] = ()) -> Values:
    """Return an expression's values at the times that all its metrics have.

    Args:
        expression: E.g. `(m1 + m2) * 8 / 300`, or `FILL(m1, 0) + FILL(m2, 0)`.
        known: Id of a query -> its values.
        times: Those that FILL fills, besides the times at which any of the metrics has a value.

    Raises:
        ValueError: It is no such expression, or names an unknown id; says which.
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, MemoryError, RecursionError):
        raise ValueError("it is not well formed") from None
    every = frozenset(times).union(*(values.keys() for values in known.values()))
    result = _value(tree, known, every)
    if isinstance(result, float):
        raise ValueError("it names no metric")  # noqa: TRY004 - the text is wrong, not the type
    return result


def _value(node: ast.expr, known: Mapping[str, Values], times: frozenset[datetime]) -> Values | float:
    match node:
        case ast.Constant(value=bool() | complex()):
            raise ValueError(_SUPPORTED)
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            if name not in known:
                raise ValueError(f"undefined id {name}")
            return known[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _combined(_OPERATORS[type(op)], _value(left, known, times), _value(right, known, times))
        case ast.Call(func=ast.Name(id="FILL"), args=[ast.Name() as metric, filling], keywords=[]):
            measured, instead = _value(metric, known, times), _value(filling, known, times)
            if isinstance(measured, float) or isinstance(instead, dict):
                raise ValueError("FILL takes a metric and a number")  # noqa: TRY004 - the text is wrong
            return {at: measured.get(at, instead) for at in times}
        case _:
            raise ValueError(_SUPPORTED)


def _combined(
    operate: Callable[[float, float], float], left: Values | float, right: Values | float
) -> Values | float:
    if isinstance(left, float) and isinstance(right, float):
        return operate(left, right)
    times = left.keys() if isinstance(left, dict) else right.keys() if isinstance(right, dict) else ()
    results: Values = {}
    for at in times:
        one = left.get(at) if isinstance(left, dict) else left
        other = right.get(at) if isinstance(right, dict) else right
        if one is None or other is None or (operate is operator.truediv and other == 0):
            continue  # CloudWatch leaves out what has no value
        results[at] = operate(one, other)
    return results
