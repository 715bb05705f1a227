"""The writer's side of sealing: batches become sealed bulk lines, linked in the order they are made.

What is stored beside the events, each in an index of its own:

    siem-seals      ``<writer>-<seq>``: a seal; of a batch also its ids and leaves
    siem-originals  ``<writer>-<seq>.<block>``: `event.original` of up to 256 events of one data
                    stream, as a JSON array, zstd-compressed, then AES-256-GCM with the block's id as
                    associated data: base64 of nonce and ciphertext
    siem-keys       ``<writer>.<number>``: data keys, wrapped by a named key
    siem-heads      ``<writer>``: where its chain stands
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import orjson
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from integrations.opensearch import merkle
from integrations.opensearch.connection import Connection
from integrations.opensearch.entries import Entry
from integrations.opensearch.keyring import NONCE_BYTES, KeyWrapper
from integrations.opensearch.seals import (
    Kind,
    Position,
    Seal,
    ids_digest,
    leaf,
    seal_name,
)
from integrations.ports import StoreError

BLOCK = 256
"""The most originals of one block: what is decrypted to read one back."""
BLOCK_BYTES = 256 * 1024
"""A block ends once it has so much text."""
COMPRESSION = 3
"""Zstandard's level: a fifth of the time of deflate at 6, and smaller."""
DATA_KEY_SECONDS = 3600.0
WITNESSED = 200
"""The most heads of other chains that a writer's first seal notes, the newest ones."""


@dataclass(frozen=True)
class Names:
    """Index names of the sealing."""

    seals: str
    originals: str
    keys: str
    heads: str

    @classmethod
    def under(cls, prefix: str) -> Names:
        return cls(*(f"{prefix}siem-{name}" for name in ("seals", "originals", "keys", "heads")))


@dataclass(frozen=True)
class SealedBatch:
    seal: Seal
    entries: Sequence[Entry]
    """In the order in which they stand in the batch and in `events`."""
    lines: list[bytes]
    """Bulk lines of seal, head and blocks: `leading` items."""
    leading: int
    events: list[tuple[bytes, bytes]]
    """Action and source of each event."""


class MissingKeyError(StoreError):
    """There is no keyring, and `event.original` is never stored in the clear."""


@dataclass
class _DataKey:
    id: str
    cipher: AESGCM
    made: float


@dataclass
class SealWriter:
    """One writer's chain in this process. Not to be shared between event loops."""

    connection: Connection
    names: Names
    keyring: KeyWrapper | None
    writer: str = field(default_factory=lambda: f"w{int(time.time()):x}{secrets.token_hex(3)}")
    _head: Position | None = None
    _opening: dict[str, Any] = field(default_factory=dict)
    _pending: dict[int, bytes] = field(default_factory=dict)
    """Seals whose bulk request failed: they are sent with the next one, for the chain's sake."""
    _open: set[int] = field(default_factory=set)
    _failed: list[str] = field(default_factory=list)
    _data_key: _DataKey | None = None
    _keys_made: int = 0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def head(self) -> Position:
        return self._head or Position(writer=self.writer)

    async def prepare(self) -> None:
        """Get ready for `seal` and `note`: note the other chains' heads, once, and have a fresh data key."""
        async with self._lock:
            if self._head is None:
                self._opening = {"witnessed": await self._other_heads()}
                self._head = Position(writer=self.writer)
            stale = self._data_key is None or time.monotonic() - self._data_key.made > DATA_KEY_SECONDS
            if stale and self.keyring is not None:
                self._data_key = await self._make_data_key(self.keyring)

    async def _other_heads(self) -> list[list[Any]]:
        await self.connection.refresh(self.names.heads)
        body = {"size": WITNESSED, "sort": [{"at": "desc"}, {"writer": "asc"}]}
        hits = (await self.connection.search(self.names.heads, body))["hits"]["hits"]
        return [[hit["_source"][name] for name in ("writer", "seq", "hash")] for hit in hits]

    async def _make_data_key(self, keyring: KeyWrapper) -> _DataKey:
        self._keys_made += 1
        name = f"{self.writer}.{self._keys_made}"
        cipher = await make_data_key(self.connection, self.names.keys, keyring, name)
        return _DataKey(name, cipher, time.monotonic())

    # --- batches ---------------------------------------------------------------------------------

    def seal(self, entries: Sequence[Entry], at: str) -> SealedBatch:
        """Seal a batch; call `prepare` before, and `settle` or `fail` after. Nothing awaits in here, so
        that batches are linked one after another. Raises `MissingKeyError`.

        `entries` must have different ids.
        """
        assert self._head is not None
        ordered = sorted(entries, key=attrgetter("stream"))
        name = seal_name(self.writer, self._head.seq + 1)
        blocks = _Blocks(name, self._cipher, self.names.originals)
        ids: list[str] = []
        leaves: list[bytes] = []
        events: list[tuple[bytes, bytes]] = []
        begun: list[tuple[str, int]] = []
        stream: str | None = None
        ingested, mark = orjson.dumps(at), orjson.dumps({"batch": name})
        within = mark[:-1] + b',"block":%d,"place":%d}'
        for entry in ordered:
            if entry.stream != stream:
                stream = entry.stream
                begun.append((stream, len(ids)))
                blocks.finish()
                action = b'{"create":{"_index":%s,"_id":' % orjson.dumps(stream)
            if entry.original is None:
                source = entry.source(ingested, mark)
            else:
                source = entry.source(ingested, within % blocks.add(entry.original, entry.stream, at))
            ids.append(entry.id)
            leaves.append(leaf(entry.id, source))
            events.append((action + orjson.dumps(entry.id) + b"}}", source))
        ends = [first for _, first in begun[1:]] + [len(ids)]
        runs = [(stream, end - first) for (stream, first), end in zip(begun, ends, strict=True)]
        blocks.finish()
        seal = self._link(
            kind=Kind.BATCH, at=at, root=merkle.root(leaves).hex(), ids=ids_digest(ids), streams=runs,
            blocks=blocks.digests, data={},
        )  # fmt: skip
        listed = {"ids": ids, "leaves": base64.b64encode(b"".join(leaves)).decode()}
        lines = [*self._seal_lines(seal, listed), *blocks.lines]
        return SealedBatch(seal, ordered, lines, len(lines) // 2, events)

    def _cipher(self) -> tuple[str, AESGCM]:
        if self._data_key is None:
            raise MissingKeyError(
                "event.original can't be stored without a key to encrypt it: set SIEM_KEYS, or give "
                "connect() a keyring"
            )
        return self._data_key.id, self._data_key.cipher

    def _link(self, **fields: Any) -> Seal:
        assert self._head is not None
        data = self._opening | {"acknowledged": min(self._open, default=self._head.seq + 1) - 1}
        if self._failed:
            data["failed"] = self._failed
        fields["data"] = data | fields["data"]
        seal, self._head = Seal.link(self._head, **fields)
        self._opening, self._failed = {}, []
        self._open.add(seal.seq)
        return seal

    def _seal_lines(self, seal: Seal, listed: dict[str, Any]) -> list[bytes]:
        """Return bulk lines for a seal, those before it that still wait, and the head."""
        lines: list[bytes] = []
        for seq, waiting in sorted(self._pending.items()):
            lines += [self._create(self.names.seals, seal_name(self.writer, seq)), waiting]
        lines += [self._create(self.names.seals, seal.name), _seal_document(seal, listed)]
        head = {"index": {"_index": self.names.heads, "_id": self.writer, "version": seal.seq,
                          "version_type": "external"}}  # fmt: skip
        where = {"writer": self.writer, "seq": seal.seq, "hash": seal.hash, "at": seal.at}
        return [*lines, orjson.dumps(head), orjson.dumps(where)]

    @staticmethod
    def _create(index: str, name: str) -> bytes:
        return orjson.dumps({"create": {"_index": index, "_id": name}})

    def settle(self, seal: Seal) -> None:
        """The seal and all before it that waited are stored, and so is its batch."""
        self._open.discard(seal.seq)
        for seq in [seq for seq in self._pending if seq < seal.seq]:
            del self._pending[seq]

    def fail(self, seal: Seal) -> None:
        """Nobody knows what became of the batch. Its seal alone is sent again, so that the chain goes on;
        the caller will send its events again, in a batch of their own."""
        self._open.discard(seal.seq)
        self._pending[seal.seq] = _seal_document(seal, {})
        self._failed.append(seal.name)

    # --- other links -----------------------------------------------------------------------------

    async def note(self, kind: Kind, at: str, data: dict[str, Any], blocks: dict[str, str]) -> Seal:
        """Add a link that is no batch; returns when it is stored. Raises `StoreError`."""
        await self.prepare()
        seal = self._link(kind=kind, at=at, data=data, blocks=blocks)
        try:
            results = await self.connection.bulk(self._seal_lines(seal, {}), retry=True)
            check_seals(results, len(results), seal)
        except BaseException:
            self.fail(seal)
            raise
        self.settle(seal)
        return seal

    async def close(self, at: str) -> None:
        """End the chain in order; a writer that wrote nothing leaves nothing."""
        if self._head is not None and self._head.seq and not self._open:
            await self.note(Kind.CLOSING, at, {}, {})
            self._head = None
            self.writer = f"w{int(time.time()):x}{secrets.token_hex(3)}"
            self._data_key = None


async def make_data_key(connection: Connection, index: str, keyring: KeyWrapper, name: str) -> AESGCM:
    """Make a data key and store it, wrapped, under its name. Raises `KeyringError` or `StoreError`."""
    key = AESGCM.generate_key(bit_length=256)
    wrapped = await asyncio.to_thread(keyring.wrap, key, name)
    body = {"key": wrapped.key, "wrapped": wrapped.text}
    if await connection.request("PUT", f"/{index}/_doc/{name}", body, retry=True) is None:
        raise StoreError(f"a data key can't be stored: there is no index {index}")
    return AESGCM(key)


def check_seals(results: Sequence[dict[str, Any]], leading: int, seal: Seal) -> None:
    """Raise `StoreError` where one of the first `leading` results says that a seal or block was not stored.

    A conflict is none: create-only, so it is a repetition; or a newer head.
    """
    for result in results[:leading]:
        if result["status"] not in (200, 201, 409):
            raise StoreError(f"the seal of {seal.name} was not stored: {result['error'].get('reason')}")


def _seal_document(seal: Seal, listed: dict[str, Any]) -> bytes:
    return orjson.dumps(
        {"writer": seal.writer, "seq": seal.seq, "at": seal.at, "kind": seal.kind.value}
        | {"events": len(listed.get("ids", ()))}
        | {"seal": seal.model_dump(mode="json"), "listed": listed}
    )


class _Blocks:
    """Gathers originals into sealed blocks, none of which spans two data streams."""

    def __init__(self, batch: str, cipher: Any, index: str) -> None:
        self._batch = batch
        self._cipher = cipher
        self._index = index
        self._texts: list[Any] = []
        self._size = 0
        self._about = ("", "")
        self.digests: dict[str, str] = {}
        self.lines: list[bytes] = []

    def add(self, original: Any, stream: str, at: str) -> tuple[int, int]:
        """Return the number of the block and the place in it."""
        if len(self._texts) >= BLOCK or self._size >= BLOCK_BYTES:
            self.finish()
        self._about = (stream, at)
        self._texts.append(original)
        self._size += len(original) if isinstance(original, str) else 1024
        return len(self.digests), len(self._texts) - 1

    def finish(self) -> None:
        if not self._texts:
            return
        name = f"{self._batch}.{len(self.digests)}"
        key, cipher = self._cipher()
        stream, at = self._about
        body = block_document(name, self._texts, key, cipher) | {"stream": stream, "at": at}
        self.digests[name] = body_digest(body["data"])
        self.lines += [SealWriter._create(self._index, name), orjson.dumps(body)]
        self._texts, self._size = [], 0


_PACKER = zstandard.ZstdCompressor(level=COMPRESSION, write_content_size=True)


def block_document(name: str, texts: Sequence[Any], key: str, cipher: AESGCM) -> dict[str, str]:
    """Return the stored form of a block: data key's id and base64 of nonce and ciphertext."""
    nonce = os.urandom(NONCE_BYTES)
    packed = _PACKER.compress(orjson.dumps(texts))
    sealed = nonce + cipher.encrypt(nonce, packed, name.encode())
    return {"key": key, "data": base64.b64encode(sealed).decode()}


def body_digest(data: str) -> str:
    """SHA-256 of a block's stored text, hex."""
    return hashlib.sha256(data.encode()).hexdigest()
