"""Events as text: the same bytes as the whole document gives, and the same document read again."""

from __future__ import annotations

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.opensearch.entries import Entry, entry_of
from integrations.opensearch.seals import stored_json
from rules.ecs import Document

AT = "2026-03-30T16:01:36.123Z"
MARK = {"batch": "w1-2", "block": 3, "place": 17}
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.text(max_size=20), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=20,
)  # fmt: skip


def document_of(fields: Document, event: Document, original: str | None) -> Document:
    whole = {"id": "ab" * 16, **event} | ({"original": original} if original is not None else {})
    return {"@timestamp": AT, **fields, "event": whole}


@settings(deadline=None)
@given(
    st.dictionaries(st.text(max_size=8), values, max_size=6),
    st.dictionaries(st.text(max_size=8).filter(lambda name: name not in ("id", "original")), values, max_size=4),
    st.one_of(st.none(), st.text(max_size=20)),
)  # fmt: skip
def test_its_text_is_that_of_the_whole_document(
    fields: Document, event: Document, original: str | None
) -> None:
    document = document_of(fields, event, original)
    entry = Entry.of("logs-x-default", document)
    stored = {name: value for name, value in document["event"].items() if name != "original"}
    wanted = stored_json(document | {"event": stored | {"ingested": AT}, "siem": MARK})
    assert entry.source(orjson.dumps(AT), orjson.dumps(MARK)) == wanted
    assert (entry.id, entry.original) == ("ab" * 16, original)


def test_a_nul_in_a_log_is_no_hole() -> None:
    document = document_of({"message": "a\x00b", "vendor": {"\x00": "\x00"}}, {}, "raw\x00")
    entry = Entry.of("logs-x-default", document)
    assert orjson.loads(entry.source(b"1", b"2"))["vendor"] == {"\x00": "\x00"}
    assert entry.document == document


def test_a_document_is_read_again_as_it_was() -> None:
    document = document_of(
        {"source": {"ip": "192.0.2.1", "port": 22}, "tags": ["a"]}, {"kind": "event"}, "raw"
    )
    assert Entry.of("logs-x-default", document).document == document


def test_what_is_no_text_is_mended_and_marked() -> None:
    entry = entry_of("logs-x-default", document_of({"message": "\ud800"}, {"kind": "event"}, "\udfff raw"))
    assert not entry.refused
    assert entry.document["log"]["flags"] == ["mended"]
    assert entry.document["event"]["original"] == "? raw"


def test_of_what_can_not_be_mended_the_raw_text_is_kept_as_an_error() -> None:
    entry = entry_of("logs-x-default", document_of({"message": {1, 2}}, {"kind": "event"}, "raw"))
    assert entry.refused.startswith("not JSON: ")
    assert entry.document["event"]["kind"] == "pipeline_error"
    assert entry.original == "raw"
    assert entry.document["error"]["message"].startswith("the store refused it: not JSON")
