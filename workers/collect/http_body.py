"""Reading a request's body: bounded as sent, as unpacked, in time, and over all requests together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from integrations.arrival import Arrival
from integrations.contract import Framing
from integrations.framing import records_of
from integrations.unpacking import DamagedError, TooLargeError, gunzip, inflate
from workers.collect_section import HttpSection

BODY_SECONDS = 60.0
"""A sender has so long for one body."""
HELD = 256 << 20
"""Bytes of bodies in memory at once."""
ASIDE = 1 << 20
"""Bytes of a body beyond which it is unpacked and split in a thread."""


class RefusedError(Exception):
    """A request is refused."""

    def __init__(self, status: int, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after


class Budget:
    """What bodies may take of memory, all together."""

    def __init__(self, most: int = HELD) -> None:
        self._most = most
        self._held = 0

    @contextmanager
    def share(self) -> Iterator[Share]:
        """A request's part in it, given back at the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self._held -= share.held

    def take(self, size: int) -> None:
        if self._held + size > self._most:
            raise RefusedError(429, "too much is being taken at this moment: come again", 1)
        self._held += size


class Share:
    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.held = 0

    def take(self, size: int) -> None:
        """Raises `RefusedError`."""
        self._budget.take(size)
        self.held += size


async def read_body(request: web.Request, section: HttpSection, share: Share) -> bytes:
    """Return the body as sent. Raises `RefusedError`."""
    if (request.content_length or 0) > section.max_body:
        raise RefusedError(413, f"a body of this entry has at most {section.max_body:,} bytes")
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.content.iter_any():
                share.take(len(piece))
                found += piece
                if len(found) > section.max_body:
                    raise RefusedError(413, f"a body of this entry has at most {section.max_body:,} bytes")
    except TimeoutError as error:
        raise RefusedError(408, f"the body did not come within {BODY_SECONDS:.0f} s") from error
    return bytes(found)


async def unpack_body(request: web.Request, body: bytes, section: HttpSection, share: Share) -> bytes:
    """Return the body unpacked as its headers say. Raises `RefusedError`."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in {"identity", ""}:
        return body
    unpack = {"gzip": gunzip, "x-gzip": gunzip, "deflate": inflate}.get(encoding)
    if unpack is None:
        raise RefusedError(415, f"the encoding {encoding!r} is not known here: send gzip, deflate or none")
    try:
        found = await asyncio.to_thread(unpack, body, section.max_unpacked)
    except TooLargeError as error:
        raise RefusedError(413, f"the body {error}") from error
    except DamagedError as error:
        raise RefusedError(400, f"the body {error}") from error
    share.take(len(found))
    return found


async def split(
    arrivals: list[Arrival], framing: Framing, prefix: str
) -> list[tuple[str | None, str, bytes]]:
    """Return (position or None, host, record) of each record in what arrived.

    A position is made of `prefix`, the sender's id and the record's place in it; None where the sender
    gives no id.
    """
    if sum(len(one.data) for one in arrivals) > ASIDE:
        return await asyncio.to_thread(_split, arrivals, framing, prefix)
    return _split(arrivals, framing, prefix)


def _split(arrivals: list[Arrival], framing: Framing, prefix: str) -> list[tuple[str | None, str, bytes]]:
    found: list[tuple[str | None, str, bytes]] = []
    for one in arrivals:
        own = None if one.id is None else f"{prefix}:{one.id}"
        if one.single:
            found.append((own, one.host, one.data))
            continue
        shape = Framing.JSON if framing is not Framing.LINES or _is_json_array(one.data) else framing
        found += [
            (own and f"{own}{record.position}", one.host, record.data)
            for record in records_of((one.data,), shape, "")
            if record.data.strip()
        ]
    return found


def _is_json_array(data: bytes) -> bool:
    """Whether a body for a source of lines is an array of objects, as shippers batch records."""
    start = data[:64].lstrip()
    return start.startswith(b"[") and start[1:].lstrip().startswith(b"{")
