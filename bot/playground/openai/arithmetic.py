"""Sums in a question, found and worked out. Pure."""

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

EXPRESSION = re.compile(r"[(\d][\d\s.()+\-*/×÷^%]*[\d)]")
DATE = re.compile(r"\d[-/]\d")  # a date or a telephone number: sums are written with blanks
LONGEST = 80  # characters
LARGEST_POWER = 64

OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


@dataclass(frozen=True, slots=True)
class Sum:
    """An expression as Python writes it, and its value."""

    code: str
    value: str


def find_sum(text: str) -> Sum | None:
    """The first sum in a text, if there is one."""
    for found in EXPRESSION.findall(text):
        expression = found.replace("×", "*").replace("÷", "/").replace("^", "**").strip()
        if len(expression) <= LONGEST and not DATE.search(expression):
            value = _worked_out(expression)
            if value is not None:
                return Sum(expression, f"{value:.10g}" if isinstance(value, float) else str(value))
    return None


def _worked_out(expression: str) -> float | None:
    try:
        tree = ast.parse(expression, mode="eval").body
        return _value(tree) if isinstance(tree, ast.BinOp) else None
    except (SyntaxError, ValueError, ArithmeticError):
        return None


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if not isinstance(node, ast.BinOp) or type(node.op) not in OPERATORS:
        raise ValueError("not a sum")
    left, right = _value(node.left), _value(node.right)
    if isinstance(node.op, ast.Pow) and abs(right) > LARGEST_POWER:
        raise ValueError("too large")
    return OPERATORS[type(node.op)](left, right)
