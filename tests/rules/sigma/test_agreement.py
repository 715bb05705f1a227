"""The matcher agrees with the reference on generated rules and events."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.rule import RuleText, parse_rules
from rules.sigma import compile_rules
from tests.rules.sigma import reference

FIELDS = ["process.name", "process.command_line", "file.path", "source.ip", "event.code"]
SIGNS = "abAB\u212a\u017f\u0130\u03a3k01.-/ \\"
texts = st.text(SIGNS, max_size=6)
patterns = st.text(SIGNS + "*?", max_size=5)
numbers = st.sampled_from([0, 1, 10, -1, 2.5])
addresses = st.sampled_from(["10.0.0.1", "10.1.0.1", "::1", "10.0.0.1:80", "fe80::1", "x", ""])
scalars = st.one_of(
    texts, numbers, st.booleans(), addresses, st.sampled_from(["1", "1.0", "0x1", "+1", "01", "TRUE", "1_0"])
)
values = st.one_of(scalars, st.none(), st.lists(st.one_of(scalars, st.none()), max_size=3))
events = st.dictionaries(st.sampled_from(FIELDS), values, max_size=5)
operands = st.one_of(patterns, numbers, st.booleans())


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(strategy, st.lists(strategy, min_size=1, max_size=3))


def item(modifiers: list[str], operand: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, Any]]:
    keys = st.builds(lambda field, more: field + more, st.sampled_from(FIELDS), st.sampled_from(modifiers))
    return st.tuples(keys, operand)


plain_words = st.text("abAB-/ ", min_size=1, max_size=5)
items = st.one_of(
    item([""], some(st.one_of(operands, st.none()))),
    item(
        ["|contains", "|startswith", "|endswith", "|contains|all", "|contains|cased", "|cased"],
        some(patterns),
    ),
    item(["|contains|windash", "|windash", "|base64offset|contains"], some(plain_words)),
    item(
        ["|re", "|re|i"], some(st.sampled_from(["^a", "b$", "a.*b", "[0-9]+", r"\.", "A|B", "(ab)+", "a{2}"]))
    ),
    item(["|cidr"], some(st.sampled_from(["10.0.0.0/16", "::/64", "0.0.0.0/0"]))),
    item(["|gt", "|gte", "|lt", "|lte"], numbers),
    item(["|exists"], st.booleans()),
    item(
        ["|fieldref", "|fieldref|contains", "|fieldref|startswith", "|fieldref|endswith"],
        st.sampled_from(FIELDS),
    ),
)
maps = st.lists(items, min_size=1, max_size=3).map(dict)
selections = st.one_of(maps, st.lists(maps, min_size=1, max_size=2), some(patterns.filter(bool)))
conditions = st.recursive(
    st.sampled_from(["sel_a", "sel_b", "sel_c", "1 of sel_*", "all of them", "1 of them"]),
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) and {pair[1]}"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) or ({pair[1]})"),
    ),
    max_leaves=4,
)
detections = st.fixed_dictionaries(
    {"sel_a": selections, "sel_b": selections, "sel_c": selections, "condition": conditions}
)


def as_yaml(place: int, detection: Any) -> RuleText:
    rule = {"title": f"rule {place}", "logsource": {"product": "linux"}, "detection": detection}
    return RuleText(f"{place}.yml", yaml.safe_dump(rule, allow_unicode=False))


@settings(max_examples=400, deadline=None)
@given(st.lists(detections, min_size=1, max_size=6), st.lists(events, min_size=1, max_size=6))
def test_the_matcher_agrees_with_the_reference(made: list[Any], seen: list[dict[str, Any]]) -> None:
    rules = parse_rules([as_yaml(place, detection) for place, detection in enumerate(made)])
    assert rules.faults == ()
    matcher = compile_rules(rules.detections)
    assert matcher.faults == ()
    flat = [{"event.module": "linux", **event} for event in seen]
    expected = [
        (place, rule.name)
        for place, event in enumerate(flat)
        for rule in rules.detections
        if reference.matches(rule.raw["detection"], event)
    ]
    for _ in range(3):  # new, seen once, remembered
        assert [(place, rule.name) for place, rule in matcher.match_all(flat)] == expected
    alone = [(place, rule.name) for place, event in enumerate(flat) for rule in matcher.match(event)]
    assert alone == expected
    assert not matcher.troubles
