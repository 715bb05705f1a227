"""Alerts: one finding of one rule."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from rules.entities import Entity


class Severity(StrEnum):
    """Sigma's levels, in order."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)

    @property
    def risk(self) -> int:
        """The risk score of a finding of this severity where its rule states none, 0 to 100."""
        return (1, 10, 30, 70, 95)[self.rank]

    @classmethod
    def highest(cls, *levels: Self) -> Self:
        return max(levels, key=lambda level: level.rank)


class EventRef(BaseModel):
    """Where an event that an alert rests on can be read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    index: str = ""
    """The OpenSearch index that holds it, empty where it was matched outside the store."""


class Alert(BaseModel):
    """One finding of one rule, written once under an id derived from what it is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    rule: str
    """The rule's short name, as playbooks and correlations refer to it."""
    rule_id: str
    title: str
    severity: Severity
    risk: int = Field(ge=0, le=100)
    entities: tuple[Entity, ...]
    evidence: tuple[EventRef, ...]
    """At most 100 of the events, the first and the last among them."""
    evidence_count: int
    first: datetime
    """Event time of the earliest evidence, aware."""
    last: datetime
    detected: datetime
    attack: tuple[str, ...] = ()
    """ATT&CK tactics (``credential-access``) and technique ids (``T1110.001``)."""
    tags: tuple[str, ...] = ()
    group: dict[str, str] = Field(default_factory=dict)
    """A correlation's group-by fields and values."""
    summary: str = ""
    """One plain sentence: who did what to whom."""
    false_positives: tuple[str, ...] = ()


def alert_id(rule_id: str, group: dict[str, str], anchor: str) -> str:
    """Return the identity of an alert.

    `anchor` is the id of the event that completed the finding (the only event of a single-event
    rule, the one that crossed the threshold of a correlation), so that a sweep which runs twice
    over the same events writes the same alert.
    """
    text = "\x1f".join([rule_id, *(f"{key}={group[key]}" for key in sorted(group)), anchor])
    return "alr-" + hashlib.sha256(text.encode()).hexdigest()[:24]
