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
    return taken_out + [
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


def _named(crowd: Crowd) -> str:
    return ", ".join(f"{field}={shown(value)}" for field, value in crowd.group.items()) or "all of them"
