"""Named keys that protect ``event.original``: one current, several readable.

A named key (32 bytes) never encrypts an event. It wraps data keys, which writers make for
themselves and which lie beside the events; so a rotation wraps a few data keys anew and
touches no event. AES-256-GCM throughout (NIST SP 800-38D), 96-bit random nonces.

The text of a keyring is one key a line, ``name:base64 of 32 bytes``; the first is the current
one. Empty lines and lines that start with ``#`` are left out.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")


class KeyringError(Exception):
    """The keys can't be read, or none of them opens what is asked; no text ever shows a key."""


@dataclass(frozen=True)
class Wrapped:
    """A data key as it may be stored."""

    key: str
    """Name of the key that wraps it."""
    text: str
    """Base64 of nonce and ciphertext."""


class KeyWrapper(Protocol):
    """Whoever holds the named keys: this process, a file, or a program that asks a KMS.

    May take its time, so call it in a thread. All raise `KeyringError`.
    """

    @property
    def current(self) -> str:
        """Name of the key that wraps from now on."""

    @property
    def names(self) -> tuple[str, ...]:
        """Keys that open, the current one first."""

    def wrap(self, data_key: bytes, about: str) -> Wrapped:
        """Encrypt a data key under the current key, bound to its id `about`."""

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        """Return a data key."""


class Keyring:
    """Named keys held by this process; the first is the current one."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """`keys`: name to 32 bytes, the current one first. Raises `KeyringError`."""
        if not keys:
            raise KeyringError("there is no key: write one a line, as name:base64 of 32 bytes")
        for name, key in keys.items():
            if not _NAME.match(name):
                raise KeyringError(f"{name!r} is no name for a key: use letters, digits, '.', '_' and '-'")
            if len(key) != KEY_BYTES:
                raise KeyringError(f"key {name!r} has {len(key)} bytes, not {KEY_BYTES}")
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self._current = next(iter(keys))

    @property
    def current(self) -> str:
        return self._current

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._keys)})"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def wrap(self, data_key: bytes, about: str) -> Wrapped:
        """Encrypt a data key under the current key, bound to its id `about`."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._keys[self.current].encrypt(nonce, data_key, about.encode())
        return Wrapped(self.current, base64.b64encode(sealed).decode())

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        """Return a data key. Raises `KeyringError` where its key isn't here or it was changed."""
        key = self._keys.get(wrapped.key)
        if key is None:
            raise KeyringError(
                f"the data key {about} needs the key {wrapped.key!r}, and here are {', '.join(self._keys)}"
            )
        try:
            sealed = base64.b64decode(wrapped.text, validate=True)
            return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyringError(
                f"the key {wrapped.key!r} does not open the data key {about}: it is another key of that "
                "name, or the stored text was changed"
            ) from error


def parse_keyring(text: str, source: str = "keys") -> Keyring:
    """Read the text of a keyring; `source` names it in errors. Raises `KeyringError` with all faults."""
    keys: dict[str, bytes] = {}
    faults: list[str] = []
    for number, line in enumerate(text.replace(",", "\n").splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, colon, encoded = line.partition(":")
        key = _decode(encoded) if colon else None
        if not colon or not _NAME.match(name):
            faults.append(f"{source}:{number}: expected name:base64 of {KEY_BYTES} bytes")
        elif key is None or len(key) != KEY_BYTES:
            faults.append(f"{source}:{number}: key {name!r} is no base64 of {KEY_BYTES} bytes")
        elif name in keys:
            faults.append(f"{source}:{number}: key {name!r} is there twice")
        else:
            keys[name] = key
    if not keys and not faults:
        faults.append(f"{source}: there is no key: write one a line, as name:base64 of {KEY_BYTES} bytes")
    if faults:
        raise KeyringError("\n".join(faults))
    return Keyring(keys)


def is_key_name(name: object) -> bool:
    """Whether a key may be named so: letters, digits, ``.``, ``_`` and ``-``, 63 at most."""
    return isinstance(name, str) and _NAME.match(name) is not None


def _decode(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None


def new_key_line(name: str) -> str:
    """Return a line for a keyring with a fresh random key, without its line end."""
    if not _NAME.match(name):
        raise KeyringError(f"{name!r} is no name for a key: use letters, digits, '.', '_' and '-'")
    return f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def read_keyring(path: Path) -> Keyring:
    """Read a keyring file. Raises `KeyringError`, also where others than its owner may read it."""
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise KeyringError(f"{path} is open to others: chmod 600 {path}")
        return parse_keyring(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise KeyringError(f"can't read the keys in {path}: {reason}") from error


class KeyFile:
    """The keyring in a file, read anew when the file changes: a key that was added counts at once."""

    def __init__(self, path: Path) -> None:
        """Raises `KeyringError`."""
        self.path = path
        self._seen = self._stamp()
        self._keys = read_keyring(path)

    def __repr__(self) -> str:
        return f"KeyFile({self.path})"

    @property
    def current(self) -> str:
        return self._now().current

    @property
    def names(self) -> tuple[str, ...]:
        return self._now().names

    def wrap(self, data_key: bytes, about: str) -> Wrapped:
        return self._now().wrap(data_key, about)

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        return self._now().unwrap(wrapped, about)

    def _now(self) -> Keyring:
        seen = self._stamp()
        if seen != self._seen:
            self._keys, self._seen = read_keyring(self.path), seen
        return self._keys

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            state = self.path.stat()
        except OSError:
            return None
        return state.st_ino, state.st_size, state.st_mtime_ns


def keep_keyring(path: Path) -> KeyFile:
    """Open a keyring file, making it with one fresh key where there is none; safe between processes."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        try:
            draft.write_text(new_key_line("k1") + "\n", encoding="utf-8")
            os.link(draft, path)
        except FileExistsError:  # another process was first: its keys count
            return KeyFile(path)
        finally:
            draft.unlink()
    return KeyFile(path)


def add_key(path: Path, name: str) -> Keyring:
    """Put a fresh key first in a keyring file, so that it is the current one; the others stay readable.

    Raises `KeyringError`, also where the name is taken.
    """
    if name in read_keyring(path).names:
        raise KeyringError(f"{path} has a key {name!r} already: choose another name")
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(new_key_line(name) + "\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    os.replace(draft, path)
    return read_keyring(path)
