"""Attack paths: what an incident's events say about the way an attacker took.

`rebuild` makes a path from alerts and events. What an edge is follows the ECS categorisation fields
(see `rules.narrative.Deed`), not a vendor's names, so every source that fills them has paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from rules.alerts import Alert
from rules.ecs import Document, flatten, parse_timestamp
from rules.entities import Entity, EntityKind
from rules.incidents import IncidentFacts
from rules.narrative import Deed
from rules.path_edges import Edge, homes_of, steps_of
from rules.path_story import label_of, story_of


class PathNode(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    entity: Entity
    role: str
    """``entry``, ``foothold``, ``pivot``, ``target`` or ``seen``."""
    first: datetime


class PathEdge(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Entity
    target: Entity
    label: str
    """Plain words: ``147 failed logins``, ``logged in``, ``became root``."""
    count: int
    first: datetime
    last: datetime
    attack: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    """Ids of at most ten of the events."""


class AttackPath(BaseModel):
    """Nodes and edges in the order of their first times."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    incident: str
    nodes: tuple[PathNode, ...]
    edges: tuple[PathEdge, ...]
    summary: str
    """The path told in a few plain sentences."""


EVENTS_SHOWN = 10
MOST_EDGES = 60
"""A path with more edges keeps the earliest ones, and says so."""


def rebuild(facts: IncidentFacts, alerts: Sequence[Alert], documents: Iterable[Document]) -> AttackPath:
    """Return the path that an incident's events show.

    `documents` are the events that its alerts rest on, and any others worth drawing, nested or flat.
    Repeated events are one edge with a count; where an alert counts more events than it names, the
    rest are counted on the edge that most of its named ones are on.
    """
    events = {str(flat["event.id"]): flat for flat in map(flatten, documents) if _usable(flat)}
    ordered = sorted(events.values(), key=lambda flat: (flat["@timestamp"], flat["event.id"]))
    homes = homes_of(ordered)
    attack = {ref.id: alert.attack for alert in reversed(alerts) for ref in alert.evidence}
    edges: dict[tuple[Entity, Entity, Deed], Edge] = {}
    by_event: dict[str, Edge] = {}
    for flat in ordered:
        event = str(flat["event.id"])
        for source, target, deed, detail in steps_of(flat, homes):
            edge = edges.setdefault((source, target, deed), Edge(source, target, deed))
            edge.times.append(parse_timestamp(str(flat["@timestamp"])))
            edge.events.append(event)
            edge.attack |= dict.fromkeys(attack.get(event, ()))
            if detail:
                edge.details[detail] = None
            by_event.setdefault(event, edge)
    _count_unseen(alerts, by_event)
    every = sorted(edges.values(), key=lambda edge: (edge.times[0], list(Deed).index(edge.deed)))
    shown = every[:MOST_EDGES]
    nodes = _nodes(shown, facts)
    return AttackPath(
        incident=facts.id,
        nodes=nodes,
        edges=tuple(
            PathEdge(
                source=edge.source,
                target=edge.target,
                label=label_of(edge),
                count=edge.count,
                first=edge.times[0],
                last=edge.times[-1],
                attack=tuple(edge.attack),
                events=_ends(edge.events),
            )
            for edge in shown
        ),
        summary=story_of(shown, len(every) - len(shown)) or facts.summary,
    )


def _usable(flat: Mapping[str, Any]) -> bool:
    return bool(flat.get("event.id")) and bool(flat.get("@timestamp"))


def _ends(events: Sequence[str]) -> tuple[str, ...]:
    half = EVENTS_SHOWN // 2
    return tuple(events if len(events) <= EVENTS_SHOWN else [*events[:half], *events[-half:]])


def _count_unseen(alerts: Sequence[Alert], by_event: Mapping[str, Edge]) -> None:
    """Add to each edge the events that an alert counts and no longer names; of alerts that rest on
    the same events the one with the most."""
    for alert in alerts:
        missing = alert.evidence_count - len(alert.evidence)
        tally: dict[int, int] = {}
        edges: dict[int, Edge] = {}
        for ref in alert.evidence:
            if (edge := by_event.get(ref.id)) is not None:
                tally[id(edge)] = tally.get(id(edge), 0) + 1
                edges[id(edge)] = edge
        if missing > 0 and tally:
            edge = edges[max(tally, key=lambda each: tally[each])]
            within = sum(1 for time in edge.times if alert.first <= time <= alert.last)
            unseen = tally[id(edge)] + missing - within
            edge.unseen = max(edge.unseen, unseen)


_GAINED = frozenset({Deed.LOGIN, Deed.ELEVATION})
_ACTED = frozenset(Deed) - {Deed.LOGIN, Deed.FAILED_LOGIN, Deed.SESSION}


def _nodes(edges: Sequence[Edge], facts: IncidentFacts) -> tuple[PathNode, ...]:
    first: dict[Entity, datetime] = {}
    for edge in edges:
        for entity in (edge.source, edge.target):
            first[entity] = min(first.get(entity, edge.times[0]), edge.times[0])
    reached = {edge.target for edge in edges}
    gained = [edge.target for edge in edges if edge.deed in _GAINED]
    onward = {edge.source for edge in edges if edge.deed in _ACTED or edge.deed is Deed.LOGIN}
    for edge in edges:  # who has a session acts from where the session is
        if edge.deed is Deed.SESSION and edge.target in onward:
            onward.add(edge.source)
    held = next((entity for entity in gained if entity.kind in (EntityKind.HOST, EntityKind.USER)), None)
    sessions = {edge.target for edge in edges if edge.deed is Deed.SESSION and edge.source == held}

    def role(entity: Entity) -> str:
        if entity not in reached:
            return "entry"
        if entity == held or entity in sessions:
            return "foothold"
        return "pivot" if entity in onward else "target"

    found = {entity: PathNode(entity=entity, role=role(entity), first=time) for entity, time in first.items()}
    for entity in facts.entities:
        found.setdefault(entity, PathNode(entity=entity, role="seen", first=facts.first))
    place = {edge.target: i for i, edge in reversed(list(enumerate(edges)))}
    place |= {edge.source: -1 for edge in edges if edge.source not in reached}
    return tuple(sorted(found.values(), key=lambda node: (node.first, place.get(node.entity, 999))))
