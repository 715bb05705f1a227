"""Matches as alerts: one for an indicator and whom it is about, each day.

The severity follows the source that makes the most of it, and the side: what somebody inside reached out
to, a file that was here, and a login that worked count whole; who only knocked counts less, and least where
it was turned away. A scanner is one alert a day and severity, however often and wherever it knocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rules import entities
from rules.alerts import Alert, EventRef, Severity, alert_id
from rules.ecs import parse_timestamp
from rules.entities import Entity, EntityKind
from rules.intelligence.indicators import Claim
from rules.intelligence.matcher import Match, Side
from rules.intelligence.values import HASHES, IndicatorKind
from rules.rule_header import new_id

SURE, LIKELY = 75, 40
"""Confidence from which an outgoing contact is high and medium."""
MOST_EVIDENCE = 100
_ACTIONS = frozenset({"deny", "denied", "drop", "dropped", "block", "blocked", "reject", "rejected"})


@dataclass(frozen=True)
class _Kind:
    """What alerts of one side are called."""

    name: str
    title: str
    attack: tuple[str, ...]

    @property
    def id(self) -> str:
        return new_id(self.name)


KINDS: Mapping[Side, _Kind] = {
    Side.OUT: _Kind("intelligence-outbound", "Contact with something known to be bad",
                    ("command-and-control",)),
    Side.IN: _Kind("intelligence-inbound", "Visit of an address known to be bad", ()),
    Side.FILE: _Kind("intelligence-file", "A file known to be bad", ("execution",)),
    Side.MAIL: _Kind("intelligence-mail", "Mail of a sender known to be bad", ("initial-access", "T1566")),
}  # fmt: skip
RETRO = "siem.retro"
"""Tag of an alert about the past: the event was there before the indicator was known."""

_TYPES = {
    IndicatorKind.DOMAIN: "domain-name", IndicatorKind.URL: "url", IndicatorKind.HASH: "file",
    IndicatorKind.EMAIL: "email-addr",
}  # fmt: skip


def severity_of(claim: Claim, match: Match, event: Mapping[str, Any]) -> Severity:
    """Return how bad a match is: the claim's severity (by confidence where it states none), less one
    where it was turned away, less one where it only came to us, never where it got in."""
    by_confidence = (
        Severity.HIGH if claim.confidence >= SURE
        else Severity.MEDIUM if claim.confidence >= LIKELY
        else Severity.LOW
    )  # fmt: skip
    whole = claim.severity or by_confidence
    less = 0
    if _refused(event):
        less += 1
    if match.side is Side.IN and not _let_in(event):
        less += 1
    if match.side is Side.MAIL:
        less += 1
    return list(Severity)[max(0, whole.rank - less)]


def _has(event: Mapping[str, Any], field: str, words: Iterable[str]) -> bool:
    value = event.get(field)
    items = value if isinstance(value, list) else [value]
    return not {str(item).lower() for item in items if item is not None}.isdisjoint(words)


def _refused(event: Mapping[str, Any]) -> bool:
    return (
        _has(event, "event.type", ("denied",))
        or _has(event, "event.outcome", ("failure",))
        or _has(event, "event.action", _ACTIONS)
    )


def _let_in(event: Mapping[str, Any]) -> bool:
    return _has(event, "event.category", ("authentication", "session", "iam")) and _has(
        event, "event.outcome", ("success",)
    )


_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass
class _Finding:
    match: Match
    claim: Claim
    severity: Severity
    event: Mapping[str, Any]
    group: dict[str, str]
    evidence: list[EventRef] = field(default_factory=list)
    count: int = 0
    first: datetime = _LATEST
    last: datetime = _EARLIEST


class Collector:
    """Gathers the matches of many events and makes alerts of them, one for each thing found."""

    def __init__(self) -> None:
        self._findings: dict[str, _Finding] = {}

    def add(self, matches: Iterable[Match], event: Mapping[str, Any], index: str = "") -> None:
        """Take the matches of one flat event. Raises KeyError where it has no ``event.id`` or
        ``@timestamp``, ValueError where that is no time."""
        time = parse_timestamp(str(event["@timestamp"]))
        ref = EventRef(id=str(event["event.id"]), index=index)
        for match in _things(matches):
            claim = max(match.claims, key=lambda one: (severity_of(one, match, event).rank, one.confidence))
            severity = severity_of(claim, match, event)
            thing = {
                "kind": match.kind.value, "value": match.value, "about": _about(match, event),
                "day": f"{time:%Y-%m-%d}", "severity": severity.value,
            }  # fmt: skip
            name = alert_id(KINDS[match.side].id, thing, "")
            finding = self._findings.setdefault(
                name, _Finding(match, claim, severity, event, _group(match, claim))
            )
            finding.count += 1
            if len(finding.evidence) < MOST_EVIDENCE:
                finding.evidence.append(ref)
            if time < finding.first:
                finding.first, finding.event = time, event
            finding.last = max(finding.last, time)

    def take(self, detected: datetime, *, retro: bool = False) -> list[tuple[Alert, Mapping[str, Any]]]:
        """Return the alerts of what was gathered, each with its first event as exceptions see it."""
        found, self._findings = self._findings, {}
        return [
            (_alert(name, one, detected, retro), {**one.event, **one.group}) for name, one in found.items()
        ]


def _things(matches: Iterable[Match]) -> list[Match]:
    """Return one match for each thing: of a URL, its host by name and by address, of the hashes of one
    file, of an address and its networks, that which is surest, then narrowest."""
    best: dict[tuple[Side, str], Match] = {}
    for match in matches:
        thing = match.text.lower()
        if match.side is Side.OUT:
            thing = ""
        elif match.kind is IndicatorKind.HASH:
            thing = match.field.rpartition(".hash.")[0]
        key = match.side, thing
        if key not in best or _weight(match) > _weight(best[key]):
            best[key] = match
    return list(best.values())


_NARROWER = (
    IndicatorKind.NETWORK, IndicatorKind.IP, IndicatorKind.EMAIL, IndicatorKind.DOMAIN, IndicatorKind.URL,
    IndicatorKind.HASH,
)  # fmt: skip


def _weight(match: Match) -> tuple[int, int, int, str]:
    claim = match.claims[0]
    severity = claim.severity.rank if claim.severity else -1
    return claim.confidence, severity, _NARROWER.index(match.kind) * 1000 + len(match.value), match.value


def _group(match: Match, claim: Claim) -> dict[str, str]:
    """What the alert says of the indicator, in ECS: https://www.elastic.co/docs/reference/ecs/ecs-threat"""
    value, kind = match.value, match.kind
    if kind in (IndicatorKind.IP, IndicatorKind.NETWORK):
        group = {"threat.indicator.type": "ipv6-addr" if ":" in value else "ipv4-addr",
                 "threat.indicator.ip": value}  # fmt: skip
    else:
        named = {
            IndicatorKind.DOMAIN: "url.domain",
            IndicatorKind.URL: "url.full",
            IndicatorKind.EMAIL: "email.address",
            IndicatorKind.HASH: f"file.hash.{HASHES.get(len(value), 'other')}",
        }[kind]
        group = {"threat.indicator.type": _TYPES[kind], f"threat.indicator.{named}": value}
    group["threat.feed.name"] = ", ".join(dict.fromkeys(one.source for one in match.claims))
    group["threat.indicator.confidence"] = (
        "High" if claim.confidence >= SURE else "Medium" if claim.confidence >= LIKELY else "Low"
    )
    if claim.tlp:
        group["threat.indicator.marking.tlp"] = claim.tlp.upper()
    return group


def _about(match: Match, event: Mapping[str, Any]) -> str:
    """Return whom of ours it is about; nobody in particular for who came to us."""
    if match.side is Side.IN:
        return str(event.get("user.name") or "") if _let_in(event) else ""
    names = ("host.name",) if match.side is Side.FILE else ("source.ip", "client.ip", "email.to.address")
    for name in (*names, "host.name", "user.name", "observer.name"):
        value = event.get(name)
        if value:
            return str(value[0] if isinstance(value, list) else value)
    return ""


_ENTITIES = {
    IndicatorKind.IP: EntityKind.IP, IndicatorKind.DOMAIN: EntityKind.DOMAIN,
    IndicatorKind.URL: EntityKind.URL, IndicatorKind.HASH: EntityKind.HASH,
}  # fmt: skip


def _alert(name: str, one: _Finding, detected: datetime, retro: bool) -> Alert:
    kind, match = KINDS[one.match.side], one.match
    value = match.text if match.kind is IndicatorKind.NETWORK else match.value
    entity_kind = EntityKind.IP if match.kind is IndicatorKind.NETWORK else _ENTITIES.get(match.kind)
    named = [Entity(kind=entity_kind, value=entities.canonical(entity_kind, value))] if entity_kind else []
    return Alert(
        id=name,
        rule=kind.name,
        rule_id=kind.id,
        title=kind.title,
        severity=one.severity,
        risk=max(1, round(one.severity.risk * one.claim.confidence / 100)),
        entities=entities.unique([*named, *entities.of_event(one.event)]),
        evidence=tuple(one.evidence),
        evidence_count=one.count,
        first=one.first,
        last=one.last,
        detected=detected,
        attack=kind.attack,
        tags=("threat-intelligence", *((RETRO,) if retro else ())),
        group=one.group,
        summary=_summary(one, retro),
    )


def _summary(one: _Finding, retro: bool) -> str:
    match, event, claim = one.match, one.event, one.claim
    who = _about(match, event) or "something"
    what = match.value if match.value == match.text else f"{match.text} ({match.value})"
    where = event.get("host.name") or event.get("destination.ip") or "us"
    turned = " and was turned away" if _refused(event) else ""
    told = {
        Side.OUT: f"{who} reached out to {what}{turned}",
        Side.IN: f"{what} {'got in at' if _let_in(event) else 'came to'} {where}{turned}",
        Side.FILE: f"A file on {who} has the hash {what}",
        Side.MAIL: f"Mail came from or with {what}{turned}",
    }[match.side]
    names = ", ".join(dict.fromkeys(said.source for said in match.claims))
    times = f", {one.count:,} times" if one.count > 1 else ""
    past = f"; seen {one.first:%Y-%m-%d %H:%M}Z, before it was known" if retro else ""
    return f"{told}{times}: {names} lists it, confidence {claim.confidence}{past}."
