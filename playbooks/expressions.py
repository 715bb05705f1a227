"""Expressions: ``{{ … }}`` in a playbook's values, as data in and data out.

The grammar is Jinja2's (its immutable sandbox reads it, statements are refused), but nothing is
compiled to Python: the syntax tree is walked over plain data, so there are no attributes, methods or
globals to escape to, a log value is never a template, and the work is counted in steps and
characters rather than in seconds: the same input always gives the same answer or the same error.
Undefined is an error wherever its value is needed.

A text that is one lone ``{{ … }}`` keeps the type of its value; in a longer text values become text.

What may be wrong with one: `playbooks.expression_errors`. A value that is kept elsewhere (`playbooks.kept`)
is handed on whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from playbooks.evaluation import Evaluation
from playbooks.expression_errors import ExpressionError, KeptError, UndefinedError
from playbooks.faults import did_you_mean
from playbooks.filters import FILTERS, TESTS

__all__ = [
    "ExpressionError",
    "KeptError",
    "Reference",
    "Template",
    "UndefinedError",
    "is_template",
    "parse_template",
]

MAX_SOURCE = 8_000
"""Characters of one text."""
MAX_TOKENS = 400
"""Of one text's expressions together."""
MAX_NESTING = 30
"""Open brackets."""

_grammar = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


@dataclass(frozen=True)
class Reference:
    """What an expression reads: ``steps.who.country`` is ``("steps", "who", "country")``."""

    path: tuple[str, ...]
    optional: bool = False
    """It is asked whether it is there (``is defined``) or has a stand-in (``default``)."""

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class Template:
    """A parsed text with expressions."""

    source: str
    parts: tuple[str | nodes.Expr, ...]
    references: tuple[Reference, ...]

    @property
    def lone(self) -> bool:
        """Whether the text is a single expression, which keeps its type."""
        return len(self.parts) == 1 and not isinstance(self.parts[0], str)

    @property
    def constant(self) -> bool:
        return not any(not isinstance(part, str) for part in self.parts)

    def render(self, context: Mapping[str, Any]) -> Any:
        """Return the value over plain data. Raises `ExpressionError`; never anything else."""
        evaluation = Evaluation(context)
        try:
            if self.lone:
                return evaluation.value(self.parts[0])
            return evaluation.text(self.parts)
        except KeptError as error:
            raise error.in_(self.source) from None
        except ExpressionError:
            raise
        except (ArithmeticError, ValueError, TypeError, RecursionError) as error:
            raise ExpressionError(f"{self.source.strip()!r} has no value: {error}") from error


def is_template(value: Any) -> bool:
    """Return whether a value is a text that holds an expression."""
    return isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value)


@lru_cache(maxsize=4096)
def parse_template(source: str) -> Template:
    """Parse a text. Raises `ExpressionError` with what is wrong and what to write instead."""
    if len(source) > MAX_SOURCE:
        raise ExpressionError(f"the text has {len(source):,} characters, at most {MAX_SOURCE:,} are read")
    if not is_template(source):
        return Template(source, (source,) if source else (), ())
    _check_tokens(source)
    try:
        parsed = _grammar.parse(source)
    except TemplateSyntaxError as error:
        raise ExpressionError(f"this is no expression: {error.message}") from error
    except RecursionError as error:
        raise ExpressionError("the expression is nested too deeply") from error
    parts: list[str | nodes.Expr] = []
    for output in parsed.body:
        assert isinstance(output, nodes.Output)
        parts += [part.data if isinstance(part, nodes.TemplateData) else part for part in output.nodes]
    expressions = [part for part in parts if isinstance(part, nodes.Expr)]
    if len(expressions) == 1 and all(part in expressions or not str(part).strip() for part in parts):
        parts = [expressions[0]]
    for expression in expressions:
        _check_nodes(expression)
    found = dict.fromkeys(ref for expression in expressions for ref in _references(expression, False))
    return Template(source, tuple(parts), tuple(found))


def _check_tokens(source: str) -> None:
    count = depth = 0
    try:
        for _, token, text in _grammar.lex(source):
            if token in {"block_begin", "linestatement_begin"}:
                raise ExpressionError(
                    "statements ({% … %}) are not read here: use {{ … }}, and an if of the step's own"
                )
            if token in {"comment_begin", "linecomment_begin"}:
                raise ExpressionError("comments ({# … #}) are not read here: write # after the value")
            if token in {"data", "whitespace"}:
                continue
            count += 1
            depth += (text in {"(", "[", "{"}) - (text in {")", "]", "}"})
            if count > MAX_TOKENS or depth > MAX_NESTING:
                raise ExpressionError("the expression is too long or nested too deeply")
    except TemplateSyntaxError as error:
        raise ExpressionError(f"this is no expression: {error.message}") from error


_READABLE = (
    nodes.Name, nodes.Const, nodes.TemplateData, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair,
    nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or,
    nodes.Not, nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod,
    nodes.Concat, nodes.CondExpr, nodes.Keyword,
)  # fmt: skip


def _check_nodes(root: nodes.Node) -> None:
    for node in _walk(root):
        if isinstance(node, nodes.Call):
            called = node.node
            named = called.attr if isinstance(called, nodes.Getattr) else getattr(called, "name", "it")
            raise ExpressionError(f"{named}(…) can't be called: helpers are written as filters, x | {named}")
        if isinstance(node, nodes.Pow):
            raise ExpressionError("** is not read here: multiply instead")
        if isinstance(node, nodes.CondExpr) and node.expr2 is None:
            raise ExpressionError("x if y needs an else: x if y else z")
        if not isinstance(node, _READABLE):
            raise ExpressionError(f"{type(node).__name__} is not read here")
        for kind, known, word in (
            (nodes.Filter, FILTERS.keys() | {"default", "d"}, "filter"),
            (nodes.Test, TESTS.keys() | {"defined", "undefined"}, "test"),
        ):
            if isinstance(node, kind) and node.name not in known:
                hint = did_you_mean(node.name, known)
                raise ExpressionError(f"there is no {word} {node.name!r}: {hint}")
        if isinstance(node, nodes.Filter | nodes.Test) and (
            node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None
        ):
            raise ExpressionError("a helper needs a value before it and plain arguments: x | helper('y')")


def _walk(root: nodes.Node) -> Iterator[nodes.Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.iter_child_nodes())


def _references(node: nodes.Node, optional: bool) -> Iterator[Reference]:
    path: list[str] = []
    place: nodes.Node = node
    inner: list[nodes.Node] = []
    while isinstance(place, nodes.Getattr | nodes.Getitem):
        if isinstance(place, nodes.Getattr):
            path.append(place.attr)
        elif isinstance(place.arg, nodes.Const) and isinstance(place.arg.value, str):
            path.append(place.arg.value)
        else:
            path.clear()
            inner.append(place.arg)
        place = place.node
    if isinstance(place, nodes.Name):
        yield Reference((place.name, *reversed(path)), optional)
    elif place is not node:
        yield from _references(place, optional)
    else:
        asked = (isinstance(node, nodes.Test) and node.name in {"defined", "undefined"}) or (
            isinstance(node, nodes.Filter) and node.name in {"default", "d"}
        )
        subject = node.node if isinstance(node, nodes.Test | nodes.Filter) else None
        for child in node.iter_child_nodes():
            yield from _references(child, (asked and child is subject) or (optional and child is subject))
    for argument in inner:
        yield from _references(argument, False)
