# ruff: noqa: E501  a case is one line
"""Inputs: typed, from the incident or from a person, and nothing picked silently."""

from __future__ import annotations

from typing import Any

import pytest

from playbooks.actions import ValueType
from playbooks.engine import inputs_of, matches, run_key, runs_of
from playbooks.model import load_playbook
from playbooks.values import parse_value
from rules.alerts import Alert, Severity
from rules.entities import Entity
from tests.playbooks.conftest import CATALOGUE, WHEN, incident

STEPS = "steps: [{id: tell, notify: {text: hello}}]\n"


def playbook(inputs: str, on: str = "{incident: {rules: [ssh-breach]}}") -> Any:
    text = f"name: test\ndescription: A test.\non: {on}\ninputs:\n{inputs}\n{STEPS}"
    return load_playbook("p.yaml", text, CATALOGUE)


def alert(rule: str, *entities: str) -> Alert:
    return Alert(
        id=f"alr-{rule}", rule=rule, rule_id=rule, title=rule, severity=Severity.HIGH, risk=70,
        entities=tuple(Entity.parse(text) for text in entities), evidence=(), evidence_count=1,
        first=WHEN, last=WHEN, detected=WHEN,
    )  # fmt: skip


def test_one_entity_is_taken_and_several_are_never_picked_from() -> None:
    wanted = playbook("  ip: {type: ip, from: incident.entities.ip}")
    assert inputs_of(wanted, incident("ip:203.0.113.7"), {}) == ({"ip": "203.0.113.7"}, [])
    inputs, (fault,) = inputs_of(wanted, incident("ip:203.0.113.7", "ip:203.0.113.8"), {})
    assert inputs == {}
    assert "2 values (203.0.113.7, 203.0.113.8)" in fault
    assert "foreach" in fault
    _, (fault,) = inputs_of(wanted, incident("user:alice"), {})
    assert "holds nothing" in fault


def test_a_list_takes_them_all() -> None:
    wanted = playbook("  ips: {type: list, items: ip, from: incident.entities.ip}")
    found, faults = inputs_of(wanted, incident("ip:203.0.113.7", "ip:203.0.113.8"), {})
    assert (found, faults) == ({"ips": ["203.0.113.7", "203.0.113.8"]}, [])


def test_the_alert_that_started_it_says_which_one_is_meant() -> None:
    wanted = playbook("  ip: {type: ip, from: alert.entities.ip}")
    facts = incident("ip:203.0.113.7", "ip:203.0.113.8", "user:alice")
    alerts = [alert("other", "ip:203.0.113.7"), alert("ssh-breach", "ip:203.0.113.8", "user:alice")]
    assert inputs_of(wanted, facts, {}, alerts) == ({"ip": "203.0.113.8"}, [])
    assert inputs_of(wanted, incident("ip:203.0.113.7"), {}) == ({"ip": "203.0.113.7"}, [])


def test_two_attackers_are_two_runs_and_one_seen_twice_is_one() -> None:
    wanted = playbook("  ip: {type: ip, from: alert.entities.ip}")
    first, second = alert("ssh-breach", "ip:203.0.113.7"), alert("ssh-breach", "ip:203.0.113.8", "user:alice")
    other = alert("other", "ip:203.0.113.9")
    facts = incident("ip:203.0.113.7", "ip:203.0.113.8", "ip:203.0.113.9")
    runs, faults = runs_of(wanted, facts, [first, other, second, first])
    assert (runs, faults) == ([{"ip": "203.0.113.7"}, {"ip": "203.0.113.8"}], [])
    assert run_key(runs[0]) == run_key({"ip": "203.0.113.7"}) != run_key(runs[1])


def test_a_playbook_about_the_incident_runs_once() -> None:
    wanted = playbook("  ips: {type: list, items: ip, from: incident.entities.ip}")
    facts = incident("ip:203.0.113.7", "ip:203.0.113.8")
    runs, _ = runs_of(
        wanted, facts, [alert("ssh-breach", "ip:203.0.113.7"), alert("ssh-breach", "ip:203.0.113.8")]
    )
    assert runs == [{"ips": ["203.0.113.7", "203.0.113.8"]}]
    assert runs_of(wanted, facts, []) == (runs, [])


def test_an_alert_that_lacks_what_is_needed_is_told() -> None:
    wanted = playbook("  ip: {type: ip, from: alert.entities.ip}")
    runs, (fault,) = runs_of(wanted, incident("user:alice"), [alert("ssh-breach", "user:alice")])
    assert runs == []
    assert "holds nothing" in fault


def test_what_is_given_beats_the_incident_and_is_read_by_its_type() -> None:
    wanted = playbook(
        "  ip: {type: ip, from: incident.entities.ip}\n  hosts: {type: list, items: host, default: [web-1]}\n"
        "  for: {type: duration, default: 1h}\n  loud: {type: boolean, default: false}\n"
        "  level: {type: enum, choices: [low, high], default: low}\n  note: {type: text, required: false}"
    )
    given = {"ip": "2001:DB8::1", "hosts": "Web-2, web-3", "for": "2d", "loud": "yes", "level": "high"}
    found, faults = inputs_of(wanted, incident(), given)
    assert faults == []
    assert found == {
        "ip": "2001:db8::1", "hosts": ["web-2", "web-3"], "for": 172800, "loud": True, "level": "high",
        "note": None,
    }  # fmt: skip
    assert inputs_of(wanted, incident(), found)[0] == found


def test_all_that_is_wrong_is_said_at_once() -> None:
    wanted = playbook("  ip: {type: ip}\n  level: {type: enum, choices: [low, high]}")
    _, faults = inputs_of(wanted, incident(), {"ip": "nope", "level": "mid", "ipp": 1})
    assert len(faults) == 3
    assert "there is no input 'ipp': did you mean 'ip'?" in faults


@pytest.mark.parametrize(
    ("on", "facts", "starts"),
    [
        ("{rules: [ssh-breach]}", {}, True),
        ("{rules: [other]}", {}, False),
        ("{severity: high}", {}, True),
        ("{severity: high}", {"severity": Severity.CRITICAL}, True),
        ("{severity: critical}", {}, False),
        ("{tags: [a, b]}", {"tags": ("b",)}, True),
        ("{tags: [a]}", {}, False),
        ("{attack: [T1110]}", {"attack": ("T1110.001",)}, True),
        ("{attack: [T111]}", {"attack": ("T1110.001",)}, False),
        ("{entities: [ip, user]}", {}, True),
        ("{entities: [ip, file]}", {}, False),
        ("{rules: [ssh-breach], severity: critical}", {}, False),
    ],
)
def test_a_trigger_takes_what_meets_all_of_it(on: str, facts: dict[str, Any], starts: bool) -> None:
    assert (
        matches(playbook("  x: {type: text, default: a}", f"{{incident: {on}}}"), incident(**facts)) is starts
    )


def test_a_playbook_by_hand_never_starts_by_itself() -> None:
    assert not matches(playbook("  x: {type: text, default: a}", "{command: true}"), incident())


@pytest.mark.parametrize(
    ("kind", "good", "parsed"),
    [
        (ValueType.IP, "::ffff:203.0.113.7", "203.0.113.7"),
        (ValueType.IP, "203.0.113.0/24", "203.0.113.0/24"),
        (ValueType.DOMAIN, "Example.ORG.", "example.org"),
        (ValueType.DOMAIN, "bücher.example", "bücher.example"),
        (ValueType.URL, "https://example.org/a?b=c", "https://example.org/a?b=c"),
        (ValueType.HOST, "Web-1.example.org", "web-1.example.org"),
        (ValueType.USER, " alice ", "alice"),
        (ValueType.HASH, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"),
        (ValueType.DURATION, "90s", 90),
        (ValueType.NUMBER, 3, 3),
    ],
)
def test_a_value_gets_its_one_spelling(kind: ValueType, good: Any, parsed: Any) -> None:
    assert parse_value(kind, good) == parsed
    assert parse_value(kind, parsed) == parsed


DEEP: list[Any] = []
for _ in range(3_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        *[(ValueType.IP, bad) for bad in ("010.0.0.1", "1.2.3", "203.0.113.7/24", "fe80::1%eth0", "0x7f.1", 3221226219)],
        *[(ValueType.DOMAIN, bad) for bad in ("localhost", "a..b", "-", "x" * 300 + ".org", "a b.org", "")],
        *[(ValueType.URL, bad) for bad in ("javascript:alert(1)", "http://", "https://a b", "http://[::1", "ftp://a")],
        *[(ValueType.HOST, bad) for bad in ("a b", "a;b", "", "../x", "a" * 300)],
        *[(ValueType.USER, bad) for bad in ("", "a\nb", "x" * 300, None)],
        (ValueType.HASH, "xyz"), (ValueType.DURATION, "0s"), (ValueType.DURATION, True), (ValueType.INTEGER, True),
        (ValueType.INTEGER, 2**63), (ValueType.NUMBER, float("nan")), (ValueType.BOOLEAN, "true"),
        (ValueType.TEXT, "x" * 20_000), (ValueType.TEXT, 5), (ValueType.LIST, "a"), (ValueType.LIST, [1] * 2_000),
        (ValueType.ANY, DEEP), (ValueType.ANY, object()), (ValueType.ANY, "x" * 200_000), (ValueType.IP, ["203.0.113.7"]),
    ],
)  # fmt: skip
def test_what_is_no_such_value_is_refused_in_words(kind: ValueType, bad: Any) -> None:
    with pytest.raises(ValueError, match=r"\w") as error:
        parse_value(kind, bad)
    assert len(str(error.value)) < 400
