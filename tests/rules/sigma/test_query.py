"""The OpenSearch query of a rule finds the events that the matcher finds."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.opensearch.mapping import SETTINGS, properties
from rules.ecs import nest
from rules.rule import RuleText, parse_rules
from rules.sigma import Kind, QueryError, compile_rules, kinds_of, query_of, to_query
from rules.sigma.lucene_regex import RegexError, lucene_regex
from rules.sigma.sources import gate_of
from tests.rules.sigma.test_agreement import as_yaml, conditions, some

STORED = properties()
TWIN = {"type": "match_only_text", "fields": {"caseless": {"type": "wildcard", "normalizer": "lowercase"}}}
MAPPING = STORED | {"message": TWIN}
KINDS = kinds_of(MAPPING)
KEYWORD, LONG, FLAT = "process.name", "process.command_line", "winlog.event_data.X"
IP, NUMBER, TIME = "source.ip", "process.pid", "@timestamp"

signs = st.text('abAB01.-/ \\*?{}[]()"#@&<>~|+^$', max_size=5)
unicode_signs = st.text("ab\u212a\u0130\u03a3k\u00e9", max_size=4)
addresses = st.sampled_from(["10.0.0.1", "10.1.0.1", "192.168.0.9", "::1", "fe80::1"])
times = st.sampled_from(["2026-03-30T13:01:36.000Z", "2026-01-01T00:00:00.000Z"])


def one_or_more(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.none(), st.lists(st.one_of(values, st.none()), max_size=2))


events = st.fixed_dictionaries(
    {},
    optional={
        KEYWORD: one_or_more(st.one_of(signs, unicode_signs, st.booleans(), st.sampled_from([1, 10, 2.5]))),
        LONG: one_or_more(st.one_of(signs, unicode_signs)),
        FLAT: one_or_more(st.one_of(signs, addresses, st.sampled_from(["1", "10"]))),
        IP: one_or_more(addresses),
        NUMBER: one_or_more(st.sampled_from([0, 1, 10, 100])),
        TIME: times,
    },
)
texts = st.sampled_from([KEYWORD, LONG, FLAT])


def item(fields: st.SearchStrategy[str], modifiers: list[str], values: st.SearchStrategy[Any]) -> Any:
    return st.tuples(st.builds(str.__add__, fields, st.sampled_from(modifiers)), values)


regexes = st.sampled_from(
    [
        "^a",
        "b$",
        "^a.*b$",
        "[0-9]+",
        r"\.",
        "A|^B",
        "(ab)+?",
        "a{2}",
        r"\d\w",
        r"[^\w\s]",
        "{",
        r"[\[\]-]",
        "\\*",
    ]
)
networks = st.sampled_from(["10.0.0.0/16", "10.0.0.0/30", "fe80::/10", "::1/128", "0.0.0.0/0", "10.1.0.0/31"])
items = st.one_of(
    item(texts, ["", "|contains", "|startswith", "|endswith", "|contains|cased", "|cased"], some(signs)),
    item(st.sampled_from([KEYWORD, LONG]), ["", "|contains", "|startswith"], some(unicode_signs)),
    item(texts, ["|re", "|re|i"], some(regexes)),
    item(st.sampled_from([KEYWORD, FLAT, NUMBER]), [""], some(st.sampled_from([1, 10]))),
    item(st.sampled_from([KEYWORD, NUMBER]), ["|gt", "|gte", "|lt", "|lte"], st.sampled_from([0, 1, 9, 2.5])),
    item(st.sampled_from([KEYWORD, FLAT, IP]), ["|cidr"], some(networks)),
    item(
        st.just(IP), ["|startswith"], some(st.sampled_from(["10.", "10.1", "10.0.0.", "192.168.", "fe80:"]))
    ),
    item(st.just(IP), [""], some(st.sampled_from(["10.0.0.1", "::1", "x"]))),
    item(st.just(NUMBER), ["", "|startswith", "|contains"], some(st.sampled_from(["1", "0", "x"]))),
    item(
        st.just(KEYWORD),
        ["|fieldref", "|fieldref|contains", "|fieldref|startswith"],
        st.sampled_from([LONG, NUMBER]),
    ),
    item(st.just(TIME), ["|hour", "|week", "|month", "|hour|gt"], st.sampled_from([0, 1, 3, 13, 14])),
    item(st.sampled_from([KEYWORD, LONG, FLAT, IP, NUMBER]), ["|exists"], st.booleans()),
    item(st.sampled_from([KEYWORD, LONG, FLAT, IP, NUMBER]), [""], st.none()),
    item(st.just(KEYWORD), [""], st.booleans()),
)
selections = st.lists(items, min_size=1, max_size=2).map(dict)
detections = st.fixed_dictionaries(
    {"sel_a": selections, "sel_b": selections, "sel_c": selections, "condition": conditions}
)


@pytest.fixture(scope="module")
def index(opensearch_url: str) -> Any:
    with httpx.Client(base_url=opensearch_url, timeout=60) as client:
        body = {"settings": SETTINGS, "mappings": {"dynamic": False, "properties": MAPPING}}
        client.put("/sigma-queries", json=body).raise_for_status()
        yield client


def found(
    client: httpx.Client, documents: list[dict[str, Any]], queries: list[dict[str, Any]]
) -> list[set[int]]:
    client.post(
        "/sigma-queries/_delete_by_query?refresh=true", json={"query": {"match_all": {}}}
    ).raise_for_status()
    lines = [
        line
        for place, document in enumerate(documents)
        for line in (json.dumps({"index": {"_id": str(place)}}), json.dumps(nest(document)))
    ]
    kind = {"content-type": "application/x-ndjson"}
    answer = client.post(
        "/sigma-queries/_bulk?refresh=true", content="\n".join(lines) + "\n", headers=kind
    ).json()
    assert not answer["errors"], answer
    lines = [line for query in queries for line in ("{}", json.dumps({"query": query, "size": 1000}))]
    answer = client.post("/sigma-queries/_msearch", content="\n".join(lines) + "\n", headers=kind).json()
    for query, response in zip(queries, answer["responses"], strict=True):
        assert response["status"] == 200, (query, response)
    return [{int(hit["_id"]) for hit in response["hits"]["hits"]} for response in answer["responses"]]


@pytest.mark.engine
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(detections, min_size=5, max_size=15), st.lists(events, min_size=5, max_size=15))
def test_queries_find_what_the_matcher_finds(index: httpx.Client, made: list[Any], seen: list[Any]) -> None:
    rules = parse_rules([as_yaml(place, detection) for place, detection in enumerate(made)])
    matcher = compile_rules(rules.detections)
    assert (rules.faults, matcher.faults) == ((), ())
    queries = []
    names = []
    for detection, tree in matcher.compiled():
        try:
            queries.append(query_of(tree, gate_of(detection.logsource), KINDS))
            names.append(detection.name)
        except QueryError:
            continue
    documents = [{"event.module": "linux", **event} for event in seen]
    expected = {
        name: {place for place, rule in matcher.match_all(documents) if rule.name == name} for name in names
    }
    if queries:
        assert dict(zip(names, found(index, documents, queries), strict=True)) == expected


GATED = """
title: A Failed Login by Keyword
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4625, IpAddress|cidr: 10.0.0.0/8}
  keywords: [needle]
  condition: selection and keywords
"""


@pytest.mark.engine
def test_a_query_asks_for_the_rule_s_log_source_and_keywords(index: httpx.Client) -> None:
    (rule,) = parse_rules([RuleText("g.yml", GATED)]).detections
    event = {
        "winlog.channel": "Security",
        "event.code": "4625",
        "winlog.event_data.IpAddress": "10.2.3.4",
        "winlog.event_data.Name": "a NEEDLE",
    }
    documents: list[dict[str, Any]] = [
        event,
        event | {"winlog.channel": "System"},
        event | {"winlog.event_data.Name": "hay"},
        event | {"winlog.event_data.Name": "hay", "process.command_line": "the needle"},
        event | {"winlog.event_data.IpAddress": "11.2.3.4"},
        event | {"winlog.event_data.Name": "hay", "message": "It was a (NEEDLE-like) thing."},
    ]
    assert found(index, documents, [to_query(rule, KINDS)]) == [{0, 3, 5}]
    matcher = compile_rules([rule])
    assert [place for place, _ in matcher.match_all(documents)] == [0, 3, 5]


def test_keywords_need_a_message_that_can_be_searched_by_parts() -> None:
    (rule,) = parse_rules([RuleText("g.yml", GATED)]).detections
    plain = kinds_of(STORED | {"message": {"type": "match_only_text"}})
    with pytest.raises(QueryError, match=r"message\.caseless"):
        to_query(rule, plain)


def test_the_mapping_says_how_a_field_is_held() -> None:
    fields = {
        "process.name": Kind.KEYWORD,
        "process.command_line": Kind.LONG,
        "winlog.event_data.User": Kind.FLAT,
        "vendor": Kind.FLAT,
        "source.ip": Kind.IP,
        "process.pid": Kind.NUMBER,
        "@timestamp": Kind.DATE,
        "no.such.field": Kind.OTHER,
    }
    assert {field: KINDS.of(field) for field in fields} == fields


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        ("{event.nothing: x}", "not in the store's mapping"),
        (r"{process.name|re: 'a\bc'}", "no twin in Lucene"),
        ("{process.name|re: '(^a|b)c'}", "no twin in Lucene"),
        ("{process.name|fieldref: winlog.event_data.X}", "two fields can't be compared"),
        ("{winlog.event_data.X|gt: 3}", "none is greater"),
        ("{source.ip: '1?.*'}", "only the beginning"),
        ("{source.ip|startswith: '1'}", "no networks"),
        ("{process.pid: '1?'}", "no ? wildcard"),
        ("{source.ip|re: '1'}", "no regular expression"),
        ("{process.name|hour: 3}", "no time"),
        ("{winlog.event_data.X|cidr: '2001:db8::/32'}", "can't be found"),
        (f"{{process.name|contains: [{', '.join(f'p{number}' for number in range(2001))}]}}", "exhaust"),
    ],
)
def test_what_no_query_can_say_is_said(selection: str, words: str) -> None:
    text = f"title: t\nlogsource: {{product: linux}}\ndetection: {{s: {selection}, condition: s}}\n"
    (rule,) = parse_rules([RuleText("t.yml", text)]).detections
    assert compile_rules([rule]).faults == ()
    with pytest.raises(QueryError, match=re.escape(words)):
        to_query(rule, KINDS)


@pytest.mark.parametrize(
    "pattern", ["(", ")", "a)b", "[a", "(?i:a)", "a^b", "a$b", r"\b", r"\pL", "[[:alpha:]]", "a" * 1001]
)
def test_expressions_without_a_twin(pattern: str) -> None:
    with pytest.raises(RegexError):
        lucene_regex(pattern)
