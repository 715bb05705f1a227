"""What the events of the last days know of a target: who and what a containment would hit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from integrations.ports import Site
from playbooks.actions import ActionSpec, BlastRadius, ValueType
from rules.ecs import get

DAYS = 7
LOOKED_AT = 500
"""The newest events that are looked at for names."""
NAMED = 8

_FIELDS = {
    ValueType.USER: "related.user",
    ValueType.HOST: "related.hosts",
    ValueType.IP: "related.ip",
    ValueType.HASH: "related.hash",
}


async def footprint_of(spec: ActionSpec, params: Mapping[str, Any], site: Site) -> BlastRadius:
    """Say of a containment's target in how many events it is, and with which hosts and users.

    Of an address as a user's name both the whole and the part before the ``@`` count. Raises `StoreError`.
    """
    parameter = spec.parameter(spec.target or "")
    value = str(params.get(spec.target or "", ""))
    field = _FIELDS.get(parameter.type) if parameter else None
    if field is None:
        return BlastRadius(summary=f"The events don't say who uses {value}.")
    own = parameter.type if parameter else ValueType.TEXT
    names = sorted(names_of(value, own))
    last = site.clock.now()
    first = last - timedelta(days=DAYS)
    query = " OR ".join(f"{field}:{quoted(name)}" for name in names)
    events, (_, found) = await asyncio.gather(
        site.events.count({field: names}, first, last), site.events.search(query, first, last, LOOKED_AT)
    )
    documents = [event.document for event in found]
    hosts, users = values_of(documents, "host.name"), values_of(documents, "user.name")
    return BlastRadius(
        summary=_summary(value, events, users, hosts, own),
        events=events,
        users=tuple(users),
        hosts=tuple(hosts),
    )


def names_of(value: str, kind: ValueType) -> set[str]:
    names = {value}
    if kind is ValueType.USER:
        names |= {value.partition("@")[0], value.rpartition("\\")[2]}
    if kind is ValueType.HOST:
        names |= {value.partition(".")[0]} if not value.replace(".", "").isdigit() else set()
    return names - {""}


def quoted(text: str) -> str:
    """Return a text as a phrase of Lucene's query string syntax, in which it can't break out."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def values_of(documents: Iterable[Mapping[str, Any]], field: str) -> list[str]:
    found = set()
    for document in documents:
        value = get(document, field)
        several = value if isinstance(value, list) else [value]
        found |= {one for one in several if isinstance(one, str) and one}
    return sorted(found)


def _summary(value: str, events: int, users: list[str], hosts: list[str], own: ValueType) -> str:
    if not events:
        return f"Nothing is known of {value}: it is in no event of the last {DAYS} days."
    said = f"{value} is in {events:,} event{'' if events == 1 else 's'} of the last {DAYS} days"
    if own is ValueType.HOST and users:
        return f"{said}; users on it: {_listed(users)}. They would be cut off too."
    if own is ValueType.USER and hosts:
        return f"{said}, on {_listed(hosts)}. What runs under this name stops too."
    return f"{said}."


def _listed(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
