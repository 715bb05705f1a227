"""The score of sources against expected ECS documents: what counts, what is the same, what is dated."""

from __future__ import annotations

import json
from pathlib import Path

from bot.bench.ecs_score import comparable, dated, find_pairs, mean, same, score_pairs

LINE = "Mar 30 16:01:36 web-1 sshd[7]: Failed password for root from 203.0.113.7 port 51320 ssh2\n"


def pair(folder: Path, expected: dict[str, object]) -> None:
    place = folder / "system" / "auth"
    place.mkdir(parents=True)
    (place / "a.log").write_text(LINE)
    (place / "a.log-expected.json").write_text(json.dumps([expected]))


def test_equal_leaves_are_counted_and_others_shown(tmp_path: Path) -> None:
    pair(
        tmp_path,
        {"source.ip": "203.0.113.7", "user": {"name": "admin"}, "event.type": ["authentication_failure"],
         "event.dataset": "system.auth", "source.geo.country_iso_code": "XX", "http.version": "1.1"},
    )  # fmt: skip
    score = score_pairs(find_pairs(tmp_path, {}))["system"]
    assert (score.equal, score.leaves) == (1, 3)
    assert {(one.field, one.expected, one.found) for one in score.differences} == {
        ("user.name", "admin", "root"),
        ("http.version", "1.1", None),
    }
    assert sum(score.dated.values()) == 1
    assert mean({"a": score}) == score.share == 1 / 3


def test_a_source_that_there_is_not_scores_nothing(tmp_path: Path) -> None:
    pair(tmp_path, {"source.ip": "203.0.113.7"})
    score = score_pairs(find_pairs(tmp_path, {"system.auth": "no.such"}))["system"]
    assert score.share == 0
    assert "no.such" in score.errors[0]


def test_values_are_compared_by_what_they_mean() -> None:
    assert same("event.category", ["a", "b"], ["b", "a"])
    assert same("event.type", "info", ["info"])
    assert same("source.port", 22, "22")
    assert same("@timestamp", "2026-03-30T18:01:36+02:00", "2026-03-30T16:01:36.000Z")
    assert not same("source.ip", "203.0.113.7", "203.0.113.8")
    assert not same("event.category", ["a", "a"], ["a"])


def test_bookkeeping_does_not_count() -> None:
    flat = {
        "event.dataset": "x",
        "log.offset": 3,
        "agent.id": "y",
        "source.as.number": 1,
        "user.name": "",
        "tags": [],
    }
    assert list(comparable(flat)) == []


def test_what_ecs_8_does_not_allow_is_dated() -> None:
    assert dated("event.outcome", "1")
    assert dated("event.category", ["web", "network"]) is None
