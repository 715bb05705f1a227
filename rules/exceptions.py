"""What is known and wanted: exceptions that silence a finding, and windows that fold repeated ones.

    name: nightly-backup
    rules: [database-bulk-read]          # names or ids; or any
    entities: [user:svc-backup, host:db-*]
    fields: {process.executable: /usr/bin/restic}
    owner: alice
    reason: The backup reads every table at night.
    until: 2026-12-31

Of `entities` those of one kind are alternatives, and each kind must be met; of `fields` each must hold
one of its values; ``*`` stands for anything, and case does not count. With ``suppress: 30m`` in place
of these, or beside them, findings of one rule about the same entities within that time of the first
are folded into it. A finding is never folded into one of a lower severity. An exception silences the
alerts of the rules it names, not the correlations over them: name those as well. Nothing that is
silenced is lost: each finding is kept with the name of what silenced it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from rules.alerts import Alert
from rules.entities import Entity
from rules.rule_yaml import RuleFault, RuleText, did_you_mean, fault_at, plain, read_documents

EXPIRED = "remove it, or agree on a new end"
"""The remedy of the fault that an exception's end is."""
KEYS = ("name", "rules", "entities", "fields", "suppress", "owner", "reason", "until")
ANY = "any"
_LENGTH = re.compile(r"(\d{1,6})([smhd])\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = timedelta(days=7)
"""The longest window: so far back are the findings looked up that others are folded into."""


@dataclass(frozen=True)
class RuleException:
    """One exception or suppression."""

    name: str
    rules: frozenset[str]
    """Names and ids; `ANY` alone for all."""
    entities: Mapping[str, tuple[re.Pattern[str], ...]]
    """Kind to the patterns of which one must fit an entity."""
    fields: Mapping[str, tuple[re.Pattern[str], ...]]
    window: timedelta | None
    owner: str
    reason: str
    until: date
    """The last day, UTC."""
    path: str

    def names(self, alert: Alert) -> bool:
        return ANY in self.rules or alert.rule in self.rules or alert.rule_id in self.rules

    def covers(self, alert: Alert, event: Mapping[str, Any] | None) -> bool:
        """Whether a finding is one of those meant. `event`: the flat event; None of a correlation."""
        for kind, patterns in self.entities.items():
            values = [entity.value for entity in alert.entities if entity.kind.value == kind]
            if not _fits(values, patterns):
                return False
        for field, patterns in self.fields.items():
            value = alert.group.get(field) if event is None else event.get(field)
            values = [
                str(item) for item in (value if isinstance(value, list) else [value]) if item is not None
            ]
            if not _fits(values, patterns):
                return False
        return self.names(alert)


def _fits(values: Iterable[str], patterns: Sequence[re.Pattern[str]]) -> bool:
    return any(pattern.fullmatch(value) for value in values for pattern in patterns)


@dataclass(frozen=True)
class Silenced:
    """A finding that raised no alert."""

    alert: Alert
    exception: str
    into: str = ""
    """The id of the alert that it was folded into; empty where it was an exception."""


@dataclass(frozen=True)
class Exceptions:
    """All that are in force."""

    exceptions: tuple[RuleException, ...] = ()

    def silences(self, alert: Alert, event: Mapping[str, Any] | None) -> str:
        """Return the name of the exception that covers a finding, or the empty string."""
        for one in self.exceptions:
            if one.window is None and one.covers(alert, event):
                return one.name
        return ""

    def window_of(self, alert: Alert) -> RuleException | None:
        """Return the longest window that a finding falls under. Its fields are not asked: see `_read`."""
        found = [one for one in self.exceptions if one.window and one.covers(alert, {})]
        return max(found, key=lambda one: one.window or timedelta(), default=None)

    def fold(self, alerts: Sequence[Alert], earlier: Iterable[Alert]) -> tuple[list[Alert], list[Silenced]]:
        """Fold findings into earlier ones of the same rule about the same entities.

        `earlier` are stored alerts; one that is there already stays what it was, so the same findings
        again fold the same way. Returns what raises an alert, and the rest.
        """
        leaders: dict[tuple[str, frozenset[Entity]], list[Alert]] = defaultdict(list)
        stored = set()
        for alert in earlier:
            stored.add(alert.id)
            leaders[_key(alert)].append(alert)
        kept: list[Alert] = []
        folded: list[Silenced] = []
        for alert in sorted(alerts, key=lambda one: (one.first, one.id)):
            rule = None if alert.id in stored or not alert.entities else self.window_of(alert)
            leader = _leader(leaders[_key(alert)], alert, rule.window) if rule and rule.window else None
            if rule is not None and leader is not None:
                folded.append(Silenced(alert, rule.name, leader.id))
                continue
            kept.append(alert)
            if alert.id not in stored:
                leaders[_key(alert)].append(alert)
        return kept, folded


def _key(alert: Alert) -> tuple[str, frozenset[Entity]]:
    return alert.rule_id, frozenset(alert.entities)


def _leader(leaders: Iterable[Alert], alert: Alert, window: timedelta) -> Alert | None:
    near = [
        one
        for one in leaders
        if one.severity.rank >= alert.severity.rank and timedelta() <= alert.first - one.first <= window
    ]
    return min(near, key=lambda one: (one.first, one.id), default=None)


def parse_exceptions(
    texts: Iterable[RuleText], now: datetime
) -> tuple[Exceptions, list[RuleException], list[RuleFault]]:
    """Read exception files, each of one or more YAML documents, all faults at once.

    Returns those in force, all sound ones (expired included), and the faults: what is malformed, and
    each exception whose time is over.
    """
    every: list[RuleException] = []
    expired: set[str] = set()
    faults: list[RuleFault] = []
    for source in texts:
        documents, found = read_documents(source)
        faults += found
        for place, value in documents:
            reader = _Reader(source, place, value)
            one = reader.read()
            faults += reader.faults
            if one is None:
                continue
            if any(other.name == one.name for other in every):
                faults.append(fault_at(source, place, ("name",), f"two exceptions are named {one.name!r}"))
                continue
            if one.until < now.date():
                expired.add(one.name)
                words = (
                    f"the exception {one.name!r} of {one.owner} ended with {one.until} and is not in force"
                )
                faults.append(fault_at(source, place, ("until",), words, EXPIRED))
            every.append(one)
    return Exceptions(tuple(one for one in every if one.name not in expired)), every, faults


class _Reader:
    def __init__(self, source: RuleText, document: int, value: Any) -> None:
        self.source, self.document = source, document
        self.mapping = isinstance(value, Mapping)
        self.raw = plain(value)
        self.faults: list[RuleFault] = []

    def note(self, path: tuple[str | int, ...], text: str, remedy: str = "") -> None:
        self.faults.append(fault_at(self.source, self.document, path, text, remedy))

    def read(self) -> RuleException | None:
        if not self.mapping:
            self.note((), "an exception must be a mapping", "start with `name: …`")
            return None
        for key in self.raw:
            if key not in KEYS:
                near = did_you_mean(key, KEYS)
                remedy = f"did you mean {near!r}?" if near else f"known: {', '.join(KEYS)}"
                self.note((key,), f"{key!r} is no key of an exception", remedy)
        name, owner, reason = (self._text(key) for key in ("name", "owner", "reason"))
        rules = self._texts("rules", self.raw.get("rules"), needed=True)
        fields = {
            key: self._patterns(("fields", key), self._texts("fields", value))
            for key, value in plain(self.raw.get("fields")).items()
        }
        window = self._window()
        entities = self._entities()
        if window is None and not fields and not entities:
            words = "an exception says whom or what it is about"
            self.note((), words, "entities: [user:alice], or fields: {process.name: x}, or suppress: 30m")
        if window is not None and fields:
            words = "a window folds findings by their entities; fields belong to an exception of their own"
            self.note(("fields",), words, "write two exceptions")
        until = self._until()
        if self.faults or until is None:
            return None
        return RuleException(
            name, frozenset(rules), entities, fields, window, owner, reason, until, self.source.path
        )

    def _text(self, key: str) -> str:
        value = self.raw.get(key)
        if not isinstance(value, str) or not value.strip():
            self.note((key,), f"an exception has its {key}", f"{key}: …")
            return ""
        return value.strip()

    def _texts(self, key: str, value: Any, *, needed: bool = False) -> tuple[str, ...]:
        items = value if isinstance(value, list) else [] if value is None else [value]
        if any(isinstance(item, (list, Mapping)) or item is None for item in items) or (needed and not items):
            self.note((key,), f"{key} must be a text or a list of texts", f"{key}: […]")
            return ()
        return tuple(str(item) for item in items)

    def _patterns(self, path: tuple[str | int, ...], texts: Iterable[str]) -> tuple[re.Pattern[str], ...]:
        patterns = []
        for text in texts:
            if not text.strip("*"):
                self.note(path, f"{text!r} is everything", "name what is meant")
            wanted = ".*".join(map(re.escape, re.split(r"\*+", text)))
            patterns.append(re.compile(wanted, re.IGNORECASE | re.DOTALL))
        return tuple(patterns)

    def _entities(self) -> dict[str, tuple[re.Pattern[str], ...]]:
        found: dict[str, tuple[re.Pattern[str], ...]] = {}
        for place, text in enumerate(self._texts("entities", self.raw.get("entities"))):
            try:
                entity = Entity.parse(text)
            except ValueError as error:
                self.note(("entities", place), str(error), "user:alice, host:web-*, ip:203.0.113.7")
                continue
            kind = entity.kind.value
            found[kind] = (*found.get(kind, ()), *self._patterns(("entities", place), [entity.value]))
        return found

    def _window(self) -> timedelta | None:
        if "suppress" not in self.raw:
            return None
        match = _LENGTH.match(str(self.raw["suppress"]))
        window = timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else timedelta()
        if not timedelta() < window <= LONGEST:
            self.note(("suppress",), f"{self.raw['suppress']!r} is no length up to 7 days", "suppress: 30m")
        return window

    def _until(self) -> date | None:
        try:
            return date.fromisoformat(str(self.raw.get("until")))
        except ValueError:
            self.note(("until",), "an exception ends: `until` is its last day", "until: 2026-12-31")
            return None
