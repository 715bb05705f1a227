"""STIX 2.1 patterns: the single values that each of them alone would be enough for.

A pattern is taken apart into comparisons. Only those count that fulfil it by themselves: alone, or
as alternatives (``OR``). A conjunction is no indicator of a single value, and is left out whole, with
one exception: the hashes of a file stay, whatever else is said of the same file, for they name its
content. What is left out is told. Parsing is that of the library of OASIS, `stix2-patterns`; the plain
form that most patterns have is read without it, a hundred times faster.
Format: https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html, chapter 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from antlr4 import ParserRuleContext
from stix2patterns.exceptions import ParseException
from stix2patterns.v21.grammars.STIXPatternVisitor import STIXPatternVisitor
from stix2patterns.v21.pattern import Pattern

from rules.intelligence.values import IndicatorKind, IndicatorValueError, canonical_value, guess

Value = tuple[IndicatorKind, str]

_PLAIN = re.compile(r"\s*\[\s*([a-z0-9-]+:[\w.'-]+)\s*=\s*'((?:[^'\\]|\\.)*)'\s*\]\s*\Z")
_KINDS = {
    "ipv4-addr:value": "address",
    "ipv6-addr:value": "address",
    "domain-name:value": IndicatorKind.DOMAIN,
    "hostname:value": IndicatorKind.DOMAIN,
    "url:value": IndicatorKind.URL,
    "email-addr:value": IndicatorKind.EMAIL,
    "email-message:from_ref.value": IndicatorKind.EMAIL,
    "email-message:sender_ref.value": IndicatorKind.EMAIL,
    "network-traffic:dst_ref.value": "address",
    "network-traffic:src_ref.value": "address",
    "domain-name:resolves_to_refs[*].value": "address",
}
_HASH = re.compile(r"(?:file|artifact|process:image_ref|x-file):(?:[\w.]+\.)?hashes\.'?([A-Za-z0-9_-]+)'?\Z")
_ALGORITHMS = frozenset({"md5", "sha1", "sha256", "sha512"})


class PatternError(ValueError):
    """A pattern has no single value; the text says why."""


def values_of_pattern(pattern: str) -> list[Value]:
    """Return the values that fulfil a pattern alone, each once. Raises `PatternError`."""
    plain = _PLAIN.match(pattern)
    if plain is not None:
        return [_value(plain[1], plain[2].replace("\\'", "'").replace("\\\\", "\\"))]
    try:
        parsed = Pattern(pattern)
    except ParseException as error:
        raise PatternError(f"it is no STIX pattern: {error}") from error
    except RecursionError as error:
        raise PatternError("it is nested too deeply") from error
    return list(dict.fromkeys(parsed.visit(_Alternatives())))


def _value(path: str, text: str) -> Value:
    kind = _KINDS.get(path)
    try:
        if kind == "address":
            found = guess(text)
            if found[0] not in (IndicatorKind.IP, IndicatorKind.NETWORK, IndicatorKind.DOMAIN):
                raise PatternError(f"{text!r:.60} is no address")
            return found
        if isinstance(kind, IndicatorKind):
            return kind, canonical_value(kind, text)
        if (match := _HASH.match(path)) and match[1].lower().replace("-", "") in _ALGORITHMS:
            return IndicatorKind.HASH, canonical_value(IndicatorKind.HASH, text)
    except IndicatorValueError as error:
        raise PatternError(str(error)) from error
    raise PatternError(f"{path} is not compared with events")


class _Alternatives(STIXPatternVisitor):  # type: ignore[misc]
    """Returns, of each part of a pattern, the values that fulfil it alone."""

    def visitPattern(self, ctx: Any) -> list[Value]:  # noqa: N802 - named by the grammar
        return self._of(ctx.observationExpressions())

    def visitObservationExpressions(self, ctx: Any) -> list[Value]:  # noqa: N802
        if ctx.FOLLOWEDBY():
            raise PatternError("it asks for one observation after another")
        return self._either(ctx)

    def visitObservationExpressionOr(self, ctx: Any) -> list[Value]:  # noqa: N802
        return self._either(ctx)

    def visitObservationExpressionAnd(self, ctx: Any) -> list[Value]:  # noqa: N802
        if ctx.AND():
            raise PatternError("it asks for several observations at once")
        return self._either(ctx)

    def visitObservationExpressionSimple(self, ctx: Any) -> list[Value]:  # noqa: N802
        return self._of(ctx.comparisonExpression())

    def visitObservationExpressionCompound(self, ctx: Any) -> list[Value]:  # noqa: N802
        return self._of(ctx.observationExpressions())

    def visitObservationExpressionWithin(self, ctx: Any) -> list[Value]:  # noqa: N802
        return self._of(ctx.observationExpression())

    def visitObservationExpressionRepeated(self, ctx: Any) -> list[Value]:  # noqa: N802, ARG002
        raise PatternError("it asks for repetitions")

    def visitObservationExpressionStartStop(self, ctx: Any) -> list[Value]:  # noqa: N802, ARG002
        raise PatternError("it asks for a time of its own")

    def visitComparisonExpression(self, ctx: Any) -> list[Value]:  # noqa: N802
        return self._either(ctx)

    def visitComparisonExpressionAnd(self, ctx: Any) -> list[Value]:  # noqa: N802
        if not ctx.AND():
            return self._either(ctx)
        hashes: list[Value] = []
        for test in _conjuncts(ctx):
            path = test.objectPath().getText() if hasattr(test, "objectPath") else ""
            if not path.startswith("file:"):
                raise PatternError("it asks for several things at once")
            if _HASH.match(path):
                hashes += self._of(test)
        if not hashes:
            raise PatternError("it asks for several things at once")
        return hashes

    def visitPropTestEqual(self, ctx: Any) -> list[Value]:  # noqa: N802
        if ctx.NOT() or ctx.NEQ():
            raise PatternError("it asks for what is not")
        return [_value(ctx.objectPath().getText(), _literal(ctx.primitiveLiteral()))]

    def visitPropTestSet(self, ctx: Any) -> list[Value]:  # noqa: N802
        if ctx.NOT():
            raise PatternError("it asks for what is not")
        path = ctx.objectPath().getText()
        return [_value(path, _literal(one)) for one in ctx.setLiteral().primitiveLiteral()]

    def visitPropTestIsSubset(self, ctx: Any) -> list[Value]:  # noqa: N802
        if ctx.NOT():
            raise PatternError("it asks for what is not")
        return [_value(ctx.objectPath().getText(), _text(ctx.StringLiteral().getText()))]

    def visitPropTestParen(self, ctx: Any) -> list[Value]:  # noqa: N802
        return self._of(ctx.comparisonExpression())

    def defaultResult(self) -> list[Value]:  # noqa: N802
        raise PatternError("it compares in a way that single values can't")

    def visitChildren(self, node: Any) -> list[Value]:  # noqa: N802, ARG002
        return self.defaultResult()

    def _of(self, ctx: Any) -> list[Value]:
        found: list[Value] = ctx.accept(self)
        return found

    def _either(self, ctx: Any) -> list[Value]:
        """Alternatives: those that are values count, whatever the others are."""
        found: list[Value] = []
        refusal: PatternError | None = None
        for child in _rules(ctx):
            try:
                found += self._of(child)
            except PatternError as error:
                refusal = error
        if not found:
            raise refusal or PatternError("it is empty")
        return found


def _rules(ctx: Any) -> Iterable[Any]:
    return [child for child in ctx.getChildren() if isinstance(child, ParserRuleContext)]


def _conjuncts(ctx: Any) -> Iterable[Any]:
    """Return the tests of a chain of ANDs; those in parentheses are none of one object."""
    for child in _rules(ctx):
        if type(child).__name__ == "ComparisonExpressionAndContext":
            yield from _conjuncts(child)
        else:
            yield child


def _literal(ctx: Any) -> str:
    return _text(ctx.getText())


def _text(quoted: str) -> str:
    if not (quoted.startswith("'") and quoted.endswith("'")):
        raise PatternError(f"{quoted:.60} is no text")
    return re.sub(r"\\(.)", r"\1", quoted[1:-1])
