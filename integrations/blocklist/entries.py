"""A blocklist's state document, ``blocklist/<name>``: written with compare-and-set only.

{"version": int, "entries": {address: {"until": ISO 8601 or None, "incident": id, "key": key,
                                       "added": ISO 8601}}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from integrations.ports import StateStore, StoreConflictError

Entries: TypeAlias = dict[str, dict[str, Any]]


def state_key(name: str) -> str:
    return f"blocklist/{name}"


async def add_entry(state: StateStore, name: str, address: str, entry: Mapping[str, Any]) -> int:
    """Put an entry, or move its end; returns the version. The same entry again changes nothing.

    `entry` holds ``until``, ``incident``, ``key`` and ``added``; the time of the first adding under
    a key stays.
    """

    def change(entries: Entries) -> bool:
        known = entries.get(address, {})
        if known.get("key") == entry["key"] and known.get("until") == entry["until"]:
            return False
        added = known["added"] if known.get("key") == entry["key"] else entry["added"]
        entries[address] = {**entry, "added": added}
        return True

    return await _change(state, name, change)


async def read_entries(state: StateStore, name: str) -> Entries:
    """Return a list's entries by address, none where there is no such list."""
    found = await state.get(state_key(name))
    return dict(found[0]["entries"]) if found else {}


async def remove_entry(state: StateStore, name: str, address: str) -> int:
    """Take an address off; returns the version, the old one where it was not there."""
    return await _change(state, name, lambda entries: entries.pop(address, None) is not None)


async def _change(state: StateStore, name: str, change: Callable[[Entries], bool]) -> int:
    while True:  # of those who write at once one always gets through, so this ends
        found = await state.get(state_key(name))
        value: dict[str, Any] = found[0] if found else {"version": 0, "entries": {}}
        entries: Entries = dict(value["entries"])
        if not change(entries):
            return int(value["version"])
        version = int(value["version"]) + 1
        try:
            changed = {"version": version, "entries": entries}
            await state.put(state_key(name), changed, found[1] if found else "")
        except StoreConflictError:
            continue
        return version
