"""Findings about the system itself, and the alerts they become.

A finding's alert has the rule ``health.KIND`` and the tags ``health``, ``KIND`` and ``source:NAME`` or the
like, by which a playbook may ask for it. It has no evidence among the events: it is about their absence,
or about what handles them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from rules.alerts import Alert, Severity, alert_id
from rules.incidents import IncidentFacts

TAG = "health"


class HealthKind(StrEnum):
    """What can be wrong."""

    SWEEP_LAG = "sweep-lag"
    """Events wait to be matched, or nothing looks at them."""
    TRUNCATION = "truncation"
    """A limit was hit: something is cut, dropped or counted too low."""
    RULE_FAILING = "rule-failing"
    """A rule does not take part, or was taken out."""
    RULE_NOISY = "rule-noisy"
    SOURCE_SILENT = "source-silent"
    SOURCE_FAILING = "source-failing"
    """What a source delivers can't be parsed, or it can't be asked."""
    EXCEPTION_EXPIRED = "exception-expired"
    CANARY_MISSING = "canary-missing"
    """A planted event did not come out as an alert."""

    @property
    def rule(self) -> str:
        return f"{TAG}.{self.value}"

    @property
    def heading(self) -> str:
        return _TITLES[self]


_TITLES = {
    HealthKind.SWEEP_LAG: "Detection is behind",
    HealthKind.TRUNCATION: "A limit was hit",
    HealthKind.RULE_FAILING: "Rules do not work",
    HealthKind.RULE_NOISY: "A rule fires far more than usual",
    HealthKind.SOURCE_SILENT: "A log source is silent",
    HealthKind.SOURCE_FAILING: "A log source is failing",
    HealthKind.EXCEPTION_EXPIRED: "An exception has expired",
    HealthKind.CANARY_MISSING: "Canary events do not come out as alerts",
}
_ABOUT = {
    HealthKind.RULE_FAILING: "rule",
    HealthKind.RULE_NOISY: "rule",
    HealthKind.SOURCE_SILENT: "source",
    HealthKind.SOURCE_FAILING: "source",
    HealthKind.EXCEPTION_EXPIRED: "exception",
}
"""What a tag calls the subject of a kind."""


class Finding(BaseModel):
    """One thing that is wrong now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: HealthKind
    subject: str
    """What it is about: a source, a rule, the sweep. With the kind, what tells findings apart."""
    text: str
    """What is wrong, in a sentence or two."""
    remedy: str
    """What to do about it."""
    severity: Severity
    since: datetime
    """Since when it is so, as far as that is known, aware."""
    mark: str = ""
    """Where this changes while the finding lasts, people are told the new text."""

    @property
    def key(self) -> str:
        return f"{self.kind.value}/{self.subject}"


def found_as(
    kind: HealthKind,
    subject: str,
    text: str,
    remedy: str,
    severity: Severity,
    since: datetime,
    mark: str = "",
) -> Finding:
    """Return a finding."""
    return Finding(
        kind=kind, subject=subject, text=text, remedy=remedy, severity=severity, since=since, mark=mark
    )


def alert_of_finding(finding: Finding, now: datetime) -> Alert:
    """Return the alert of a finding that was first seen `now`; the same for the same time."""
    kind = finding.kind
    group = {"subject": finding.subject}
    return Alert(
        id=alert_id(kind.rule, group, now.isoformat()),
        rule=kind.rule,
        rule_id=kind.rule,
        title=f"{kind.heading}: {finding.subject}",
        severity=finding.severity,
        risk=finding.severity.risk,
        entities=(),
        evidence=(),
        evidence_count=0,
        first=min(finding.since, now),
        last=now,
        detected=now,
        tags=(TAG, kind.value, f"{_ABOUT.get(kind, 'part')}:{finding.subject}"),
        group=group,
        summary=f"{finding.text} {finding.remedy}".strip(),
    )


def is_health(facts: IncidentFacts) -> bool:
    """Whether an incident is about the system itself."""
    return bool(facts.rules) and all(rule.startswith(f"{TAG}.") for rule in facts.rules)


def stamp(moment: datetime) -> str:
    """Return a time as sentences say it: ``2026-03-30 16:01 UTC``."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
