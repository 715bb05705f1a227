"""MITRE ATT&CK: which tactics and techniques there are, what a rule's tags may say, what rules cover.

The list is `attack.json`: names and ids of Enterprise ATT&CK, and what earlier versions called by
ids that are retired now. ATT&CK is (c) The MITRE Corporation, reproduced and distributed with the
permission of The MITRE Corporation: https://attack.mitre.org/resources/legal-and-branding/terms-of-use/
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rules.rule import Rule, RuleFault
from rules.rule_yaml import did_you_mean

_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?\Z")
_OTHER = re.compile(r"(?:[gsm]\d{4}|ds\d{4}|c\d{4}|ta\d{4})\Z")


@dataclass(frozen=True)
class Technique:
    id: str
    name: str
    tactics: tuple[str, ...]


@dataclass(frozen=True)
class Attack:
    """The list, as `parse_attack` reads it."""

    version: str
    tactics: Mapping[str, str]
    """Short name (``lateral-movement``) to name, in the order of the matrix."""
    techniques: Mapping[str, Technique]
    retired: Mapping[str, str]
    """Ids that earlier versions had, with their names."""
    retired_tactics: Mapping[str, tuple[str, ...]]
    """Tactics that earlier versions had, and what they became."""

    def faults_of(self, rule: Rule) -> list[RuleFault]:
        """Return what is wrong with a rule's ATT&CK tags. What was retired is no fault."""
        return [
            rule.fault(("tags", place), *self._wrong(word))
            for place, tag in enumerate(rule.tags)
            if (word := tag.lower().removeprefix("attack.")) != tag.lower() and self._wrong(word)[0]
        ]

    def _wrong(self, word: str) -> tuple[str, str]:
        technique, tactic = word.upper(), word.replace("_", "-")
        if _TECHNIQUE.match(technique):
            if technique in self.techniques or technique in self.retired:
                return "", ""
            parent = technique.partition(".")[0]
            remedy = (
                f"did you mean attack.{parent.lower()}?"
                if parent in self.techniques
                else "see attack.mitre.org"
            )
            return f"ATT&CK has no technique {technique} ({self.version})", remedy
        if tactic in self.tactics or tactic in self.retired_tactics or _OTHER.match(word):
            return "", ""
        near = did_you_mean(tactic, [*self.tactics, *self.retired_tactics])
        remedy = f"did you mean attack.{near}?" if near else f"tactics: {', '.join(self.tactics)}"
        return f"ATT&CK has no tactic {tactic!r} ({self.version})", remedy


def parse_attack(text: str) -> Attack:
    """Read the list. Raises ValueError or KeyError where it is none."""
    found = json.loads(text)
    return Attack(
        version=found["version"],
        tactics={name: title for name, (_, title) in found["tactics"].items()},
        techniques={
            name: Technique(name, title, tuple(tactics))
            for name, (title, tactics) in found["techniques"].items()
        },
        retired=found["retired"],
        retired_tactics={name: tuple(became) for name, became in found["retired_tactics"].items()},
    )


@dataclass(frozen=True)
class Cell:
    """One technique under one tactic of the matrix, its sub-techniques counted in."""

    tactic: str
    technique: str
    name: str
    rules: tuple[str, ...]
    """Names of the rules that are about it."""


@dataclass(frozen=True)
class Coverage:
    cells: tuple[Cell, ...]
    """All techniques (not their sub-techniques) under each of their tactics, in the matrix's order."""
    untagged: tuple[str, ...]
    """Rules that name no technique."""
    unknown: Mapping[str, int]
    """Techniques that the list has no place for, and how many rules name them."""

    @property
    def covered(self) -> int:
        """How many techniques have a rule."""
        return len({cell.technique for cell in self.cells if cell.rules})

    @property
    def techniques(self) -> int:
        return len({cell.technique for cell in self.cells})


def cover(rules: Iterable[Rule], attack: Attack) -> Coverage:
    """Count rules by technique. A technique counts under each of its tactics, since tags do not say
    which of a rule's tactics its technique serves."""
    by_technique: dict[str, list[str]] = defaultdict(list)
    untagged: list[str] = []
    unknown: dict[str, int] = defaultdict(int)
    for rule in rules:
        named = {word.partition(".")[0] for word in rule.attack if _TECHNIQUE.match(word)}
        if not named:
            untagged.append(rule.name)
        for technique in named:
            if technique in attack.techniques:
                by_technique[technique].append(rule.name)
            else:
                unknown[technique] += 1
    cells = [
        Cell(tactic, one.id, one.name, tuple(sorted(by_technique.get(one.id, ()))))
        for tactic in attack.tactics
        for one in sorted(attack.techniques.values(), key=lambda one: one.name)
        if "." not in one.id and tactic in one.tactics
    ]
    return Coverage(tuple(cells), tuple(sorted(untagged)), dict(sorted(unknown.items())))
