"""From a Sigma rule to its tree of checks: pySigma parses, fields get their ECS names, filters join.

pySigma knows the modifiers and conditions of https://github.com/SigmaHQ/sigma-specification; its
values become checks here, with two things made stricter: a pattern that names no selection and a
placeholder without values are faults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import re2
from sigma import conditions
from sigma import types as sigma_types
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetection, SigmaDetections

from rules.rule import Detection, Filter, LogSource, Rule, RuleFault
from rules.rule_yaml import Path
from rules.sigma import fields
from rules.sigma.patterns import comparison, like, pattern_of
from rules.sigma.regexes import compile_regex
from rules.sigma.terms import KEYWORDS, MANY, Check, Expression, Not, all_of, any_of

Placeholders = Mapping[str, Sequence[str]]
"""Values for ``%name%`` of the expand modifier."""

MAX_DEPTH = 60
MAX_CHECKS = 50_000


class TranslationError(Exception):
    """A rule can't be compiled; `faults` says everything that is wrong with it."""

    def __init__(self, faults: Sequence[RuleFault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


def translate(
    detection: Detection, filters: Iterable[Filter] = (), placeholders: Placeholders | None = None
) -> Expression:
    """Return what a detection, narrowed by the filters that apply to it, asks of an event.

    Raises TranslationError.
    """
    known = placeholders or {}
    parts = [_Translator(detection, "detection", detection.logsource, known).translate()]
    parts += [
        _Translator(narrowing, "filter", detection.logsource, known).translate()
        for narrowing in filters
        if applies(narrowing, detection)
    ]
    return all_of(parts)


def applies(narrowing: Filter, detection: Detection) -> bool:
    """Whether a filter is for a detection: same log source where it names one, and named or ``any``."""
    theirs, ours = narrowing.logsource, detection.logsource
    wanted = (
        (theirs.product, ours.product),
        (theirs.category, ours.category),
        (theirs.service, ours.service),
    )
    if any(part and part != own for part, own in wanted):
        return False
    rules = narrowing.raw["filter"].get("rules") or []
    if isinstance(rules, str):
        return rules.lower() == "any" or rules in (detection.id, detection.name, detection.title)
    return any(str(rule) in (detection.id, detection.name, detection.title) for rule in rules)


def faults_of_filter(narrowing: Filter) -> tuple[RuleFault, ...]:
    """Return what is wrong with a filter by itself."""
    if not narrowing.raw["filter"].get("rules"):
        words = "a filter must say which rules it narrows"
        return (narrowing.fault(("filter",), words, "rules: [name or id], or rules: any"),)
    try:
        _Translator(narrowing, "filter", narrowing.logsource, {}).translate()
    except TranslationError as error:
        return error.faults
    return ()


class _Translator:
    """Translates one ``detection:`` or ``filter:`` section."""

    def __init__(self, rule: Rule, section: str, logsource: LogSource, placeholders: Placeholders) -> None:
        self.rule = rule
        self.section = section
        self.raw: Mapping[str, Any] = {
            str(key): value
            for key, value in rule.raw[section].items()
            if not (section == "filter" and key == "rules")
        }
        self.placeholders = placeholders
        self.field_of: Callable[[str], str] = fields.naming(logsource)
        self.count = 0
        self.name: str | None = None
        """The field in hand, as the rule spells it."""

    def translate(self) -> Expression:
        faults = [*self._faulty_selections(), *self._faulty_conditions()]
        if faults:
            raise TranslationError(faults)
        try:
            sections = SigmaDetections.from_dict(dict(self.raw))
            trees = [condition.parsed for condition in sections.parsed_condition]
            parts = [self._expression(tree, 0) for tree in trees if tree is not None]
        except (SigmaError, RecursionError) as error:
            place = ("condition",) if "condition" in self.raw else ()
            raise TranslationError([self._fault(place, str(error) or "nested too deeply")]) from error
        if not parts:
            raise TranslationError([self._fault(("condition",), "the condition asks nothing")])
        return any_of(parts)

    def _fault(self, path: Path, text: str, remedy: str = "") -> RuleFault:
        return self.rule.fault((self.section, *path), text, remedy or "see the Sigma specification")

    def _fail(self, text: str, remedy: str = "") -> TranslationError:
        """An error at the first selection that asks about the field in hand."""
        for name, definition in self.raw.items():
            for path, piece in _pieces(definition) if name != "condition" else ():
                keys = [str(key).partition("|")[0] for key in piece] if isinstance(piece, Mapping) else [None]
                if self.name in keys:
                    return TranslationError([self._fault((name, *path), text, remedy)])
        return TranslationError([self._fault(("condition",), text, remedy)])

    def _faulty_selections(self) -> Iterable[RuleFault]:
        """Try each selection, and each of its fields, alone: all faults, each at its own line."""
        for name, definition in self.raw.items():
            if name == "condition":
                continue
            for path, piece in _pieces(definition):
                try:
                    SigmaDetection.from_definition(piece)
                except (SigmaError, re.error, RecursionError, TypeError, AttributeError, IndexError) as error:
                    text = str(error) or "nested too deeply"
                    yield self._fault((name, *path), text, _remedy(text))

    def _faulty_conditions(self) -> Iterable[RuleFault]:
        names = [name for name in self.raw if name != "condition"]
        listed = self.raw.get("condition")
        for place, condition in enumerate(listed if isinstance(listed, list) else [listed]):
            path: Path = ("condition", place) if isinstance(listed, list) else ("condition",)
            if not isinstance(condition, str) or not condition.strip():
                yield self._fault(
                    path if "condition" in self.raw else (), "a condition is missing", "condition: selection"
                )
                continue
            for pattern in re.findall(r"\bof\s+([\w*]+)", condition):
                wanted = re.compile(pattern.replace("*", ".*"))
                if pattern != "them" and not any(wanted.fullmatch(name) for name in names):
                    words = f"no selection is named {pattern!r}"
                    yield self._fault(path, words, f"the selections are: {', '.join(names)}")
            words_of = re.sub(r"\bof\s+[\w*]+", " ", condition)
            for word in re.findall(r"[\w-]+", words_of):
                if word not in self.raw and word not in {"and", "or", "not", "1", "all", "any", "them"}:
                    words = f"no selection is named {word!r}"
                    yield self._fault(path, words, f"the selections are: {', '.join(names)}")

    def _expression(self, tree: Any, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise self._fail("the condition is nested too deeply", "name its parts as selections")
        if isinstance(tree, conditions.ConditionNOT):
            return Not(self._expression(tree.args[0], depth + 1))
        if isinstance(tree, (conditions.ConditionAND, conditions.ConditionOR)):
            parts = [self._expression(part, depth + 1) for part in tree.args if part is not None]
            return all_of(parts) if isinstance(tree, conditions.ConditionAND) else any_of(parts)
        if isinstance(tree, conditions.ConditionFieldEqualsValueExpression):
            return self._value(tree.field, tree.value)
        if isinstance(tree, conditions.ConditionValueExpression):
            return self._value(None, tree.value)
        raise self._fail(f"{type(tree).__name__} is no condition that is known here")

    def _value(self, name: str | None, value: Any) -> Expression:
        self.count += 1
        self.name = name
        if self.count > MAX_CHECKS:
            raise self._fail(f"the rule asks more than {MAX_CHECKS:,} things", "split it")
        if isinstance(value, sigma_types.SigmaExpansion):
            return any_of([self._value(name, inner) for inner in value.values])
        textual = isinstance(value, (sigma_types.SigmaString, sigma_types.SigmaRegularExpression))
        if textual and value.contains_placeholder():
            return any_of([self._value(name, inner) for inner in self._filled(value)])
        if name is None:
            return self._keyword(value)
        field = self.field_of(name)
        return self._test(field, fields.translated(field, value))

    def _filled(self, value: Any) -> list[Any]:
        def values(placeholder: sigma_types.Placeholder) -> Iterable[str]:
            if placeholder.name not in self.placeholders:
                words = f"the placeholder %{placeholder.name}% has no values"
                raise self._fail(words, f"give them: placeholders: {{{placeholder.name}: [...]}}")
            yield from self.placeholders[placeholder.name]

        return list(value.replace_placeholders(values))

    def _keyword(self, value: Any) -> Expression:
        """A value without a field is looked for inside all texts of the event."""
        if isinstance(value, sigma_types.SigmaRegularExpression):
            return self._test(KEYWORDS, value)
        if isinstance(value, sigma_types.SigmaString):
            pattern = pattern_of(value)
        elif isinstance(value, (sigma_types.SigmaNumber, sigma_types.SigmaBool)):
            pattern = (str(value).lower(),)
        else:
            raise self._fail("null can't be looked for without a field", "write it as `field: null`")
        return like(KEYWORDS, (MANY, *pattern, MANY), isinstance(value, sigma_types.SigmaCasedString))

    def _test(self, field: str, value: Any) -> Expression:
        match value:
            case sigma_types.SigmaString():
                return like(field, pattern_of(value), isinstance(value, sigma_types.SigmaCasedString))
            case sigma_types.SigmaTimestampPart():
                return Check("part", field, (value.timestamp_part.name.lower(), "eq", value.number))
            case sigma_types.SigmaNumber():
                return Check("number", field, ("eq", value.number))
            case sigma_types.SigmaBool():
                return Check("eq", field, "true" if value.boolean else "false")
            case sigma_types.SigmaNull():
                return Check("null", field)
            case sigma_types.SigmaExists():
                return Check("exists" if value.exists else "null", field)
            case sigma_types.SigmaRegularExpression():
                return self._regex(field, value)
            case sigma_types.SigmaCIDRExpression():
                return Check("cidr", field, str(value.network))
            case sigma_types.SigmaCompareExpression():
                return comparison(field, value)
            case sigma_types.SigmaFieldReference():
                where = ("equal", "starts", "ends", "contains")[value.starts_with + 2 * value.ends_with]
                return Check("ref", field, (self.field_of(value.field), where))
        raise self._fail(f"{type(value).__name__} is no value that is known here")

    def _regex(self, field: str, value: sigma_types.SigmaRegularExpression) -> Expression:
        flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
        pattern = str(value.regexp)
        try:
            compile_regex(pattern, flags)
        except re2.error as error:
            reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            words = f"the regular expression {pattern!r} is not of RE2's kind: {reason}"
            raise self._fail(words, "leave out look-arounds and back-references") from error
        return Check("re", field, pattern, flags)


def _pieces(definition: Any) -> Iterable[tuple[Path, Any]]:
    """The smallest parts of a selection that mean something alone, each with its path."""
    if isinstance(definition, Mapping) and definition:
        yield from (((key,), {key: value}) for key, value in definition.items())
    elif isinstance(definition, list) and any(isinstance(item, (Mapping, list)) for item in definition):
        for place, item in enumerate(definition):
            yield from (((place, *path), piece) for path, piece in _pieces(item))
    else:
        yield (), definition


def _remedy(text: str) -> str:
    if "nknown modifier" in text:
        known = (
            "contains",
            "startswith",
            "endswith",
            "all",
            "re",
            "cidr",
            "windash",
            "base64offset",
            "exists",
        )
        return f"modifiers are: {', '.join(known)}, …"
    if "CIDR" in text:
        return "write a network: 10.0.0.0/8"
    return ""
