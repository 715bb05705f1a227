"""``sentinelone.block_hash``: a file may not run where SentinelOne's agents are.

Management API 2.1, ``restrictions`` (Blocklist): one item of type ``black_hash`` for each system and
each scope of the connection. Items that were there stay; ours carry the containment's mark in their description, and
the undo deletes these alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.answers import text
from integrations.connections import Http
from integrations.contract import ActionCall, ActionRefusedError
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from integrations.sentinelone.console import KIND, change, open_console, pages, scopes_of
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

SYSTEMS = ("windows", "windows_legacy", "macos", "linux")
FIELDS = {40: "value", 64: "sha256Value"}
"""Where an item has a hash, by its length: SHA-1, SHA-256."""


class BlockHash(Reversible):
    spec = ActionSpec(
        name="sentinelone.block_hash",
        kind=ActionKind.CONTAINMENT,
        summary="Keep a file from running where SentinelOne's agents are, by its hash.",
        parameters=(
            Parameter(name="hash", type=ValueType.HASH, description="SHA-256 or SHA-1 of the file."),
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="hash",
        noun="block",
        timeout=30.0,
        connection=KIND,
        permission="Blocklist: View, Create, Delete",
        per_minute=60,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_console(site, call.params.get("connection")) as console:
            wanted = {(number, system) for number in range(len(scopes_of(console))) for system in SYSTEMS}
            items = await _items(console, call.params["hash"])
        there = {(number, str(one["osType"])) for number, one in items}
        ours = any(_mark(call) in str(one.get("description")) for _, one in items)
        contained = wanted <= there
        systems = [system for system in SYSTEMS if all(one in there for one in wanted if one[1] == system)]
        said = f"{call.params['hash']} is on SentinelOne's blocklist for {', '.join(systems) or 'no system'}"
        return Seen(contained, said, {"systems": systems}, partly=ours and not contained, ours=ours)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Add the items that lack; what a first attempt added is there already."""
        del seen
        value = call.params["hash"].lower()
        async with open_console(site, call.params.get("connection")) as console:
            there = {(number, str(one["osType"])) for number, one in await _items(console, value)}
            for number, scope in enumerate(scopes_of(console)):
                for system in SYSTEMS:
                    if (number, system) in there:
                        continue
                    item = {
                        _field(value): value,
                        "type": "black_hash",
                        "osType": system,
                        "source": "user",
                        "description": f"{_mark(call)} {call.reason}"[:500],
                    }
                    await change(console, "POST", "restrictions", {"data": item, "filter": scope})

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        async with open_console(site, call.params.get("connection")) as console:
            items = await _items(console, call.params["hash"])
            ours = {
                text(one, "id", "SentinelOne")
                for _, one in items
                if _mark(call) in str(one.get("description"))
            }
            if ours:
                await change(
                    console, "DELETE", "restrictions", {"data": {"ids": sorted(ours), "type": "black_hash"}}
                )


async def _items(console: Http, value: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the blocklist's items of a hash, each with the number of the connection's scope that it is in or
    above of. The console filters by SHA-1; a SHA-256 is looked for here among all items."""
    field, value = _field(value), value.lower()
    found = []
    for number, scope in enumerate(scopes_of(console)):
        within = {key: "true" if given is True else ",".join(given) for key, given in scope.items()}
        narrow = {"value": value} if field == "value" else {}
        rows = await pages(
            console, "restrictions", type="black_hash", includeParents="true", **within, **narrow
        )
        for one in rows:
            if str(one.get(field) or "").casefold() == value:
                text(one, "osType", console.named.name)
                found.append((number, one))
    return found


def _mark(call: ActionCall) -> str:
    return f"[siem {call.key}]"


def _field(value: str) -> str:
    field = FIELDS.get(len(value)) if all(one in "0123456789abcdefABCDEF" for one in value) else None
    if field is None:
        raise ActionRefusedError(f"{value!r:.80} is no SHA-256 or SHA-1: SentinelOne blocks by these only")
    return field
