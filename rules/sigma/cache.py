"""Rules that are ready at once: parsed and translated rules as bytes, each keyed by its file's text.

The caller keeps the bytes. What they say is only ever used for a text of the same SHA-256, under the
same filters, placeholders and tables, so stale or broken bytes cost time and nothing else. JSON, not
pickle: bytes that someone else wrote can't run anything.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from rules.alerts import Severity
from rules.rule import (
    Detection,
    Filter,
    LogSource,
    Rule,
    RuleFault,
    RuleSet,
    RuleText,
    gather_rules,
    parse_text,
)
from rules.sigma import fields
from rules.sigma.matcher import Limits, Matcher, compile_rules
from rules.sigma.terms import All, AnyOf, Check, Expression, Not
from rules.sigma.translation import Placeholders, applies

FORMAT = 1
"""Count up when a rule of the same text would be translated to another tree."""


@dataclass(frozen=True)
class LoadedRules:
    """Everything that a set of rule files gives."""

    rules: RuleSet
    """`rules.faults` are those of parsing; those of compiling are in `matcher.faults`."""
    matcher: Matcher
    cache: bytes
    """To be given to the next `load_rules`."""
    compiled: int
    """How many detections were not in the cache."""


def load_rules(
    texts: Sequence[RuleText],
    cached: bytes = b"",
    placeholders: Placeholders | None = None,
    limits: Limits | None = None,
) -> LoadedRules:
    """Parse and compile rule files, taking from the cached bytes what has not changed."""
    known = _Cached(cached)
    digest_of = {source.path: _sha256(source.text) for source in texts}
    parsed = [known.rules(digest_of[source.path], source) or parse_text(source) for source in texts]
    rules = gather_rules(parsed)
    state = _state(rules.filters, placeholders)
    trees: dict[_Place, Expression] = {}
    for detection in rules.detections if state == known.state else ():
        place = (digest_of[detection.source.path], detection.document)
        if (tree := known.tree(place)) is not None:
            trees[place] = tree
    missing = [each for each in rules.detections if (digest_of[each.source.path], each.document) not in trees]
    fresh = compile_rules(missing, rules.filters, placeholders)
    for detection, tree in fresh.compiled():
        trees[digest_of[detection.source.path], detection.document] = tree
    whole = [
        (detection, trees[place])
        for detection in rules.detections
        if (place := (digest_of[detection.source.path], detection.document)) in trees
    ]
    unchanged = not fresh.detections and known.digests == set(digest_of.values())
    return LoadedRules(
        rules=rules,
        matcher=Matcher(whole, [*fresh.faults, *_idle(rules)], limits),
        cache=cached if unchanged else _write(parsed, digest_of, trees, state),
        compiled=len(fresh.detections),
    )


def _idle(rules: RuleSet) -> list[RuleFault]:
    """A filter that narrows nothing is a misspelling, and the noise it should end goes on."""
    return [
        narrowing.fault(
            ("filter", "rules"), "no rule here is narrowed by this", "compare names and logsource"
        )
        for narrowing in rules.filters
        if not any(applies(narrowing, detection) for detection in rules.detections)
    ]


_Place: TypeAlias = tuple[str, int]
"""The digest of a file and the place of a document in it."""


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _state(filters: Iterable[Filter], placeholders: Placeholders | None) -> str:
    """What a tree depends on besides its rule's text."""
    parts = (
        FORMAT,
        importlib.metadata.version("pysigma"),
        sorted((each.source.text, each.document) for each in filters),
        sorted((name, list(values)) for name, values in (placeholders or {}).items()),
        fields.digest(),
    )
    return _sha256(repr(parts))


def _write(
    parsed: Sequence[tuple[Sequence[Rule], Sequence[RuleFault]]],
    digest_of: Mapping[str, str],
    trees: Mapping[_Place, Expression],
    state: str,
) -> bytes:
    """Files of detections that are all sound are kept; the few others are parsed each time."""
    checks: dict[Check, int] = {}
    files: dict[str, list[Any]] = {}
    for rules, faults in parsed:
        if faults or not rules:
            continue
        digest = digest_of[rules[0].source.path]
        if all(isinstance(rule, Detection) and (digest, rule.document) in trees for rule in rules):
            files[digest] = [
                [_header(rule), _encode(trees[digest, rule.document], checks)]
                for rule in rules
                if isinstance(rule, Detection)
            ]
    return json.dumps({"state": state, "format": FORMAT, "checks": list(checks), "files": files}).encode()


def _header(rule: Detection) -> list[Any]:
    source = rule.logsource
    return [
        rule.document,
        rule.name,
        rule.id,
        rule.title,
        rule.severity.value,
        rule.risk,
        rule.attack,
        rule.tags,
        rule.description,
        rule.false_positives,
        rule.status,
        [source.product, source.category, source.service],
    ]


class _Cached:
    """What given bytes hold; nothing, where they are none of ours."""

    def __init__(self, cached: bytes) -> None:
        self.state = ""
        self._files: Mapping[str, list[Any]] = {}
        self._checks: list[Check] = []
        try:
            held = json.loads(cached or b"{}")
            if held.get("format") == FORMAT:
                self._checks = [_check(*each) for each in held["checks"]]
                self._files = dict(held["files"])
                self.state = str(held["state"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._files = {}

    @property
    def digests(self) -> set[str]:
        return set(self._files)

    def rules(self, digest: str, source: RuleText) -> tuple[list[Rule], list[RuleFault]] | None:
        if digest not in self._files:
            return None
        return [_detection(header, source) for header, _ in self._files[digest]], []

    def tree(self, place: _Place) -> Expression | None:
        for header, tree in self._files.get(place[0], ()):
            if header[0] == place[1]:
                return _decode(tree, self._checks)
        return None


def _detection(header: list[Any], source: RuleText) -> Detection:
    document, name, rule_id, title, severity, risk, attack, tags, description, positives, status, logs = (
        header
    )
    return Detection(
        name=name,
        id=rule_id,
        title=title,
        severity=Severity(severity),
        risk=risk,
        attack=tuple(attack),
        tags=tuple(tags),
        description=description,
        false_positives=tuple(positives),
        status=status,
        logsource=LogSource(*logs),
        source=source,
        document=document,
    )


def _check(op: Any, field: str, value: Any, mode: str) -> Check:
    return Check(op, field, tuple(value) if isinstance(value, list) else value, mode)


def _encode(tree: Expression, checks: dict[Check, int]) -> Any:
    if isinstance(tree, Check):
        return checks.setdefault(tree, len(checks))
    if isinstance(tree, Not):
        return ["not", _encode(tree.part, checks)]
    return ["all" if isinstance(tree, All) else "any", *(_encode(part, checks) for part in tree.parts)]


def _decode(tree: Any, checks: Sequence[Check]) -> Expression:
    if isinstance(tree, int):
        return checks[tree]
    kind, *parts = tree
    if kind == "not":
        return Not(_decode(parts[0], checks))
    return (All if kind == "all" else AnyOf)(tuple(_decode(part, checks) for part in parts))
