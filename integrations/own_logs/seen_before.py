"""``own_logs.seen_before``: was an address, user, host, hash or domain in our own events before?

Nothing leaves the site. The total and the first time are exact; hosts and users are those of the newest
500 events. ``ago`` leaves out the newest seconds, so that the events of the incident itself don't answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.footprint import names_of, quoted, values_of
from integrations.lookups import exactly_one
from integrations.ports import Site, StoredEvent, StoreError, StoreUnavailableError
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

LOOKED_AT = 500
LISTED = 20
LONGEST = 400
"""Days."""
FIELDS: Mapping[str, tuple[ValueType, tuple[str, ...]]] = {
    "ip": (ValueType.IP, ("related.ip",)),
    "user": (ValueType.USER, ("related.user",)),
    "host": (ValueType.HOST, ("related.hosts",)),
    "hash": (ValueType.HASH, ("related.hash",)),
    "domain": (
        ValueType.DOMAIN,
        ("related.hosts", "dns.question.name", "url.domain", "destination.domain", "tls.client.server_name"),
    ),
}

SPEC = ActionSpec(
    name="own_logs.seen_before",
    kind=ActionKind.LOOKUP,
    summary="Say how often, since when, where and with whom something is in our own events.",
    parameters=(
        *(
            Parameter(name=name, type=kind, description=f"The {name}; give one of these.", required=False)
            for name, (kind, _) in FIELDS.items()
        ),
        Parameter(
            name="days", type=ValueType.INTEGER, description="How far to look back.", required=False, default=30
        ),
        Parameter(
            name="ago", type=ValueType.DURATION, description="Leave out the time since then.", required=False
        ),
    ),
    returns={
        "seen": ValueType.BOOLEAN,
        "events": ValueType.INTEGER,
        "first": ValueType.TEXT,
        "last": ValueType.TEXT,
        "hosts": ValueType.LIST,
        "users": ValueType.LIST,
        "sources": ValueType.LIST,
    },
    timeout=20.0,
)  # fmt: skip
"""``first`` and ``last`` are ISO 8601 within the days looked at, empty where it was not seen."""


class SeenBefore:
    spec = SPEC

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Raises `ActionRefusedError` for none or several values, and for days out of 1 to 400."""
        name, value = exactly_one(call.params, tuple(FIELDS))
        days = int(call.params.get("days") or 30)
        if not 1 <= days <= LONGEST:
            raise ActionRefusedError(f"days is {days}; it may be 1 to {LONGEST}")
        kind, fields = FIELDS[name]
        last = site.clock.now() - timedelta(seconds=int(call.params.get("ago") or 0))
        first = site.clock.now() - timedelta(days=days)
        if last <= first:
            raise ActionRefusedError(f"ago leaves nothing of the last {days} days")
        names = sorted(names_of(value, kind))
        query = " OR ".join(f"{field}:{quoted(one)}" for field in fields for one in names)
        try:
            # the search makes all that was written findable, which reading a history does not
            total, newest = await site.events.search(query, first, last, LOOKED_AT)
            asking = (_first(site, field, names, first, last) for field in fields) if total else ()
            firsts = await asyncio.gather(*asking)
        except StoreUnavailableError as error:
            raise ActionUnavailableError(f"the store does not answer: {error}") from error
        except StoreError as error:
            raise ActionRefusedError(str(error)) from error
        documents = [event.document for event in newest]
        times = [_time(event) for event in firsts if event is not None]
        return {
            "seen": total > 0,
            "events": total,
            "first": min(times, default=""),
            "last": _time(newest[0]) if newest else "",
            "hosts": values_of(documents, "host.name")[:LISTED],
            "users": values_of(documents, "user.name")[:LISTED],
            "sources": values_of(documents, "event.dataset")[:LISTED],
        }


async def _first(
    site: Site, field: str, names: list[str], first: datetime, last: datetime
) -> StoredEvent | None:
    pages = site.events.history({field: names}, first, last)
    try:
        async for page in pages:
            if page:
                return page[0]
    finally:
        if (close := getattr(pages, "aclose", None)) is not None:
            await close()
    return None


def _time(event: StoredEvent) -> str:
    return str(event.document.get("@timestamp", ""))
