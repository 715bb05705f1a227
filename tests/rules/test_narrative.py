"""Events in plain words, by their ECS categorisation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rules.narrative import Deed, among, counted, deed_of, duration, sentence

LOGIN = {"event.category": ["authentication", "session"], "event.type": ["start"], "event.outcome": "success"}
FAILED = {"event.category": ["authentication"], "event.type": ["info"], "event.outcome": "failure"}


@pytest.mark.parametrize(
    ("event", "deed", "words"),
    [
        (LOGIN | {"source.ip": "198.51.100.7", "user.name": "alice", "host.name": "web-1"},
         Deed.LOGIN, "198.51.100.7 logged in as alice on web-1."),
        (FAILED | {"source.domain": "evil.example", "user.name": "alice"},
         Deed.FAILED_LOGIN, "evil.example failed to log in as alice."),
        (FAILED | {"user.name": "alice", "user.effective.name": "root"},
         Deed.FAILED_ELEVATION, "alice was refused to become root."),
        ({"event.category": "process", "event.type": "start", "user.name": "alice",
          "user.effective.name": "root", "process.command_line": "id\n-u"},
         Deed.ELEVATION, "alice ran id -u as root."),
        ({"event.category": ["process"], "event.type": ["start"], "user.name": "bob", "process.name": "nc"},
         Deed.COMMAND, "bob ran nc."),
        ({"event.category": ["session"], "event.type": ["start"], "user.name": "bob", "host.name": "h"},
         Deed.SESSION, "bob opened a session on h."),
        ({"event.category": ["iam"], "event.type": ["user", "creation"], "user.name": "root",
          "user.target.name": "m"},
         Deed.ACCOUNT_CREATED, "The account m was created by root."),
        ({"event.category": ["file"], "event.type": ["deletion"], "user.name": "bob", "file.path": "/srv/x"},
         Deed.FILE_DELETED, "bob deleted /srv/x."),
        ({"event.category": ["network"], "event.type": ["connection"], "host.name": "h",
          "destination.ip": "192.0.2.1", "destination.port": 443},
         Deed.CONNECTION, "h connected to 192.0.2.1 port 443."),
        ({"event.category": ["configuration"], "user.name": "bob"}, Deed.OTHER, "Rule title: user bob."),
        ({}, Deed.OTHER, "Rule title."),
    ],
)  # fmt: skip
def test_a_sentence_for_each_deed(event: dict[str, Any], deed: Deed, words: str) -> None:
    assert deed_of(event) is deed
    assert sentence(event, "Rule title") == words


def test_bursts_and_counts() -> None:
    failed = [
        FAILED | {"source.ip": "198.51.100.7", "user.name": f"u{n % 5}", "host.name": "h"} for n in range(12)
    ]
    assert counted([*failed, LOGIN]) == "12 failed logins and 1 login"
    told = among(failed, {"source.ip": "198.51.100.7"}, timedelta(seconds=40))
    assert (
        told == "198.51.100.7 failed to log in 12 times as u0, u1 and 3 other users on h within 40 seconds."
    )
    assert among([LOGIN] * 2, {"source.ip": "x"}, timedelta()) == "x: 2 logins at once."


def test_a_log_cannot_write_long_or_several_lines() -> None:
    told = sentence(LOGIN | {"user.name": "a\n\n" + "b" * 5000})
    assert "\n" not in told
    assert len(told) < 300


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (75, "75 seconds"), (300, "5 minutes"), (7200, "2 hours"), (200_000, "2 days")],
)
def test_lengths_of_time(seconds: int, words: str) -> None:
    assert duration(timedelta(seconds=seconds)) == words
