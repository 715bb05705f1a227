"""Which source a log is of, and whether a source still reads its own samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.contract import Framing, Origin, Record, Sample, Source
from integrations.framing import EVTX_MAGIC, split_json, split_lines
from integrations.pipeline import Pipeline
from integrations.shippers import is_shipped, line_in
from rules.ecs import flatten

SAMPLED = 200
"""Records that are looked at."""
ANY_PRODUCT = frozenset({"cef", "ecs", "json", "keyvalue", "leef"})
"""How the names of sources begin that say a notation and no product: a product's own source goes first."""
DEFAULT_ORIGIN = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))
"""Of samples that state none."""


@dataclass(frozen=True)
class Guess:
    source: Source
    likelihood: float
    """0 to 1."""


def guess_sources(data: bytes, sources: Sequence[Source], *, cut: bool = False) -> list[Guess]:
    """Return the sources that `data`, a file's beginning, may be of, the likeliest first.

    `cut` says that it is not all of the file: its last line may be half a record.
    """
    whole = (data[: data.rfind(b"\n") + 1] or data) if cut else data
    split = {
        Framing.LINES: [line for _, line in split_lines((whole,)) if line.strip()][:SAMPLED],
        Framing.JSON: [value for _, value in split_json((whole,))][:SAMPLED],
    }
    split[Framing.XML] = split[Framing.LINES]
    split[Framing.EVTX] = [data[:4096]] if data.startswith(EVTX_MAGIC) else split[Framing.JSON]
    shipped = {framing: _taken_out(split[framing], framing) for framing in (Framing.LINES, Framing.JSON)}
    guesses = []
    for source in sources:
        records = split[source.framing]
        if is_shipped(source) and shipped[source.framing]:
            records = shipped[source.framing]
        if records:
            guesses.append(Guess(source, min(1.0, source.guess(records))))
    return sorted(
        (guess for guess in guesses if guess.likelihood > 0),
        key=lambda guess: (
            -guess.likelihood,
            guess.source.name.partition(".")[0] in ANY_PRODUCT,
            guess.source.name,
        ),
    )


def _taken_out(records: Sequence[bytes], framing: Framing) -> list[bytes]:
    """Return records with those of shippers taken out of their objects, nothing where none is shipped."""
    found = [line_in(record, framing) for record in records]
    if not any(found):
        return []
    return [taken[0] if taken else record for taken, record in zip(found, records, strict=True)]


@dataclass(frozen=True)
class SampleFault:
    """A sample whose document is not what it says."""

    source: str
    sample: Sample
    field: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        return (
            f"{self.source}: {self.sample.record[:120]!r}: expected {self.field} to be {self.expected!r}, "
            f"found {self.found!r}"
        )


def check_samples(source: Source) -> list[SampleFault]:
    """Run a source's own tests; return what differs."""
    faults = []
    for sample in source.samples:
        pipeline = Pipeline(source, sample.origin or DEFAULT_ORIGIN)
        events = pipeline.feed(Record(sample.record.encode(), "sample@0"))
        events += pipeline.flush()
        found = flatten(events[0]) if events else {}
        expected = {"event.kind": "event"} | dict(sample.expect)
        faults += [
            SampleFault(source.name, sample, field, value, found.get(field))
            for field, value in expected.items()
            if found.get(field) != value
        ]
    return faults
