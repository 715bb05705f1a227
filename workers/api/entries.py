"""Writing a blocklist's state document, with compare-and-set so that no writer undoes another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from integrations.ports import StateStore, StoreConflictError
from workers.api.feeds import state_key

Entries: TypeAlias = dict[str, Mapping[str, Any]]


async def add_entry(state: StateStore, name: str, address: str, entry: Mapping[str, Any]) -> int:
    """Put or replace one entry; returns the version. The same key again changes nothing."""

    def change(entries: Entries) -> bool:
        if entries.get(address, {}).get("key") == entry["key"]:
            return False
        entries[address] = entry
        return True

    return await _change(state, name, change)


async def remove_entry(state: StateStore, name: str, address: str) -> int:
    """Take one entry off; returns the version, the old one where it was not there."""
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
            await state.put(
                state_key(name), {"version": version, "entries": entries}, found[1] if found else ""
            )
        except StoreConflictError:
            continue
        return version
