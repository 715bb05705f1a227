"""The traps of matching Sigma, one by one."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml

from rules.rule import RuleText, parse_rules
from rules.sigma import compile_rules
from rules.sigma.memory import Memo, Memory
from rules.sigma.values import fold, number_of, text_of


def match(detection: Any, event: dict[str, Any], **settings: Any) -> bool:
    """Whether a rule for Linux with this selection (or detection) fires on a Linux event, twice alike."""
    whole = detection if isinstance(detection, dict) and "condition" in detection else None
    body = whole or {"sel": detection, "condition": "sel"}
    text = yaml.safe_dump({"title": "t", "logsource": {"product": "linux"}, "detection": body})
    rules = parse_rules([RuleText("t.yml", text)])
    matcher = compile_rules(rules.detections, **settings)
    assert (rules.faults, matcher.faults) == ((), ())
    flat = {"event.module": "linux", **event}
    first, second = bool(matcher.match(flat)), bool(matcher.match(flat))
    assert first == second
    assert not matcher.troubles
    return first


NAME = "process.name"


@pytest.mark.parametrize(
    ("detection", "value", "expected"),
    [
        ({NAME: "Kelvin"}, "\u212aelvin", True),  # Kelvin sign is k
        ({NAME: "s"}, "\u017f", False),  # long s is not s
        ({NAME: "\u0130i"}, "iI", True),  # dotted I is i, one sign for one
        ({NAME + "|endswith": "i"}, "x\u0130", True),
        ({NAME: "\u03c3"}, "\u03a3", True),  # sigma, also where it ends a word
        ({NAME: "\u03b1\u03c3"}, "\u0391\u03a3", True),
        ({NAME + "|re": "abc"}, "xABCx", False),  # regular expressions see case, wildcards don't
        ({NAME + "|re|i": "abc"}, "xABCx", True),
        ({NAME: "*b?d*"}, "aBcDe", True),
        ({NAME: "a?"}, "a", False),
        ({NAME + "|cased": "Abc"}, "abc", False),
        ({NAME + "|contains|cased": "Ab"}, "xAbx", True),
        ({NAME: 1}, True, False),  # True is not 1
        ({NAME: True}, 1, False),
        ({NAME: True}, "TRUE", True),
        ({NAME: False}, False, True),
        ({NAME: 1}, "1", True),
        ({NAME: 1}, 1.0, True),
        ({NAME: 1}, "1.0", True),
        ({NAME: 1}, "0x1", True),
        ({NAME: 3221225578}, "0xC000006A", True),
        ({NAME: "1"}, 1, True),
        ({NAME: 1}, "1_0", False),
        ({NAME + "|gt": 9}, "10", True),  # as numbers, not as text
        ({NAME + "|gt": 9}, "0xA", True),
        ({NAME + "|gt": 9}, "ten", False),
        ({NAME + "|gt": 9}, "\u0661\u0662", False),
        ({NAME + "|lte": 2.5}, 2.5, True),
        ({NAME + "|gt": 0}, True, False),
        ({NAME: None}, None, True),
        ({NAME: None}, [], True),
        ({NAME: None}, [None], True),
        ({NAME: None}, "", False),  # the empty string is a value
        ({NAME: ""}, "", True),
        ({NAME: ""}, None, False),
        ({NAME: "*"}, "", True),
        ({NAME: "*"}, None, False),
        ({NAME + "|exists": True}, "", True),
        ({NAME + "|exists": False}, [], True),
        ({NAME + "|contains|all": ["ab", "cd"]}, ["xab", "cdx"], True),  # by different elements
        ({NAME + "|contains|all": ["ab", "cd"]}, ["xab"], False),
        ({NAME + "|cidr": "10.0.0.0/8"}, "10.1.2.3", True),
        ({NAME + "|cidr": "10.0.0.0/8"}, "::ffff:10.1.2.3", True),
        ({NAME + "|cidr": "10.0.0.0/8"}, "10.1.2.3:80", False),  # no address
        ({NAME + "|cidr": "10.0.0.0/8"}, "-", False),
        ({NAME + "|cidr": "0.0.0.0/0"}, "::1", False),
        ({NAME + "|contains": "c:\\x\\"}, "C:\\X\\y", True),  # a backslash before the added wildcard
        ({NAME + "|endswith": "\\x"}, "c:\\x", True),
        ({NAME: "a\\*b"}, "a*b", True),
        ({NAME: "a\\*b"}, "axb", False),
        ({NAME + "|contains|windash": "-enc"}, "x \u2013ENC", True),
        ({NAME + "|contains|windash": "a-b"}, "a/b", False),
        ({NAME + "|base64offset|contains": "secret"}, "eHhzZWNyZXQ=", True),
        ({NAME + "|startswith": "ab"}, "xab", False),
        ({NAME: "a*b*c"}, "a1b2c", True),
        ({NAME: "ab*bc"}, "abc", False),  # the ends may not overlap
        ({NAME: "*ab*ab*"}, "xabx", False),
        ({NAME + "|re": "^a.c$"}, "abc\n", False),
        ({NAME + "|re": "caf\u00e9"}, "un caf\u00e9", True),
        ({NAME + "|hour": 13}, "2026-03-30T13:01:36.000Z", True),
        ({NAME + "|hour": 13}, "2026-03-30T13:01:36.000+02:00", False),  # in UTC
        ({NAME + "|week": 14}, "2026-03-30T13:01:36.000Z", True),
        ({NAME + "|day": 30}, "yesterday", False),
        ({NAME + "|contains": "a"}, "\ud800a", True),  # half a surrogate pair
        ({NAME + "|re": "a"}, "\ud800a", True),
        ({NAME: "x"}, {"an": "object"}, False),
        ({NAME: "x"}, 10**2000, False),
    ],
)
def test_values(detection: dict[str, Any], value: Any, expected: bool) -> None:
    assert match(detection, {NAME: value}) is expected
    assert match({"sel": detection, "condition": "not sel"}, {NAME: value}) is not expected


@pytest.mark.parametrize(
    ("where", "event", "expected"),
    [
        ("", {}, False),  # both are missing
        ("", {NAME: None, "process.title": None}, False),
        ("", {NAME: "A", "process.title": "a"}, True),
        ("", {NAME: ["b", "A"], "process.title": "a"}, True),
        ("", {NAME: 1, "process.title": "1"}, True),
        ("|startswith", {NAME: "abc", "process.title": "AB"}, True),
        ("|startswith", {NAME: "abc", "process.title": "bc"}, False),
        ("|endswith", {NAME: "abc", "process.title": "bc"}, True),
        ("|contains", {NAME: "abc", "process.title": "b"}, True),
        ("|contains", {NAME: "b", "process.title": "abc"}, False),
    ],
)
def test_references_to_another_field(where: str, event: dict[str, Any], expected: bool) -> None:
    assert match({f"{NAME}|fieldref{where}": "process.title"}, event) is expected


def test_keywords_look_at_all_texts_but_the_sealed_original() -> None:
    assert match(["needle"], {"a": "hay", "b": ["a NEEDLE here"]})
    assert not match(["needle"], {"event.original": "needle", "event.id": "needle"})
    assert match({"sel": ["n*dle"], "condition": "sel"}, {"a": "xx needle"})
    assert match({"sel": {"|all": ["one", "two"]}, "condition": "sel"}, {"a": "one", "b": "two"})
    assert not match({"sel": {"|all": ["one", "two"]}, "condition": "sel"}, {"a": "one"})
    assert match({"sel": {"|re": "n[e]{2}d"}, "condition": "sel"}, {"a": "need"})
    assert match([4625], {"a": "code 4625"})


def test_placeholders() -> None:
    rule = {f"{NAME}|contains|expand": "%tools%"}
    assert match(rule, {NAME: "x MIMIKATZ"}, placeholders={"tools": ["mimikatz", "rubeus"]})
    assert not match(rule, {NAME: "x"}, placeholders={"tools": ["mimikatz", "rubeus"]})


FILTERED = """
title: Process
id: 00000000-0000-4000-8000-000000000001
logsource: {product: linux}
detection: {selection: {process.name: sh}, condition: selection}
---
title: Not for the Backup
logsource: {product: linux}
filter:
  rules: [%s]
  selection: {user.name: backup}
  condition: not selection
"""


@pytest.mark.parametrize("named", ["00000000-0000-4000-8000-000000000001", "process"])
def test_sigma_filters_narrow_the_rules_they_name(named: str) -> None:
    rules = parse_rules([RuleText("f.yml", FILTERED % named)])
    matcher = compile_rules(rules.detections, rules.filters)
    assert matcher.faults == ()
    event = {"event.module": "linux", "process.name": "sh", "user.name": "alice"}
    assert len(matcher.match(event)) == 1
    assert matcher.match({**event, "user.name": "backup"}) == []
    other = parse_rules([RuleText("f.yml", FILTERED % "another")])
    assert len(compile_rules(other.detections, other.filters).match({**event, "user.name": "backup"})) == 1


@pytest.mark.parametrize(
    ("detection", "line", "words"),
    [
        ("{sel: {a|contians: x}, condition: sel}", 3, "contians"),
        ("{sel: {a|cidr: 10.0.0.1/8}, condition: sel}", 3, "host bits"),
        ("{sel: {a|re: '(?=x)'}, condition: sel}", 3, "(?="),
        ("{sel: {a|re: '('}, condition: sel}", 3, "invalid"),
        ("{sel: {a: x}, condition: sel and not 1 of filter_*}", 3, "filter_*"),
        ("{sel: {a: x}, condition: sell}", 3, "sell"),
        ("{sel: {a: x}, condition: sel and}", 3, "Expected"),
        ("{sel: {a: x}, condition: sel | count() > 5}", 3, "count"),
        ("{sel: {a: x}}", 3, "condition"),
        ("{sel: {a|expand: '%x%'}, condition: sel}", 3, "%x%"),
        ("{sel: {}, condition: sel}", 3, "empty"),
        ("{sel: {a|gt: x}, condition: sel}", 3, "incompatible"),
    ],
)
def test_what_can_t_be_compiled_is_a_fault_with_its_line(detection: str, line: int, words: str) -> None:
    text = f"title: t\nlogsource: {{product: linux}}\ndetection: {detection}\n"
    rules = parse_rules([RuleText("t.yml", text)])
    assert rules.faults == ()
    matcher = compile_rules(rules.detections)
    assert matcher.detections == ()
    assert {fault.line for fault in matcher.faults} == {line}
    assert any(words in fault.text for fault in matcher.faults), matcher.faults


def test_all_faults_of_a_rule_come_at_once() -> None:
    text = """title: t
logsource: {product: linux}
detection:
  one:
    a|contians: x
    b: y
    c|cidr: z
  two:
    - d|re: '['
  condition: one and three
"""
    matcher = compile_rules(parse_rules([RuleText("t.yml", text)]).detections)
    assert [(fault.line, fault.column) for fault in matcher.faults] == [(5, 5), (7, 5), (9, 7), (10, 3)]


HOSTILE = [
    "a" * 32_000,
    "-" * 32_000,
    "((" * 16_000,
    "powershell -enc " * 2_000,
    "\u0130\u212a\u03a3" * 10_000,
    "$" + "{`'\"" * 8_000,
    " " * 32_000 + "x",
    "0" * 32_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_cost_what_their_length_says(text: str) -> None:
    """Twice the length is about twice the time, for patterns that make backtracking engines hang."""
    patterns = [r"(a+)+$", r"(\s*x)*y", r"(?:.*-){4}z", r"(\(+)+\)", r"\$\{.*\{.*\{.*z", r"(0+)*1"]
    rules = [{f"{NAME}|re": pattern} for pattern in patterns] + [
        {NAME: "*a*a*a*a*b"},
        {NAME: "*?a?*?a?*b"},
        {f"{NAME}|contains|all": ["a", "aa", "aaa", "aaaa", "zz"]},
        ["*a*b*c*d*"],
    ]
    body = {f"s{place}": rule for place, rule in enumerate(rules)} | {"condition": "1 of s*"}
    text_of_rule = yaml.safe_dump({"title": "t", "logsource": {"product": "linux"}, "detection": body})
    matcher = compile_rules(parse_rules([RuleText("t.yml", text_of_rule)]).detections)

    def seconds(value: str) -> float:
        best = 9.0
        for _ in range(3):
            start = time.thread_time()
            matcher.match({"event.module": "linux", NAME: value})
            best = min(best, time.thread_time() - start)
        return best

    assert seconds(text + text) < 8 * seconds(text) + 0.01
    assert not matcher.troubles


def test_what_is_remembered_is_bounded() -> None:
    memory = Memory(characters=1000)
    memo = Memo(memory)
    memo.quiet.add("x")
    memory.take(500)
    assert memo.quiet
    memory.take(500)
    assert not memo.quiet


def test_a_text_is_remembered_when_a_second_page_has_it() -> None:
    memory = Memory()
    memo = Memo(memory)
    true = (frozenset({1}), (2,))
    memo.learn(["loud", "quiet"], {"loud": true})
    memo.learn(["loud"], {"loud": true})
    assert not memo.found
    memory.end_page()
    memo.learn(["loud", "new"], {"loud": true, "new": true})
    assert memo.found == {"loud": true}
    memo.learn(["quiet"], {})
    assert memo.quiet == {"quiet"}
    memory.end_page()
    memo.learn(["x" * 5000], {})
    memory.end_page()
    memo.learn(["x" * 5000], {})  # too long to keep
    assert memo.quiet == {"quiet"}


def test_texts_and_numbers() -> None:
    values: list[Any] = [1.0, 1.5, True, None, {}, -0.0]
    assert [text_of(value) for value in values] == ["1", "1.5", "true", None, None, "0"]
    assert str(text_of(10**5000)).startswith("0x")
    assert [number_of(text) for text in ("1", "-1.5", "0x10")] == [1, -1.5, 16]
    assert [number_of(text) for text in ("", "0x", "1e3", "inf", "1 ", "9" * 400)] == [None] * 6
    assert len(fold("\u0130\u03a3\u00df")) == 3
