"""Rows of Parquet files as records, each a JSON object: how VPC flow logs and security lakes lie in S3.

The library that reads them is an extra of its own, loaded when the first such file comes: whoever has none
pays nothing. Memory is bounded by the largest row group that is taken and by `ROWS`, never by the file.
Format: https://parquet.apache.org/docs/file-format/; VPC flow logs in it:
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

MAGIC = b"PAR1"
EXTRA = "pip install 'siem-chatops[parquet]'"
ROWS = 500
"""Rows that are decoded at once."""
LARGEST_GROUP = 512 << 20
"""Bytes of the largest row group, unpacked, that is read."""
_BUFFER = 1 << 20
_DEEPEST = 100
_SHORTEST = 12
"""Bytes of the shortest such file: its magic twice, and a length."""


class ParquetError(OSError):
    """A Parquet file can't be read; the text says why, and what to do."""


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet by its first bytes. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def parquet_rows(path: Path) -> Iterator[bytes]:
    """Yield each row as JSON, without the columns that have no value in it. Raises `ParquetError`."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ParquetError(f"it is Parquet, which an extra reads: {EXTRA}") from error
    if path.stat().st_size < _SHORTEST:
        raise ParquetError("it begins as Parquet and ends at once")
    try:
        with parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
            for number in range(file.metadata.num_row_groups):
                size = file.metadata.row_group(number).total_byte_size
                if size > LARGEST_GROUP:
                    raise ParquetError(
                        f"its row group {number} has {size:,} bytes unpacked, more than {LARGEST_GROUP:,}: "
                        "write it with smaller ones"
                    )
                for batch in file.iter_batches(ROWS, row_groups=[number], use_threads=False):
                    for row in batch.to_pylist():
                        yield _json(row)
    except ParquetError:
        raise
    except (pyarrow.ArrowException, OSError, OverflowError, ValueError) as error:
        raise ParquetError(f"it is damaged Parquet: {str(error)[:300]}") from error


def _json(row: dict[str, Any]) -> bytes:
    told = {name: value for name, value in row.items() if value is not None}
    try:
        return orjson.dumps(told, default=_plain, option=orjson.OPT_NAIVE_UTC)
    except TypeError:  # a number of more than 64 bits, or deeper than JSON is written
        return orjson.dumps(_shallow(told, _DEEPEST), option=orjson.OPT_NAIVE_UTC)


def _plain(value: Any) -> Any:
    """Return what JSON has for a value of another type."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    return str(value)


def _shallow(value: Any, left: int) -> Any:
    if isinstance(value, dict):
        return {str(key): _shallow(inner, left - 1) for key, inner in value.items()} if left else "…"
    if isinstance(value, list | tuple):
        return [_shallow(inner, left - 1) for inner in value] if left else "…"
    return (
        value if value is None or isinstance(value, bool | float | datetime.datetime) else str(_plain(value))
    )
