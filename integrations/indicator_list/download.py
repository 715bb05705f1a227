"""A list that is fetched whole, and only where it has changed (ETag, Last-Modified: RFC 9110, 13)."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from integrations.connections import ConnectionKind, Http, Setting, open_http
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.feeds import SECONDS, Fetched, check_size, connection
from integrations.ports import Site
from rules.intelligence import Taken

KIND = "list"
LARGEST = 200_000_000
_CHECKS = (("etag", "if-none-match"), ("last-modified", "if-modified-since"))


async def fetch_list(
    site: Site, name: str | None, path: str, cursor: Mapping[str, Any], read: Callable[[str], Taken]
) -> Fetched:
    """Fetch a list and read it. Raises as `integrations.taxii.fetch_collection`, and what `read` does."""
    named = connection(site, KIND, name)
    asked = {header: str(cursor[key]) for key, header in _CHECKS if cursor.get(key)}
    async with open_http(named, authenticate=_key, seconds=SECONDS, largest=LARGEST) as web:
        answer = await web.ask("GET", path or named.need("url"), headers=asked, expected=(304,))
    if answer.status_code == 304:
        return Fetched(cursor=cursor, unchanged=True)
    text = _text(answer.content, named.name)
    if not text.strip():
        raise ActionUnavailableError(f"{named.name}: the list is empty, without even a comment")
    taken = read(text)
    check_size(taken, named.name)
    if not taken.indicators and taken.skipped:
        where, why = taken.reasons[0]
        raise ActionUnavailableError(f"{named.name}: nothing in it is an indicator ({where}: {why})")
    return Fetched(taken, cursor={key: answer.headers[key] for key, _ in _CHECKS if key in answer.headers})


def _text(content: bytes, name: str) -> str:
    if content.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            content = unpacker.decompress(content, LARGEST)
        except (zlib.error, gzip.BadGzipFile) as error:
            raise ActionUnavailableError(f"{name}: its archive is broken: {error}") from error
        if unpacker.unconsumed_tail:
            raise ActionRefusedError(f"{name}: it unpacks to more than {LARGEST:,} bytes")
    return content.decode("utf-8", "replace")


async def _key(opened: Http, request: httpx.Request) -> None:
    if key := opened.named.get("key"):
        request.headers[str(opened.named.get("header") or "authorization")] = str(key)


async def _test(site: Site, name: str) -> str:
    named = connection(site, KIND, name)
    async with open_http(named, authenticate=_key, seconds=SECONDS, largest=LARGEST) as web:
        answer = await web.ask("GET", named.need("url"))
        return f"{named.get('url')} answers with {len(answer.content):,} bytes"


INDICATOR_LIST = ConnectionKind(
    name=KIND,
    title="A list of indicators",
    documentation="https://www.rfc-editor.org/rfc/rfc9110",
    settings=(
        Setting("url", "the list, or the folder that `path` of the source is in: https://feeds.example.com/"),
        Setting("key", "what the header is to say, where the list asks for one", required=False, secret=True),
        Setting("header", "the header's name; authorization where none is named", required=False),
    ),
    test=_test,
    setup="Name the address under connections: in siem.yaml, and the list under intelligence:.",
)
