"""What holds for every source: its samples, its guess, any bytes, hostile bytes, time in proportion."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations import catalogue, linux
from integrations.catalogue import CatalogueError, collect, sources
from integrations.contract import Origin, Record, Source
from integrations.pipeline import LONGEST, Pipeline, Place
from integrations.recognition import check_samples, guess_sources
from rules.ecs import (
    ALLOWED_CATEGORIES,
    ALLOWED_KINDS,
    ALLOWED_OUTCOMES,
    ALLOWED_TYPES,
    Document,
    flatten,
)

ORIGIN = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))
every_source = pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)


def feed(source: Source, data: bytes) -> list[Document]:
    pipeline = Pipeline(source, ORIGIN, Place("/var/log/x"))
    events = pipeline.feed(Record(data, "f@0"))
    return events + pipeline.flush()


def check(event: Document) -> None:
    """What holds for any event, whatever it was made of."""
    flat = flatten(event)
    assert len(flat["event.id"]) == 32
    assert flat["event.kind"] in ALLOWED_KINDS
    assert set(flat.get("event.category", ())) <= ALLOWED_CATEGORIES
    assert set(flat.get("event.type", ())) <= ALLOWED_TYPES
    assert flat.get("event.outcome", "unknown") in ALLOWED_OUTCOMES
    assert datetime.fromisoformat(flat["@timestamp"]).tzinfo is not None
    assert flat["@timestamp"].endswith("Z")
    assert len(flat["@timestamp"]) == 24
    assert flat["event.dataset"] == flat["data_stream.dataset"]
    assert flat["event.dataset"].partition(".")[0] == flat["event.module"]
    assert isinstance(flat["event.original"], str)
    assert (flat["event.kind"] == "pipeline_error") == ("error.message" in flat)
    orjson.dumps(event)


@every_source
def test_it_reads_its_own_samples(source: Source) -> None:
    assert source.samples
    assert [str(fault) for fault in check_samples(source)] == []


@every_source
def test_its_samples_are_guessed_to_be_of_it(source: Source) -> None:
    data = "\n".join(sample.record for sample in source.samples).encode()
    best = guess_sources(data, sources())[0]
    assert best.source.name == source.name, best


@every_source
def test_its_samples_make_ecs_events_the_same_each_time(source: Source) -> None:
    for sample in source.samples:
        events = feed(source, sample.record.encode())
        for event in events:
            check(event)
        assert events == feed(source, sample.record.encode())


@every_source
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_kept(source: Source, data: bytes) -> None:
    events = feed(source, data)
    assert events or not data.decode("utf-8", "replace").strip()
    for event in events:
        check(event)


DAMAGE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["\x00", "\n", "\r\n", "[", "]", '"', "user=", " from ", " port ", "=", ";" * 2000, " " * 5000,
         "{" * 3000, "99999999999999999999", "\ud800", "٣", "İ", "9" * 5000]
    ),
)  # fmt: skip


@every_source
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_a_damaged_sample_is_kept(source: Source, data: st.DataObject) -> None:
    record = data.draw(st.sampled_from(source.samples)).record
    place = data.draw(st.integers(0, len(record)))
    gone = data.draw(st.integers(0, 20))
    damaged = record[:place] + data.draw(DAMAGE) + record[place + gone :]
    events = feed(source, damaged.encode("utf-8", "surrogatepass"))
    assert events or not damaged.strip()
    for event in events:
        check(event)


FILLINGS = [
    " ",
    "a",
    "=",
    '"',
    "\\",
    "from ",
    " port 1 ",
    "a=b ",
    '\\"',
    "; ",
    ": ",
    "[",
    "(",
    "1.",
    "|",
    ",",
    "{",
    "/",
    "%41",
]


@every_source
@pytest.mark.parametrize("filling", FILLINGS)
def test_no_record_takes_longer_than_its_length_warrants(source: Source, filling: str) -> None:
    """Eight times the length may take eight times the time; 64 times would be a quadratic pattern."""

    def seconds(head: str, length: int) -> float:
        data = (head + filling * (length // len(filling))).encode()
        begun = time.thread_time()
        feed(source, data)
        return time.thread_time() - begun

    # Three samples a filling, others for the next one: all are met, and the whole stays affordable.
    first = 3 * FILLINGS.index(filling)
    for at in range(first, first + 3):
        sample = source.samples[at % len(source.samples)]
        head = sample.record[: len(sample.record) * 2 // 3]
        long = seconds(head, LONGEST)
        if long > 0.02:  # else too short to tell
            short = min(seconds(head, LONGEST // 8) for _ in range(3))
            assert min(long, seconds(head, LONGEST)) < 40 * max(short, 0.0005), sample.record


def test_a_normaliser_that_breaks_costs_no_record() -> None:
    class Broken:
        def feed(self, record: Record) -> list[tuple[Record, Document]]:
            raise RuntimeError(record.position)

        def flush(self) -> list[tuple[Record, Document]]:
            raise RuntimeError("at the end")

    source = Source("test.broken", "", "", open=lambda _: Broken(), guess=lambda _: 0.0)
    events = feed(source, b"x")
    assert [event["event"]["kind"] for event in events] == ["pipeline_error"] * 2
    assert "RuntimeError" in events[0]["error"]["message"]


def test_a_time_in_the_future_is_the_time_of_reception_and_the_claim_is_kept() -> None:
    line = (
        b"<38>1 2126-03-30T16:01:36Z web-1 sshd 1 - - Accepted password for root from 203.0.113.7 port 1 ssh2"
    )
    (event,) = feed(catalogue.source("linux.auth"), line)
    assert event["@timestamp"] == "2026-04-20T00:00:00.000Z"
    assert event["labels"]["claimed_time"] == "2126-03-30T16:01:36.000Z"


def test_related_has_all_addresses_users_and_hosts() -> None:
    line = b"Accepted publickey for root from 203.0.113.7 port 1 ssh2: RSA SHA256:abc"
    (event,) = feed(catalogue.source("linux.auth"), b"Mar 30 16:01:36 web-1 sshd[1]: " + line)
    assert event["related"] == {
        "hash": ["SHA256:abc"], "hosts": ["web-1"], "user": ["root"], "ip": ["203.0.113.7"],
    }  # fmt: skip


def test_no_two_sources_or_actions_have_one_name() -> None:
    with pytest.raises(
        CatalogueError, match=r"source 'linux\.auth'.*integrations\.linux.*integrations\.linux"
    ):
        collect([linux, linux], "SOURCES")


def test_an_unknown_source_is_told_what_it_may_mean() -> None:
    with pytest.raises(CatalogueError, match=r"did you mean 'linux\.auth'"):
        catalogue.source("linux.aut")
