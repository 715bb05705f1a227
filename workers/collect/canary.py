"""Plants canaries in the collector's process: normalised, sealed and stored like everything else.

One planting a slot of time, under ids that come from the slot: a collector that is started again plants
nothing twice. While the store is away it waits, as any entry does.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from integrations.canary import canaries, slot_of
from integrations.pipeline import Enricher
from integrations.ports import EventStore
from workers.collect.delivery import PatientWriter


async def plant_canaries(store: EventStore, every: timedelta, enrichers: Sequence[Enricher] = ()) -> None:
    """Plant at once and then every `every`, until cancelled."""
    writer = PatientWriter(store)
    host = socket.gethostname()
    while True:
        slot = slot_of(datetime.now(UTC), every)
        await writer.write(canaries(host, slot, every, enrichers))
        due = (slot + 1) * every.total_seconds()
        await asyncio.sleep(max(0.0, due - datetime.now(UTC).timestamp()))
