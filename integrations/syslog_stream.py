"""Syslog over a stream: where one message ends and the next begins. RFC 6587, RFC 5425.

Both framings may come on one connection, and are told apart for each message: digits, a space and
``<`` begin a counted one (RFC 6587, 3.4.1), anything else ends at the next line feed (3.4.2).
"""

from __future__ import annotations

import re

LONGEST = 1 << 20
"""Bytes of one message; a longer one is given as pieces, each a message of its own."""
_COUNT = re.compile(rb"([1-9]\d{0,8}) <")
_COUNT_BEGUN = re.compile(rb"[1-9]\d{0,8} ?\Z")
_COUNT_BYTES = 12


class SyslogStream:
    """Splits one connection's bytes into messages. Its memory is bounded by `LONGEST`."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._counted = 0
        """Bytes that are still to come of a counted message that is longer than `LONGEST`."""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole now."""
        waiting = len(self._rest)
        self._rest += data
        if self._counted:
            if len(self._rest) < min(self._counted, LONGEST):
                return []
        elif waiting >= _COUNT_BYTES and b"\n" not in data and len(self._rest) <= LONGEST:
            return []
        found: list[bytes] = []
        rest, at = bytes(self._rest), 0
        while at < len(rest):
            if self._counted:
                size = min(self._counted, LONGEST)
                if len(rest) - at < size:
                    break
                found.append(rest[at : at + size])
                at, self._counted = at + size, self._counted - size
                continue
            if match := _COUNT.match(rest, at):
                self._counted = int(match[1])
                at = match.end() - 1
                continue
            if _COUNT_BEGUN.match(rest[at : at + _COUNT_BYTES]) and len(rest) - at < _COUNT_BYTES:
                break  # a count, or not: the next bytes tell
            end = rest.find(b"\n", at, at + LONGEST + 1)
            if end >= 0:
                found.append(rest[at:end])
                at = end + 1
            elif len(rest) - at > LONGEST:
                found.append(rest[at : at + LONGEST])
                at += LONGEST
            else:
                break
        self._rest = bytearray(rest[at:])
        return [message for one in found if (message := _stripped(one))]

    def end(self) -> list[bytes]:
        """Return what the connection's end left unfinished: it is kept as it is."""
        message = _stripped(bytes(self._rest))
        self._rest.clear()
        self._counted = 0
        return [message] if message else []


def _stripped(message: bytes) -> bytes:
    """Some senders end a message with a line end or NUL inside its count (RFC 6587, 3.4.1 and 3.4.2)."""
    return message.rstrip(b"\r\n\0")
