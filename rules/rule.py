"""Rules as values: what every Sigma detection, correlation and filter, and each query, says about itself.

`parse_rules` turns the text of rule files into a `RuleSet`. What a detection's ``detection:`` means
is the business of `rules.sigma`, what a correlation's ``correlation:`` means that of
`rules.correlation`, a query's ``query:`` that of `rules.scheduled`; all start from `Rule.raw` and report
through `Rule.fault`.
Formats: https://github.com/SigmaHQ/sigma-specification (rules, correlation rules, filters), plus
four keys of our own: ``risk`` (0 to 100), ``query``, ``tests`` (inline tests) and ``siem``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from rules.alerts import Severity
from rules.rule_header import ANY_SOURCE, Header, LogSource, new_id, slug
from rules.rule_yaml import Path, RuleFault, RuleText, fault_at, plain, read_documents

__all__ = [
    "Correlation",
    "Detection",
    "Filter",
    "LogSource",
    "Query",
    "Rule",
    "RuleFault",
    "RuleSet",
    "RuleText",
]
__all__ += ["gather_rules", "parse_rules", "parse_text", "slug"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What all rules have; equal where all of it is."""

    name: str
    """Sigma's ``name``, else the title as a slug: what correlations and playbooks refer to."""
    id: str
    """Sigma's ``id``, else one derived from the name."""
    title: str
    severity: Severity = Severity.MEDIUM
    risk: int = 30
    """0 to 100: the rule's ``risk``, else that of its severity."""
    attack: tuple[str, ...] = ()
    """ATT&CK tactics (``credential-access``) and technique ids (``T1110.001``), as in an Alert."""
    tags: tuple[str, ...] = ()
    description: str = ""
    false_positives: tuple[str, ...] = ()
    status: str = ""
    source: RuleText = field(compare=False, repr=False)
    """The file it stands in."""
    document: int = field(default=0, compare=False, repr=False)
    """Its place among the YAML documents of the file, from 0."""

    @cached_property
    def raw(self) -> Mapping[str, Any]:
        """The rule's whole YAML mapping, keys as written; don't change it."""
        return plain(dict(read_documents(self.source)[0])[self.document])

    @property
    def tests(self) -> Any:
        """The inline ``tests`` at the foot of the rule as written, None where it has none."""
        return self.raw.get("tests")

    def fault(self, path: Path, text: str, remedy: str = "") -> RuleFault:
        """Return a fault at a place of this rule: ``("correlation", "timespan")``."""
        return fault_at(self.source, self.document, path, text, remedy)


@dataclass(frozen=True, kw_only=True)
class Detection(Rule):
    """A rule about single events."""

    logsource: LogSource = ANY_SOURCE


@dataclass(frozen=True, kw_only=True)
class Correlation(Rule):
    """A rule about several events, over other rules; `raw["correlation"]` holds its definition."""

    generate: bool = False
    """Whether the rules it refers to raise alerts by themselves as well (Sigma's ``generate``)."""


@dataclass(frozen=True, kw_only=True)
class Filter(Rule):
    """A Sigma filter: narrows the rules it names; `raw["filter"]` holds its definition."""

    logsource: LogSource = ANY_SOURCE


@dataclass(frozen=True, kw_only=True)
class Query(Rule):
    """A rule that is asked of the store on a schedule; `raw["query"]` holds its definition."""

    logsource: LogSource = ANY_SOURCE


@dataclass(frozen=True)
class RuleSet:
    """All rules of a set of files, and everything that is wrong with the rest."""

    detections: tuple[Detection, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    filters: tuple[Filter, ...] = ()
    queries: tuple[Query, ...] = ()
    faults: tuple[RuleFault, ...] = ()

    def find(self, reference: str) -> Detection | Correlation | None:
        """Return the rule of that name or id, None where there is none."""
        return self._index.get(reference)

    @cached_property
    def _index(self) -> Mapping[str, Detection | Correlation]:
        rules: list[Detection | Correlation] = [*self.detections, *self.correlations]
        return {rule.name: rule for rule in rules} | {rule.id: rule for rule in rules}


def parse_rules(texts: Iterable[RuleText]) -> RuleSet:
    """Parse rule files, each of one or more YAML documents; all faults at once.

    A faulty document gives faults and no rule. Ids and declared names must be unique over all files;
    of two titles with one slug the later gets the first eight characters of its id as suffix.
    """
    return gather_rules(parse_text(source) for source in texts)


def parse_text(source: RuleText) -> tuple[list[Rule], list[RuleFault]]:
    """Parse one file by itself: its rules and its faults, these by line."""
    documents, faults = read_documents(source)
    rules: list[Rule] = []
    for place, value in documents:
        header = Header(source, place, value)
        if (found := header.read()) is not None:
            kind, values = found
            rule = _KINDS[kind](**values)
            rule.__dict__["raw"] = header.raw
            rules.append(rule)
        faults += header.faults
    return rules, sorted(faults, key=lambda fault: (fault.line, fault.column))


def gather_rules(parsed: Iterable[tuple[Iterable[Rule], Iterable[RuleFault]]]) -> RuleSet:
    """Join what `parse_text` gave for each file, telling equal names apart."""
    rules: list[Rule] = []
    faults: list[RuleFault] = []
    for some, more in parsed:
        rules += some
        faults += more
    rules, clashes = _tell_apart(rules)
    return RuleSet(
        detections=_of(Detection, rules),
        correlations=_of(Correlation, rules),
        filters=_of(Filter, rules),
        queries=_of(Query, rules),
        faults=tuple(faults + clashes),
    )


_KINDS: Mapping[str, type[Rule]] = {
    "detection": Detection, "correlation": Correlation, "filter": Filter, "query": Query,
}  # fmt: skip
R = TypeVar("R", bound=Rule)


def _of(kind: type[R], rules: list[Rule]) -> tuple[R, ...]:
    return tuple(rule for rule in rules if isinstance(rule, kind))


def _tell_apart(rules: list[Rule]) -> tuple[list[Rule], list[RuleFault]]:
    kept: list[Rule] = []
    faults: list[RuleFault] = []
    known: dict[str, Rule] = {}
    for rule in rules:
        if (other := known.get(rule.id)) is not None:
            words = f"the id is also that of {other.title!r} in {other.source.path}"
            faults.append(rule.fault(("id",), words, f"write a new one: {new_id(rule.name)}"))
            continue
        if (other := known.get(rule.name)) is not None:
            if "name" in rule.raw:
                words = f"the name is also that of {other.title!r} in {other.source.path}"
                faults.append(rule.fault(("name",), words, "give one of the two another name"))
                continue
            rule = replace(rule, name=f"{rule.name}-{rule.id[:8]}")
        known[rule.id] = known[rule.name] = rule
        kept.append(rule)
    return kept, faults
