"""Rules as values: what every Sigma detection, correlation and filter says about itself.

`parse_rules` turns the text of rule files into a `RuleSet`. What a detection's ``detection:`` means
is the business of `rules.sigma`, what a correlation's ``correlation:`` means that of
`rules.correlation`; both start from `Rule.raw` and report through `Rule.fault`.
Formats: https://github.com/SigmaHQ/sigma-specification (rules, correlation rules, filters), plus
three keys of our own: ``risk`` (0 to 100), ``tests`` (inline tests) and ``siem``.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from rules.alerts import Severity
from rules.rule_yaml import Path, RuleFault, RuleText, did_you_mean, fault_at, plain, read_documents

__all__ = ["Correlation", "Detection", "Filter", "LogSource", "Rule", "RuleFault", "RuleSet", "RuleText"]
__all__ += ["gather_rules", "parse_rules", "parse_text", "slug"]

STATUSES = frozenset({"stable", "test", "experimental", "deprecated", "unsupported"})
_KEYS = frozenset(
    {"title", "id", "name", "related", "taxonomy", "status", "description", "license", "references"}
    | {"author", "date", "modified", "logsource", "detection", "correlation", "filter", "fields"}
    | {"falsepositives", "level", "tags", "scope", "risk", "tests", "siem", "aliases", "generate"}
)
_TECHNIQUE = re.compile(r"t\d{4}(?:\.\d{3})?\Z")
_NO_TACTIC = re.compile(r"(?:t\d|[gsm]\d{4}|ds\d|c\d{4})")
_OWN_IDS = uuid.UUID("5b1f8d53-6e5c-5c0b-9a5e-0d6a2f0b7c11")


@dataclass(frozen=True)
class LogSource:
    """Where a rule's events come from, in Sigma's words; each part may be empty."""

    product: str = ""
    category: str = ""
    service: str = ""

    def __str__(self) -> str:
        named = (("product", self.product), ("category", self.category), ("service", self.service))
        return ", ".join(f"{key} {value}" for key, value in named if value) or "any source"


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

    logsource: LogSource = LogSource()


@dataclass(frozen=True, kw_only=True)
class Correlation(Rule):
    """A rule about several events, over other rules; `raw["correlation"]` holds its definition."""

    generate: bool = False
    """Whether the rules it refers to raise alerts by themselves as well (Sigma's ``generate``)."""


@dataclass(frozen=True, kw_only=True)
class Filter(Rule):
    """A Sigma filter: narrows the rules it names; `raw["filter"]` holds its definition."""

    logsource: LogSource = LogSource()


@dataclass(frozen=True)
class RuleSet:
    """All rules of a set of files, and everything that is wrong with the rest."""

    detections: tuple[Detection, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    filters: tuple[Filter, ...] = ()
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
        header = _Header(source, place, value)
        if (rule := header.read()) is not None:
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
        faults=tuple(faults + clashes),
    )


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
            faults.append(rule.fault(("id",), words, f"write a new one: {uuid.uuid5(_OWN_IDS, rule.name)}"))
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


def slug(title: str) -> str:
    """Return a title as a short name: ``SSH: login after a spray`` is ``ssh-login-after-a-spray``."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


class _Header:
    """Reads one document's metadata and notes every fault in it."""

    def __init__(self, source: RuleText, document: int, value: Any) -> None:
        self.source = source
        self.document = document
        self.value = value
        self.raw = plain(value)
        self.faults: list[RuleFault] = []

    def note(self, path: Path, text: str, remedy: str = "") -> None:
        self.faults.append(fault_at(self.source, self.document, path, text, remedy))

    def read(self) -> Rule | None:
        if not isinstance(self.value, Mapping):
            self.note((), "a rule must be a mapping", "start with `title: …`")
            return None
        if "action" in self.raw:
            self.note(("action",), "collections with `action` are not read", "write each rule out in full")
            return None
        for key in self.raw:
            if key not in _KEYS and (near := did_you_mean(key, _KEYS)):
                self.note((key,), f"{key!r} is no key of a rule", f"did you mean {near!r}?")
        kinds = [kind for kind in ("detection", "correlation", "filter") if kind in self.raw]
        if len(kinds) != 1:
            words = f"a rule has one of detection, correlation and filter, this one {len(kinds)}"
            self.note((kinds[1],) if kinds else (), words, "split it into documents with a line `---`")
            return None
        kind = kinds[0]
        if not isinstance(self.raw[kind], Mapping):
            self.note((kind,), f"{kind} must be a mapping", "see the Sigma specification")
        common = self._common()
        logsource = self._logsource() if kind != "correlation" else LogSource()
        if self.faults:
            return None
        rule: Rule
        if kind == "detection":
            rule = Detection(**common, logsource=logsource)
        elif kind == "filter":
            rule = Filter(**common, logsource=logsource)
        else:
            rule = Correlation(**common, generate=self._generate())
        rule.__dict__["raw"] = self.raw
        return None if self.faults else rule

    def _common(self) -> dict[str, Any]:
        title = self._text("title")
        if not title.strip():
            self.note(("title",), "a rule needs a title", "title: What happened, in a few words")
        name = self._text("name") or slug(title)
        severity = self._choice("level", [level.value for level in Severity])
        level = Severity(severity) if severity else Severity.MEDIUM
        tags = self._texts("tags")
        return {
            "name": name,
            "id": self._text("id").lower() or str(uuid.uuid5(_OWN_IDS, name)),
            "title": title,
            "severity": level,
            "risk": self._risk(level),
            "attack": self._attack(tags),
            "tags": tags,
            "description": self._text("description").strip(),
            "false_positives": self._texts("falsepositives"),
            "status": self._choice("status", sorted(STATUSES)),
            "source": self.source,
            "document": self.document,
        }

    def _text(self, key: str) -> str:
        value = self.raw.get(key)
        if value is None or isinstance(value, (list, Mapping)):
            if value is not None:
                self.note((key,), f"{key} must be text", f"{key}: some words")
            return ""
        return str(value)

    def _texts(self, key: str) -> tuple[str, ...]:
        value = self.raw.get(key)
        items = value if isinstance(value, list) else [] if value is None else [value]
        if any(isinstance(item, (list, Mapping)) for item in items):
            self.note((key,), f"{key} must be a list of texts", 'quote an item that holds a colon: "…"')
            return ()
        return tuple(str(item) for item in items if item is not None)

    def _choice(self, key: str, known: list[str]) -> str:
        value = self._text(key)
        if value and value not in known:
            near = did_you_mean(value, known)
            remedy = f"did you mean {near!r}? " if near else ""
            self.note((key,), f"{value!r} is no {key}", f"{remedy}known: {', '.join(known)}")
            return ""
        return value

    def _risk(self, level: Severity) -> int:
        value = self.raw.get("risk", level.risk)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
            self.note(("risk",), "risk must be a whole number from 0 to 100", f"risk: {level.risk}")
            return level.risk
        return value

    def _attack(self, tags: tuple[str, ...]) -> tuple[str, ...]:
        found: list[str] = []
        for place, tag in enumerate(tags):
            space, dot, word = tag.lower().partition(".")
            if not dot or not word:
                self.note(
                    ("tags", place), f"the tag {tag!r} has no namespace", f"write attack.{tag}, or x.{tag}"
                )
            elif space == "attack" and _TECHNIQUE.match(word):
                found.append(word.upper())
            elif space == "attack" and re.match(r"t\d", word):
                self.note(
                    ("tags", place), f"{word!r} is no technique id", "write attack.t1110 or attack.t1110.001"
                )
            elif space == "attack" and not _NO_TACTIC.match(word):
                found.append(word.replace("_", "-"))
        return tuple(dict.fromkeys(found))

    def _logsource(self) -> LogSource:
        value = self.raw.get("logsource")
        if not isinstance(value, Mapping):
            self.note(("logsource",), "a rule must name its log source", "logsource: {product: linux}")
            return LogSource()
        known = ("product", "category", "service")
        for key, item in value.items():
            if (near := did_you_mean(str(key), known)) and key not in known:
                self.note(
                    ("logsource", str(key)), f"{key!r} is no part of a log source", f"did you mean {near!r}?"
                )
            elif key in known and not isinstance(item, str):
                self.note(("logsource", str(key)), f"{key} must be text", f"{key}: linux")
        found = {key: str(value.get(key) or "").lower() for key in known}
        if not any(found.values()):
            words = "a log source needs a product, category or service"
            self.note(("logsource",), words, "logsource: {product: linux, service: sshd}")
        return LogSource(**found)

    def _generate(self) -> bool:
        value = self.raw.get("generate", plain(self.raw.get("correlation")).get("generate", False))
        if not isinstance(value, bool):
            self.note(("correlation", "generate"), "generate must be true or false", "generate: false")
            return False
        return value
