"""What playbook runs keep outside their workflows: large results of actions, and the logs of long runs.

Both are secrets of the site as much as ``event.original`` is, and are stored as it is: compressed (zstd), cut in
pieces, each AES-256-GCM encrypted under a data key that a named key wraps (`integrations.opensearch.keyring`), with
the piece's place as associated data. In ``siem-results``:

    ``<id>``          what it is: incident, kind, time, bytes, number of pieces, SHA-256; written last
    ``<id>.<n>``      a piece: the data key's id, and base64 of nonce and ciphertext

Retention deletes results after a time of their own, unless their incident is on legal hold. Logs go when their run
ends; `LOG_DAYS` is for what a crash left.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from integrations.opensearch.connection import Connection
from integrations.opensearch.keyring import NONCE_BYTES, KeyWrapper
from integrations.opensearch.originals import Originals
from integrations.opensearch.retention import delete_by_query
from integrations.opensearch.sealing import (
    COMPRESSION,
    DATA_KEY_SECONDS,
    MissingKeyError,
    Names,
    make_data_key,
)
from integrations.ports import KeptAlteredError, KeptGoneError, KeptItem, StoreError
from rules.ecs import parse_timestamp, timestamp

PIECE = 600_000
"""Bytes of one piece before it is encrypted: a request with it stays below 1 MiB, which goes out at once."""
AT_ONCE = 4
"""Pieces fetched with one request."""
LOG_DAYS = 800
"""No run lasts so long: two waits of a year."""
_KEYWORD = {"type": "keyword"}


@dataclass(frozen=True)
class KeptTotals:
    """How what is kept stands towards its time."""

    results: int
    bytes: int
    oldest: datetime | None
    due: int
    """Results past their time; held ones among them will stay."""


class OpenSearchResults:
    """`integrations.ports.ResultStore` on OpenSearch."""

    def __init__(self, connection: Connection, keyring: KeyWrapper | None, originals: Originals) -> None:
        self._connection = connection
        self._names = Names.under(connection.prefix)
        self._keyring = keyring
        self._originals = originals
        self._index = f"{connection.prefix}siem-results"
        self._writer = f"r{int(time.time()):x}{secrets.token_hex(3)}"
        self._key: tuple[str, AESGCM, float] | None = None
        self._keys_made = 0
        self._lock = asyncio.Lock()

    async def setup(self, replicas: int) -> None:
        fields = {"incident": _KEYWORD, "kind": _KEYWORD, "at": {"type": "date"}, "bytes": {"type": "long"},
                  "pieces": {"type": "integer"}, "sha256": _KEYWORD, "key": _KEYWORD, "run": _KEYWORD,
                  "about": {"type": "object", "enabled": False},
                  "data": {"type": "object", "enabled": False}}  # fmt: skip
        settings = {"number_of_shards": 1, "number_of_replicas": replicas}
        body = {"settings": {"index": settings}, "mappings": {"dynamic": "strict", "properties": fields}}
        await self._connection.ensure_index(self._index, body)

    # --- keeping and fetching --------------------------------------------------------------------

    async def keep(self, item: KeptItem, data: bytes) -> None:
        """See `integrations.ports.ResultStore`. Raises `MissingKeyError` without a keyring."""
        key, cipher = await self._data_key()
        known = {"incident": item.incident, "kind": item.kind, "run": item.run, "at": timestamp(item.at)}
        pieces = await asyncio.to_thread(_seal, item.id, data, cipher)
        for number, sealed in enumerate(pieces):
            body = orjson.dumps(known | {"key": key, "data": sealed})
            await self._write([self._put(f"{item.id}.{number}"), body])
        head = known | {
            "bytes": len(data),
            "pieces": len(pieces),
            "sha256": hashlib.sha256(data).hexdigest(),
            "about": dict(item.about),
        }
        await self._write([self._put(item.id), orjson.dumps(head)])

    def _put(self, name: str) -> bytes:
        return orjson.dumps({"index": {"_index": self._index, "_id": name}})

    async def _write(self, lines: Sequence[bytes]) -> None:
        for result in await self._connection.bulk(lines, retry=True):
            if result["status"] not in (200, 201):
                raise StoreError(f"a result could not be kept: {result['error'].get('reason')}")

    async def _data_key(self) -> tuple[str, AESGCM]:
        async with self._lock:
            if self._key is None or time.monotonic() - self._key[2] > DATA_KEY_SECONDS:
                if self._keyring is None:
                    raise MissingKeyError("a result can't be kept without a key to encrypt it: set SIEM_KEYS")
                self._keys_made += 1
                name = f"{self._writer}.{self._keys_made}"
                cipher = await make_data_key(self._connection, self._names.keys, self._keyring, name)
                self._key = (name, cipher, time.monotonic())
            return self._key[0], self._key[1]

    async def describe(self, name: str) -> KeptItem:
        return (await self._head(name))[0]

    async def fetch(self, name: str) -> bytes:
        item, head = await self._head(name)
        names = [f"{name}.{number}" for number in range(head["pieces"])]
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(names), AT_ONCE):
            asked = {"ids": names[start : start + AT_ONCE]}
            answer = await self._connection.request("POST", f"/{self._index}/_mget", asked, retry=True)
            found |= {doc["_id"]: doc["_source"] for doc in answer["docs"] if doc.get("found")}
        if len(found) < len(names):
            raise KeptGoneError(f"{name} is not whole any more: it is being deleted")
        ciphers = {key: await self._originals.cipher(key) for key in {one["key"] for one in found.values()}}
        sealed = [(found[one]["data"], ciphers[found[one]["key"]]) for one in names]
        data = await asyncio.to_thread(_open, name, sealed)
        if len(data) != item.bytes or hashlib.sha256(data).hexdigest() != item.sha256:
            raise KeptAlteredError(f"{name} was altered: it is not what was kept")
        return data

    async def _head(self, name: str) -> tuple[KeptItem, dict[str, Any]]:
        found = await self._connection.request(
            "GET", f"/{self._index}/_doc/{name}", retry=True
        ) if _NAME.fullmatch(name) else None  # fmt: skip
        if not found or not found.get("found") or "pieces" not in found["_source"]:
            raise KeptGoneError(f"nothing is kept as {name[:80]!r}: it is past its time, or was erased")
        head = found["_source"]
        item = KeptItem(
            id=name, kind=head["kind"], incident=head["incident"], run=head["run"],
            at=parse_timestamp(head["at"]), about=head["about"], bytes=head["bytes"], sha256=head["sha256"],
        )  # fmt: skip
        return item, head

    # --- deleting --------------------------------------------------------------------------------

    async def forget(self, run: str) -> None:
        """Delete the log of a run that has ended."""
        await self._delete([{"term": {"kind": "log"}}, {"term": {"run": run}}])

    async def expire(self, days: int, held: Sequence[str], now: datetime) -> int:
        """Delete results that are older than that, but those of the incidents held; return how many went."""
        before = timestamp(now - timedelta(days=days))
        aged: list[Mapping[str, Any]] = [{"term": {"kind": "result"}}, {"range": {"at": {"lt": before}}}]
        gone = await self._count([*aged, {"exists": {"field": "pieces"}}], held)
        await self._delete(aged, held)
        oldest = timestamp(now - timedelta(days=LOG_DAYS))
        logs: list[Mapping[str, Any]] = [{"term": {"kind": "log"}}, {"range": {"at": {"lt": oldest}}}]
        await self._delete(logs)
        return gone

    async def totals(self, days: int, now: datetime) -> KeptTotals:
        await self._connection.refresh(self._index)
        kept = [{"term": {"kind": "result"}}, {"exists": {"field": "pieces"}}]
        aggs = {"bytes": {"sum": {"field": "bytes"}}, "oldest": {"min": {"field": "at"}}}
        body = {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": kept}}, "aggs": aggs}
        answer = await self._connection.search(self._index, body)
        found = answer.get("aggregations", {})
        oldest = found.get("oldest", {}).get("value_as_string")
        due = {"range": {"at": {"lt": timestamp(now - timedelta(days=days))}}}
        return KeptTotals(
            results=int(answer["hits"]["total"]["value"]),
            bytes=int(found.get("bytes", {}).get("value") or 0),
            oldest=parse_timestamp(oldest) if oldest else None,
            due=await self._count([*kept, due], ()),
        )

    async def mentioning(self, subject: str) -> list[KeptItem]:
        """Return the results that mention a data subject (``user:alice``) as a whole word, whatever it means
        there: what is kept is encrypted, so each is opened and read."""
        wanted = _mention(subject.partition(":")[2].strip())
        found: list[KeptItem] = []
        async for name in self._results():
            try:
                data = await self.fetch(name)
                if await asyncio.to_thread(lambda text: wanted.search(text) is not None, data.decode()):
                    found.append(await self.describe(name))
            except KeptGoneError:
                continue
        return found

    async def erase(self, names: Sequence[str]) -> None:
        """Delete results whole."""
        for name in names:
            pieces = (await self._head(name))[1]["pieces"]
            gone = [name, *(f"{name}.{number}" for number in range(pieces))]
            lines = [orjson.dumps({"delete": {"_index": self._index, "_id": one}}) for one in gone]
            for result in await self._connection.bulk(lines, retry=True):
                if result["status"] not in (200, 404):
                    raise StoreError(f"a result could not be deleted: {result.get('error')}")

    async def _results(self) -> AsyncIterator[str]:
        await self._connection.refresh(self._index)
        kept = [{"term": {"kind": "result"}}, {"exists": {"field": "pieces"}}]
        body = {"query": {"bool": {"filter": kept}}, "_source": False}
        async for hits in self._connection.pages(self._index, body, [{"_seq_no": "asc"}]):
            for hit in hits:
                yield hit["_id"]

    async def _count(self, filters: Sequence[Mapping[str, Any]], held: Sequence[str]) -> int:
        await self._connection.refresh(self._index)
        body = {"size": 0, "track_total_hits": True, "query": _but(filters, held)}
        return int((await self._connection.search(self._index, body))["hits"]["total"]["value"])

    async def _delete(self, filters: Sequence[Mapping[str, Any]], held: Sequence[str] = ()) -> None:
        await delete_by_query(self._connection, self._index, _but(filters, held))


_NAME = re.compile(r"[a-z]{3}-[0-9a-f]{24,64}")
_PACKER = zstandard.ZstdCompressor(level=COMPRESSION, write_content_size=True)
_UNPACKER = zstandard.ZstdDecompressor()


def _but(filters: Sequence[Mapping[str, Any]], held: Sequence[str]) -> dict[str, Any]:
    return {"bool": {"filter": list(filters), "must_not": [{"terms": {"incident": list(held)}}]}}


def _seal(name: str, data: bytes, cipher: AESGCM) -> list[str]:
    """Return the pieces of a value, base64 of nonce and ciphertext; none could stand elsewhere."""
    packed = _PACKER.compress(data)
    cuts = [packed[start : start + PIECE] for start in range(0, len(packed), PIECE)]
    sealed = []
    for number, cut in enumerate(cuts):
        nonce = os.urandom(NONCE_BYTES)
        about = f"{name}.{number}/{len(cuts)}".encode()
        sealed.append(base64.b64encode(nonce + cipher.encrypt(nonce, cut, about)).decode())
    return sealed


def _open(name: str, sealed: Sequence[tuple[str, AESGCM]]) -> bytes:
    try:
        cuts = []
        for number, (text, cipher) in enumerate(sealed):
            raw = base64.b64decode(text, validate=True)
            about = f"{name}.{number}/{len(sealed)}".encode()
            cuts.append(cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], about))
        return _UNPACKER.decompress(b"".join(cuts))
    except (InvalidTag, ValueError, zstandard.ZstdError) as error:
        raise KeptAlteredError(f"{name} was altered: it does not open") from error


def _mention(value: str) -> re.Pattern[str]:
    """Return what finds a value in JSON's text as a whole word, in any case."""
    text = orjson.dumps(value).decode()[1:-1]
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", re.IGNORECASE)
