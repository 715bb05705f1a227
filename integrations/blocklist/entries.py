"""A blocklist's state document, ``blocklist/<name>``: written with compare-and-set only.

{"version": int, "changed": ISO 8601,
 "entries": {address: {"until": ISO 8601 or None, "incident": id, "key": key, "added": ISO 8601,
                       "changed": ISO 8601}},
 "removed": {"<key> <address>": the entry that was, with its "address", "changed" when it was taken off}}

``changed`` never repeats nor goes back within a list, whoever wrote it and whatever their clocks say: who has
read up to one moment misses nothing by asking for what came after it. What was removed before its time is
kept until then, so that such a reader is told; what ended at its time was told of from the start, and who
reads the list whole needs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from integrations.ports import StateStore, StoreConflictError

Entries: TypeAlias = dict[str, dict[str, Any]]
KEPT = timedelta(days=30)
"""How long a removed entry is told of, at most."""
MOST_KEPT = 2_000
TICK = timedelta(milliseconds=1)
"""What STIX tells two moments apart by."""


def state_key(name: str) -> str:
    return f"blocklist/{name}"


async def add_entry(state: StateStore, name: str, address: str, entry: Mapping[str, Any]) -> int:
    """Put an entry, or move its end; returns the version. The same entry again changes nothing.

    `entry` holds ``until``, ``incident``, ``key`` and ``added``, which is now; the time of the first adding
    under a key stays.
    """

    def change(entries: Entries, removed: Entries, changed: str) -> bool:
        known = entries.get(address, {})
        same = known.get("key") == entry["key"]
        if same and known.get("until") == entry["until"]:
            return False
        if known and not same:
            removed[f"{known.get('key')} {address}"] = {**known, "address": address, "changed": changed}
        before = known if same else removed.pop(f"{entry['key']} {address}", entry)
        entries[address] = {**entry, "added": before["added"], "changed": changed}
        return True

    return await _change(state, name, datetime.fromisoformat(entry["added"]), change)


async def read_entries(state: StateStore, name: str) -> Entries:
    """Return a list's entries by address, none where there is no such list."""
    found = await state.get(state_key(name))
    return dict(found[0]["entries"]) if found else {}


async def remove_entry(state: StateStore, name: str, address: str, now: datetime) -> int:
    """Take an address off; returns the version, the old one where it was not there."""

    def change(entries: Entries, removed: Entries, changed: str) -> bool:
        known = entries.pop(address, None)
        if known is not None:
            removed[f"{known.get('key')} {address}"] = {**known, "address": address, "changed": changed}
        return known is not None

    return await _change(state, name, now, change)


async def _change(
    state: StateStore, name: str, now: datetime, change: Callable[[Entries, Entries, str], bool]
) -> int:
    while True:  # of those who write at once one always gets through, so this ends
        found = await state.get(state_key(name))
        value: dict[str, Any] = found[0] if found else {"version": 0, "entries": {}}
        entries, removed = dict(value["entries"]), dict(value.get("removed", {}))
        moment = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if last := value.get("changed"):
            moment = max(moment, datetime.fromisoformat(last) + TICK)
        if not change(entries, removed, moment.isoformat()):
            return int(value["version"])
        version = int(value["version"]) + 1
        try:
            changed = {
                "version": version,
                "changed": moment.isoformat(),
                "entries": entries,
                "removed": _kept(removed, moment),
            }
            await state.put(state_key(name), changed, found[1] if found else "")
        except StoreConflictError:
            continue
        return version


def _kept(removed: Entries, now: datetime) -> Entries:
    told = {
        key: entry
        for key, entry in removed.items()
        if datetime.fromisoformat(entry["changed"]) > now - KEPT
        and (entry.get("until") is None or datetime.fromisoformat(entry["until"]) > now)
    }
    newest = sorted(told, key=lambda key: datetime.fromisoformat(told[key]["changed"]))[-MOST_KEPT:]
    return {key: told[key] for key in newest}
