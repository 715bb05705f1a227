"""Sealed originals, read back one by one; and the data keys that open them, wrapped anew on rotation."""

from __future__ import annotations

import asyncio
import base64
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from integrations.opensearch.connection import Connection
from integrations.opensearch.keyring import NONCE_BYTES, KeyringError, KeyWrapper, Wrapped
from integrations.opensearch.sealing import MissingKeyError, Names
from integrations.ports import StoreConflictError, StoreError
from rules.ecs import Document

CACHED_KEYS = 1000
FETCH = 50
"""Blocks fetched at once."""


_UNPACKER = zstandard.ZstdDecompressor()


class OriginalAlteredError(StoreError):
    """A sealed original does not open: its stored bytes are not those that were written."""


class Originals:
    """Reads `event.original` of stored events."""

    def __init__(self, connection: Connection, names: Names, keyring: KeyWrapper | None) -> None:
        self._connection = connection
        self._names = names
        self._keyring = keyring
        self._ciphers: OrderedDict[str, AESGCM] = OrderedDict()

    async def restore(self, documents: Sequence[Document]) -> None:
        """Put `event.original` back into stored documents, which must still have their mark ``siem``.

        One whose original was erased gets none. Raises `MissingKeyError`, `KeyringError` or
        `OriginalAlteredError`.
        """
        wanted: dict[str, list[tuple[int, Document]]] = {}
        for document in documents:
            mark = document.get("siem") or {}
            if "block" in mark:
                name = f"{mark['batch']}.{mark['block']}"
                wanted.setdefault(name, []).append((mark["place"], document))
        names = sorted(wanted)
        for start in range(0, len(names), FETCH):
            for name, texts in (await self.open_blocks(names[start : start + FETCH])).items():
                for place, document in wanted[name]:
                    if place < len(texts) and texts[place] is not None:
                        document["event"]["original"] = texts[place]

    async def open_blocks(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Return the originals in each of these blocks that is there, None for one that was erased."""
        if not names:
            return {}
        path = f"/{self._names.originals}/_mget"
        answer = await self._connection.request("POST", path, {"ids": list(names)}, retry=True)
        found = {doc["_id"]: doc["_source"] for doc in (answer or {"docs": []})["docs"] if doc.get("found")}
        await self._load({body["key"] for body in found.values()})
        return {name: open_block(name, body, self._ciphers[body["key"]]) for name, body in found.items()}

    async def cipher(self, key: str) -> AESGCM:
        await self._load([key])
        return self._ciphers[key]

    async def _load(self, keys: Iterable[str]) -> None:
        missing = sorted(set(keys) - self._ciphers.keys())
        if not missing:
            return
        if self._keyring is None:
            raise MissingKeyError("event.original can't be read without the keys: set SIEM_KEYS")
        answer = await self._connection.request(
            "POST", f"/{self._names.keys}/_mget", {"ids": missing}, retry=True
        )
        for doc in answer["docs"]:
            if not doc.get("found"):
                raise KeyringError(f"the data key {doc['_id']} is gone from {self._names.keys}")
            wrapped = Wrapped(doc["_source"]["key"], doc["_source"]["wrapped"])
            self._ciphers[doc["_id"]] = AESGCM(
                await asyncio.to_thread(self._keyring.unwrap, wrapped, doc["_id"])
            )
        while len(self._ciphers) > CACHED_KEYS + len(missing):
            self._ciphers.popitem(last=False)


def open_block(name: str, body: Mapping[str, Any], cipher: AESGCM) -> list[Any]:
    """Return the originals in a block. Raises `OriginalAlteredError`."""
    try:
        sealed = base64.b64decode(body["data"], validate=True)
        packed = cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        return list(orjson.loads(_UNPACKER.decompress(packed)))
    except (InvalidTag, ValueError, zstandard.ZstdError) as error:
        raise OriginalAlteredError(f"the originals in {name} were altered: they do not open") from error


async def rotate(
    connection: Connection,
    names: Names,
    keyring: KeyWrapper,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Wrap every data key under the keyring's current key; return how many each earlier key held.

    Each is opened again before it replaces the old one, so that no data key is lost to a key that
    does not work. After it only the current key is needed. Repeatable, also after it was cut off.
    `progress` is called with the data keys done and how many there are. Raises `KeyringError` where a
    data key's present key isn't in the keyring; those before it are done.
    """
    await connection.refresh(names.keys)
    current = await asyncio.to_thread(lambda: keyring.current)
    done: dict[str, int] = {}
    query = {"bool": {"must_not": [{"term": {"key": current}}]}}
    counted = await connection.search(names.keys, {"size": 0, "query": query, "track_total_hits": True})
    total, seen = int(counted["hits"]["total"]["value"]), 0
    sort = [{"_seq_no": "asc"}]
    async for hits in connection.pages(names.keys, {"query": query, "seq_no_primary_term": True}, sort):
        for hit in hits:
            name, old = hit["_id"], Wrapped(hit["_source"]["key"], hit["_source"]["wrapped"])
            new = await asyncio.to_thread(_wrap_anew, keyring, name, old)
            try:
                await connection.request(
                    "PUT",
                    f"/{names.keys}/_doc/{name}",
                    {"key": new.key, "wrapped": new.text},
                    if_seq_no=hit["_seq_no"],
                    if_primary_term=hit["_primary_term"],
                )
                done[old.key] = done.get(old.key, 0) + 1
            except StoreConflictError:  # another rotation wrapped it meanwhile
                pass
            seen += 1
            if progress is not None:
                progress(seen, total)
    return done


def _wrap_anew(keyring: KeyWrapper, name: str, old: Wrapped) -> Wrapped:
    data_key = keyring.unwrap(old, name)
    new = keyring.wrap(data_key, name)
    if keyring.unwrap(new, name) != data_key:
        raise KeyringError(f"the key {new.key!r} does not give back the data key {name} that it wrapped")
    return new


async def keys_in_use(connection: Connection, names: Names) -> dict[str, int]:
    """Return how many data keys each named key wraps: one that is absent here may be destroyed."""
    await connection.refresh(names.keys)
    body = {"size": 0, "aggs": {"keys": {"terms": {"field": "key", "size": 1000}}}}
    answer = await connection.search(names.keys, body)
    buckets = answer.get("aggregations", {}).get("keys", {"buckets": []})["buckets"]
    return {bucket["key"]: int(bucket["doc_count"]) for bucket in buckets}
