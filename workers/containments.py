"""Where containments are listed: small documents in the state store.

``containment/<id>`` while one is under way or in force, ``contained/<id>`` once it ended.
``guard/recent`` counts the last hour's for the guard.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from integrations.ports import Clock, StateStore, StoreConflictError
from workers.contract import ContainmentState

ACTIVE = "containment/"
ENDED = "contained/"
RECENT = "guard/recent"
OVER = frozenset({"refused", "failed", "released"})


def block_id(key: str) -> str:
    """Return the short id of the containment that a request makes: ``blk-`` and 8 hex digits of its key."""
    return "blk-" + hashlib.sha256(key.encode()).hexdigest()[:8]


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

    async def reserve(self, containment: str) -> int:
        """Count a new containment for the guard; return how many others the last hour saw.

        Counting the same one twice counts it once.
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
            others: int = sum(key != containment for key in recent)
            if containment in recent:
                return others
            recent[containment] = now.isoformat()
            try:
                await self._state.put(RECENT, {"at": recent}, version)
            except StoreConflictError:
                continue
            return others
