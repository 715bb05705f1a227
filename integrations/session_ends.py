"""Ending the sessions that a user has open at a database: a containment that can give nothing back.

What is ended stays ended, and the user may connect again at once: who must not is locked (`lock_role`,
`lock_account`). In force means that none of the sessions that were ended is open, whatever was opened
since. Asked for again with a later end, it ends what is open by then; a short time (``for: 5m``) is enough.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from integrations.contract import ActionCall, ActionUnavailableError, Mark
from integrations.footprint import footprint_of
from integrations.ports import Site
from integrations.reversal import TargetGoneError, recall, remembered, stored
from playbooks.actions import ActionSpec, BlastRadius, Verification

PATIENCE = 3.0
"""Seconds in which a session that was told to end is expected to."""
PAUSE = 0.05
NAMED = 5


@dataclass(frozen=True)
class Session:
    """One session, as the server tells it."""

    id: str
    """Never the same for two sessions, also when the server uses a number again."""
    number: int
    """What the server ends it by."""
    said: str
    """From where, with what: ``192.0.2.7 in billing (psql)``."""


class Sessions(Protocol):
    """The sessions of one user at one server. All raise `ActionError`."""

    async def of(self, call: ActionCall, site: Site) -> list[Session]:
        """Return what is open. Raises `TargetGoneError` where there is no such user, `ActionRefusedError`
        for the one that we are ourselves."""

    async def end(self, call: ActionCall, site: Site, sessions: Sequence[Session]) -> None:
        """Tell the server to end these; what ended meanwhile is no error."""

    async def groups(self, call: ActionCall, site: Site) -> Sequence[str]:
        """Return the groups and roles that the user has, by however many steps."""


class EndSessions:
    """The containment. All methods raise `ActionError`s."""

    def __init__(self, spec: ActionSpec, sessions: Sessions) -> None:
        self.spec = spec
        self._sessions = sessions

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Remember which sessions are open, then end them."""
        found = await self._sessions.of(call, site)
        key = self._key(call)
        with stored():
            known = await recall(site.state, key)
            told = {*(known["before"]["sessions"] if known else ()), *(session.id for session in found)}
            memory = {
                "contained": False,
                "before": {"sessions": sorted(told)},
                "params": dict(call.params),
                "at": known["at"] if known else site.clock.now().isoformat(),
            }
            await site.state.put(key, memory)
        await end_all(self._sessions, call, site, only={session.id for session in found})
        return {"ended": len(found)}

    async def verify(self, call: ActionCall, site: Site) -> Verification:
        with stored():
            known = await recall(site.state, self._key(call))
        if known is None:
            return Verification(in_force=False, detail="no session was ended by this containment")
        told = set(known["before"]["sessions"])
        try:
            found = await self._sessions.of(call, site)
        except TargetGoneError as error:
            return Verification(in_force=True, detail=str(error))
        left = [session for session in found if session.id in told]
        since = len(found) - len(left)
        said = f"{len(told) - len(left)} of {len(told)} sessions are ended"
        if since:
            said += f"; {since} more {'was' if since == 1 else 'were'} opened since"
        return Verification(in_force=not left, detail=said)

    async def undo(self, call: ActionCall, site: Site) -> dict[str, Any]:
        with stored():
            await site.state.delete(self._key(call))
        return {"state": "what was ended stays ended; the user can open sessions"}

    async def marks(self, site: Site) -> Sequence[Mark]:
        return await remembered(self.spec, site)

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        return await blast_of(self.spec, self._sessions, call, site)

    async def groups_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        return await self._sessions.groups(call, site)

    def _key(self, call: ActionCall) -> str:
        return f"undo/{self.spec.name}/{call.key}"


async def end_all(sessions: Sessions, call: ActionCall, site: Site, only: set[str] | None = None) -> None:
    """End what is open, of the sessions `only` where given, and wait until it is closed.

    Raises `ActionUnavailableError` where some stay open.
    """
    end = time.monotonic() + PATIENCE
    while True:
        found = await sessions.of(call, site)
        left = [session for session in found if only is None or session.id in only]
        if not left:
            return
        if time.monotonic() > end:
            raise ActionUnavailableError(f"{len(left)} sessions were told to end and are still open")
        await sessions.end(call, site, left)
        await asyncio.sleep(PAUSE)


async def blast_of(spec: ActionSpec, sessions: Sessions, call: ActionCall, site: Site) -> BlastRadius:
    """Say what the events know of the user, and which sessions it has now."""
    with stored():
        blast = await footprint_of(spec, call.params, site)
    found = await sessions.of(call, site)
    now = f"{len(found)} session{'' if len(found) == 1 else 's'} open now"
    if found:
        now += f": {', '.join(session.said for session in found[:NAMED])}"
        now += f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return blast.model_copy(update={"summary": f"{blast.summary} {now[0].upper()}{now[1:]}."})
