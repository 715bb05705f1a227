"""Verbs about incidents: list, show, tell as a timeline, draw as a path, own, close, run a playbook."""

from __future__ import annotations

from typing import Any

from bot.verbs.answer import Answer, Caller, Cell, Code, Person, Section, Table, listed
from playbooks.durations import say_duration
from rules.attack_path import AttackPath
from rules.incidents import IncidentFacts
from workers.contract import ChangeIncident, ContainmentState
from workers.desk import Desk, IncidentDetail, TimelineEntry

LISTED = 20


async def list_incidents(desk: Desk, *, every: bool = False, limit: int = LISTED) -> Answer:
    found = await desk.incidents(open_only=not every, limit=limit)
    if not found:
        text = (
            "There are no incidents." if every else "No incident is open. `incident --all` shows closed ones."
        )
        return Answer(title="Incidents", text=text, data=[])
    rows = tuple(
        (Code(facts.id), facts.severity.value, facts.status.value, facts.title, facts.last, _owner(facts))
        for facts in found
    )
    return Answer(
        title="Incidents" if every else "Open incidents",
        text=f"The newest {len(found)}." if len(found) == limit else "",
        sections=(Section(table=Table(("id", "severity", "status", "title", "last seen", "owner"), rows)),),
        data=found,
    )


async def show_incident(desk: Desk, incident: str) -> Answer:
    detail = await desk.incident(incident)
    facts = detail.facts
    sections = [Section(facts=describe(facts))]
    if detail.alerts:
        rows = tuple(
            (alert.last, alert.severity.value, alert.title, alert.summary) for alert in detail.alerts[:LISTED]
        )
        more = len(detail.alerts) - len(rows)
        sections.append(
            Section(
                title=f"Alerts ({len(detail.alerts)})",
                text=f"{more} more are not shown." if more > 0 else "",
                table=Table(("last seen", "severity", "rule", "what"), rows),
            )
        )
    if detail.containments:
        sections.append(Section(title="Blocks", table=containment_table(detail.containments)))
    if detail.playbooks:
        sections.append(Section(title="Playbooks", text="\n".join(detail.playbooks)))
    return Answer(
        title=f"{facts.id}: {facts.title}",
        text=facts.summary,
        sections=tuple(sections),
        data=_detail_data(detail),
    )


def describe(facts: IncidentFacts) -> tuple[tuple[str, Cell], ...]:
    """Return what is known of an incident as names and values."""
    return (
        ("Severity", facts.severity.value),
        ("Status", facts.status.value),
        ("Owner", _owner(facts) or "nobody yet"),
        ("First seen", facts.first),
        ("Last seen", facts.last),
        ("Opened", facts.opened),
        ("Entities", listed([str(entity) for entity in facts.entities], 12)),
        ("Rules", listed(facts.rules, 8)),
        ("ATT&CK", listed(facts.attack, 8) or "none"),
    )


def _owner(facts: IncidentFacts) -> Cell:
    return Person(facts.owner) if facts.owner else None


def containment_table(containments: tuple[ContainmentState, ...] | list[ContainmentState]) -> Table:
    return Table(
        ("id", "status", "what", "until", "incident", "detail"),
        tuple(
            (
                Code(one.id), one.status, f"{one.action} {one.target}", one.until or "until released",
                Code(one.incident), one.detail,
            )
            for one in containments
        ),
    )  # fmt: skip


def _detail_data(detail: IncidentDetail) -> dict[str, Any]:
    return {
        "incident": detail.facts,
        "alerts": detail.alerts,
        "blocks": detail.containments,
        "playbooks": detail.playbooks,
        "thread": detail.thread,
    }


async def tell_timeline(desk: Desk, incident: str) -> Answer:
    entries = await desk.timeline(incident)
    if not entries:
        return Answer(title=f"Timeline of {incident}", text="Nothing has been recorded yet.", data=[])
    span = say_duration(max(1, round((entries[-1].at - entries[0].at).total_seconds())))
    return Answer(
        title=f"Timeline of {incident}",
        text=f"{len(entries)} entries over {span}.",
        sections=(
            Section(
                table=Table(
                    ("when", "what", "who", "text"),
                    tuple((entry.at, entry.kind, _actor(entry), entry.text) for entry in entries),
                )
            ),
        ),
        data=entries,
    )


def _actor(entry: TimelineEntry) -> Cell:
    return person_of(entry.actor) or entry.actor


def person_of(actor: str) -> Person | None:
    """Return the person of an actor written ``slack:U0ALICE``, None for what is no person."""
    kind, colon, name = actor.partition(":")
    return Person(name) if colon and kind == "slack" and name else None


async def draw_path(desk: Desk, incident: str) -> Answer:
    path = await desk.path(incident)
    if not path.edges:
        return Answer(
            title=f"Attack path of {path.incident}",
            text=path.summary or "The events of this incident connect nothing yet.",
            data=path,
        )
    return Answer(
        title=f"Attack path of {path.incident}",
        text=path.summary,
        sections=(Section(table=path_table(path)),),
        path=path,
        data=path,
    )


def path_table(path: AttackPath) -> Table:
    """Return the path in words: one row a move, in the order of time."""
    rows = tuple(
        (edge.first, str(edge.source), edge.label, str(edge.target), " ".join(edge.attack))
        for edge in path.edges
    )
    return Table(("when", "from", "did", "to", "ATT&CK"), rows)


async def own_incident(desk: Desk, incident: str, caller: Caller, owner: str | None = None) -> Answer:
    facts = (await desk.incident(incident)).facts
    person = owner or caller.id
    await desk.change(facts.id, ChangeIncident(by=caller.id, owner=person))
    return Answer(
        title=f"{facts.id} has an owner",
        sections=(Section(facts=(("Incident", facts.title), ("Owner", Person(person)))),),
        data={"incident": facts.id, "owner": person},
    )


async def close_incident(desk: Desk, incident: str, caller: Caller, note: str = "") -> Answer:
    detail = await desk.incident(incident)
    facts = detail.facts
    await desk.change(facts.id, ChangeIncident(by=caller.id, status="closed", note=note))
    left = [one.id for one in detail.containments if one.status in {"active", "applying", "stuck"}]
    text = f"Still in force until their time is over: {listed(left)}." if left else ""
    return Answer(title=f"{facts.id} is closed", text=text, data={"incident": facts.id, "blocks": left})
