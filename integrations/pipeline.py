"""From raw records to finished events: normalise, identify, relate, enrich. Pure; keeps everything.

A record that its source's format does not allow becomes an event of its own, ``event.kind:
pipeline_error`` with the reason in ``error.message``; so does one that a normaliser chokes on.

Stated rules: a record longer than `LONGEST` bytes (a JSON one: `LONGEST_JSON`) is cut, and says so in
``log.flags`` and ``event.reason``. Bytes that are no UTF-8, and NULs, are written ``\\xff``. An event whose
own time is more than a day after it was received is dated when it was received; what it claimed stays
in ``labels.claimed_time``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from integrations.contract import Framing, Normaliser, Origin, Record, Source, UnparsedError
from integrations.enrichment import Enricher, geo_enricher
from integrations.relation import relate
from integrations.shippers import from_shippers, is_shipped, line_in
from integrations.syslog import DAY
from integrations.text import readable
from rules.ecs import ECS_VERSION, Document, event_id, timestamp

__all__ = ["LONGEST", "LONGEST_JSON", "Enricher", "Pipeline", "Place", "geo_enricher"]

LONGEST = 65_536
"""Bytes of one record that are read; the rest is cut, and that is recorded."""
LONGEST_JSON = 1 << 20
"""The same of a JSON object, which is of no use when it is cut."""


@dataclass(frozen=True)
class Place:
    """Where a stream of records comes from, for ``log.*``."""

    path: str | None = None
    """The file's path, where it is one."""
    address: str | None = None
    """Who sent it, where it was sent. A record that names neither its host nor an observer is then of
    the origin's host."""


class Pipeline:
    """One stream of one source. Feed it records in order; flush it at the end."""

    def __init__(
        self,
        source: Source,
        origin: Origin,
        place: Place | None = None,
        enrichers: Sequence[Enricher] = (),
        namespace: str = "default",
    ) -> None:
        self._source = source
        self._name = source.name
        self._module = source.name.split(".", 1)[0]
        self._longest = LONGEST if source.framing is Framing.LINES else LONGEST_JSON
        self._path = place.path if place else None
        self._address = place.address if place else None
        self._host = origin.host if self._address else None
        self._enrichers = enrichers
        self._namespace = namespace
        self._normaliser: Normaliser = source.open(origin)
        self._unpacks = is_shipped(source)
        """Whether to look for the first record that a shipper packed; from there on all are looked at."""
        self.receive(origin.received)

    def receive(self, moment: datetime) -> None:
        """Say when the records that are fed from now on were received."""
        self._received = timestamp(moment)
        self._latest = timestamp(moment + DAY)

    @property
    def held(self) -> Record | None:
        """The first record that is held back to be joined with later ones, None where there is none."""
        held: Record | None = getattr(self._normaliser, "held", None)
        return held

    def feed(self, record: Record) -> list[Document]:
        """Return the events that are complete now. Never raises, whatever the bytes."""
        whole = len(record.data)
        if whole > self._longest:
            record = Record(record.data[: self._longest], record.position)
        if (
            self._unpacks
            and record.data[:1] == b"{"
            and line_in(record.data, self._source.framing) is not None
        ):
            self._normaliser = from_shippers(self._normaliser, self._source.framing)
            self._unpacks = False
        try:
            found = self._normaliser.feed(record)
        except UnparsedError as error:
            events = [self.unparsed(record, str(error))]
        except Exception as error:  # noqa: BLE001 - kept with its reason: no record may stop the others
            events = [self.unparsed(record, f"the normaliser failed: {type(error).__name__}: {error}")]
        else:
            events = self._finish(found)
        if whole > self._longest:
            for event in events:
                event.setdefault("log", {})["flags"] = ["truncated"]
                event["event"]["reason"] = f"cut to {self._longest} of {whole} bytes"
        return events

    def flush(self) -> list[Document]:
        """Return the events of what was held back. Never raises."""
        held = self.held
        try:
            found = self._normaliser.flush()
        except Exception as error:  # noqa: BLE001 - as in `feed`
            return [self.unparsed(held or Record(b"", "flush"), f"the normaliser failed: {error!r}")]
        return self._finish(found)

    def _finish(self, found: Sequence[tuple[Record, Document]]) -> list[Document]:
        if len(found) == 1:
            ((record, document),) = found
            return [self._event(record, document, 0)]
        events: list[Document] = []
        parts: dict[str, int] = {}
        for record, document in found:
            part = parts.get(record.position, 0)
            parts[record.position] = part + 1
            events.append(self._event(record, document, part))
        return events

    def unparsed(self, record: Record, reason: str) -> Document:
        """Return the event of a record that could not be read, or of what was due and did not come."""
        document: Document = {
            "@timestamp": self._received,
            "event": {"kind": "pipeline_error", "type": ["error"]},
            "error": {"message": f"{self._name}: {reason[:2000]}"},
        }
        return self._event(record, document, 0)

    def _event(self, record: Record, document: Document, part: int) -> Document:
        name, position = self._name, record.position
        event = document.get("event")
        if event is None:
            event = document["event"] = {}
        event["id"] = event_id(name, position, record.data, part)
        event["module"] = self._module
        # A source of several streams (Zeek's logs) names the dataset itself, within its module.
        dataset = event.get("dataset")
        if type(dataset) is not str or dataset.partition(".")[0] != self._module:
            dataset = event["dataset"] = name
        event["created"] = self._received
        event["original"] = readable(record.data)
        document["ecs"] = {"version": ECS_VERSION}
        document["data_stream"] = {"type": "logs", "dataset": dataset, "namespace": self._namespace}
        if document["@timestamp"] > self._latest:
            document.setdefault("labels", {})["claimed_time"] = document["@timestamp"]
            document["@timestamp"] = self._received
        if self._path is not None:
            log = document.get("log")
            if log is None:
                log = document["log"] = {}
            log["file"] = {"path": self._path}
            _, at, offset = position.rpartition("@")
            if at and offset.isdecimal():
                log["offset"] = int(offset)
        if self._address is not None:
            document.setdefault("log", {})["source"] = {"address": self._address}
            if self._host is not None and not _names_host(document):
                document.setdefault("host", {})["name"] = self._host
        for enrich in self._enrichers:
            enrich(document)
        relate(document)
        return document


def _names_host(document: Document) -> bool:
    host, observer = document.get("host", {}), document.get("observer", {})
    return "name" in host or "name" in observer or "hostname" in observer
