"""Named keys that never come here: a program wraps and unwraps data keys, as a client of a KMS does.

The program is started once for each request, without a shell. It gets one JSON object on stdin and
answers with one on stdout, exit code 0; bytes are base64:

    {"operation": "describe"}
        {"current": NAME, "names": [NAME, ...]}             keys that open, the current one first
    {"operation": "wrap", "about": ID, "plaintext": BYTES}
        {"key": NAME, "wrapped": TEXT}                      TEXT as the program likes, at most 8 KiB
    {"operation": "unwrap", "about": ID, "key": NAME, "wrapped": TEXT}
        {"plaintext": BYTES}

`about` is the data key's id: bind it, as an encryption context, so that wrapped keys can't be
exchanged. Whatever else it does, a time-out included, is an error with the end of its stderr; no
error shows what it wrote to stdout.
"""

from __future__ import annotations

import base64
import binascii
import subprocess
from collections.abc import Sequence
from typing import Any

import orjson

from integrations.opensearch.keyring import KEY_BYTES, KeyringError, Wrapped, is_key_name

COMMAND_SECONDS = 30.0
LONGEST_ANSWER = 65_536
LONGEST_WRAPPED = 8192


class CommandKeyring:
    """`keyring.KeyWrapper` by a program."""

    def __init__(self, command: Sequence[str], seconds: float = COMMAND_SECONDS) -> None:
        """`command`: the program and its arguments. Raises `KeyringError` where it names none."""
        if not command or not command[0]:
            raise KeyringError("keys.command names no program")
        self._command = tuple(command)
        self._seconds = seconds

    def __repr__(self) -> str:
        return f"CommandKeyring({self._command[0]})"

    @property
    def current(self) -> str:
        return self._describe()[0]

    @property
    def names(self) -> tuple[str, ...]:
        return self._describe()[1]

    def wrap(self, data_key: bytes, about: str) -> Wrapped:
        text = base64.b64encode(data_key).decode()
        answer = self._ask({"operation": "wrap", "about": about, "plaintext": text}, "key", "wrapped")
        key, wrapped = answer["key"], answer["wrapped"]
        if not is_key_name(key) or not isinstance(wrapped, str) or not 0 < len(wrapped) <= LONGEST_WRAPPED:
            raise self._error("answered wrap without the key's name and a text of at most 8 KiB")
        return Wrapped(key, wrapped)

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        question = {"operation": "unwrap", "about": about, "key": wrapped.key, "wrapped": wrapped.text}
        try:
            plain = base64.b64decode(self._ask(question, "plaintext")["plaintext"], validate=True)
        except (binascii.Error, ValueError, TypeError):
            plain = b""
        if len(plain) != KEY_BYTES:
            raise self._error(f"answered unwrap without base64 of {KEY_BYTES} bytes")
        return plain

    def _describe(self) -> tuple[str, tuple[str, ...]]:
        answer = self._ask({"operation": "describe"}, "current", "names")
        current, names = answer["current"], answer["names"]
        if (
            not isinstance(names, list)
            or not all(is_key_name(name) for name in names)
            or current not in names
        ):
            raise self._error("answered describe without its names, the current one among them")
        return current, (current, *(name for name in dict.fromkeys(names) if name != current))

    def _ask(self, question: dict[str, str], *fields: str) -> dict[str, Any]:
        try:
            run = subprocess.run(
                self._command,
                input=orjson.dumps(question),
                capture_output=True,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise self._error(f"took longer than {self._seconds:g} s to {question['operation']}") from error
        except OSError as error:
            raise self._error(f"can't be run: {error.strerror}") from error
        if run.returncode:
            said = run.stderr.decode("utf-8", "replace").strip()[-300:] or "it says nothing on stderr"
            raise self._error(f"could not {question['operation']}, exit code {run.returncode}: {said}")
        try:
            answer = orjson.loads(run.stdout) if len(run.stdout) <= LONGEST_ANSWER else None
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict) or answer.keys() != set(fields):
            raise self._error(f"answered {question['operation']} without an object of {', '.join(fields)}")
        return answer

    def _error(self, text: str) -> KeyringError:
        return KeyringError(f"the keys' program {self._command[0]!r} {text}")
