"""What parts of the program tell of themselves: troubles, one state document a part, read by the health look.

Any part may tell: ``await Reports(state, clock).tell("feeds", [Trouble(…)])``. What it does not tell of
again is over: at once where it tells all it knows, else once the trouble is old
(`rules.health.judgement.TROUBLE_LASTS`).
"""

from __future__ import annotations

from collections.abc import Sequence

from integrations.ports import Clock, StateStore
from rules.health import Trouble
from rules.health.judgement import TROUBLE_LASTS

PREFIX = "health/reports/"
MOST = 200
"""Troubles of one part that are kept, the newest."""


class Reports:
    def __init__(self, state: StateStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def tell(self, part: str, troubles: Sequence[Trouble], *, all_of_them: bool = True) -> None:
        """Replace what the part told before; or with `all_of_them` False add to it, until that is old.

        What was told before keeps its `since`. Raises `StoreError`.
        """
        before = {(one.kind, one.subject): one for one in await self._read(part)}
        told = {
            (one.kind, one.subject): one.model_copy(
                update={"since": min(one.since, before.get((one.kind, one.subject), one).since)}
            )
            for one in troubles
        }
        if not all_of_them:
            now = self._clock.now()
            old = {key: one for key, one in before.items() if now - one.last <= TROUBLE_LASTS}
            told = old | told
        kept = sorted(told.values(), key=lambda one: one.last)[-MOST:]
        if kept or before:
            value = {"troubles": [one.model_dump(mode="json") for one in kept]}
            await self._state.put(f"{PREFIX}{part}", value)

    async def read(self) -> list[Trouble]:
        """Return what all parts told. Raises `StoreError`."""
        parts = sorted(key.removeprefix(PREFIX) for key in await self._state.keys(PREFIX))
        return [one for part in parts for one in await self._read(part)]

    async def _read(self, part: str) -> list[Trouble]:
        found = await self._state.get(f"{PREFIX}{part}")
        return [Trouble.model_validate(one) for one in found[0]["troubles"]] if found else []
