"""Exceptions cover what they name and nothing else; windows fold, but never a higher severity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rules.alerts import Alert, Severity
from rules.entities import Entity
from rules.exceptions import Exceptions, parse_exceptions
from rules.rule import RuleText

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
END = "owner: alice\nreason: Known.\nuntil: 2026-12-31\n"


def parse(*documents: str) -> tuple[Exceptions, list[str]]:
    active, _, faults = parse_exceptions([RuleText("e.yml", "---\n".join(documents))], NOW)
    return active, [str(fault) for fault in faults]


def alert(
    name: str = "a", *, rule: str = "bulk-read", at: float = 0, about: str = "user:svc-backup host:db-1",
    severity: Severity = Severity.MEDIUM, group: dict[str, str] | None = None,
) -> Alert:  # fmt: skip
    time = NOW + timedelta(minutes=at)
    return Alert(
        id=name, rule=rule, rule_id=f"id-{rule}", title=rule, severity=severity, risk=30, evidence=(),
        entities=tuple(Entity.parse(text) for text in about.split()), evidence_count=1, first=time,
        last=time, detected=time, group=group or {},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("about", "event", "covered"),
    [
        ("user:SVC-backup host:db-7", {"process.name": ["sh", "Restic"]}, True),
        ("user:svc-backup host:db-7", {"process.name": "cp"}, False),
        ("user:svc-backup host:web-1", {"process.name": "restic"}, False),
        ("user:alice host:db-7", {"process.name": "restic"}, False),
        ("user:bob host:db-7", {"process.name": "restic"}, True),
        ("host:db-7", {"process.name": "restic"}, False),
        ("user:svc-backup host:db-7", {}, False),
    ],
)
def test_every_condition_must_be_met(about: str, event: dict[str, Any], covered: bool) -> None:
    text = (
        "name: backup\nrules: [bulk-read]\nentities: [user:svc-backup, user:bob, 'host:db-*']\n"
        f"fields: {{process.name: restic}}\n{END}"
    )
    active, faults = parse(text)
    assert faults == []
    assert active.silences(alert(about=about), event) == ("backup" if covered else "")
    assert active.silences(alert(about=about, rule="other"), event) == ""


def test_what_is_over_is_a_fault_and_not_in_force() -> None:
    text = "name: old\nrules: any\nentities: [user:alice]\n" + END.replace("2026-12-31", "2026-03-01")
    active, faults = parse(text, text.replace("old", "today").replace("03-01", "03-02"))
    assert [one.name for one in active.exceptions] == ["today"]
    assert len(faults) == 1
    assert faults[0].startswith("e.yml:6:1: the exception 'old' of alice ended")


def test_all_faults_are_told_with_their_places() -> None:
    _, faults = parse("name: x\nrule: [a]\nentities: [person:alice, 'user:*']\nuntil: soon\nsuppress: 90d\n")
    places = sorted(fault.split(": ")[0] for fault in faults)
    assert places == ["e.yml:1:1"] * 3 + ["e.yml:2:1", "e.yml:3:12", "e.yml:3:26", "e.yml:4:1", "e.yml:5:1"]
    _, faults = parse(f"name: y\nrules: any\n{END}")
    assert "whom or what" in faults[0]


def test_a_window_folds_repetitions_about_the_same_entities() -> None:
    active, faults = parse(f"name: quiet\nrules: [bulk-read]\nsuppress: 30m\n{END}")
    assert faults == []
    found = [
        alert("a"), alert("b", at=29), alert("c", at=31), alert("d", at=40, about="user:bob"),
        alert("e", at=45, rule="other"), alert("f", at=46, rule="other"),
        alert("g", at=50, severity=Severity.HIGH), alert("h", at=55), alert("i", at=56, about=""),
        alert("j", at=57, about=""),
    ]  # fmt: skip
    kept, folded = active.fold(found, [])
    assert [one.id for one in kept] == ["a", "c", "d", "e", "f", "g", "i", "j"]
    assert [(one.alert.id, one.into) for one in folded] == [("b", "a"), ("h", "c")]
    again, folded_again = active.fold(found, kept)
    assert ([one.id for one in again], folded_again) == ([one.id for one in kept], folded)


def test_a_lower_severity_folds_into_a_higher_but_not_the_other_way() -> None:
    active, _ = parse(f"name: quiet\nrules: any\nsuppress: 1h\n{END}")
    high, low = alert("h", severity=Severity.HIGH), alert("l", at=5, severity=Severity.LOW)
    assert [one.alert.id for one in active.fold([low], [high])[1]] == ["l"]
    early = alert("l", severity=Severity.LOW)
    late = alert("h", at=5, severity=Severity.HIGH)
    assert active.fold([late], [early]) == ([late], [])
