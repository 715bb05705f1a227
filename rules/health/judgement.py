"""What is wrong, judged from what was seen: each function takes sights of one kind and returns findings."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from rules.alerts import Severity
from rules.exceptions import RuleException
from rules.health.cadence import hour_of, moment_of
from rules.health.findings import Finding, HealthKind, found_as, stamp
from rules.narrative import duration

TROUBLE_LASTS = timedelta(minutes=65)
"""How long a trouble that nobody told of again counts: a sweep, with its rules, lives for half an hour."""
NOISY = 100
"""How many times its usual a rule must fire."""
LEAST_ALERTS = 100
"""Alerts an hour below which no rule is noisy."""
LEAST_OF_NEW = 500
"""The same of a rule whose usual is not known yet."""
LEARNT = timedelta(days=7)
"""For how long a rule's alerts must have been kept to know its usual."""


GRACE = timedelta(minutes=5)
"""How long after a start nothing new is found of what others should have done meanwhile: they may be starting
too. What was wrong before stays wrong."""
_AWAITED = frozenset({HealthKind.SWEEP_LAG, HealthKind.SOURCE_SILENT, HealthKind.CANARY_MISSING})


class Trouble(BaseModel):
    """What a part of the program tells of itself: a rule taken out, a group with too many events."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: HealthKind
    subject: str
    text: str
    remedy: str = ""
    severity: Severity = Severity.MEDIUM
    since: datetime
    last: datetime
    """When it was so the last time."""
    mark: str = ""
    """As of `Finding`."""


@dataclass(frozen=True)
class RuleCount:
    """How often a rule fired."""

    rule: str
    now: int
    """Alerts of the last hour."""
    hours: Mapping[int, int]
    """Alerts by hour, see `hour_of`, before that."""
    known: timedelta
    """For how long its alerts are known."""


@dataclass(frozen=True)
class CanarySight:
    """How one path of detection did."""

    path: str
    planted: datetime | None
    """When the last canary was stored; None: none is known."""
    alerted: datetime | None
    """The time of the last canary that came out as an alert."""


def judge_sweep(
    alive: datetime | None,
    waiting: datetime | None,
    events: int,
    failure: str,
    late: timedelta,
    started: datetime,
    now: datetime,
) -> list[Finding]:
    """`alive`: when the sweep looked last; `waiting`: when the oldest event that it has not matched was
    stored, of `events`; `failure`: why its last run ended, where it failed; `started`: when this part did."""
    because = f" Its last run failed: {failure}." if failure else ""
    remedy = "See that the worker runs and has a processor to itself: `siem status`."
    looked = alive is not None and now - alive <= late
    if not looked:
        said = f"since {stamp(alive)}" if alive else "yet"
        text = f"The sweep has not looked for new events {said}: nothing is detected.{because}"
        since = alive or started
    elif waiting is not None and now - waiting > late:
        text = (
            f"Events are stored and not matched: {events:,} wait, the oldest for {duration(now - waiting)}."
            f"{because}"
        )
        since = waiting + late
    else:
        return []
    severity = Severity.CRITICAL if now - since > 10 * late else Severity.HIGH
    return [found_as(HealthKind.SWEEP_LAG, "the sweep", text, remedy, severity, since)]


def judge_troubles(troubles: Iterable[Trouble], now: datetime) -> list[Finding]:
    """Return what parts told of themselves and is recent; told twice, it is one finding."""
    found: dict[str, Finding] = {}
    for trouble in troubles:
        if now - trouble.last <= TROUBLE_LASTS:
            finding = found_as(
                trouble.kind, trouble.subject, trouble.text, trouble.remedy, trouble.severity, trouble.since,
                mark=trouble.mark,
            )  # fmt: skip
            found.setdefault(finding.key, finding)
    return list(found.values())


def judge_noise(counts: Iterable[RuleCount], now: datetime) -> list[Finding]:
    """A rule is noisy where it fires a hundred times its usual by the hour, and more than in three of its
    busiest hours together: a rule that fires a lot once a night does not."""
    found: list[Finding] = []
    for one in counts:
        total, busiest = sum(one.hours.values()), max(one.hours.values(), default=0)
        hours = max(1.0, one.known / timedelta(hours=1))
        usual = total / hours
        least = LEAST_ALERTS if one.known >= LEARNT else LEAST_OF_NEW
        if one.now < max(least, NOISY * usual, 3 * busiest):
            continue
        often = f"usually {usual:.1f} an hour" if total else "before that never"
        text = f"The rule {one.rule} raised {one.now:,} alerts in an hour, {often}."
        remedy = (
            f"Look at some of them. Narrow the rule, or write an exception or a window (suppress:) for "
            f"{one.rule}; `siem rules backtest` shows what a change does."
        )
        since = moment_of(hour_of(now) - 1)
        found.append(found_as(HealthKind.RULE_NOISY, one.rule, text, remedy, Severity.MEDIUM, since))
    return found


def judge_exceptions(exceptions: Iterable[RuleException], now: datetime) -> list[Finding]:
    """Return those whose time is over."""
    return [
        found_as(
            HealthKind.EXCEPTION_EXPIRED,
            one.name,
            f"The exception {one.name} of {one.owner} ended with {one.until} and is not in force any more "
            f"({one.reason})",
            f"Remove it from {one.path}, or agree on a new end.",
            Severity.LOW,
            datetime.combine(one.until, datetime.min.time(), now.tzinfo) + timedelta(days=1),
        )
        for one in exceptions
        if one.until < now.date()
    ]


def judge_canary(
    sights: Iterable[CanarySight], every: timedelta, within: timedelta, started: datetime, now: datetime
) -> list[Finding]:
    """`every`: how often a canary is planted; `within`: how soon it must be an alert."""
    patience = every + within
    found: list[Finding] = []
    for one in sights:
        if one.alerted is not None and now - one.alerted <= patience:
            continue
        planted = one.planted is not None and now - one.planted <= patience
        if planted:
            text = (
                f"Canary events for {one.path} are stored (the last at {stamp(one.planted or now)}) and do "
                "not come out as alerts: attacks would not either."
            )
            remedy = "See `siem status` for the sweep, and `siem rules list` for rules that do not take part."
        else:
            how = f"since {stamp(one.planted)}" if one.planted else "at all"
            text = f"No canary event for {one.path} was stored {how}: events may not reach the store."
            remedy = "See that the collector runs and that the store takes events: `siem status`."
        found.append(
            found_as(HealthKind.CANARY_MISSING, one.path, text, remedy, Severity.HIGH, one.alerted or started)
        )
    return found


def past_grace(
    findings: Iterable[Finding],
    known: Container[str],
    started: datetime,
    canary: timedelta,
    now: datetime,
) -> list[Finding]:
    """Return findings without those that it is too early to make. `known`: keys of what was wrong before the
    start; `canary`: after what time the first canary must have come out."""
    young = now - started
    return [
        finding
        for finding in findings
        if finding.key in known
        or finding.kind not in _AWAITED
        or young >= (max(GRACE, canary) if finding.kind is HealthKind.CANARY_MISSING else GRACE)
    ]
