"""The matcher and the query of the same rule give the same events, on each clause and its near misses.

In a usual run over the rules of the library; ``SIEM_SIGMA_RULES`` names a release of Sigma rules (folder or
archive) to do the same with, which takes some minutes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.opensearch.mapping import SETTINGS, properties
from rules.ecs import nest
from rules.sigma import Kinds, Matcher, QueryError, gate_of, kinds_of, query_of, wide_query_of
from tests.rules.sigma.clauses import Event, events_of
from workers.rule_files import compile_texts, library_texts
from workers.rule_import import Selection, choose, read_release

RELEASE = os.environ.get("SIEM_SIGMA_RULES", "")
KINDS: Kinds = kinds_of(properties())
OTHERS = 2_000
"""So many events of the rules that follow are asked for too."""


@dataclass
class Asked:
    """A rule, its query, and which of the events are its own."""

    name: str
    query: dict[str, Any]
    first: int
    last: int
    wide: bool = False
    """Its query may find more."""


@dataclass
class Trial:
    asked: list[Asked] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    without: dict[str, str] = field(default_factory=dict)
    """Why rules have no query."""


def make_trial(matcher: Matcher) -> Trial:
    trial = Trial()
    for detection, tree in matcher.compiled():
        gate, wide = gate_of(detection.logsource), False
        try:
            query = query_of(tree, gate, KINDS)
        except QueryError as error:
            trial.without[detection.name] = str(error)
            query, wide = wide_query_of(tree, gate, KINDS), True
        first = len(trial.events)
        trial.events += events_of(tree, gate, KINDS)
        trial.asked.append(Asked(detection.name, query, first, len(trial.events), wide))
    return trial


@pytest.fixture
def index(opensearch_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=opensearch_url, timeout=300) as client:
        fields = {**properties(), "at": {"type": "integer"}}
        index = {**SETTINGS, "max_result_window": 100_000}
        body = {"settings": index, "mappings": {"dynamic": False, "properties": fields}}
        client.put("/sigma-clauses", json=body).raise_for_status()
        yield client
        client.delete("/sigma-clauses").raise_for_status()


def store(client: httpx.Client, events: list[Event]) -> None:
    kind = {"content-type": "application/x-ndjson"}
    for start in range(0, len(events), 2_000):
        lines = [
            line
            for at, event in enumerate(events[start : start + 2_000], start)
            for line in ('{"index": {}}', json.dumps(nest(event) | {"at": at}))
        ]
        answer = client.post("/sigma-clauses/_bulk", content="\n".join(lines) + "\n", headers=kind).json()
        assert not answer["errors"], [item for item in answer["items"] if item["index"]["status"] > 299][:3]
    client.post("/sigma-clauses/_refresh").raise_for_status()


def ask(client: httpx.Client, asked: list[Asked]) -> Iterator[tuple[Asked, set[int] | str]]:
    """Yield each rule with the events that its query finds, or with what the engine says against it."""
    for one in asked:
        near = {"range": {"at": {"gte": one.first, "lt": one.last + OTHERS}}}
        body = {"query": {"bool": {"filter": [near, one.query]}}, "size": 50_000, "_source": False}
        answer = client.post("/sigma-clauses/_search", json=body | {"docvalue_fields": ["at"]})
        if answer.is_error:
            yield one, answer.text[:300]
        else:
            yield one, {hit["fields"]["at"][0] for hit in answer.json()["hits"]["hits"]}


@pytest.mark.engine
def test_queries_and_matcher_agree_on_each_clause_and_its_near_misses(
    index: httpx.Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = choose(read_release(Path(RELEASE)), Selection()).texts if RELEASE else library_texts()
    matcher = compile_texts(texts, tmp_path).matcher
    trial = make_trial(matcher)
    store(index, trial.events)
    found: dict[str, set[int]] = {one.name: set() for one in trial.asked}
    for at, rule in matcher.match_all(trial.events):
        found.setdefault(rule.name, set()).add(at)
    assert not matcher.troubles
    differing, refused = {}, {}
    fired = 0
    for one, seen in ask(index, trial.asked):
        expected = {at for at in found[one.name] if one.first <= at < one.last + OTHERS}
        fired += any(one.first <= at < one.last for at in expected)
        if isinstance(seen, str):
            refused[one.name] = seen
        elif seen != expected and not (one.wide and seen >= expected):
            only = [trial.events[at] for at in sorted(seen - expected)[:2]]
            missed = [trial.events[at] for at in sorted(expected - seen)[:2]]
            differing[one.name] = f"only the query: {only}; only the matcher: {missed}"
    with capsys.disabled():
        print(
            f"\n{len(trial.asked)} rules on {len(trial.events):,} events, {fired} fired on their own; "
            f"{len(trial.without)} with a wide query; engine refused {len(refused)}; {len(differing)} differ"
        )
        if RELEASE:
            for name, why in trial.without.items():
                print("  wide query:", name, why[:160])
            for name, why in refused.items():
                print("  refused:", name, why)
            for name, why in differing.items():
                print("  differs:", name, why[:1200])
    assert not differing, differing
    assert len(refused) <= len(trial.asked) // 500, refused
    assert fired >= 0.9 * len(trial.asked)
