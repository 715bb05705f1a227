"""Containments that remember what was there before, so that their undo restores exactly that.

A vendor says three things of its own in a subclass of `Reversible`: how to look at the target, how to take
the thing away, and how to give it back. The rest is the same for all and is here once:

- what was there is written to ``undo/<action>/<key>`` before anything is changed, create-only, so that a
  retry after half a change doesn't remember the change itself as what was there;
- what was taken away already when we came is not ours: the undo leaves it as it was;
- where nothing is remembered, nothing is undone, and `verify` says so instead of taking the credit;
- the memory goes only after a look at the system showed that it is as before, or that the target itself
  is gone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError, Mark
from integrations.footprint import footprint_of
from integrations.ports import Site, StateStore, StoreConflictError, StoreError, StoreUnavailableError
from playbooks.actions import ActionSpec, BlastRadius, Parameter, ValueType, Verification

CONNECTION = Parameter(
    name="connection",
    type=ValueType.TEXT,
    description="Which of the site's connections of this kind, where there are several.",
    required=False,
)
"""The parameter by which an action's connection is chosen."""


NOTHING = "nothing"
"""In an undo's answer: nothing of the containment was ever begun, or it was given back before. Then nobody
need look at a system that may refuse to be looked at."""


class TargetGoneError(ActionRefusedError):
    """There is no such target on the system, or no more: nothing of it can be in force."""


YOUNG = timedelta(minutes=15)
"""A memory younger than this may belong to a containment that is not listed yet."""


@dataclass(frozen=True)
class Seen:
    """What a look at the system said of a target."""

    contained: bool
    said: str
    """In words: ``alice@example.com is SUSPENDED``."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """What the undo needs to know of now, JSON types only."""
    moving: Literal["", "in", "out"] = ""
    """Whether a change is under way, and which: being contained, or being let go."""
    partly: bool = False
    """Whether some of it is taken away and some is not: not contained, and yet there is something to undo."""
    ours: bool | None = None
    """Whether it carries this containment's mark, None on a system where nothing can carry one."""


class Reversible:
    """A containment with a memory. Subclasses declare `spec` and implement `look`, `contain`, `restore`.

    All methods raise `ActionError`s.
    """

    spec: ActionSpec
    patience = 2.0
    """Seconds that `run` and `undo` wait for a system that obeys later; less than the spec's time-out."""
    pause = 0.4
    """Seconds between two looks of that wait."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if spec := getattr(cls, "spec", None):
            assert cls.patience < spec.timeout, f"{spec.name} waits longer than it may take"

    async def look(self, call: ActionCall, site: Site) -> Seen:
        """Look at the system. Raises `TargetGoneError` where there is no such target."""
        raise NotImplementedError

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Take it away; called only where `look` says that it is there."""
        raise NotImplementedError

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        """Give back what was there before; called only where `look` says that it is taken away, in
        whole or in part."""
        raise NotImplementedError

    async def prolong(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Tell a system that ends it by itself of another end; called only where the spec `expires`."""

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Remember, then contain; the same again changes nothing."""
        seen = await self.look(call, site)
        with stored():
            await _remember(site, self._key(call), seen, call)
        if not seen.contained:
            if seen.moving != "in":
                await self.contain(call, site, seen)
            seen = await self._wait(call, site, contained=True)
        elif self.spec.expires and call.until is not None:
            await self.prolong(call, site, seen)
        return {"state": seen.said}

    async def verify(self, call: ActionCall, site: Site) -> Verification:
        """Look at the system; what somebody else did is not ours."""
        try:
            seen = await self.look(call, site)
        except TargetGoneError as error:
            return Verification(in_force=False, detail=str(error))
        if not seen.contained:
            return Verification(in_force=False, detail=seen.said)
        known = await self._recall(call, site)
        if known is None:
            return Verification(in_force=False, detail=f"{seen.said}, but not by this containment")
        return Verification(in_force=True, detail=seen.said)

    async def undo(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Restore what is remembered, look whether it is there, then forget."""
        known = await self._recall(call, site)
        if known is None:
            return {"state": "nothing of this containment is there", NOTHING: True}
        if known["contained"]:
            said = "it was so before this containment: it stays"
        else:
            try:
                seen = await self.look(call, site)
            except TargetGoneError as error:
                await self._forget(call, site)
                return {"state": f"{error}: there is nothing to give back"}
            if seen.contained and seen.ours is False:
                await self._forget(call, site)
                return {"state": f"{seen.said}, by somebody else meanwhile: it stays"}
            if seen.moving == "in" or seen.partly or (seen.contained and seen.moving != "out"):
                await self.restore(call, site, known["before"])
            seen = await self._wait(call, site, contained=False)
            if seen.contained or seen.partly or seen.moving == "in":
                return {"state": seen.said}
            said = seen.said
        await self._forget(call, site)
        return {"state": said}

    async def marks(self, site: Site) -> Sequence[Mark]:
        """Return what is remembered under this action, whoever asked for it."""
        return await remembered(self.spec, site)

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        """Say what the events of the last days know of the target."""
        with stored():
            return await footprint_of(self.spec, call.params, site)

    async def _wait(self, call: ActionCall, site: Site, *, contained: bool) -> Seen:
        """Look until the system obeyed. Raises `ActionUnavailableError` where it is still under way."""
        end = time.monotonic() + self.patience
        while True:
            seen = await self.look(call, site)
            if seen.contained is contained and not seen.moving:
                return seen
            if time.monotonic() + self.pause > end:
                break
            await asyncio.sleep(self.pause)
        if self.patience and seen.moving:
            raise ActionUnavailableError(f"{seen.said}: it has not happened yet", retry_after=self.pause)
        return seen

    async def _recall(self, call: ActionCall, site: Site) -> dict[str, Any] | None:
        """Return what is remembered, as `recall` does; None before the first attempt and after the undo."""
        with stored():
            return await recall(site.state, self._key(call))

    async def _forget(self, call: ActionCall, site: Site) -> None:
        with stored():
            await site.state.delete(self._key(call))

    def _key(self, call: ActionCall) -> str:
        return f"undo/{self.spec.name}/{call.key}"


async def _remember(site: Site, key: str, seen: Seen, call: ActionCall) -> None:
    memory = {
        "contained": seen.contained,
        "before": dict(seen.before),
        "params": dict(call.params),
        "at": site.clock.now().isoformat(),
    }
    try:
        await site.state.put(key, memory, "")
    except StoreConflictError:
        return  # remembered by the first attempt, which saw what was there before


async def recall(state: StateStore, key: str) -> dict[str, Any] | None:
    """Return a memory: ``contained``, ``before``, ``params`` and ``at``. Raises `StoreError`."""
    found = await state.get(key)
    return found[0] if found else None


async def remembered(spec: ActionSpec, site: Site) -> list[Mark]:
    """Return what is remembered under an action for longer than `YOUNG`. Raises `ActionError`."""
    found = []
    prefix = f"undo/{spec.name}/"
    with stored():
        for key in await site.state.keys(prefix):
            known = await recall(site.state, key)
            if known and datetime.fromisoformat(known["at"]) < site.clock.now() - YOUNG:
                target = known["params"].get(spec.target or "", "")
                mark = key.removeprefix(prefix)
                found.append(Mark(mark, known["params"], f"the {spec.noun} of {target}"))
    return found


class stored:  # noqa: N801
    """Turns the store's errors into an action's."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, StoreUnavailableError):
            raise ActionUnavailableError(f"the store does not answer: {error}") from error
        if isinstance(error, StoreError):
            raise ActionRefusedError(str(error)) from error
