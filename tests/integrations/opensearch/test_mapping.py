"""Every field that a source makes is one that the store can look for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.catalogue import sources
from integrations.contract import Origin, Record, Source
from integrations.opensearch.mapping import FLAT, properties
from integrations.pipeline import Pipeline
from rules.ecs import Document, flatten

RECEIVED = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))


def indexed(tree: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, definition in tree.items():
        if "properties" in definition:
            yield from indexed(definition["properties"], f"{prefix}{name}.")
        else:
            yield prefix + name


FIELDS = frozenset(indexed(properties()))
ROOTS = (
    *(f"{root}." for root in FLAT),
    *(f"{side}.geo.location." for side in ("client", "destination", "source")),
)


def documents(source: Source) -> Iterator[Document]:
    for sample in source.samples:
        pipeline = Pipeline(source, sample.origin or RECEIVED)
        records = sample.record.split("\n") if source.joins else [sample.record]
        for number, record in enumerate(records):
            yield from pipeline.feed(Record(record.encode(), f"s@{number}"))
        yield from pipeline.flush()


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_every_field_of_the_samples_is_indexed(source: Source) -> None:
    made = {field for document in documents(source) for field in flatten(document)}
    unknown = {field for field in made if field not in FIELDS and not field.startswith(ROOTS)}
    assert not unknown
