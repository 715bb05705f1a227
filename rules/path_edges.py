"""The edges of an attack path: what one event draws between whom.

What an edge is follows `rules.narrative.Deed`, and so the ECS categorisation fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from rules.entities import Entity, EntityKind, canonical
from rules.narrative import Deed, deed_of, text, texts

_Flat: TypeAlias = Mapping[str, Any]

Step: TypeAlias = tuple[Entity, Entity, Deed, str]
"""From, to, what happened, and a detail that its label names."""


@dataclass
class Edge:
    """All events that did the same between the same two."""

    source: Entity
    target: Entity
    deed: Deed
    details: dict[str, None] = field(default_factory=dict)
    """What the label names: users, commands, groups; each once."""
    times: list[datetime] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    attack: dict[str, None] = field(default_factory=dict)
    unseen: int = 0
    """Events of this kind that alerts count but no longer name."""

    @property
    def count(self) -> int:
        return len(self.times) + self.unseen


def _entity(kind: EntityKind, value: str) -> Entity | None:
    value = canonical(kind, value)
    return Entity(kind=kind, value=value) if value else None


def homes_of(events: Iterable[_Flat]) -> dict[str, Entity]:
    """Return which host an address belongs to, as far as the hosts' own events say so."""
    homes: dict[str, Entity] = {}
    for flat in events:
        host = _entity(EntityKind.HOST, text(flat, "host.name"))
        for address in texts(flat, "host.ip") if host else ():
            if address.startswith(("127.", "169.254.", "fe80", "::1")) or host is None:
                continue
            homes.setdefault(canonical(EntityKind.IP, address), host)
    return homes


def steps_of(flat: _Flat, homes: Mapping[str, Entity]) -> list[Step]:
    """Return the edges that one event draws."""
    user = _entity(EntityKind.USER, text(flat, "user.name"))
    host = _entity(EntityKind.HOST, text(flat, "host.name"))
    origin = _at(text(flat, "source.ip"), homes) or _entity(EntityKind.DOMAIN, text(flat, "source.domain"))
    actor = user or host or origin
    target: Entity | None
    match deed_of(flat):
        case Deed.LOGIN | Deed.FAILED_LOGIN as deed:
            name = user.value if user else ""
            if deed is Deed.FAILED_LOGIN:
                return _drawn(origin or host, host or user, deed, name)
            if host is None:
                return _drawn(origin, user, deed, name)
            return _drawn(origin, host, deed, name) + _drawn(host, user, Deed.SESSION, "")
        case Deed.SESSION as deed:
            return _drawn(host, user, deed, "")
        case Deed.ELEVATION | Deed.FAILED_ELEVATION as deed:
            target = _entity(EntityKind.USER, text(flat, "user.effective.name"))
            return _drawn(actor, target, deed, text(flat, "process.command_line"))
        case Deed.ACCOUNT_CREATED | Deed.ACCOUNT_DELETED | Deed.ACCOUNT_CHANGED | Deed.MEMBER_ADDED as deed:
            target = _entity(EntityKind.USER, text(flat, "user.target.name"))
            return _drawn(actor if actor != target else host, target, deed, text(flat, "group.name"))
        case Deed.FILE_CREATED | Deed.FILE_CHANGED | Deed.FILE_DELETED | Deed.FILE_READ as deed:
            return _drawn(actor, _entity(EntityKind.FILE, text(flat, "file.path")), deed, "")
        case Deed.CONNECTION as deed:
            target = _at(text(flat, "destination.ip"), homes)
            return _drawn(host or origin, target, deed, text(flat, "destination.port"))
        case Deed.COMMAND as deed:
            command = text(flat, "process.command_line") or text(flat, "process.name")
            return _drawn(user or origin, host, deed, command)
        case Deed.FINDING as deed:
            found = text(flat, "rule.name") or text(flat, "message")
            file = _entity(EntityKind.FILE, text(flat, "file.path"))
            target = _at(text(flat, "destination.ip"), homes) or file or host
            return _drawn(origin or actor, target if target != (origin or actor) else host, deed, found)
        case _:
            database = _entity(EntityKind.DATABASE, text(flat, "database.name"))
            return _drawn(user or origin, database, Deed.OTHER, text(flat, "event.action"))


def _at(address: str, homes: Mapping[str, Entity]) -> Entity | None:
    """Return the host that has an address, else the address."""
    entity = _entity(EntityKind.IP, address)
    return None if entity is None else homes.get(entity.value, entity)


def _drawn(source: Entity | None, target: Entity | None, deed: Deed, detail: str) -> list[Step]:
    if source is None or target is None or source == target:
        return []
    return [(source, target, deed, detail)]
