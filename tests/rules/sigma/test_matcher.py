"""The matcher on rules of our own: log sources, waking, counters, rules that are taken out."""

from __future__ import annotations

import random
from typing import Any

from rules.rule import RuleText, parse_rules
from rules.sigma import Limits, Matcher, compile_rules
from rules.sigma.columns import Column
from rules.sigma.matcher import PAGE
from rules.sigma.regexes import RegexSet, compile_regex
from tests.rules.sigma.winlog import event

SYSMON = "Microsoft-Windows-Sysmon/Operational"
WHOAMI = r"""
title: Whoami as System
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\whoami.exe'
    User|contains: 'AUTHORI'
  filter_main_known:
    ParentImage: null
  condition: selection and not 1 of filter_main_*
"""
FAILED = """
title: A Login Failed
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, condition: selection}
"""


def matcher_of(*rules: str, **settings: Any) -> Matcher:
    parsed = parse_rules(RuleText(f"{place}.yml", text) for place, text in enumerate(rules))
    assert parsed.faults == ()
    matcher = compile_rules(parsed.detections, parsed.filters, **settings)
    assert matcher.faults == ()
    return matcher


def names(matcher: Matcher, flat: dict[str, Any]) -> list[str]:
    return [rule.name for rule in matcher.match(flat)]


def started(**data: str) -> dict[str, Any]:
    usual = {"User": "NT AUTHORITY\\SYSTEM", "ParentImage": "C:\\x.exe", "Image": "C:\\WhoAmI.EXE"}
    return event(SYSMON, 1, usual | data)


def test_a_rule_matches_events_of_its_source_only() -> None:
    matcher = matcher_of(WHOAMI, FAILED)
    assert names(matcher, started()) == ["whoami-as-system"]
    assert names(matcher, started(User="alice")) == []
    assert names(matcher, {key: value for key, value in started().items() if "parent" not in key}) == []
    assert names(matcher, event("Security", 4625, {})) == ["a-login-failed"]
    assert names(matcher, event("Security", 4624, {})) == []
    assert names(matcher, event("System", 4625, {})) == []
    assert names(matcher, {"event.code": "4625"}) == []
    data = {"NewProcessName": "c:\\whoami.exe", "ParentProcessName": "x", "User": "NT AUTHORITY\\SYSTEM"}
    assert names(matcher, event("Security", 4688, data)) == ["whoami-as-system"]
    assert names(matcher, event(SYSMON, 7, {"Image": "C:\\whoami.exe", "User": "NT AUTHORITY\\X"})) == []


def test_a_batch_gives_the_place_of_each_match() -> None:
    matcher = matcher_of(WHOAMI, FAILED)
    events = [started(), {}, event("Security", 4625, {}), started(User="x"), started()]
    found = [(place, rule.name) for place, rule in matcher.match_all(events)]
    assert found == [(0, "whoami-as-system"), (2, "a-login-failed"), (4, "whoami-as-system")]


def test_places_go_on_over_pages() -> None:
    matcher = matcher_of(WHOAMI, FAILED)
    events = [
        event("Security", 4624 + (number % 500 == 7), {"A": str(number)}) for number in range(2 * PAGE + 9)
    ]
    assert [place for place, _ in matcher.match_all(iter(events))] == [7, 507, 1007, 1507, 2007]


def test_events_of_one_shape_may_be_of_several_kinds() -> None:
    matcher = matcher_of(WHOAMI, FAILED)
    kinds: list[tuple[str, Any]] = [
        ("Security", 4625),
        ("Security", 4624),
        ("System", 4625),
        ("SECURITY", "4625"),
    ]
    flat = [{"winlog.channel": channel, "event.code": code} for channel, code in kinds * 3]
    flat += [
        {"winlog.channel": ["x", "Security"], "event.code": [4625]},
        {"winlog.channel": "Security", "x": 1},
    ]
    assert [place for place, _ in matcher.match_all(flat)] == [0, 3, 4, 7, 8, 11, 12]


def test_a_column_keeps_apart_what_is_one_to_a_set() -> None:
    values: list[Any] = [
        1,
        True,
        1.0,
        "1",
        None,
        ["a", 1, None, ["b"]],
        ("c", False),
        2.5,
        {"d": "e"},
        [],
        "a",
    ]
    column = Column(values)
    assert (column.is_plain, column.texts) == (False, {"1", "true", "a", "c", "false", "2.5"})
    assert len(set(column.spellings)) == len(values)
    assert Column([True, 1]).texts == {"true", "1"}
    assert Column([7, 7, None]).texts == {"7"}
    assert (Column(["x", "x"]).is_plain, Column(["x", "x"]).texts) == (True, {"x"})
    assert list(Column([["x", "y"], ["x"]]).elements) == ["x", "y", "x"]


def test_costs_count_runs_and_hits() -> None:
    matcher = matcher_of(WHOAMI, FAILED)
    for each in (started(), started(ParentImage=""), started(Image="C:\\cmd.exe")):
        matcher.match(each)
    (cost,) = matcher.costs()
    assert (cost.rule.name, cost.runs, cost.hits) == ("whoami-as-system", 2, 2)
    assert cost.seconds > 0


def test_a_slow_rule_is_taken_out_and_said() -> None:
    ticks = iter(range(0, 10**15, 10**9))  # each look at the clock is a second later
    slow = matcher_of(WHOAMI, FAILED)
    matcher = Matcher(slow.compiled(), (), Limits(slow=0.5, strikes=2), clock=lambda: next(ticks))
    assert names(matcher, started()) == ["whoami-as-system"]
    assert not matcher.troubles
    assert names(matcher, started()) == ["whoami-as-system"]
    (trouble,) = matcher.troubles
    assert trouble.rule.name == "whoami-as-system"
    assert "slow 2 times" in trouble.reason
    assert names(matcher, started()) == []
    assert names(matcher, event("Security", 4625, {})) == ["a-login-failed"]


def test_a_rule_that_raises_is_taken_out_and_said() -> None:
    breaks = FAILED.replace("A Login Failed", "Breaks").replace("4625", "4625, A|fieldref: B")
    matcher = matcher_of(breaks, FAILED)

    class Hostile(dict[str, Any]):
        """An event in which looking at one field fails, as a defect of ours might make it."""

        def get(self, key: str, default: Any = None) -> Any:
            if key == "winlog.event_data.A":
                raise RuntimeError("boom")
            return super().get(key, default)

    hostile = Hostile(event("Security", 4625, {}))
    assert names(matcher, hostile) == ["a-login-failed"]
    (trouble,) = matcher.troubles
    assert (trouble.rule.name, trouble.reason) == ("breaks", "it failed: RuntimeError: boom")
    assert names(matcher, event("Security", 4625, {"A": "x", "B": "x"})) == ["a-login-failed"]


def test_ever_new_kinds_of_events_don_t_make_ever_new_groups() -> None:
    matcher = matcher_of(WHOAMI, FAILED)
    for number in range(25_000):
        matcher.match({"winlog.channel": f"channel {number}", "event.code": str(number)})
    assert len(matcher._groups.by_kind) < 20


def test_regular_expressions_searched_together_find_what_each_finds_alone() -> None:
    patterns = [
        (r"net\s+stop", "i"), (r"[a-f0-9]{4}", ""), (r"^\W", "m"), (r"\$env:\w+\[\d\]", ""), ("x?", ""),
        (r"(?:set|echo).*&&", "i"), ("straße|ſ", "i"), (r"a.c", "s"), ("K", "i"), (r"\bcmd\b.*/c", ""),
    ]  # fmt: skip
    together = RegexSet([(number, *each) for number, each in enumerate(patterns)])
    alone = [compile_regex(*each) for each in patterns]
    dice = random.Random(5)
    parts = ["net", " ", "STOP", "\n", "$env:", "x", "[1]", "set", "&&", "ſ", "STRASSE", "straße", "\u212a",
             "k", "a", "c", "beef", "cmd", "/c", "\udc80", "\0"]  # fmt: skip
    for _ in range(3000):
        text = "".join(dice.choice(parts) for _ in range(dice.randrange(12)))
        found = [n for n, each in enumerate(alone) if each.search(text.encode("utf-8", "replace"))]
        assert together.search(text) == found, text
    many = RegexSet([(number, f"{word}{number}+$", "") for number, word in enumerate(["ab", "cd"] * 300)])
    assert many.search("x" * 200_000 + "cd599") == [59, 599]


KEYWORD = """
title: A Word in Any Field
logsource: {product: windows, category: process_creation}
detection: {words: ['mimi lib'], image: {Image|endswith: '.exe'}, condition: words or (image and words)}
"""


def test_keywords_are_found_in_fields_with_and_without_rules_of_their_own_each_time() -> None:
    matcher = matcher_of(KEYWORD, WHOAMI)
    for text in ("a Mimi LIB b", "one mimi lib more"):
        for _ in range(4):  # new, seen once, remembered
            assert "a-word-in-any-field" in names(matcher, started(User=text))  # of a rule's own field
            assert "a-word-in-any-field" in names(matcher, started(Company=text))
            assert "a-word-in-any-field" not in names(matcher, started(User="a mimi", Company="lib b"))
    assert "a-word-in-any-field" in names(matcher, started(User="x", Company="y" * 5000 + "mimi lib"))


def test_words_do_not_come_together_from_two_fields() -> None:
    matcher = matcher_of(KEYWORD.replace("mimi lib", "mimi\\nlib"))
    event = started()
    for first, second in (("mimi", "lib"), ("lib", "mimi")):
        assert names(matcher, {**event, "process.title": first, "user.full_name": second}) == []
