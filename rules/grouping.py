"""Grouping: which alerts belong together, and what is then known of their incident.

Pure and repeatable: the sweep may run it twice over the same alerts, after a crash at any point,
and gets the same incidents. An alert that was assigned stays where it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from rules.alerts import Alert, Severity
from rules.entities import LINKING, Entity, EntityKind, unique
from rules.incidents import IncidentFacts, incident_id

ENTITIES_SHOWN = 50
"""How many entities an incident names at most; the earliest of its gravest alerts come first."""

WEAK = frozenset(
    Entity(kind=EntityKind.USER, value=name)
    for name in "root admin administrator nobody daemon system guest test ubuntu ec2-user www-data "
    "postgres mysql oracle git jenkins nagios backup ftp".split()
)
"""Accounts that everybody shares or guesses: they link nothing."""


class GroupingPolicy(BaseModel):
    """How alerts become incidents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    open_at: Severity = Severity.HIGH
    """The lowest severity that opens an incident."""
    opening: frozenset[str] = frozenset()
    """Rules whose alerts open one whatever their severity: a playbook waits for them."""
    window: timedelta = timedelta(hours=24)
    """How far apart, in event time, alerts of one incident may be."""
    linking: frozenset[EntityKind] = LINKING
    """The kinds of entities that join alerts. Never hosts alone: a busy server is in every alert."""
    weak: frozenset[Entity] = WEAK
    """Entities of those kinds that join nothing."""
    settling: timedelta = timedelta(minutes=1)
    """An incident to which alerts were assigned, but that is not among the open ones, was closed;
    unless the alerts were detected less than this ago: then its facts are still on their way."""

    def opens(self, alert: Alert) -> bool:
        """Whether an alert opens an incident where it joins none."""
        return alert.severity.rank >= self.open_at.rank or alert.rule in self.opening


@dataclass(frozen=True)
class Group:
    """Alerts to hand to one incident."""

    incident: str
    alerts: tuple[Alert, ...]
    opens: bool
    """Whether the incident is new."""


@dataclass
class _Open:
    """An open incident as far as linking is concerned."""

    id: str
    links: set[Entity] = field(default_factory=set)
    alerts: set[str] = field(default_factory=set)
    joining: list[Alert] = field(default_factory=list)
    opens: bool = False
    first: datetime | None = None
    last: datetime | None = None
    core: datetime | None = None
    """When the first of its alerts that could have opened it began, as far as that is known."""

    def take(self, alert: Alert, policy: GroupingPolicy, *, new: bool = True) -> None:
        if new:
            self.joining.append(alert)
        self.alerts.add(alert.id)
        self.links |= set(_links(alert.entities, policy))
        self.span(alert.first, alert.last)
        if policy.opens(alert):
            self.core = min(self.core or alert.first, alert.first)

    def span(self, first: datetime, last: datetime) -> None:
        self.first = min(self.first or first, first)
        self.last = max(self.last or last, last)

    def near(self, alert: Alert, window: timedelta) -> bool:
        """Whether an alert is not long before it opened, and not long after its last alert."""
        began, ended = self.core or self.first, self.last
        if began is None or ended is None:
            return False
        return alert.first <= ended + window and alert.last >= began - window


def assign(
    alerts: Sequence[Alert],
    *,
    earlier: Iterable[Alert] = (),
    taken: Mapping[str, str] | None = None,
    incidents: Iterable[IncidentFacts] = (),
    policy: GroupingPolicy | None = None,
) -> tuple[Group, ...]:
    """Return which alerts join which incident, and which incidents open.

    `alerts` are the new ones, `earlier` what is stored about their entities within the window (the
    new ones may be among them), `taken` maps alert ids to the incidents they joined, `incidents`
    are the open ones about their entities. Groups name only alerts that are not taken.

    An alert at or above `open_at` joins the open incident that shares an address with it, else one
    that shares a user, and else opens its own; a lower alert joins or stays alone. Of several
    incidents the one that began first wins. An alert that opens an incident, or could have, brings
    along the earlier alerts that are alone and share a linking entity with it.
    """
    policy = policy or GroupingPolicy()
    homes = dict(taken or {})
    known = {alert.id: alert for alert in [*earlier, *alerts]}
    fresh = {alert.id for alert in alerts}
    standing = _standing(known, homes, incidents, policy)
    waiting = sorted(
        (alert for alert in known.values() if alert.id not in homes), key=lambda each: (each.last, each.id)
    )

    def join(alert: Alert, incident: _Open) -> None:
        incident.take(alert, policy)
        homes[alert.id] = incident.id

    changed = True
    while changed:
        changed = False
        for alert in waiting:
            if alert.id in homes:
                continue
            opening = policy.opens(alert)
            found = _home(alert, standing, policy, fresh=alert.id in fresh)
            if found is None and opening and alert.id in fresh:
                found = _Open(incident_id(alert.id), opens=True)
                standing.append(found)
            if found is None:
                continue
            join(alert, found)
            changed = True
            if opening:
                links = set(_links(alert.entities, policy))
                for other in waiting:
                    if (
                        other.id not in homes
                        and not policy.opens(other)
                        and alert.first - policy.window <= other.last <= alert.last
                        and links & set(_links(other.entities, policy))
                    ):
                        join(other, found)
    return tuple(
        Group(each.id, tuple(sorted(each.joining, key=lambda alert: (alert.last, alert.id))), each.opens)
        for each in standing
        if each.joining
    )


def facts_of(
    alerts: Collection[Alert], *, incident: str | None = None, opened: datetime | None = None
) -> IncidentFacts:
    """Return what is known of the incident that these alerts make.

    `incident` and `opened` default to those of the first alert of the highest severity. Entities
    come in the order of the gravest alerts, addresses before users before hosts: the attacker's
    address and the victim first. Raises ValueError where there are no alerts.
    """
    if not alerts:
        raise ValueError("an incident needs an alert")
    ordered = sorted(alerts, key=lambda alert: (-alert.severity.rank, alert.last, alert.id))
    lead = ordered[0]
    entities = unique(entity for alert in ordered for entity in sorted(alert.entities, key=_place))
    others = [alert for alert in sorted(alerts, key=lambda each: (each.last, each.id)) if alert is not lead]
    return IncidentFacts(
        id=incident or incident_id(lead.id),
        title=title_of(lead),
        severity=lead.severity,
        rules=tuple(dict.fromkeys(alert.rule for alert in ordered)),
        alerts=tuple(alert.id for alert in sorted(alerts, key=lambda each: (each.last, each.id))),
        entities=entities[:ENTITIES_SHOWN],
        attack=tuple(dict.fromkeys(word for alert in ordered for word in alert.attack)),
        tags=tuple(dict.fromkeys(tag for alert in ordered for tag in alert.tags)),
        summary=_summary(lead, others),
        first=min(alert.first for alert in alerts),
        last=max(alert.last for alert in alerts),
        opened=opened or lead.detected,
    )


def title_of(alert: Alert) -> str:
    """Return an incident's title: what the alert's rule says, and who it is about."""
    by_kind: dict[EntityKind, str] = {}
    for entity in alert.entities:
        by_kind.setdefault(entity.kind, entity.value)
    words = [by_kind.get(EntityKind.IP, "")]
    if user := by_kind.get(EntityKind.USER):
        words.append(f"as {user}" if words[0] else user)
    if host := by_kind.get(EntityKind.HOST):
        words.append(f"on {host}")
    about = " ".join(word for word in words if word)
    return f"{alert.title}: {about}" if about else alert.title


_ORDER = (EntityKind.IP, EntityKind.USER, EntityKind.HOST)


def _place(entity: Entity) -> int:
    return _ORDER.index(entity.kind) if entity.kind in _ORDER else len(_ORDER)


def _summary(lead: Alert, others: Sequence[Alert]) -> str:
    sentences = [lead.summary or f"{lead.title}."]
    told = {sentences[0]}
    for alert in others:
        text = alert.summary or f"{alert.title}."
        if text not in told and len(sentences) < 4:
            told.add(text)
            sentences.append(text)
    untold = len({alert.summary or f"{alert.title}." for alert in others} - told)
    if untold:
        sentences.append(f"There {'is 1 more finding' if untold == 1 else f'are {untold} more findings'}.")
    return " ".join(sentences)


def _links(entities: Iterable[Entity], policy: GroupingPolicy) -> list[Entity]:
    return [entity for entity in entities if entity.kind in policy.linking and entity not in policy.weak]


def _standing(
    known: Mapping[str, Alert],
    taken: Mapping[str, str],
    incidents: Iterable[IncidentFacts],
    policy: GroupingPolicy,
) -> list[_Open]:
    """Return the open incidents, those included whose facts are not in the store yet."""
    standing: dict[str, _Open] = {}
    for facts in incidents:
        links = set(_links(facts.entities, policy))
        standing[facts.id] = _Open(facts.id, links, set(facts.alerts), first=facts.first, last=facts.last)
    latest = max((alert.detected for alert in known.values()), default=None)
    for alert in sorted(known.values(), key=lambda each: (each.last, each.id)):
        incident = taken.get(alert.id)
        if incident is None or latest is None:
            continue
        if incident not in standing and latest - alert.detected <= policy.settling:
            standing[incident] = _Open(incident)
        if incident in standing:
            standing[incident].take(alert, policy, new=False)
    return sorted(standing.values(), key=_age)


def _age(incident: _Open) -> tuple[bool, datetime | None, str]:
    return (incident.first is None, incident.first, incident.id)


def _home(alert: Alert, standing: Sequence[_Open], policy: GroupingPolicy, *, fresh: bool) -> _Open | None:
    """Return the incident an alert joins; one that is not new only where it was before."""
    own = incident_id(alert.id)
    for incident in standing:
        if alert.id in incident.alerts or incident.id == own:
            return incident
    if not fresh:
        return None
    links = _links(alert.entities, policy)
    near = [incident for incident in standing if incident.near(alert, policy.window)]
    for addresses in (True, False):
        wanted = {entity for entity in links if (entity.kind is EntityKind.IP) is addresses}
        sharing = [incident for incident in near if wanted & incident.links]
        if sharing:
            return min(sharing, key=_age)
    return None
