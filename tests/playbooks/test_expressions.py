# ruff: noqa: E501  a case is one line
"""Expressions: typed, strict, bounded, and no way out."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.evaluation import MAX_STEPS
from playbooks.expressions import ExpressionError, UndefinedError, parse_template

CONTEXT: dict[str, Any] = {
    "incident": {"id": "inc-1", "entities": {"ip": ["203.0.113.7", "10.0.0.1"], "user": ["alice"]}},
    "inputs": {"text": "Hello", "evil": "{{ incident.id }}", "number": 3, "url": "https://Evil.example/a"},
    "steps": {"who": {"country": "Germany", "asn": 64500, "outcome": "succeeded"}},
    "opened": "2026-03-30T16:02:00Z",
}


def value(source: str) -> Any:
    return parse_template(source).render(CONTEXT)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain", "plain"),
        ("{{ inputs.number }}", 3),
        (" {{ inputs.number }} ", 3),
        ("n={{ inputs.number }}", "n=3"),
        ("{{ incident.entities.ip }}", ["203.0.113.7", "10.0.0.1"]),
        ("at {{ incident.entities.ip }}", "at 203.0.113.7, 10.0.0.1"),
        ("{{ steps['who'].country }}", "Germany"),
        ("{{ incident.entities.ip[0] }}", "203.0.113.7"),
        ("{{ incident.entities.ip[-1] }}", "10.0.0.1"),
        ("{{ incident.entities.ip[1:] }}", ["10.0.0.1"]),
        ("{{ inputs.number + 1 }}", 4),
        ("{{ inputs.number / 2 }}", 1.5),
        ("{{ -inputs.number }}", -3),
        ("{{ inputs.text ~ '!' }}", "Hello!"),
        ("{{ inputs.number > 2 and not inputs.number > 9 }}", True),
        ("{{ 'alice' in incident.entities.user }}", True),
        ("{{ 'x' if inputs.number == 3 else 'y' }}", "x"),
        ("{{ 1 == true }}", False),
        ("{{ steps.nope | default('none') }}", "none"),
        ("{{ steps.nope.deeper is defined }}", False),
        ("{{ steps.who.country is defined }}", True),
        ("{{ {'a': 1, 'b': [2, none]} }}", {"a": 1, "b": [2, None]}),
        ("{{ true }} {{ none }}", "yes none"),
        ("{{ inputs.text | upper | replace('L', 'l') }}", "HEllO"),
        ("{{ incident.entities.ip | length }}", 2),
        ("{{ incident.entities.ip | first }}", "203.0.113.7"),
        ("{{ incident.entities.ip | sort | join(' and ') }}", "10.0.0.1 and 203.0.113.7"),
        ("{{ incident.entities.ip[1] | is_private }}", True),
        ("{{ incident.entities.ip[1] | in_network('192.168.0.0/16', '10.0.0.0/8') }}", True),
        ("{{ inputs.url | host_of }}", "evil.example"),
        ("{{ inputs.url | defang }}", "https[://]Evil[.]example/a"),
        ("{{ opened | local('Europe/Berlin') }}", "2026-03-30 18:02"),
        ("{{ '2026-03-30T16:03:00Z' | seconds_since(opened) }}", 60.0),
        ("{{ [3, 1, 2] | max }}", 3),
        ("{{ ['a', 'b', 'a'] | unique }}", ["a", "b"]),
        ("{{ '42' | int + 1 }}", 43),
        ("{{ 2.5 | round }}", 2),
        ("{{ inputs.text | truncate(3) }}", "He…"),
    ],
)
def test_a_value_has_its_type(source: str, expected: Any) -> None:
    found = value(source)
    assert found == expected
    assert type(found) is type(expected)


def test_a_log_value_is_never_a_template() -> None:
    assert value("{{ inputs.evil }}") == "{{ incident.id }}"
    assert value("said: {{ inputs.evil }}") == "said: {{ incident.id }}"


@pytest.mark.parametrize(
    "source",
    ["{{ nope }}", "{{ steps.who.contry }}", "{{ steps.nope.x }}", "{{ incident.entities.ip[7] }}",
     "{{ steps.nope.x ~ '' }}", "{{ steps.nope | upper }}", "{{ [steps.nope] }}", "{{ steps.nope == 1 }}"],
)  # fmt: skip
def test_undefined_is_an_error(source: str) -> None:
    with pytest.raises(UndefinedError, match=r"is not there|there is no"):
        value(source)


def test_undefined_names_what_was_meant() -> None:
    with pytest.raises(UndefinedError, match="did you mean 'country'"):
        value("{{ steps.who.contry }}")


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__ }}", "{{ ''.__class__.__mro__ }}", "{{ inputs.__class__ }}", "{{ inputs.text.format() }}",
        "{{ inputs.keys() }}", "{{ self }}", "{{ range(10) }}", "{{ lipsum() }}", "{{ cycler }}", "{{ [].append(1) }}",
        "{{ inputs.text | attr('upper') }}", "{{ inputs.text | map('upper') }}", "{{ 9 ** 9 }}",
        "{% set x = 1 %}", "{% for x in [1] %}{% endfor %}", "{% include 'x' %}", "{# hidden #}",
        "{{ joiner('x') }}", "{{ inputs | pprint }}", "{{ 'a' is callable }}", "{{ inputs.text % 1 }}",
        "{{ 'x' | join(*[1]) }}", "{{", "{{ }}", "{{ a b }}", "{{ 'x' | upper(1) }}",
        "{{ 'x' if true }}",
    ],
)  # fmt: skip
def test_there_is_no_way_out(source: str) -> None:
    with pytest.raises(ExpressionError):
        value(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 1000000 }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ 999999999999 * 999999999999 }}",
        "{{ 1 / 0 }}", "{{ 1 % 0 }}",
        "{{ 'x' | replace('x', 'y' ~ 'z') | int }}",
        "{{ '9' | int + 'x' | int }}",
        "{{ [1, 'a'] | sort }}",
        "{{ 'nan' | float }}",
        "{{ inputs.text > 3 }}",
        "{{ inputs.text and true }}",
        "{{ " + "(" * 200 + "1" + ")" * 200 + " }}",
        "{{ " + "not " * 5000 + "true }}",
        "{{ " + "1 + " * 5000 + "1 }}",
        "x" * 9000 + "{{ 1 }}",
        "{{ 'x' | local('Mars/Olympus') }}",
        "{{ opened | local('../../etc/passwd') }}",
    ],
)  # fmt: skip
def test_what_has_no_sensible_value_is_an_error(source: str) -> None:
    with pytest.raises(ExpressionError):
        value(source)


def test_size_is_bounded_by_counting() -> None:
    long = {"x": "y" * 60_000, "many": list(range(MAX_STEPS + 1))}
    with pytest.raises(ExpressionError, match=r"characters|larger"):
        parse_template("{{ x ~ x }}").render(long)
    with pytest.raises(ExpressionError, match="characters"):
        parse_template("{{ x }}{{ x }}").render(long)
    with pytest.raises(ExpressionError, match="steps"):
        parse_template("{{ many | sum }}").render(long)


def test_references_are_known() -> None:
    template = parse_template("{{ steps.who.country ~ inputs['ip'] }} {{ steps.x.y | default(inputs.z) }}")
    assert {(str(reference), reference.optional) for reference in template.references} == {
        ("steps.who.country", False), ("inputs.ip", False), ("steps.x.y", True), ("inputs.z", False),
    }  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["{{", "}}", "{%", "%}", "{#", "inputs", ".", "text", "steps", "who", "|", "upper", "default", "(", ")",
             "[", "]", "'", '"', "1", "9" * 25, "+", "~", "-", "/", "%", "not", "is", "in", "if", "else", ",", ":",
             "==", "<", "evil", " ", "\n", "\\", "é", "\x00", "=", "*"]
        ),
        max_size=40,
    ).map("".join)
)  # fmt: skip
def test_any_text_has_a_value_or_an_error(source: str) -> None:
    with contextlib.suppress(ExpressionError):
        value(source)
