"""The source of canaries, ``siem.canary``: records that the collector writes itself, in a way of its own.

It is not in the catalogue: nobody collects it, and nobody else may say that an event is a canary.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson

from integrations.contract import Origin, Record, Source, UnparsedError
from integrations.pipeline import Enricher, Pipeline
from rules.ecs import Document, timestamp
from rules.health.canaries import BURST, BURST_ACTION, DATASET, EVENT_ACTION


class _Normaliser:
    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        try:
            said = orjson.loads(record.data)
            action, host, session, at = (str(said[name]) for name in ("action", "host", "session", "at"))
        except (ValueError, TypeError, KeyError) as error:
            raise UnparsedError(f"this is no canary: {error!r}") from error
        document: Document = {
            "@timestamp": at,
            "event": {"kind": "event", "action": action, "dataset": DATASET, "type": ["info"]},
            "message": "A canary: planted by the program to see that it comes out as an alert.",
            "host": {"name": host},
            "session": {"id": session},
            "labels": {"canary": action.removeprefix("canary-")},
        }
        return [(record, document)]

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return []


def _open(origin: Origin) -> _Normaliser:  # noqa: ARG001 - a canary says all itself
    return _Normaliser()


def _guess(sample: Sequence[bytes]) -> float:  # noqa: ARG001 - it is in no file
    return 0.0


CANARY = Source(
    name=DATASET,
    title="Canaries that the program plants itself",
    documentation="integrations/canary.py",
    open=_open,
    guess=_guess,
)


def canaries(host: str, slot: int, every: timedelta, enrichers: Sequence[Enricher] = ()) -> list[Document]:
    """Return the events of one planting, as the pipeline makes them.

    `slot` counts the plantings since 1970: the same slot gives the same events, so that after a restart
    nothing is planted twice. They bear the time when their slot began.
    """
    begin = datetime.fromtimestamp(slot * every.total_seconds(), UTC)
    session = f"canary/{host}/{slot}"
    pipeline = Pipeline(CANARY, Origin(received=begin), enrichers=enrichers)
    events: list[Document] = []
    for number, action in enumerate([EVENT_ACTION, *[BURST_ACTION] * BURST]):
        at = timestamp(begin + timedelta(milliseconds=number))
        said = {"action": action, "host": host, "session": session, "at": at}
        events += pipeline.feed(Record(orjson.dumps(said), f"{session}/{number}"))
    return events


def slot_of(moment: datetime, every: timedelta) -> int:
    """Return the number of the planting that is due at a time."""
    return int(moment.timestamp() // every.total_seconds())
