"""What is wrong with what comes in: sources that are silent or failing, collectors that lose or are away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rules.alerts import Severity
from rules.health.cadence import History, hour_of, overdue
from rules.health.findings import Finding, HealthKind, found_as, stamp
from rules.narrative import duration

LEAST_ERRORS = 20
"""Errors in the time looked at below which a source is not failing."""
RISE = 5.0
"""How many times its usual a source's share of errors must be."""
LEAST_SHARE = 0.02
LEAST_CUT = 10
STALE = timedelta(minutes=3)
"""A collector tells of itself every five seconds."""
FORGOTTEN = timedelta(days=7)
"""A collector not heard of for so long is gone for good."""


@dataclass(frozen=True)
class SourceSight:
    """What a source delivered in the last minutes."""

    name: str
    last: datetime | None
    """When its last event was stored; None: never."""
    events: int = 0
    errors: int = 0
    cut: int = 0
    """Events that were too long and were cut."""
    reason: str = ""
    """Of one of the errors."""


@dataclass(frozen=True)
class EntrySight:
    """What a collector says of one of its entries."""

    host: str
    told: datetime
    """When the collector said it."""
    name: str
    source: str
    since: datetime
    last: datetime | None = None
    silent_after: timedelta | None = None
    problem: str = ""
    problem_since: datetime | None = None
    unreadable: Mapping[str, str] = field(default_factory=dict)
    full: str = ""
    damaged: int = 0
    dropped: int = 0
    """Datagrams lost in the last quarter of an hour."""
    gap: str = ""
    """What was found to be lost of late."""


def judge_silence(
    sights: Sequence[SourceSight],
    history: History | None,
    stated: Mapping[str, tuple[timedelta, datetime]],
    excused: Iterable[str],
    now: datetime,
) -> list[Finding]:
    """`stated`: after how long a source is silent, and since when the site says so; `excused`: sources
    that may be silent; `history`: what is usual, None while it is being learnt."""
    found: list[Finding] = []
    known = history.known() if history else []
    quiet = set(excused)
    last_of = {sight.name: sight.last for sight in sights}
    for name in sorted({*last_of, *stated, *(history.events if history else ())} - quiet):
        last = last_of.get(name)
        if name in stated:
            after, since = stated[name]
            if now - (last or since) <= after:
                continue
            text = (
                f"{name} has delivered nothing since {stamp(last)}" if last else f"{name} has never delivered"
            ) + f"; it should at least every {duration(after)}."
            found.append(_silent(name, text, Severity.HIGH, (last or since) + after))
        elif history and last and (missing := overdue(history, name, last, now, known)):
            text = (
                f"{name} has delivered nothing since {stamp(last)}. In {missing.hours} whole hours in which "
                f"{missing.events:,.0f} events or more usually come none did."
            )
            found.append(_silent(name, text, Severity.MEDIUM, last))
    return found


def judge_sources(
    sights: Iterable[SourceSight], history: History | None, limits: Mapping[str, float], window: timedelta,
    now: datetime,
) -> list[Finding]:  # fmt: skip
    """`limits`: the share of errors that a source may have, 0.2 where nothing is said."""
    found: list[Finding] = []
    for one in sights:
        total = max(one.events, 1)
        share = one.errors / total
        known = history is not None and one.name in history.events
        usual = history.usual_errors(one.name, hour_of(now - window)) if history else 0.0
        limit = limits.get(one.name, 0.2)
        risen = known and share > max(LEAST_SHARE, RISE * usual)
        if one.errors >= LEAST_ERRORS and (share > limit or risen):
            text = (
                f"{one.errors:,} of {one.events:,} events of {one.name} ({share:.0%}) could not be parsed in "
                f"the last {duration(window)}; usually it is {usual:.0%}."
            )
            if one.reason:
                text += f" One says: {one.reason[:300]}."
            remedy = (
                f"Read some: `siem search 'event.dataset:{one.name} AND event.kind:pipeline_error'`. Was its "
                "format changed, or is the wrong source named under collect: in siem.yaml? What could not be "
                "parsed is kept."
            )
            found.append(
                found_as(HealthKind.SOURCE_FAILING, one.name, text, remedy, Severity.MEDIUM, now - window)
            )
        if one.cut >= LEAST_CUT:
            text = f"{one.cut:,} events of {one.name} were longer than is read, and were cut."
            remedy = "log.flags marks them, event.reason says how long they were. Shorten them at the source."
            found.append(found_as(HealthKind.TRUNCATION, one.name, text, remedy, Severity.LOW, now - window))
    return found


def judge_entries(entries: Iterable[EntrySight], stated: Iterable[str], now: datetime) -> list[Finding]:
    """`stated`: sources whose silence is judged by themselves."""
    found: list[Finding] = []
    away: dict[str, datetime] = {}
    named = set(stated)
    for one in entries:
        if now - one.told > STALE:
            if now - one.told < FORGOTTEN:
                away[one.host] = one.told
            continue
        last = one.last or one.since
        label = one.name if one.name == one.source else f"{one.name} ({one.source})"
        if one.silent_after and one.source not in named and now - last > one.silent_after:
            how = f"since {stamp(one.last)}" if one.last else "ever"
            text = (
                f"{label} has delivered nothing {how}; it should at least every {duration(one.silent_after)}."
            )
            found.append(_silent(one.name, text, Severity.HIGH, last + one.silent_after))
        if one.problem and one.problem_since and now - one.problem_since > timedelta(minutes=2):
            text = f"{label} can't be collected since {stamp(one.problem_since)}: {one.problem[:500]}."
            remedy = "See `siem connections test`, and the credentials and rights on the other side."
            found.append(
                found_as(HealthKind.SOURCE_FAILING, one.name, text, remedy, Severity.HIGH, one.problem_since)
            )
        elif one.unreadable:
            where, why = next(iter(one.unreadable.items()))
            more = f" and {len(one.unreadable) - 1} more" if len(one.unreadable) > 1 else ""
            text = f"{label}: {where}{more} can't be read: {why[:300]}."
            remedy = "See that it exists and that the collector's account may read it."
            found.append(
                found_as(HealthKind.SOURCE_FAILING, one.name, text, remedy, Severity.MEDIUM, one.told)
            )
        lost = [
            f"{one.dropped:,} datagrams were lost in a quarter of an hour" if one.dropped else "",
            f"senders are refused or made to wait: {one.full}" if one.full else "",
            f"a gap was found: {one.gap[:300]}" if one.gap else "",
            f"{one.damaged} segments of its spool could not be read back" if one.damaged else "",
        ]
        if any(lost):
            text = f"{label}: {'; '.join(filter(None, lost))}."
            remedy = (
                "Send by TCP or TLS rather than UDP, raise receive_buffer or spool in siem.yaml, and see "
                "that the store keeps up."
            )
            found.append(found_as(HealthKind.TRUNCATION, one.name, text, remedy, Severity.HIGH, one.told))
    for host, told in away.items():
        text = (
            f"The collector on {host} has not been heard of since {stamp(told)}: nothing is collected there."
        )
        remedy = (
            "Start it (`siem up`, or `siem collect` there) and read its log. What files hold is read then."
        )
        found.append(
            found_as(HealthKind.SOURCE_SILENT, f"collector {host}", text, remedy, Severity.HIGH, told)
        )
    return found


def _silent(name: str, text: str, severity: Severity, since: datetime) -> Finding:
    remedy = (
        "See that its sender runs and reaches the collector. Where it may be silent, say so under "
        "health: sources: in siem.yaml."
    )
    return found_as(HealthKind.SOURCE_SILENT, name, text, remedy, severity, since)
