"""What is wrong with the rules of a sweep, as troubles for health: left out, taken out, counting too low."""

from __future__ import annotations

import hashlib
from datetime import datetime

from rules.alerts import Severity
from rules.correlation import Crowd
from rules.exceptions import EXPIRED
from rules.health import HealthKind, Trouble
from rules.narrative import shown
from workers.detection import Detection

SHOWN = 5
"""How many faults a sentence names."""


def left_out(detection: Detection, now: datetime) -> list[Trouble]:
    """Return the rules that do not take part, as one trouble. An exception that has ended is another."""
    faults = [
        f"{fault.path}:{fault.line}: {fault.text.splitlines()[0]}"
        for fault in detection.faults
        if fault.remedy != EXPIRED
    ]
    if not faults:
        return []
    first = "; ".join(faults[:SHOWN]) + (f"; and {len(faults) - SHOWN} more" if faults[SHOWN:] else "")
    return [
        Trouble(
            kind=HealthKind.RULE_FAILING,
            subject="rules left out",
            text=f"{len(faults)} faults keep rules or exceptions from taking part: {first}.",
            remedy="`siem rules check` shows all of them, with line and column.",
            since=now,
            last=now,
            mark=hashlib.sha256("\n".join(sorted(faults)).encode()).hexdigest(),
        )
    ]


def troubles_of(detection: Detection, now: datetime) -> list[Trouble]:
    """Return what went wrong since a detection was made: rules taken out, groups counted too low."""
    taken_out = [
        Trouble(
            kind=HealthKind.RULE_FAILING,
            subject=one.rule.name,
            text=f"The rule {one.rule.name} was taken out so that it holds up no other: {one.reason}.",
            remedy="Mend it: `siem rules list --cost` shows its cost. It is tried again each half hour.",
            severity=Severity.HIGH,
            since=now,
            last=now,
        )
        for one in detection.matcher.troubles
    ]
    crowds: dict[str, list[Crowd]] = {}
    for crowd in detection.engine.crowds:
        crowds.setdefault(crowd.rule, []).append(crowd)
    return (
        taken_out
        + _beside(detection, now)
        + [
            Trouble(
                kind=HealthKind.TRUNCATION,
                subject=f"events of {rule}",
                text=f"{len(found)} groups have more events of the rule {rule} than are held, and what "
                f"correlates them counts too low; one is {_named(found[0])}.",
                remedy="Narrow the rule or group by more; an exception for a known noisy one helps too.",
                since=now,
                last=now,
            )
            for rule, found in crowds.items()
        ]
    )


def _beside(detection: Detection, now: datetime) -> list[Trouble]:
    """Return what went wrong beside the ticks: queries that were not asked whole, a past too long to read."""
    found = [
        Trouble(
            kind=HealthKind.RULE_FAILING,
            subject=name,
            text=f"The scheduled query {name} is not asked whole: {text}.",
            remedy="Mend or narrow it; `siem rules test` asks it by its own examples. Its windows wait.",
            severity=Severity.HIGH,
            since=now,
            last=now,
        )
        for name, text in (detection.queries.troubles() if detection.queries else {}).items()
    ]
    for value, events in (detection.intelligence.truncated if detection.intelligence else {}).items():
        found.append(
            Trouble(
                kind=HealthKind.TRUNCATION,
                subject=f"the past of {value}",
                text=f"{events:,} events of the last 30 days name {value}, known as bad by now: only "
                "the first and last of them were read.",
                remedy=f"`siem intel show {value.partition(':')[2]}` says where it was seen.",
                severity=Severity.LOW,
                since=now,
                last=now,
            )
        )
    return found


def _named(crowd: Crowd) -> str:
    return ", ".join(f"{field}={shown(value)}" for field, value in crowd.group.items()) or "all of them"
