# ruff: noqa: E501  a case is one line
"""YAML as playbooks read it: what looks like text is text, what looks like a trap is a fault."""

from __future__ import annotations

from typing import Any

import pytest

from playbooks.marked_yaml import parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on: {a: 1}", {"on": {"a": 1}}),
        ("yes: 1\n5: 2\nnull: 3", {"yes": 1, "5": 2, "null": 3}),
        ("a: 2026-01-01", {"a": "2026-01-01"}),
        ("a: 2026-01-01T10:00:00Z", {"a": "2026-01-01T10:00:00Z"}),
        ("a: true\nb: False\nc: ~\nd:", {"a": True, "b": False, "c": None, "d": None}),
        ("a: -3\nb: 1.5\nc: 1e3", {"a": -3, "b": 1.5, "c": 1000.0}),
        ("a: 'yes'\nb: \"010\"\nc: '1_000'", {"a": "yes", "b": "010", "c": "1_000"}),
        ("a: 203.0.113.7\nb: 2001:db8::1\nc: 10.0.0.0/8", {"a": "203.0.113.7", "b": "2001:db8::1", "c": "10.0.0.0/8"}),
        ("a: 24h\nb: T1110.001", {"a": "24h", "b": "T1110.001"}),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y", {"a": "x\ny\n", "b": "x y"}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("\ufeffa: 1", {"a": 1}),
        ("# nothing", None),
    ],
)  # fmt: skip
def test_what_looks_plain_is_read_as_it_looks(text: str, value: Any) -> None:
    marked = parse_yaml(text, "p.yaml")
    assert marked.faults == []
    assert marked.value == value


@pytest.mark.parametrize(
    ("text", "place", "piece"),
    [
        ("a: yes", (1, 4), "'yes' is read as true"),
        ("a: [Off]", (1, 5), "'Off' is read as false"),
        ("a: 0755", (1, 4), "octal"),
        ("a: 0o17", (1, 4), "octal"),
        ("a: 0x1F", (1, 4), "hexadecimal"),
        ("a: 1_000", (1, 4), "separators"),
        ("a: 12:30:45", (1, 4), "base of sixty"),
        ("a: .nan", (1, 4), "no use"),
        ("a: 12345678901234567890", (1, 4), "no use"),
        ("a: 1\nb: 2\na: 3", (3, 1), "given twice, first in line 1"),
        ("a: &x 1\nb: *x", (1, 4), "anchors"),
        ("a: !!python/object:os.system x", (1, 4), "the tag"),
        ("<<: {a: 1}", (1, 1), "merge keys"),
        ("a: {{ b }}", (1, 5), "a key must be a word"),
        ("a: 1\n---\nb: 2", (2, 1), "a second document"),
        ("a: b: c", (1, 5), "no YAML"),
        ("a:\n\t- b", (2, 1), "no YAML"),
        ("a: [1", (1, 6), "no YAML"),
    ],
)
def test_a_trap_is_a_fault_at_its_place(text: str, place: tuple[int, int], piece: str) -> None:
    faults = parse_yaml(text, "p.yaml").faults
    fault = next(fault for fault in faults if piece in fault.message)
    assert (fault.line, fault.column) == place
    assert fault.source == text.splitlines()[fault.line - 1].replace("\t", " ")
    assert fault.hint
    assert str(fault).startswith(f"p.yaml:{fault.line}:{fault.column}: ")


def test_a_bomb_does_not_go_off() -> None:
    bomb = "a: &a [x, x, x]\n" + "".join(
        f"{n}: &{n} [*{p}, *{p}, *{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert len(parse_yaml(bomb, "p.yaml").faults) > 8
    assert parse_yaml("[" * 100_000, "p.yaml").faults
    assert parse_yaml("- " * 5_000 + "a", "p.yaml").faults
