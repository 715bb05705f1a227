"""The library's rules find the same events as OpenSearch queries as in process, near misses included.

The events are those of all inline tests, and of each one more for every field it has, without that field.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.opensearch import connect
from integrations.opensearch.matching import ask_queries
from rules.ecs import flatten, nest
from rules.rule import Correlation, Detection, parse_rules
from rules.sigma import compile_rules
from workers.rule_files import library_texts
from workers.rule_queries import queries_of


def events_of(rule: Detection | Correlation) -> Iterator[dict[str, Any]]:
    for case in rule.tests or ():
        for step in case.get("events") or [{"event": case["event"]}]:
            yield flatten(step["event"])


async def test_the_queries_find_what_the_matcher_finds(opensearch_url: str, index_prefix: str) -> None:
    rules = parse_rules(library_texts())
    matcher = compile_rules(rules.detections, rules.filters)
    whole = [event for rule in (*rules.detections, *rules.correlations) for event in events_of(rule)]
    events = [*whole]
    for event in whole:
        events += [{key: value for key, value in event.items() if key != field} for field in event]
    unique = {repr(sorted(event.items())): event for event in events}
    events = list(unique.values())
    stores = await connect(opensearch_url, prefix=index_prefix)
    try:
        asked = queries_of(matcher)
        answers = await ask_queries(stores.connection, [nest(event) for event in events], asked.queries)
    finally:
        await stores.close()
    assert answers.failed == {}
    assert answers.refused == {}
    expected = {(place, rule.id) for place, rule in matcher.match_all(events) if rule.id not in asked.missing}
    assert len(expected) > len(asked.queries) / 2
    wrong = set(answers.found) ^ expected
    assert not wrong, [(name, events[place], (place, name) in expected) for place, name in list(wrong)[:5]]
    assert len(asked.missing) <= len(matcher.detections) // 10, asked.missing
