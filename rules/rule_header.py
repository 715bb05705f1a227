"""The head of a rule file: the metadata that every Sigma rule has, with every fault in it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.alerts import Severity
from rules.rule_yaml import Path, RuleFault, RuleText, did_you_mean, fault_at, plain

STATUSES = frozenset({"stable", "test", "experimental", "deprecated", "unsupported"})
KEYS = frozenset(
    {"title", "id", "name", "related", "taxonomy", "status", "description", "license", "references"}
    | {"author", "date", "modified", "logsource", "detection", "correlation", "filter", "query", "fields"}
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


ANY_SOURCE = LogSource()


class Header:
    """Reads one document's metadata and notes every fault in it."""

    def __init__(self, source: RuleText, document: int, value: Any) -> None:
        self.source = source
        self.document = document
        self.value = value
        self.raw = plain(value)
        self.faults: list[RuleFault] = []

    def note(self, path: Path, text: str, remedy: str = "") -> None:
        self.faults.append(fault_at(self.source, self.document, path, text, remedy))

    def read(self) -> tuple[str, dict[str, Any]] | None:
        """Return the document's kind (detection, correlation, filter, query) and the fields of its rule."""
        if not isinstance(self.value, Mapping):
            self.note((), "a rule must be a mapping", "start with `title: …`")
            return None
        if "action" in self.raw:
            self.note(("action",), "collections with `action` are not read", "write each rule out in full")
            return None
        for key in self.raw:
            if key not in KEYS and (near := did_you_mean(key, KEYS)):
                self.note((key,), f"{key!r} is no key of a rule", f"did you mean {near!r}?")
        kinds = [kind for kind in ("detection", "correlation", "filter", "query") if kind in self.raw]
        if len(kinds) != 1:
            words = f"a rule has one of detection, correlation, filter and query, this one {len(kinds)}"
            self.note((kinds[1],) if kinds else (), words, "split it into documents with a line `---`")
            return None
        kind = kinds[0]
        if not isinstance(self.raw[kind], Mapping):
            self.note((kind,), f"{kind} must be a mapping", "see the Sigma specification")
        common = self._common()
        if kind == "correlation":
            common["generate"] = self._generate()
        elif kind != "query" or "logsource" in self.raw:
            common["logsource"] = self._logsource()
        return None if self.faults else (kind, common)

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
            "id": self._text("id").lower() or new_id(name),
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


def slug(title: str) -> str:
    """Return a title as a short name: ``SSH: login after a spray`` is ``ssh-login-after-a-spray``."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def new_id(name: str) -> str:
    """Return an id for a rule that has none: a UUID, always the same for a name."""
    return str(uuid.uuid5(_OWN_IDS, name))
