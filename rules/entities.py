"""Entities: the users, hosts, addresses, files and databases that alerts are about."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class EntityKind(StrEnum):
    USER = "user"
    HOST = "host"
    IP = "ip"
    FILE = "file"
    DATABASE = "database"
    DOMAIN = "domain"
    URL = "url"
    HASH = "hash"


class Entity(BaseModel):
    """One thing an alert is about, written ``kind:value`` (``ip:203.0.113.7``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: EntityKind
    value: str

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.value}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``kind:value``. Raises ValueError with the known kinds where it is no entity."""
        kind, colon, value = text.partition(":")
        known = ", ".join(kind.value for kind in EntityKind)
        if not colon or not value or kind not in set(EntityKind):
            raise ValueError(f"{text!r} is no entity: write KIND:VALUE, KIND one of {known}")
        return cls(kind=EntityKind(kind), value=canonical(EntityKind(kind), value))


FIELDS: Mapping[str, EntityKind] = {
    "source.ip": EntityKind.IP,
    "destination.ip": EntityKind.IP,
    "user.name": EntityKind.USER,
    "user.target.name": EntityKind.USER,
    "user.effective.name": EntityKind.USER,
    "host.name": EntityKind.HOST,
    "file.path": EntityKind.FILE,
    "database.name": EntityKind.DATABASE,
    "dns.question.name": EntityKind.DOMAIN,
    "url.full": EntityKind.URL,
    "file.hash.sha256": EntityKind.HASH,
    "process.hash.sha256": EntityKind.HASH,
}
"""The ECS fields that name entities; an event's other fields name none."""

LINKING = frozenset({EntityKind.IP, EntityKind.USER})
"""The kinds that may join alerts into one incident by themselves. A busy server is in every
alert, so a shared host alone joins nothing."""


def canonical(kind: EntityKind, value: str) -> str:
    """Return the one spelling of a value: addresses compressed, hosts, domains and hashes lower case."""
    value = value.strip()
    if kind is EntityKind.IP:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return value
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return address.compressed
    if kind in {EntityKind.HOST, EntityKind.DOMAIN, EntityKind.HASH}:
        return value.lower().rstrip(".")
    return value


def of_event(flat: Mapping[str, Any]) -> tuple[Entity, ...]:
    """Return the entities of a flat event, in the order of `FIELDS`, each once."""
    return unique(
        Entity(kind=kind, value=canonical(kind, str(item)))
        for field, kind in FIELDS.items()
        if (value := flat.get(field)) not in (None, "", [])
        for item in (value if isinstance(value, list) else [value])
        if str(item).strip()
    )


def unique(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Return entities each once, the first occurrence's order kept."""
    return tuple(dict.fromkeys(entities))
