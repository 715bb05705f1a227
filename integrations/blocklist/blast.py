"""Who a block of an address would hit, from the events of the last days."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from integrations.ports import Site
from playbooks.actions import BlastRadius
from rules.ecs import get

DAYS = 7
LOOKED_AT = 500
"""The newest log-ins that are looked at for names."""
NAMED = 8


async def blast_of(address: str, incident: str | None, site: Site) -> BlastRadius:
    """Count the address's events, and name who logged in from it successfully and where.

    The days end now, or at the incident's last event where that lies further back (an old log).
    Raises `StoreError`.
    """
    last = await _end(incident, site)
    first = last - timedelta(days=DAYS)
    logins = f'source.ip:"{address}" AND event.category:authentication AND event.outcome:success'
    events, (total, found) = await asyncio.gather(
        site.events.count({"source.ip": [address]}, first, last),
        site.events.search(logins, first, last, LOOKED_AT),
    )
    documents = [event.document for event in found]
    users = _names(documents, "user.name")
    hosts = _names(documents, "host.name")
    return BlastRadius(
        summary=_summary(address, users, hosts, total, events),
        details=tuple(f"{name}: {_times(count, 'log-in')}" for name, count in users.most_common(NAMED)),
        events=events,
        users=tuple(sorted(users)),
        hosts=tuple(sorted(hosts)),
    )


async def _end(incident: str | None, site: Site) -> datetime:
    now = site.clock.now()
    facts = await site.incidents.get(incident) if incident else None
    return facts.last if facts is not None and facts.last < now - timedelta(days=1) else now


def _names(documents: Iterable[Mapping[str, Any]], field: str) -> Counter[str]:
    names: Counter[str] = Counter()
    for document in documents:
        value = get(document, field)
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str) and name:
                names[name] += 1
    return names


def _summary(address: str, users: Counter[str], hosts: Counter[str], logins: int, events: int) -> str:
    if not events:
        return f"Nothing else is known of {address}: no event of the last {DAYS} days names it as a source."
    if not logins:
        return (
            f"Nobody logged in from {address} in the last {DAYS} days; "
            f"it is the source of {_times(events, 'event')}."
        )
    who = f"{_times(len(users), 'user')} logged in from {address} in the last {DAYS} days: {_listed(users)}"
    where = f", on {_listed(hosts)}" if hosts else ""
    return f"{who}{where}. They would be cut off too. It is the source of {_times(events, 'event')}."


def _listed(names: Counter[str]) -> str:
    some = sorted(names)[:NAMED]
    more = len(names) - len(some)
    return ", ".join(some) + (f" and {more} more" if more else "")


def _times(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
