"""Findings as alerts: of one event that a detection matched, or of many that correlate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rules import entities, narrative
from rules.alerts import Alert, EventRef, alert_id
from rules.correlation.definition import SEQUENCES, Definition, Kind, Plan
from rules.correlation.hits import Hit, Key
from rules.correlation.windows import Firing, evidence
from rules.ecs import parse_timestamp
from rules.entities import Entity
from rules.rule import Detection, Rule

FIELDS = frozenset(entities.FIELDS) | narrative.FIELDS
"""The event fields that an alert is made of."""
EVIDENCE_SHOWN = 100
"""How many events an alert names: the first and the last half of them."""


def alert_of(detection: Detection, event: Mapping[str, Any], detected: datetime, index: str = "") -> Alert:
    """Return the alert of a flat event that a detection matched.

    Raises KeyError where the event has no ``event.id`` or ``@timestamp``, ValueError where that is
    no time.
    """
    time = parse_timestamp(str(event["@timestamp"]))
    name = str(event["event.id"])
    return Alert(
        **_header(detection),
        id=alert_id(detection.id, {}, name),
        entities=entities.of_event(event),
        evidence=(EventRef(id=name, index=index),),
        evidence_count=1,
        first=time,
        last=time,
        detected=detected,
        summary=narrative.sentence(event, detection.title),
    )


def alert_of_finding(
    definition: Definition, key: Key, finding: Firing, plan: Plan, detected: datetime, name: str
) -> Alert:
    """Return the alert of a correlation's finding, under the id `name`."""
    hits = evidence(finding)
    group = dict(zip(definition.group_by, key, strict=True))
    return Alert(
        **_header(definition.rule),
        id=name,
        entities=_entities(definition, group, finding, hits, plan),
        evidence=tuple(EventRef(id=hit.id, index=hit.index) for hit in _ends(hits)),
        evidence_count=len(hits),
        first=hits[0].time,
        last=hits[-1].time,
        detected=detected,
        group=group,
        summary=_summary(definition, group, finding, hits),
    )


def _header(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "rule_id": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "risk": rule.risk,
        "attack": rule.attack,
        "tags": rule.tags,
        "false_positives": rule.false_positives,
    }


def _ends(hits: Sequence[Hit]) -> Sequence[Hit]:
    half = EVIDENCE_SHOWN // 2
    return hits if len(hits) <= EVIDENCE_SHOWN else [*hits[:half], *hits[-half:]]


def _entities(
    definition: Definition, group: Mapping[str, str], finding: Firing, hits: Sequence[Hit], plan: Plan
) -> tuple[Entity, ...]:
    """Return whom a finding is about: its group, what all its events have in common, and for a
    sequence also whom its last event is about. Not everybody who was tried on the way."""
    in_common = entities.of_event(hits[0].fields)
    for hit in hits[1:]:
        if not in_common:
            break
        present = set(entities.of_event(hit.fields))
        in_common = tuple(entity for entity in in_common if entity in present)
    named = {
        field: value for name, value in group.items() for field in _fields_of(definition, name, finding, plan)
    }
    completed = entities.of_event(finding.hit.fields) if definition.kind in SEQUENCES else ()
    return entities.unique([*entities.of_event(named), *completed, *in_common])


def _fields_of(definition: Definition, name: str, finding: Firing, plan: Plan) -> list[str]:
    """Return the event fields that a group-by name stands for in the completing event."""
    place = definition.group_by.index(name)
    found = plan.base_fields(definition.name, finding.hit.rule)
    return [fields[place] for fields in found if fields[place] in entities.FIELDS]


def _summary(definition: Definition, group: Mapping[str, str], finding: Firing, hits: Sequence[Hit]) -> str:
    title, last = definition.rule.title, finding.hit
    if definition.kind is Kind.ABSENCE:
        waited = narrative.duration(timedelta(microseconds=definition.timespan))
        told = narrative.sentence(last.fields, title).removesuffix(".")
        return f"{told}, and what should follow did not within {waited}."
    before = [hit.fields for hit in hits if hit.id != last.id]
    if definition.kind in SEQUENCES and before:
        return narrative.after(last.fields, before, title)
    return narrative.among([hit.fields for hit in hits], group, hits[-1].time - hits[0].time)
