"""A chain shows every change, gap, insertion and cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules.evidence import EvidenceRecord, Head, faults

START = datetime(2026, 3, 30, 16, tzinfo=UTC)


def chain(length: int) -> tuple[list[EvidenceRecord], Head]:
    head, records = Head(chain="inc-1"), []
    for number in range(length):
        record, head = EvidenceRecord.link(
            head,
            at=START + timedelta(seconds=number),
            kind="note.made",
            actor="siem",
            text=f"Number {number}.",
            data={"number": number, "who": "ünïcode ‮"},
        )
        records.append(record)
    return records, head


def test_a_whole_chain_has_no_faults_in_any_order() -> None:
    records, head = chain(5)
    assert faults("inc-1", reversed(records), head) == []


def test_a_record_survives_json_with_the_same_digest() -> None:
    record = chain(1)[0][0]
    assert EvidenceRecord.model_validate_json(record.model_dump_json()).digest() == record.hash


@given(st.integers(0, 9), st.sampled_from(["text", "actor", "kind"]))
def test_an_altered_record_is_named(place: int, field: str) -> None:
    records, head = chain(10)
    records[place] = records[place].model_copy(update={field: "changed"})
    assert any(
        f"record {place + 1} " in fault and "altered" in fault for fault in faults("inc-1", records, head)
    )


@given(st.integers(0, 9))
def test_a_missing_record_is_named(place: int) -> None:
    records, head = chain(10)
    del records[place]
    assert any(f"record {place + 1} is missing" in fault for fault in faults("inc-1", records, head))


def test_a_record_altered_with_its_hash_breaks_the_next_link() -> None:
    records, head = chain(3)
    forged = records[1].model_copy(update={"text": "Nothing happened."})
    records[1] = forged.model_copy(update={"hash": forged.digest()})
    assert any("record 3" in fault and "does not follow" in fault for fault in faults("inc-1", records, head))


def test_a_cut_or_added_tail_shows_against_the_writers_head() -> None:
    records, head = chain(4)
    assert "missing at the end" in faults("inc-1", records[:2], head)[0]
    longer, _ = chain(6)
    assert "added at the end" in faults("inc-1", longer, head)[0]
