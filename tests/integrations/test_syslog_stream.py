"""Messages on a stream: counted and not, mixed, whatever the pieces they come in."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.syslog_stream import LONGEST, SyslogStream


def read(data: bytes, step: int) -> list[bytes]:
    stream = SyslogStream()
    found: list[bytes] = []
    for at in range(0, len(data), step):
        found += stream.feed(data[at : at + step])
    return found + stream.end()


MESSAGES = st.sampled_from(
    [
        b"<13>1 - web-1 app - - - hi",
        b"<13>Mar 30 16:01:36 web-1 sshd[7]: of two\nlines",
        b"2026-03-30T16:01:36Z web-1 sshd[7]: begins with digits",
        b"12 monkeys",
        b"7",
        b"<13>" + b"x" * 3000,
    ]
)


@given(st.lists(st.tuples(MESSAGES, st.booleans(), st.sampled_from([b"\n", b"\r\n"])), max_size=30))
def test_both_framings_are_told_apart_for_each_message(wanted: list[tuple[bytes, bool, bytes]]) -> None:
    sent = b""
    for message, counted, end in wanted:
        if message.startswith(b"<") and (counted or b"\n" in message):
            sent += b"%d %s" % (len(message), message)
        else:
            sent += message + end
    for step in (1, 7, 4096):
        assert read(sent, step) == [message for message, _, _ in wanted]


@pytest.mark.parametrize("step", [1 << 12, 1 << 20])
def test_what_is_too_long_comes_in_pieces(step: int) -> None:
    long = b"<13>" + b"a" * (LONGEST + 10)
    counted = read(b"%d %s<13>after\n" % (len(long), long), step)
    assert [len(piece) for piece in counted] == [LONGEST, 14, 9]
    plain = read(long + b"\n<13>after\n", step)
    assert [len(piece) for piece in plain] == [LONGEST, 14, 9]


def test_the_end_of_a_connection_keeps_what_was_begun() -> None:
    assert read(b"<13>whole\n<13>begun", 5) == [b"<13>whole", b"<13>begun"]
    assert read(b"500 <13>cut short", 5) == [b"<13>cut short"]


def test_any_bytes_are_kept() -> None:
    noise = random.Random(7).randbytes(20_000)
    kept = b"".join(read(noise, 97))
    assert len(kept) > 19_000
