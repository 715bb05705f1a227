"""``windows.evtx``: Windows event logs, the binary files and what evtx_dump makes of them.

A binary file begins with ``ElfFile`` (its chunks are read by the library evtx); anything else is taken for
JSON, one record an object: by itself, or below ``data`` or ``record`` of what a tool wrote about it (the
library evtx gives ``event_record_id``, ``timestamp`` and ``data``, as an object or as text). Formats: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc,
https://github.com/omerbenamram/evtx
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import orjson

from integrations.contract import Framing, Normaliser, Origin, Record, Source, UnparsedError
from integrations.framing import EVTX_MAGIC
from integrations.normalisers import load_object
from integrations.times import Times
from integrations.windows.documents import document
from integrations.windows.evtx_samples import SAMPLES
from integrations.windows.records import read_event
from rules.ecs import Document

_AROUND = ("data", "record")


def system_time(times: Times) -> Callable[[Any], str | None]:
    """Return the reader of ``SystemTime``: always UTC, up to seven decimals."""

    @lru_cache(maxsize=1024)
    def minute(text: str) -> str | None:
        return times.iso(f"{text}:00Z")

    def read(value: Any) -> str | None:
        if type(value) is not str:
            return None
        if (
            len(value) > 20
            and value[10] in "T "
            and value[16] == ":"
            and value[19] == "."
            and value[-1] == "Z"
        ):
            seconds, fraction = value[17:19], value[20:-1]
            known = minute(value[:16])
            if (
                known is not None
                and value.isascii()
                and fraction.isdecimal()
                and seconds.isdecimal()
                and seconds < "60"
            ):
                return f"{known[:17]}{seconds}.{fraction[:3]:0<3}Z"
        return times.iso(value if value[-1:] in ("Z", "z") or "+" in value else f"{value}Z") or times.iso(
            value
        )

    return read


class _EvtxNormaliser:
    def __init__(self, origin: Origin) -> None:
        self._time = system_time(Times(origin))

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        data = record.data
        if not data or data.isspace():
            return ()
        if data[:1] == b"a" and data.startswith(b"a damaged record: "):
            raise UnparsedError(data.decode("utf-8", "replace"))
        entry = _bare(load_object(data))
        return ((record, document(read_event(entry, self._time))),)

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return ()


def _bare(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the record without what a tool put around it."""
    if "Event" in entry:
        return entry
    for name in _AROUND:
        inner = entry.get(name)
        if isinstance(inner, str):
            try:
                inner = orjson.loads(inner)
            except orjson.JSONDecodeError:
                continue
        if isinstance(inner, dict) and "Event" in inner:
            return inner
    return entry


def _open(origin: Origin) -> Normaliser:
    return _EvtxNormaliser(origin)


def _guess(records: Sequence[bytes]) -> float:
    if records and records[0].startswith(EVTX_MAGIC):
        return 1.0
    hits = 0
    for record in records:
        try:
            entry = orjson.loads(record)
        except orjson.JSONDecodeError:
            continue
        event = _bare(entry).get("Event") if isinstance(entry, dict) else None
        hits += isinstance(event, dict) and isinstance(event.get("System"), dict)
    return hits / max(1, len(records))


EVTX = Source(
    name="windows.evtx",
    title="Windows event log files (EVTX), binary or as evtx_dump prints them",
    documentation="MS-EVEN6, libevtx's Windows XML Event Log (EVTX) format, evtx_dump -o jsonl",
    open=_open,
    guess=_guess,
    framing=Framing.EVTX,
    samples=SAMPLES,
)
