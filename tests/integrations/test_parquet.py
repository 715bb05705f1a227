"""Parquet files: each row a record; what is damaged, too large or without its library says so."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
from pyarrow import parquet

from integrations.catalogue import source
from integrations.contract import Origin
from integrations.framing import read_records
from integrations.normalization import normalize_file
from integrations.parquet import ParquetError, parquet_rows

FLOW = {
    "version": 2, "account_id": "111122223333", "interface_id": "eni-1", "srcaddr": "203.0.113.7", "dstaddr": "192.0.2.20",
    "srcport": 50332, "dstport": 22, "protocol": 6, "packets": 20, "bytes": 4249, "start": 1776594000, "end": 1776594060,
    "action": "ACCEPT", "log_status": "OK", "vpc_id": None,
}  # fmt: skip


def write(path: Path, rows: list[dict[str, Any]], **options: Any) -> Path:
    parquet.write_table(pa.Table.from_pylist(rows), path, **options)
    return path


def test_each_row_of_vpc_flow_logs_is_an_event(tmp_path: Path) -> None:
    rows = [FLOW | {"srcport": 40_000 + at} for at in range(1200)]
    path = write(tmp_path / "flows.parquet", rows, row_group_size=500, compression="zstd")
    output = io.BytesIO()
    flows = source("aws.vpcflow")
    tally = normalize_file(flows, path, output, Origin(received=datetime(2026, 4, 20, tzinfo=UTC)))
    events = [orjson.loads(line) for line in output.getvalue().splitlines()]
    assert (tally.records, tally.events, tally.unparsed) == (1200, 1200, 0)
    assert [event["source"]["port"] for event in events] == [row["srcport"] for row in rows]
    assert events[0]["event"]["action"] == "accept"
    assert "vpc-id" not in events[0]["vendor"]
    positions = [record.position for record in read_records(path, flows.framing)]
    assert len(set(positions)) == 1200
    assert len({event["event"]["id"] for event in events}) == 1200


def test_values_that_json_has_not_are_written_as_text(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 30, 16, 1, 36, 123_000, tzinfo=UTC)
    row = {
        "time": moment,
        "raw": b"a\xff",
        "cost": Decimal("1.50"),
        "nested": {"list": [1, None]},
        "none": None,
        "x": float("nan"),
    }
    path = write(tmp_path / "x.parquet", [row, row | {"none": "there"}])
    first, second = (orjson.loads(line) for line in parquet_rows(path))
    assert first == {
        "time": "2026-03-30T16:01:36.123000+00:00", "raw": "a\\xff", "cost": "1.50", "nested": {"list": [1, None]}, "x": None,
    }  # fmt: skip
    assert second["none"] == "there"


@pytest.mark.parametrize("keep", [4, 11, 12, 200, -9, -1])
def test_a_damaged_file_says_so(tmp_path: Path, keep: int) -> None:
    whole = write(tmp_path / "x.parquet", [FLOW] * 100).read_bytes()
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(whole[:keep])
    with pytest.raises(ParquetError, match="Parquet"):
        list(parquet_rows(damaged))


def test_a_row_group_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.parquet.LARGEST_GROUP", 100)
    with pytest.raises(ParquetError, match="write it with smaller ones"):
        list(parquet_rows(write(tmp_path / "x.parquet", [FLOW] * 100)))


def test_without_its_library_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "x.parquet", [FLOW])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ParquetError, match=r"pip install 'siem-chatops\[parquet\]'"):
        list(parquet_rows(path))


def test_nobody_loads_the_library_who_reads_no_such_file() -> None:
    code = "import sys; import bot.cli; from integrations.catalogue import sources; sources(); assert 'pyarrow' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
