"""Values that are kept elsewhere: set aside whole, handed on whole, and never looked into."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType
from playbooks.cases import Case
from playbooks.commands import Call, Completed, Contain, Notify, Succeeded
from playbooks.engine import run
from playbooks.expressions import KeptError, parse_template
from playbooks.kept import (
    INLINE_LIMIT,
    PART,
    Kept,
    TooLargeError,
    find_kept,
    part_of,
    put_back,
    set_aside,
    take_out,
)
from playbooks.model import load_playbook
from playbooks.plan import plan
from playbooks.rehearsal import rehearse
from playbooks.values import parse_parameters, parse_whole

ROWS = [{"ip": f"192.0.2.{number % 250}", "n": number, "note": "x" * 40} for number in range(10_000)]
KEPT = Kept(id="res-1", path=("rows",), kind="list", bytes=800_000, count=10_000, sha256="0" * 64,
            name="steps.search.rows")  # fmt: skip
SEARCH = ActionSpec(
    name="logs.search", kind=ActionKind.LOOKUP, summary="Search.",
    parameters=(Parameter(name="query", type=ValueType.TEXT, description="What."),),
    returns={"rows": ValueType.LIST, "total": ValueType.INTEGER},
)  # fmt: skip
STORE = ActionSpec(
    name="case.attach", kind=ActionKind.CHANGE, summary="Attach.",
    parameters=(
        Parameter(name="rows", type=ValueType.LIST, description="Rows."),
        Parameter(name="more", type=ValueType.ANY, description="More.", required=False),
    ),
    returns={"size": ValueType.INTEGER},
)  # fmt: skip
BLOCK = ActionSpec(
    name="wall.block", kind=ActionKind.CONTAINMENT, summary="Block.",
    parameters=(
        Parameter(name="ip", type=ValueType.IP, description="The address."),
        Parameter(name="hosts", type=ValueType.LIST, description="Where.", required=False),
    ),
    target="ip",
)  # fmt: skip
SPECS = {spec.name: spec for spec in (SEARCH, STORE, BLOCK)}
HEAD = "name: big\ndescription: d\non: {command: true}\nsteps:\n"
FIRST = "  - id: search\n    uses: logs.search\n    with: {query: all}\n"


def playbook(steps: str) -> Any:
    return load_playbook("big.yaml", HEAD + FIRST + steps, SPECS)


def after_search(steps: str) -> tuple[list[Any], Any]:
    """Run with a result of 800 KB; returns the commands after the search, and the result where it ended."""
    left, kept = set_aside({"rows": ROWS, "total": len(ROWS)}, "res-1")
    engine = run(playbook(steps), rehearsed_facts(), {}, SPECS)
    (search,) = next(engine)
    try:
        commands = engine.send(Completed(id=search.id, outcome=Succeeded(result=left, kept=kept)))
    except StopIteration as stop:
        return [], stop.value
    return list(commands), None


def rehearsed_facts() -> Any:
    from playbooks.rehearsal import incident_of

    return incident_of(Case.model_validate({"name": "t", "expect": {"status": "succeeded"}}))


# --- setting aside -------------------------------------------------------------------------------


def test_what_fits_stays_as_it_is() -> None:
    result = {"text": "x" * (INLINE_LIMIT - 20)}
    assert set_aside(result, "res-1") == (result, ())


def test_large_parts_are_set_aside_whole_and_small_ones_stay() -> None:
    result = {"answer": {"rows": ROWS, "total": 10_000}, "took": 3, "log": "y" * 300_000, "few": [1, 2]}
    left, kept = set_aside(result, "res-1")
    assert left == {"answer": {"rows": None, "total": 10_000}, "took": 3, "log": None, "few": [1, 2]}
    assert [(one.path, one.kind, one.count) for one in kept] == [
        (("answer", "rows"), "list", 10_000), (("log",), "text", 300_000),
    ]  # fmt: skip
    again = from_json(to_json(result))
    assert part_of(again, kept[0]) == ROWS
    again["answer"]["rows"][7]["n"] = -1
    with pytest.raises(ValueError, match="its digest differs"):
        part_of(again, kept[0])


def test_many_fields_that_are_large_together_are_set_aside_until_the_rest_fits() -> None:
    result = {f"field{number}": ["z" * 100] * 300 for number in range(20)}
    left, kept = set_aside(result, "res-1")
    assert len(to_json(left)) <= INLINE_LIMIT
    assert 10 < len(kept) < 20, "no more than needed"
    many = {"by_host": {f"host-{number}": {"n": number} for number in range(20_000)}, "n": 1}
    left, (one,) = set_aside(many, "res-1")
    assert (left, one.kind, one.count) == ({"by_host": None, "n": 1}, "mapping", 20_000)
    with pytest.raises(TooLargeError):
        set_aside({f"f{number}": "small" for number in range(20_000)}, "res-1")


@given(
    st.recursive(
        st.one_of(st.integers(), st.text(max_size=20), st.just("x" * 30_000), st.just(["y" * 100] * 600)),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=25,
    )
)
def test_nothing_is_lost_of_what_is_set_aside(value: Any) -> None:
    result = from_json(to_json({"a": value, "b": ["w" * 1000] * 250}))
    left, kept = set_aside(result, "res-1")
    assert len(to_json(left)) <= INLINE_LIMIT
    whole = put_back(left, kept)
    assert {one.kept.path for one in find_kept(whole)} == {one.path for one in kept}
    for one in kept:
        holder = whole
        for part in one.path[:-1]:
            holder = holder[part]
        holder[one.path[-1]] = part_of(result, one)
        assert one.bytes == len(to_json(part_of(result, one)))
    assert whole == result


# --- expressions ---------------------------------------------------------------------------------

CONTEXT = {
    "steps": {
        "search": {"rows": KEPT, "total": 10_000, "outcome": "succeeded"},
        "each": {"results": [{"one": {"rows": KEPT}}], "list": [KEPT, 1]},
    }
}


@pytest.mark.parametrize(
    "text",
    [
        "{{ steps.search.rows[0] }}", "{{ steps.search.rows[0].ip }}", "{{ steps.search.rows[:5] }}",
        "{{ steps.search.rows.ip }}", "found {{ steps.search.rows }}", "{{ steps.search.rows ~ '' }}",
        "{{ steps.search.rows | first }}", "{{ steps.search.rows | pick('ip') }}",
        "{{ steps.search.rows | join }}", "{{ steps.search.rows | unique }}",
        "{{ steps.search.rows | string }}",
        "{{ steps.search.rows == [] }}", "{{ 1 in steps.search.rows }}", "{{ steps.search.rows is empty }}",
        "{{ steps.search.rows is sequence }}", "{{ not steps.search.rows }}", "{{ steps.search.rows + [1] }}",
        "{{ 1 if steps.search.rows else 2 }}", "{{ [1] + [steps.search.rows] == [] }}",
        "{{ steps.each.list | pick('ip') }}", "{{ steps.each.list | unique }}", "{{ steps.each.list | max }}",
        "{{ steps.each.list | join }}", "{{ steps.each.list | sum }}", "{{ 1 in steps.each.list }}",
        "{{ steps.each.results | string }}", "{{ steps.each.results == steps.each.results }}",
        "{{ {'a': steps.search.rows} ~ '' }}", "{{ 'a' | replace('a', steps.search.rows) }}",
        "{{ -steps.search.rows }}", "{{ steps.search.rows > 1 }}", "{{ 'x' | truncate(steps.search.rows) }}",
    ],
)  # fmt: skip
def test_looking_into_it_is_an_error(text: str) -> None:
    with pytest.raises(KeptError, match=r"a list of 10,000 items \(0\.8 MB\) is too much for a run") as error:
        parse_template(text).render(CONTEXT)
    assert error.value.source == text
    assert "{{ steps.search.rows }}" in str(error.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ steps.search.rows }}", KEPT), ("{{ steps.search.total + 1 }}", 10_001),
        ("{{ {'rows': steps.search.rows, 'n': 1} }}", {"rows": KEPT, "n": 1}),
        ("{{ [steps.search.rows] }}", [KEPT]), ("{{ steps.search.rows | default([]) }}", KEPT),
        ("{{ steps.search.rows if steps.search.total > 1 else [] }}", KEPT),
        ("{{ steps.search.rows is defined }}", True), ("{{ steps.search.rows is none }}", False),
        ("{{ steps.search.rows | length }}", 10_000), ("{{ steps.each.list | length }}", 2),
        ("{{ steps.each.list[1] }}", 1), ("{{ steps.each.results | pick('one') | pick('rows') }}", [KEPT]),
    ],
)  # fmt: skip
def test_handing_it_on_whole_is_none(text: str, value: Any) -> None:
    assert parse_template(text).render(CONTEXT) == value


def test_parameters_take_it_where_its_type_fits() -> None:
    assert parse_parameters(STORE.parameters, {"rows": KEPT, "more": {"deep": [KEPT]}}) == {
        "rows": KEPT, "more": {"deep": [KEPT]},
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"query: a list of 10,000 items .* where a text was expected"):
        parse_parameters(SEARCH.parameters, {"query": KEPT})
    hosts = Parameter(name="hosts", type=ValueType.LIST, items=ValueType.HOST, description="h")
    assert parse_whole(hosts, (), ["Web-1"] * 5_000) == ["web-1"] * 5_000, "however many"
    with pytest.raises(ValueError, match="item 2: "):
        parse_whole(hosts, (), ["web-1", "not a host"])


# --- runs, plans, rehearsals ---------------------------------------------------------------------


def test_a_call_is_handed_the_reference() -> None:
    steps = (
        '  - id: keep\n    uses: case.attach\n    with: {rows: "{{ steps.search.rows }}", '
        'more: {n: "{{ steps.search.total }}", again: "{{ steps.search.rows }}"}}\n'
    )
    (call,), _ = after_search(steps)
    assert isinstance(call, Call)
    params, handed = take_out(call.params)
    assert params == {"rows": None, "more": {"n": 10_000, "again": None}}
    assert [one.place for one in handed] == [("rows",), ("more", "again")]
    assert handed[0].kept.name == "steps.search.rows"


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ('  - id: tell\n    notify: {text: "{{ steps.search.rows }}"}\n', 9),
        ('  - id: tell\n    notify:\n      tier: low\n      text: "a: {{ steps.search.rows[0].ip }}"\n', 11),
        ('  - id: tell\n    if: "{{ steps.search.rows == [] }}"\n    notify: {text: hello}\n', 9),
        ('  - id: each\n    foreach:\n      in: "{{ steps.search.rows }}"\n      steps:\n'
         '        - id: tell\n          notify: {text: "{{ item.ip }}"}\n', 10),
        ('  - id: which\n    switch:\n      value: "{{ steps.search.rows }}"\n'
         "      cases: {a: [{id: tell, notify: {text: hello}}]}\n", 10),
        ('  - id: later\n    wait: {webhook: w, where: {rows: "{{ steps.search.rows }}"}, within: 1h}\n', 9),
        ('  - id: block\n    uses: wall.block\n    with:\n      ip: 203.0.113.7\n'
         '      hosts: "{{ steps.search.rows }}"\n'
         "    for: 1h\n    automatic: {reason: because it is a test, max_per_hour: 1}\n", 12),
        ('  - id: ask\n    approval: {from: r, expires: 5m, question: Really?, releases: [block]}\n'
         '  - id: block\n    uses: wall.block\n    with: {ip: 192.0.2.7, hosts: "{{ steps.search.rows }}"}\n'
         "    for: 1h\n", 12),
    ],
    ids=["text", "item", "if", "foreach", "switch", "where", "containment", "approval"],
)  # fmt: skip
def test_reading_inside_fails_at_its_step_with_its_line(steps: str, line: int) -> None:
    commands, result = after_search(steps)
    assert not commands
    assert result.status == "failed"
    assert f"big.yaml:{line}:" in result.reason
    assert "steps.search.rows can't be looked into: a list of 10,000 items" in result.reason
    assert "ask search for less (a limit, a shorter time), or hand it on whole" in result.reason


def test_small_parts_of_the_same_result_stay_readable() -> None:
    (tell,), _ = after_search(
        '  - id: tell\n    notify: {text: "{{ steps.search.total }} of {{ steps.search.rows | length }}"}\n'
    )
    assert isinstance(tell, Notify)
    assert tell.text == "10000 of 10000"


def test_a_playbook_inside_hands_it_out_whole() -> None:
    inner = load_playbook(
        "inner.yaml",
        HEAD.replace("big", "inner") + FIRST + 'outputs: {rows: "{{ steps.search.rows }}"}\n', SPECS,
    )  # fmt: skip
    outer = load_playbook(
        "outer.yaml",
        HEAD + "  - id: find\n    run: inner\n  - id: keep\n    uses: case.attach\n"
        '    with: {rows: "{{ steps.find.rows }}"}\n',
        SPECS, {"inner": inner},
    )  # fmt: skip
    left, kept = set_aside({"rows": ROWS, "total": 1}, "res-1")
    engine = run(outer, rehearsed_facts(), {}, SPECS, {"inner": inner})
    (search,) = next(engine)
    (keep,) = engine.send(Completed(id=search.id, outcome=Succeeded(result=left, kept=kept)))
    assert isinstance(keep, Call)
    assert keep.params["rows"].sha256 == kept[0].sha256


def test_a_plan_and_a_rehearsal_refuse_the_same() -> None:
    book = playbook('  - id: tell\n    notify: {text: "{{ steps.search.rows[0].ip }}"}\n')
    planning = plan(book, rehearsed_facts(), {}, SPECS)
    next(planning)
    left, kept = set_aside({"rows": ROWS, "total": 1}, "plan/search")
    with pytest.raises(StopIteration) as stop:
        planning.send(Succeeded(result=left, kept=kept))
    assert "big.yaml:9:" in stop.value.value.fault
    case = Case.model_validate(
        {"name": "much", "given": {"search": {"rows": ROWS, "total": 1}}, "expect": {"status": "failed"}}
    )
    done = rehearse(book, case, SPECS)
    assert done.passed, done.faults
    assert done.result is not None
    assert "big.yaml:9:" in done.result.reason


def test_nothing_that_a_log_says_passes_for_a_reference() -> None:
    forged = {"rows": KEPT.model_dump(mode="json"), "total": 1}
    engine = run(
        playbook('  - id: keep\n    uses: case.attach\n    with: {rows: ["{{ steps.search.rows }}"]}\n'),
        rehearsed_facts(), {}, SPECS,
    )  # fmt: skip
    (search,) = next(engine)
    (keep,) = engine.send(Completed(id=search.id, outcome=Succeeded(result=forged)))
    assert isinstance(keep, Call)
    assert take_out(keep.params) == (keep.params, ())


def test_a_containment_is_never_handed_one() -> None:
    commands, result = after_search(
        '  - id: block\n    uses: wall.block\n    with: {ip: 192.0.2.7, hosts: ["{{ steps.search.rows }}"]}\n'
        "    for: 1h\n    automatic: {reason: because it is a test, max_per_hour: 1}\n"
    )
    assert not any(isinstance(command, Contain) for command in commands)
    assert result.status == "failed"
    assert PART < INLINE_LIMIT
