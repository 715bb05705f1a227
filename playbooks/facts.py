"""What a playbook sees of an incident, and of which types it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from playbooks.actions import ValueType
from rules.ecs import timestamp
from rules.entities import Entity, EntityKind
from rules.incidents import IncidentFacts

INCIDENT_FIELDS: Mapping[str, ValueType] = {
    "id": ValueType.TEXT,
    "title": ValueType.TEXT,
    "severity": ValueType.TEXT,
    "status": ValueType.TEXT,
    "summary": ValueType.TEXT,
    "owner": ValueType.TEXT,
    "rules": ValueType.LIST,
    "tags": ValueType.LIST,
    "attack": ValueType.LIST,
    "first": ValueType.TEXT,
    "last": ValueType.TEXT,
    "opened": ValueType.TEXT,
    "entities": ValueType.ANY,
}
"""``incident.…``: times are ISO 8601 texts in UTC, ``owner`` is empty where there is none."""

ENTITY_TYPES: Mapping[EntityKind, ValueType] = {
    EntityKind.USER: ValueType.USER,
    EntityKind.HOST: ValueType.HOST,
    EntityKind.IP: ValueType.IP,
    EntityKind.FILE: ValueType.TEXT,
    EntityKind.DATABASE: ValueType.TEXT,
    EntityKind.DOMAIN: ValueType.DOMAIN,
    EntityKind.URL: ValueType.URL,
    EntityKind.HASH: ValueType.HASH,
}


def describe(facts: IncidentFacts) -> dict[str, Any]:
    """Return ``incident`` as expressions see it, JSON types.

    ``entities`` holds a list for each kind, an empty one where there is none: an expression never
    depends on how many there happen to be. An input with ``from`` takes a single one.
    """
    return {
        "id": facts.id,
        "title": facts.title,
        "severity": facts.severity.value,
        "status": facts.status.value,
        "summary": facts.summary,
        "owner": facts.owner or "",
        "rules": list(facts.rules),
        "tags": list(facts.tags),
        "attack": list(facts.attack),
        "first": timestamp(facts.first),
        "last": timestamp(facts.last),
        "opened": timestamp(facts.opened),
        "entities": entities_by_kind(facts.entities),
    }


def entities_by_kind(entities: Iterable[Entity]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {kind.value: [] for kind in EntityKind}
    for entity in entities:
        if entity.value not in found[entity.kind.value]:
            found[entity.kind.value].append(entity.value)
    return found
