"""Records out of bytes: whole, in order, with their offsets, however the blocks fall."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.catalogue import source
from integrations.contract import Framing, Origin
from integrations.framing import PIECE, open_log, read_records, split_json, split_lines
from integrations.normalization import normalize_file, normalize_stream
from integrations.pipeline import Pipeline

AUTH = source("linux.auth")
ORIGIN = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))
LINE = b"Mar 30 16:01:36 web-1 sshd[2]: Failed password for root from 203.0.113.7 port 51320 ssh2\n"


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line)), st.integers(1, 50))
def test_lines_are_found_at_their_offsets(lines: list[bytes], size: int) -> None:
    data = b"".join(line + b"\n" for line in lines)
    found = list(split_lines(cut(data, size)))
    assert [line for _, line in found] == [line.removesuffix(b"\r") for line in lines]
    assert all(data[at:].startswith(line) for at, line in found)


def test_a_line_without_end_is_read_as_pieces() -> None:
    found = list(split_lines(cut(b"x" * (2 * PIECE + 5), 4096)))
    assert [(at, len(piece)) for at, piece in found] == [(0, PIECE), (PIECE, PIECE), (2 * PIECE, 5)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=3), min_size=1, max_size=5)


@given(OBJECTS, st.sampled_from(["array", "indented array", "concatenated", "ndjson"]), st.integers(1, 40))
def test_json_objects_are_found_in_any_arrangement(objects: list[object], shape: str, size: int) -> None:
    text = {
        "array": json.dumps(objects),
        "indented array": json.dumps(objects, indent=2),
        "concatenated": "".join(json.dumps(value, indent=1) for value in objects),
        "ndjson": "\n".join(json.dumps(value) for value in objects) + "\n",
    }[shape]
    found = list(split_json(cut(text.encode(), size)))
    assert [json.loads(value) for _, value in found] == objects
    assert all(text.encode()[at:].startswith(value) for at, value in found)


def test_objects_behind_syslog_envelopes_are_a_line_each() -> None:
    lines = [
        b'<13>Mar 30 16:01:36 ids suricata[7]: {"a": 1}',
        b'<13>Mar 30 16:01:37 ids suricata[7]: {"a": 2',
        b"x",
    ]
    assert [line for _, line in split_json([b"\n".join(lines)])] == lines


@given(st.binary(max_size=200), st.integers(1, 50))
def test_no_byte_of_what_is_no_json_is_lost(data: bytes, size: int) -> None:
    found = b"".join(value for _, value in split_json(cut(data, size)))
    dropped = b" \t\r\n\x0b\x0c,[]\x1e\x00"
    assert found.translate(None, dropped) == data.translate(None, dropped)


def test_a_damaged_line_of_ndjson_costs_one_record() -> None:
    found = [value for _, value in split_json([b'{"a":1}\n{"b":\n{"c":3}\n'])]
    assert found == [b'{"a":1}', b'{"b":', b'{"c":3}']


def test_many_small_objects_take_no_longer_each_than_few() -> None:
    def seconds(count: int) -> float:
        data = json.dumps([{"a": 1}] * count).encode()
        begun = time.thread_time()
        assert sum(1 for _ in split_json([data])) == count
        return (time.thread_time() - begun) / count

    few = min(seconds(1000) for _ in range(3))
    assert seconds(50_000) < 20 * few


def test_a_packed_file_has_the_same_records_as_the_plain_one(tmp_path: Path) -> None:
    plain, packed, xz = (tmp_path / name for name in ("a.log", "b.log", "c.xz"))
    plain.write_bytes(LINE * 3)
    packed.write_bytes(gzip.compress(LINE * 3))
    xz.write_bytes(lzma.compress(LINE * 3))
    with open_log(xz) as file:
        assert file.read() == LINE * 3
    records = [list(read_records(path, Framing.LINES)) for path in (plain, packed, xz)]
    assert records[0] == records[1] == records[2]
    assert len({record.position for record in records[0]}) == 3


def test_normalizing_with_several_processes_gives_the_same_in_the_same_order() -> None:
    data = LINE * 30_000 + b"no syslog\n" + LINE[:-1]
    outputs = [io.BytesIO(), io.BytesIO()]
    tallies = [
        normalize_stream(AUTH, io.BytesIO(data), output, ORIGIN, processes)
        for output, processes in zip(outputs, (1, 2), strict=True)
    ]
    assert outputs[0].getvalue() == outputs[1].getvalue()
    assert tallies[0] == tallies[1]
    assert (tallies[0].records, tallies[0].unparsed) == (30_002, 1)
    events = [json.loads(line) for line in outputs[0].getvalue().splitlines()]
    assert len({event["event"]["id"] for event in events}) == 30_002


def test_a_file_normalized_has_the_ids_of_its_records(tmp_path: Path) -> None:
    path = tmp_path / "auth.log.gz"
    path.write_bytes(gzip.compress(LINE * 3))
    output = io.BytesIO()
    assert normalize_file(AUTH, path, output, ORIGIN).events == 3
    pipeline = Pipeline(AUTH, ORIGIN)
    expected = [pipeline.feed(record)[0]["event"]["id"] for record in read_records(path, Framing.LINES)]
    assert [json.loads(line)["event"]["id"] for line in output.getvalue().splitlines()] == expected


def test_a_slow_pipe_is_answered_line_by_line() -> None:
    here, there = os.pipe()
    answers, answered = os.pipe()
    with open(here, "rb") as input, open(answered, "wb") as output:
        thread = threading.Thread(target=normalize_stream, args=(AUTH, input, output, ORIGIN, 2))
        thread.start()
        with open(answers, "rb", buffering=0) as reading:
            for _ in range(3):
                os.write(there, LINE)
                assert json.loads(cast(bytes, reading.read(65_536)))["event"]["action"] == "ssh_login"
            os.close(there)
            thread.join()


def test_a_reader_that_goes_away_ends_it() -> None:
    class Gone(io.BytesIO):
        def write(self, data: object) -> int:
            raise BrokenPipeError(data)

    with pytest.raises(BrokenPipeError):
        normalize_stream(AUTH, io.BytesIO(LINE * 50_000), cast(IO[bytes], Gone()), ORIGIN, 2)
