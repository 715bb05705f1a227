"""Findings over time: each opens one incident, is joined to it while it lasts, and is told when it is over.

Pure: `advance` takes what was known and what is found now, and returns both anew with the steps to take.
Whoever takes them keeps them with the episodes until they are taken, so that none is lost where a process
dies in between; each carries the identity that makes taking it twice harmless.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rules.alerts import Alert, Severity
from rules.health.findings import Finding, HealthKind, alert_of_finding, stamp
from rules.incidents import incident_id

SETTLE = timedelta(seconds=100)
"""How long a finding must be gone before that is said."""
QUIET = timedelta(minutes=30)
"""How long all findings of an incident must be gone before it closes; until then they come back to it."""
TOGETHER = 3
"""So many findings of a kind within `NEAR` have incidents of their own; what comes then joins the last one:
where a collector dies all its sources fall silent."""
NEAR = timedelta(hours=1)


class Episode(BaseModel):
    """A finding that lasts, or did until a moment ago."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    finding: Finding
    """As it was last seen."""
    alert: str
    incident: str
    opened: datetime
    seen: datetime
    over: datetime | None = None
    """When it was first not found any more."""
    told_over: bool = False
    returns: int = 0


class Open(BaseModel):
    """Hand an alert to an incident, which may be new."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Literal["open"] = "open"
    alert: Alert
    incident: str


class Note(BaseModel):
    """Tell an incident something."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Literal["note"] = "note"
    incident: str
    key: str
    kind: Literal["health.over", "health.back", "health.changed"]
    text: str


class Close(BaseModel):
    """Close an incident that nobody took and nothing works on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Literal["close"] = "close"
    incident: str
    key: str
    text: str


Step = Annotated[Open | Note | Close, Field(discriminator="do")]


def advance(
    known: Mapping[str, Episode],
    found: Sequence[Finding],
    judged: Collection[HealthKind],
    closed: Collection[str],
    now: datetime,
) -> tuple[dict[str, Episode], list[Step]]:
    """Return the episodes as they are now, and what to do.

    `judged` are the kinds that could be looked at: what is not found of another kind may still be there.
    `closed` are incidents that a person closed: what comes back after that opens a new one, what still
    lasts as it was does not.
    """
    episodes: dict[str, Episode] = {}
    steps: list[Step] = []
    findings = {finding.key: finding for finding in found}
    for key, episode in known.items():
        finding = findings.pop(key, None)
        shut = episode.incident in closed
        other = finding is not None and finding.mark != episode.finding.mark
        if shut and (other or episode.over is not None):
            if finding is not None:
                findings[key] = finding
            continue
        if finding is not None:
            episodes[key], more = _lasts(episode, finding, now)
        elif episode.finding.kind not in judged:
            episodes[key], more = episode, []
        else:
            episodes[key], more = _gone(episode, now)
        steps += [] if shut else more
    for incident in sorted({each.incident for each in episodes.values()}):
        mine = {key: each for key, each in episodes.items() if each.incident == incident}
        if all(each.told_over and each.over and now - each.over >= QUIET for each in mine.values()):
            for key in mine:
                del episodes[key]
            last = max(each.over for each in mine.values() if each.over)
            text = f"It is over since {stamp(last)} and did not come back."
            steps.append(Close(incident=incident, key=f"health/{incident}/close", text=text))
    fresh = list(findings.values())
    for finding in fresh:
        episode, alert = _begun(
            finding, episodes, closed, sum(one.kind is finding.kind for one in fresh), now
        )
        episodes[finding.key] = episode
        steps.append(Open(alert=alert, incident=episode.incident))
    return episodes, steps


def _lasts(episode: Episode, finding: Finding, now: datetime) -> tuple[Episode, list[Step]]:
    steps: list[Step] = []
    before = episode.finding
    returns = episode.returns
    if episode.told_over:
        returns += 1
        text = f"{finding.kind.heading} ({finding.subject}) again: {finding.text}"
        steps.append(_note(episode, "health.back", f"back/{returns}", text))
    elif finding.mark != before.mark or finding.severity.rank > before.severity.rank:
        if finding.severity.rank > before.severity.rank:  # the incident is as grave as its gravest alert
            steps.append(Open(alert=alert_of_finding(finding, now), incident=episode.incident))
        text = f"{finding.kind.heading} ({finding.subject}), now: {finding.text}"
        steps.append(_note(episode, "health.changed", f"changed/{now.isoformat()}", text))
    finding = finding.model_copy(
        update={
            "since": min(finding.since, before.since),
            "severity": Severity.highest(finding.severity, before.severity),
        }
    )
    update = {"finding": finding, "seen": now, "over": None, "told_over": False, "returns": returns}
    return episode.model_copy(update=update), steps


def _gone(episode: Episode, now: datetime) -> tuple[Episode, list[Step]]:
    over = episode.over or now
    if episode.told_over or now - over < SETTLE:
        return episode.model_copy(update={"over": over}), []
    finding = episode.finding
    text = f"{finding.kind.heading} ({finding.subject}): over since {stamp(over)}."
    note = _note(episode, "health.over", f"over/{episode.returns}", text)
    return episode.model_copy(update={"over": over, "told_over": True}), [note]


def _begun(
    finding: Finding, episodes: Mapping[str, Episode], closed: Collection[str], together: int, now: datetime
) -> tuple[Episode, Alert]:
    alert = alert_of_finding(finding, now)
    near = [
        each
        for each in episodes.values()
        if each.finding.kind is finding.kind and each.incident not in closed and now - each.opened <= NEAR
    ]
    same_look = [each for each in near if each.opened == now]
    if together > TOGETHER and same_look:
        incident = same_look[0].incident
    elif len(near) >= TOGETHER:
        incident = max(near, key=lambda each: (each.opened, each.incident)).incident
    else:
        incident = incident_id(alert.id)
    episode = Episode(finding=finding, alert=alert.id, incident=incident, opened=now, seen=now)
    return episode, alert


def _note(
    episode: Episode, kind: Literal["health.over", "health.back", "health.changed"], what: str, text: str
) -> Note:
    return Note(incident=episode.incident, key=f"health/{episode.alert}/{what}", kind=kind, text=text)
