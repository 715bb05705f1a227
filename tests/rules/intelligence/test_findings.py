"""What is found becomes few alerts, each as bad as the contact was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rules.alerts import Alert, Severity
from rules.intelligence import RETRO, Claim, Collector, IndicatorKind, IndicatorTable

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BAD = "203.0.113.7"


def _table(**claim: Any) -> IndicatorTable:
    table = IndicatorTable()
    said = Claim(**{"source": "feed", "confidence": 90, "until": 2_000_000_000, **claim})
    for kind, value in (
        (IndicatorKind.IP, BAD), (IndicatorKind.DOMAIN, "evil.example"),
        (IndicatorKind.URL, "evil.example/a"),
        (IndicatorKind.HASH, "a" * 64), (IndicatorKind.HASH, "b" * 32),
        (IndicatorKind.NETWORK, "203.0.113.0/24"),
        (IndicatorKind.EMAIL, "eve@bad.example"),
    ):  # fmt: skip
        table.add(kind, value, said)
    return table


def _found(*events: dict[str, Any], retro: bool = False, **claim: Any) -> list[Alert]:
    table, collector = _table(**claim), Collector()
    for number, event in enumerate(events):
        whole = {"@timestamp": "2026-03-02T09:00:00Z", "event.id": f"e{number}", **event}
        collector.add(table.match(whole, NOW.timestamp()), whole, "logs-1")
    return [alert for alert, _ in collector.take(NOW, retro=retro)]


OUT = {"source.ip": "10.0.0.5", "destination.ip": BAD, "host.name": "fw-1"}
IN = {"source.ip": BAD, "destination.ip": "192.0.2.10", "host.name": "web-1"}


@pytest.mark.parametrize(
    ("event", "claim", "severity"),
    [
        (OUT, {}, "high"),
        (OUT, {"confidence": 50}, "medium"),
        (OUT, {"confidence": 10}, "low"),
        (OUT, {"severity": Severity.CRITICAL}, "critical"),
        ({**OUT, "event.type": ["connection", "denied"]}, {}, "medium"),
        (IN, {}, "medium"),
        ({**IN, "event.action": "Drop"}, {}, "low"),
        ({**IN, "event.category": ["authentication"], "event.outcome": "failure"}, {}, "low"),
        ({**IN, "event.category": ["authentication"], "event.outcome": "success"}, {}, "high"),
        ({"process.hash.sha256": "A" * 64, "host.name": "pc-1"}, {}, "high"),
        ({"email.from.address": ["eve@bad.example"]}, {}, "medium"),
        ({**IN, "event.type": ["denied"]}, {"confidence": 10}, "informational"),
    ],
)
def test_severity_follows_confidence_and_side(event: Any, claim: Any, severity: str) -> None:
    (alert,) = _found(event, **claim)
    assert alert.severity.value == severity


def test_an_alert_says_what_is_known_and_by_whom() -> None:
    (alert,) = _found(OUT)
    assert alert.rule == "intelligence-outbound"
    assert alert.group == {
        "threat.indicator.type": "ipv4-addr",
        "threat.indicator.ip": BAD,
        "threat.feed.name": "feed",
        "threat.indicator.confidence": "High",
    }
    assert [str(one) for one in alert.entities] == [f"ip:{BAD}", "ip:10.0.0.5", "host:fw-1"]
    assert alert.summary == f"10.0.0.5 reached out to {BAD}: feed lists it, confidence 90."


def test_a_scanner_is_one_alert_a_day_and_severity() -> None:
    knocks = [
        {**IN, "destination.ip": f"192.0.2.{number % 250}", "host.name": f"web-{number % 9}",
         "event.action": "deny", "@timestamp": f"2026-03-02T09:{number % 60:02}:00Z"}
        for number in range(10_000)
    ]  # fmt: skip
    (alert,) = _found(*knocks)
    assert (alert.evidence_count, len(alert.evidence)) == (10_000, 100)
    let_in = {**IN, "event.category": "authentication", "event.outcome": "success", "user.name": "alice"}
    next_day = {**knocks[0], "@timestamp": "2026-03-03T09:00:00Z"}
    assert sorted(one.severity.value for one in _found(*knocks, let_in, next_day)) == ["high", "low", "low"]


def test_each_of_ours_that_reached_out_is_an_alert() -> None:
    alerts = _found(OUT, {**OUT, "source.ip": "10.0.0.6"}, OUT)
    assert sorted(alert.evidence_count for alert in alerts) == [1, 2]


def test_the_same_events_again_are_the_same_alert() -> None:
    first, again = _found(OUT, OUT), _found({**OUT, "@timestamp": "2026-03-02T23:59:59Z"}, retro=True)
    assert [one.id for one in first] == [one.id for one in again]
    assert RETRO in again[0].tags
    assert "before it was known" in again[0].summary


def test_one_contact_is_one_alert_however_many_of_its_values_are_listed() -> None:
    contact = {"source.ip": "10.0.0.5", "url.full": "http://evil.example/a", "url.domain": "evil.example",
               "destination.ip": BAD}  # fmt: skip
    (alert,) = _found(contact)
    assert alert.group["threat.indicator.url.full"] == "evil.example/a"
    (file,) = _found({"file.hash.sha256": "a" * 64, "file.hash.md5": "b" * 32})
    assert file.group["threat.indicator.file.hash.sha256"] == "a" * 64


def test_the_source_that_makes_the_most_of_it_decides_and_another_makes_no_second_alert() -> None:
    table, alerts = _table(), []
    event = {"@timestamp": "2026-03-02T09:00:00Z", "event.id": "e", **OUT}
    for more in ((), (Claim("own", 40, severity=Severity.HIGH, until=2_000_000_000),),
                 (Claim("own", 40, severity=Severity.CRITICAL, until=2_000_000_000),)):  # fmt: skip
        table.set(IndicatorKind.IP, BAD, (Claim("feed", 90, until=2_000_000_000), *more))
        collector = Collector()
        collector.add(table.match(event, NOW.timestamp()), event)
        alerts.append(collector.take(NOW)[0][0])
    assert [one.severity.value for one in alerts] == ["high", "high", "critical"]
    assert alerts[0].id == alerts[1].id != alerts[2].id
    assert alerts[2].group["threat.feed.name"] == "feed, own"
