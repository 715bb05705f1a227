"""Where containments are listed: small documents in the state store.

``containment/<id>`` while one is under way or in force, ``contained/<id>`` once it ended.
``guard/recent`` counts the last hour's for the guard.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import cast

from integrations.connections import choose
from integrations.contract import Action, ActionCall, Placed
from integrations.ports import Clock, Site, StateStore, StoreConflictError
from workers.contract import ContainmentState

ACTIVE = "containment/"
ENDED = "contained/"
RECENT = "guard/recent"
EMERGENCY = "guard/release-all"
"""Who asked to release everything, and when: a second person must ask too."""
EMERGENCY_WITHIN = timedelta(minutes=15)
OVER = frozenset({"refused", "failed", "released"})


def block_id(key: str) -> str:
    """Return the short id of the containment that a request makes: ``blk-`` and 8 hex digits of its key."""
    return "blk-" + hashlib.sha256(key.encode()).hexdigest()[:8]


def where_of(action: Action, call: ActionCall, site: Site) -> str:
    """Return what a containment's identity needs beside its target, where the site has several connections
    that it may go by: the same address at two firewalls is two blocks. Raises `ActionError` where none leads
    there."""
    kind = action.spec.connection
    if kind is None:
        return ""
    if hasattr(action, "connection_of"):
        name = cast(Placed, action).connection_of(call, site)
    else:
        name = choose(site, kind, call.params.get("connection")).name
    several = sum(one.get("kind") == kind for one in site.connections.values()) > 1
    return f" at {name}" if name and several else ""


class Containments:
    def __init__(self, state: StateStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def publish(self, containment: ContainmentState) -> None:
        """Write a containment where it is listed; one that ended moves to the ended ones."""
        document = containment.model_dump(mode="json")
        if containment.status in OVER:
            await self._state.put(ENDED + containment.id, document)
            await self._state.delete(ACTIVE + containment.id)
            if containment.status == "refused":
                await self._uncount(containment.id)
        else:
            await self._state.put(ACTIVE + containment.id, document)

    async def get(self, containment: str) -> ContainmentState | None:
        for prefix in (ACTIVE, ENDED):
            if found := await self._state.get(prefix + containment):
                return ContainmentState.model_validate(found[0])
        return None

    async def ended(self, containment: str) -> ContainmentState | None:
        found = await self._state.get(ENDED + containment)
        return ContainmentState.model_validate(found[0]) if found else None

    async def every(self, *, ended: bool = False) -> list[ContainmentState]:
        """Return containments, newest first; those that ended too where `ended`."""
        keys = await self._state.keys(ACTIVE)
        if ended:
            keys += await self._state.keys(ENDED)
        listed = [
            ContainmentState.model_validate(found[0]) for key in keys if (found := await self._state.get(key))
        ]
        oldest = datetime.min.replace(tzinfo=self._clock.now().tzinfo)
        return sorted(listed, key=lambda one: (one.applied_at or oldest, one.id), reverse=True)

    async def second_of_two(self, by: str, reason: str) -> str | None:
        """Note that a person asks to release everything; return who asked before, within
        `EMERGENCY_WITHIN`, None where this is the first. The same person twice is one."""
        while True:
            now = self._clock.now()
            found = await self._state.get(EMERGENCY)
            version = found[1] if found else ""
            first = found[0] if found else {}
            asked = first.get("by")
            recent = asked and now - datetime.fromisoformat(first["at"]) <= EMERGENCY_WITHIN
            value = {} if recent and asked != by else {"by": by, "reason": reason, "at": now.isoformat()}
            try:
                await self._state.put(EMERGENCY, value, version)
            except StoreConflictError:
                continue
            return str(asked) if recent and asked != by else None

    async def _uncount(self, containment: str) -> None:
        """Count one no more that the guard refused: who has protected targets asked for, as often as he can,
        must not use up the hour of those that are none."""
        while (found := await self._state.get(RECENT)) and containment in found[0]["at"]:
            value, version = found
            left = {key: at for key, at in value["at"].items() if key != containment}
            actions = {key: name for key, name in value.get("action", {}).items() if key in left}
            try:
                await self._state.put(RECENT, {"at": left, "action": actions}, version)
            except StoreConflictError:
                continue

    async def reserve(self, containment: str, action: str = "") -> tuple[int, int]:
        """Count a new containment for the guard; return how many others the last hour saw, of all actions
        and of this one. Counting the same one twice counts it once.
        """
        while True:
            now = self._clock.now()
            found = await self._state.get(RECENT)
            value, version = found or ({"at": {}}, "")
            recent = {
                key: at
                for key, at in value["at"].items()
                if datetime.fromisoformat(at) > now - timedelta(hours=1)
            }
            actions = {key: name for key, name in value.get("action", {}).items() if key in recent}
            others = [key for key in recent if key != containment]
            found_now = len(others), sum(actions.get(key) == action for key in others)
            if containment in recent:
                return found_now
            recent[containment] = now.isoformat()
            actions[containment] = action
            try:
                await self._state.put(RECENT, {"at": recent, "action": actions}, version)
            except StoreConflictError:
                continue
            return found_now
