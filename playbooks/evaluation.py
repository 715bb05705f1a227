"""How an expression's syntax tree becomes a value, counted step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import nodes

from playbooks.expression_errors import ExpressionError, UndefinedError
from playbooks.faults import did_you_mean
from playbooks.filters import FILTERS, MAX_SIZE, TESTS, FilterTypeError, kind_of, number_of, show
from playbooks.kept import Kept, refuse_kept

__all__ = ["Evaluation", "ExpressionError", "UndefinedError"]

MAX_STEPS = 20_000
"""Nodes visited and items handled in one text."""
MAX_NUMBER = 2**63


class _Missing:
    """A name that is not there, until somebody needs its value."""

    def __init__(self, message: str) -> None:
        self.message = message


class Evaluation:
    """One text's evaluation over a context of plain data (JSON types)."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._context = context
        self._steps = 0

    def value(self, node: Any) -> Any:
        """Return the value of an expression, JSON types. Raises `ExpressionError`."""
        return _plain(self._need(node))

    def text(self, parts: Iterable[str | nodes.Expr]) -> str:
        """Return literal texts and expressions' values, joined."""
        size = 0
        pieces: list[str] = []
        for part in parts:
            piece = part if isinstance(part, str) else show(self._read(part))
            size += len(piece)
            if size > MAX_SIZE:
                raise ExpressionError(f"the text would have more than {MAX_SIZE:,} characters")
            pieces.append(piece)
        return "".join(pieces)

    def _need(self, node: Any) -> Any:
        value = self._visit(node)
        if isinstance(value, _Missing):
            raise UndefinedError(value.message)
        return value

    def _read(self, node: Any) -> Any:
        """Return a value that is looked into. Raises `KeptError` for one that is kept elsewhere."""
        value = self._need(node)
        if isinstance(value, Kept):
            value.refuse()
        return value

    def _count(self, steps: int = 1) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise ExpressionError(f"the expression needs more than {MAX_STEPS:,} steps")

    def _visit(self, node: Any) -> Any:
        self._count()
        match node:
            case nodes.Const():
                return node.value
            case nodes.TemplateData():
                return node.data
            case nodes.Name():
                if node.name in self._context:
                    return self._context[node.name]
                return _Missing(f"there is no {node.name!r}: {did_you_mean(node.name, self._context)}")
            case nodes.Getattr():
                return _look_up(self._visit(node.node), node.attr, _path(node))
            case nodes.Getitem():
                return self._item(node)
            case nodes.List() | nodes.Tuple():
                return [self._need(item) for item in node.items]
            case nodes.Dict():
                return {str(self._need(pair.key)): self._need(pair.value) for pair in node.items}
            case nodes.Filter():
                return self._filter(node)
            case nodes.Test():
                return self._test(node)
            case nodes.Compare():
                return self._compare(node)
            case nodes.And():
                return _truth(self._read(node.left)) and _truth(self._read(node.right))
            case nodes.Or():
                return _truth(self._read(node.left)) or _truth(self._read(node.right))
            case nodes.Not():
                return not _truth(self._read(node.node))
            case nodes.CondExpr():
                return self._choose(node)
            case nodes.Concat():
                return self._sized("".join(show(self._read(part)) for part in node.nodes))
            case nodes.Neg():
                return -number_of(self._read(node.node))
            case nodes.Pos():
                return number_of(self._read(node.node))
            case nodes.BinExpr():
                return self._sized(_arithmetic(node.operator, self._read(node.left), self._read(node.right)))
        raise ExpressionError(f"{type(node).__name__} is not read here")

    def _sized(self, value: Any) -> Any:
        if isinstance(value, str | list):
            self._count(len(value) // 64)
            if len(value) > MAX_SIZE:
                raise ExpressionError(f"a value would be larger than {MAX_SIZE:,}")
        return value

    def _item(self, node: nodes.Getitem) -> Any:
        holder = self._visit(node.node)
        if isinstance(holder, Kept):
            holder.refuse()
        if isinstance(node.arg, nodes.Slice):
            if isinstance(holder, _Missing):
                return holder
            if not isinstance(holder, str | list):
                raise ExpressionError(f"{kind_of(holder)} has no part from … to …")
            bounds = [node.arg.start, node.arg.stop, node.arg.step]
            return self._sized(
                holder[slice(*(None if bound is None else _index(self._read(bound)) for bound in bounds))]
            )
        return _look_up(holder, self._read(node.arg), _path(node))

    def _choose(self, node: nodes.CondExpr) -> Any:
        if _truth(self._read(node.test)):
            return self._visit(node.expr1)
        return self._visit(node.expr2)

    def _compare(self, node: nodes.Compare) -> bool:
        left = self._read(node.expr)
        for operand in node.ops:
            right = self._read(operand.expr)
            if not _holds(operand.op, left, right, self._count):
                return False
            left = right
        return True

    def _filter(self, node: nodes.Filter) -> Any:
        take = self._need if node.name in {"default", "d"} else self._read
        arguments = [take(argument) for argument in node.args]
        named: dict[str, Any] = {str(keyword.key): take(keyword.value) for keyword in node.kwargs}
        if node.name in {"default", "d"}:
            value = self._visit(node.node)
            if len(arguments) != 1 or named:
                raise ExpressionError("default takes one value: x | default('unknown')")
            return arguments[0] if isinstance(value, _Missing) or value is None else value
        value = self._need(node.node)
        if isinstance(value, Kept):
            if node.name in {"length", "count"} and not arguments and not named:
                return value.count
            value.refuse()
        if isinstance(value, str | list | dict):
            self._count(len(value) // (64 if isinstance(value, str) else 1))
        try:
            return self._sized(FILTERS[node.name](value, *arguments, **named))
        except TypeError as error:
            if isinstance(error, FilterTypeError):
                raise ExpressionError(f"{node.name}: {error}") from error
            raise ExpressionError(f"{node.name} can't be used like this on {kind_of(value)}") from error
        except (ValueError, ArithmeticError) as error:
            raise ExpressionError(f"{node.name}: {error}") from error

    def _test(self, node: nodes.Test) -> bool:
        value = self._visit(node.node)
        if node.name in {"defined", "undefined"}:
            missing = value is None or isinstance(value, _Missing)
            return missing is (node.name == "undefined")
        if isinstance(value, _Missing):
            raise UndefinedError(value.message)
        if isinstance(value, Kept) and node.name != "none":
            value.refuse()
        return TESTS[node.name](value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _path(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_path(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        return f"{_path(node.node)}[…]"
    return "it"


def _look_up(holder: Any, key: Any, path: str) -> Any:
    if isinstance(holder, _Missing):
        return holder
    if isinstance(holder, Kept):
        holder.refuse()
    if isinstance(holder, Mapping):
        if key in holder:
            return holder[key]
        return _Missing(f"{path} is not there: {did_you_mean(str(key), map(str, holder)) or 'it is empty'}")
    if isinstance(holder, list | tuple | str) and isinstance(key, int) and not isinstance(key, bool):
        if -len(holder) <= key < len(holder):
            return holder[key]
        return _Missing(f"{path} is not there: only {len(holder)} are")
    return _Missing(
        f"{path} is not there: what is before it is {kind_of(holder)}, which has no parts by name"
    )


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ExpressionError(
            f"{kind_of(value)} is neither true nor false: compare it, as in x == 'y' or x | length > 0"
        )
    return value


def _index(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ExpressionError(f"a place in a list is a whole number, not {kind_of(value)}")
    return value


def _arithmetic(operator: str, left: Any, right: Any) -> Any:
    if operator == "+" and type(left) is type(right) and isinstance(left, str | list):
        return left + right
    try:
        left, right = number_of(left), number_of(right)
    except TypeError as error:
        raise ExpressionError(f"{operator}: {error}; texts are joined by ~") from error
    if operator in {"/", "//", "%"} and right == 0:
        raise ExpressionError(f"{operator}: a number can't be divided by 0")
    result: int | float
    match operator:
        case "+":
            result = left + right
        case "-":
            result = left - right
        case "*":
            result = left * right
        case "/":
            result = left / right
        case "//":
            result = left // right
        case "%":
            result = left % right
        case _:
            raise ExpressionError(f"{operator} is not read here")
    if not math.isfinite(result) or abs(result) >= MAX_NUMBER:
        raise ExpressionError(f"{operator}: the result is too large a number")
    return result


def _holds(operator: str, left: Any, right: Any, count: Callable[[int], None]) -> bool:
    match operator:
        case "eq":
            return _same(left, right)
        case "ne":
            return not _same(left, right)
        case "in" | "notin":
            if isinstance(right, str) and not isinstance(left, str):
                raise ExpressionError(f"in: a text holds texts, not {kind_of(left)}")
            if not isinstance(right, str | list | tuple | Mapping):
                raise ExpressionError(f"in: {kind_of(right)} holds nothing")
            count(len(right) // (64 if isinstance(right, str) else 1))
            if isinstance(right, str | Mapping):
                found = left in right
            else:
                found = any(_same(left, item) for item in right)
            return found is (operator == "in")
    comparable = type(left) is type(right) is str or not ({type(left), type(right)} - {int, float})
    if not comparable:
        raise ExpressionError(f"{kind_of(left)} and {kind_of(right)} can't be ordered")
    match operator:
        case "gt":
            return bool(left > right)
        case "gteq":
            return bool(left >= right)
        case "lt":
            return bool(left < right)
    return bool(left <= right)


def _same(left: Any, right: Any) -> bool:
    """Equal, where true is not 1. Raises `KeptError` where that can't be told from here."""
    refuse_kept(left)
    refuse_kept(right)
    return left == right and isinstance(left, bool) == isinstance(right, bool)
