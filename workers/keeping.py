"""Keeping: holds, retention, erasure and rotation, each put on the chain ``system`` as it is done.

What takes something away from a hold's keeping is recorded before, everything else after it is done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from integrations.opensearch import KeyWrapper, OpenSearchStores
from integrations.opensearch.erasure import Concerned, Erased
from integrations.opensearch.holds import MOST_IDS, Hold
from integrations.opensearch.originals import keys_in_use, rotate
from integrations.opensearch.retention import Expired
from integrations.opensearch.subjects import subject_query
from integrations.ports import StoreQueryError
from rules.evidence import SYSTEM_CHAIN
from workers.contract import EvidenceNote, actor_of
from workers.site_file import RetentionSection

Note = Callable[[str, EvidenceNote], Awaitable[None]]
"""Puts a note on a chain: `workers.desk.Desk.note`."""
GIGABYTE = 1024**3


@dataclass(frozen=True)
class Kept:
    """What a run of the retention did."""

    rolled: tuple[str, ...]
    """Backing indices that were begun."""
    expired: tuple[Expired, ...]
    results: int = 0
    """Large results of playbooks' actions that were deleted."""

    @property
    def events(self) -> int:
        return sum(one.events for one in self.expired)

    @property
    def held(self) -> int:
        return sum(one.kept for one in self.expired)


class Keeping:
    def __init__(self, stores: OpenSearchStores, note: Note) -> None:
        self._stores = stores
        self._note = note

    # --- legal hold --------------------------------------------------------------------------------

    async def hold(self, hold: Hold) -> int:
        """Place a hold, that of an incident with all events of its alerts; return how many it covers now.

        Raises `StoreQueryError` for a faulty or empty one, `StoreConflictError` where the name is taken.
        """
        if hold.incident is not None:
            hold = hold.model_copy(update={"events": await self._events_of(hold.incident)})
            if not hold.events:
                raise StoreQueryError(f"no alert has joined an incident {hold.incident}: it holds nothing")
        await self._stores.events.hold(hold)
        covered = await self._stores.events.held_by(hold)
        await self._record(
            "hold.placed", hold.by, hold.at, f"Legal hold {hold.name} was placed: {hold.reason}.",
            {"hold": hold.name, "reason": hold.reason, "query": hold.query, "incident": hold.incident,
             "events": covered},
            also=hold.incident,
        )  # fmt: skip
        return covered

    async def release(self, name: str, by: str, reason: str, now: datetime) -> Hold | None:
        """Lift a hold; None where there is none of that name."""
        hold = await self._stores.events.holds.get(name)
        if hold is None:
            return None
        await self._record(
            "hold.released", by, now, f"Legal hold {name} was released: {reason}.",
            {"hold": name, "reason": reason, "placed_by": hold.by}, also=hold.incident,
        )  # fmt: skip
        await self._stores.events.holds.lift(name)
        return hold

    async def refresh_holds(self) -> list[Hold]:
        """Let each hold of an incident cover what has joined it since; return all holds."""
        holds = []
        for hold in await self._stores.events.holds.all():
            if hold.incident is not None:
                events = tuple(dict.fromkeys((*hold.events, *await self._events_of(hold.incident))))
                if len(events) > len(hold.events):
                    hold = hold.model_copy(update={"events": events})
                    await self._stores.events.holds.widen(hold)
            holds.append(hold)
        return holds

    async def _events_of(self, incident: str) -> tuple[str, ...]:
        alerts = await self._stores.alerts.of_incident(incident)
        events = tuple(dict.fromkeys(event.id for alert in alerts for event in alert.evidence))
        if len(events) > MOST_IDS:
            raise StoreQueryError(f"{incident} has more than {MOST_IDS:,} events: hold them by a query")
        return events

    # --- retention -----------------------------------------------------------------------------------

    async def apply_retention(self, section: RetentionSection, by: str, now: datetime) -> Kept:
        """Begin new indices where the present ones are too big or old, delete what is past its time, and
        have the engine's files written anew without what was deleted, by an erasure too.

        Raises `StoreError`; repeatable.
        """
        holds = await self.refresh_holds()
        rolled = await self._stores.events.rollover(
            max_bytes=int(section.rollover.gigabytes * GIGABYTE),
            max_age_days=max(1, section.rollover.age.days),
        )
        expired = await self._stores.events.expire(section.policy, now)
        await self._stores.events.expunge()
        results = await self._stores.results.expire(section.results.days, _incidents(holds), now)
        kept = Kept(tuple(rolled), tuple(expired), results)
        if kept.expired or results:
            data: dict[str, Any] = {
                "expired": [{"index": one.index, "events": one.events, "held": one.kept} for one in expired],
                "results": results,
            }
            text = f"Retention deleted {kept.events:,} events; legal holds kept {kept.held:,}."
            if results:
                text += f" {results:,} large results of playbooks' actions went too."
            await self._record("retention.applied", by, now, text, data)
        return kept

    # --- erasure ---------------------------------------------------------------------------------------

    async def concerned(self, subject: str, *, text: bool = False) -> Concerned:
        """Count what an erasure would find. Raises `StoreQueryError` for what is no data subject."""
        query = subject_query(subject, text=text)
        holds = await self.refresh_holds()
        found = await self._stores.events.concerned(query)
        return replace(found, results=len(await self._results(subject, holds)))

    async def erase(self, subject: str, *, reason: str, by: str, now: datetime, text: bool = False) -> Erased:
        """Delete what concerns a data subject and is not held. The subject itself is not recorded.

        Raises `StoreQueryError` for what is no data subject, `StoreError`; repeatable.
        """
        query = subject_query(subject, text=text)
        holds = await self.refresh_holds()
        results = await self._results(subject, holds)
        erased = await self._stores.events.erase(query, reason=reason, by=by, now=now)
        await self._stores.results.erase(results)
        await self._record(
            "events.erased", by, now,
            f"{len(erased.events):,} events about a data subject were erased: {reason}; "
            f"legal holds kept {erased.held:,}.",
            {"reason": reason, "kind": subject.partition(":")[0], "events": len(erased.events),
             "held": erased.held, "results": results},
        )  # fmt: skip
        return replace(erased, results=tuple(results))

    async def _results(self, subject: str, holds: Sequence[Hold]) -> list[str]:
        """Return the large results that mention a data subject, but those of incidents on hold."""
        held = _incidents(holds)
        found = await self._stores.results.mentioning(subject)
        return [one.id for one in found if one.incident not in held]

    # --- keys --------------------------------------------------------------------------------------------

    async def keys_in_use(self) -> Mapping[str, int]:
        """Return how many data keys each named key wraps."""
        return await keys_in_use(self._stores.connection, self._stores.events.names)

    async def rotate(
        self, keyring: KeyWrapper, by: str, now: datetime, progress: Callable[[int, int], None] | None = None
    ) -> Mapping[str, int]:
        """Wrap every data key under the current key; return how many each earlier key held. Repeatable.

        Raises `integrations.opensearch.KeyringError`.
        """
        done = await rotate(self._stores.connection, self._stores.events.names, keyring, progress)
        if done:
            text = f"{sum(done.values()):,} data keys were wrapped anew, from {', '.join(sorted(done))}."
            await self._record("keys.rotated", by, now, text, {"from": dict(done)})
        return done

    async def _record(
        self,
        kind: str,
        by: str,
        at: datetime,
        text: str,
        data: Mapping[str, Any],
        also: str | None = None,
    ) -> None:
        chains: Sequence[str] = [SYSTEM_CHAIN, *([also] if also else ())]
        for chain in chains:
            key = f"{kind}/{data.get('hold', '')}/{at.isoformat()}"
            note = EvidenceNote(key=key, kind=kind, actor=actor_of(by), text=text, data=dict(data), at=at)
            await self._note(chain, note)


def _incidents(holds: Sequence[Hold]) -> list[str]:
    """Return the incidents that are held as such: what runs kept for them stays."""
    return [hold.incident for hold in holds if hold.incident is not None]
