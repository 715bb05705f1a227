"""Gzip and deflate, never beyond a bound: a kilobyte may claim to be a gigabyte."""

from __future__ import annotations

import zlib

STEP = 1 << 16


class TooLargeError(ValueError):
    """It is larger than the bound when unpacked."""


class DamagedError(ValueError):
    """It is not what it claims to be, or ends too early."""


def gunzip(data: bytes, most: int) -> bytes:
    """Unpack gzip (RFC 1952), all members. Raises `TooLargeError` beyond `most` bytes, `DamagedError`."""
    return _unpack(data, most, 31)


def inflate(data: bytes, most: int) -> bytes:
    """Unpack what HTTP calls deflate: zlib (RFC 1950). Raises as `gunzip` does."""
    return _unpack(data, most, 15)


def _unpack(data: bytes, most: int, bits: int) -> bytes:
    found = bytearray()
    while data:
        member = zlib.decompressobj(bits)
        rest = data
        while rest and not member.eof:
            try:
                found += member.decompress(rest, min(STEP, most - len(found) + 1))
            except zlib.error as error:
                raise DamagedError(f"can't be unpacked: {error}") from error
            if len(found) > most:
                raise TooLargeError(f"is more than {most:,} bytes when unpacked")
            rest = member.unconsumed_tail
        if not member.eof:
            raise DamagedError("can't be unpacked: it ends too early")
        data = member.unused_data.lstrip(b"\0")
    return bytes(found)
