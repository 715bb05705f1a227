"""The incident's first message: what happened, to whom, since when, and who looks after it."""

from __future__ import annotations

from collections.abc import Iterable

from slack_sdk.models.blocks import Block

from bot.slack import blocks as b
from bot.slack.mrkdwn import code, date, entity, joined, mention, paragraphs, prose, technique
from rules.alerts import Alert, Severity
from rules.entities import Entity, EntityKind
from rules.health import is_health
from rules.incidents import IncidentFacts, IncidentStatus

PATH_ACTION = "incident_path"
OWN_ACTION = "incident_own"
ALERTS_SHOWN = 5

MARKS = {
    Severity.INFORMATIONAL: "⚪",
    Severity.LOW: "🔵",
    Severity.MEDIUM: "🟡",
    Severity.HIGH: "🟠",
    Severity.CRITICAL: "🔴",
}
_KINDS = (
    ("From", (EntityKind.IP,)),
    ("Who", (EntityKind.USER,)),
    ("Where", (EntityKind.HOST, EntityKind.DATABASE)),
    ("With", (EntityKind.FILE, EntityKind.DOMAIN, EntityKind.URL, EntityKind.HASH)),
)
_STATUS = {
    IncidentStatus.OPEN: "🔥 open",
    IncidentStatus.CONTAINED: "🛡️ contained",
    IncidentStatus.CLOSED: "✔️ closed",
}


def incident_text(incident: IncidentFacts) -> str:
    """Return the message in one line, for notifications."""
    return (
        f"{incident.severity.value.capitalize()} incident {code(incident.id)}: {prose(incident.title, 300)}"
    )


def incident_blocks(incident: IncidentFacts, alerts: Iterable[Alert]) -> b.Blocks:
    """Return the incident's first message."""
    closed = incident.status is IncidentStatus.CLOSED
    mark = "✔️" if closed else MARKS[incident.severity]
    found: list[Block] = [b.header(f"{mark} {incident.severity.value.capitalize()}: {incident.title}")]
    if incident.summary:
        found.append(b.section(paragraphs(incident.summary, 1500)))
    found += b.fields(_facts(incident))
    if told := _told(alerts, incident):
        found.append(b.context(told))
    if not closed:
        buttons = [] if is_health(incident) else [b.button("Attack path", PATH_ACTION, incident.id)]
        if incident.owner is None:
            buttons.append(b.button("Take it", OWN_ACTION, incident.id, style="primary"))
        if buttons:
            found.append(b.actions(*buttons))
    found.append(
        b.context(
            f"{code(incident.id)} · opened {date(incident.opened)} · {code(f'/siem timeline {incident.id}')}"
        )
    )
    return b.as_json(found)


def _facts(incident: IncidentFacts) -> list[tuple[str, str]]:
    named = [
        (name, joined([entity(one) for one in found], 700))
        for name, kinds in _KINDS
        if (found := _of(incident.entities, kinds))
    ]
    when = date(incident.first)
    if incident.last != incident.first:
        when += f" to {date(incident.last)}"
    attack = joined([technique(name) for name in incident.attack], 1500)
    return [
        *named,
        ("When", when),
        ("Status", _STATUS[incident.status]),
        ("Owner", mention(incident.owner) if incident.owner else "nobody yet"),
        ("Rules", joined([code(rule, 100) for rule in incident.rules], 700)),
        *([("ATT&amp;CK", attack)] if attack else []),
    ]


def _of(entities: Iterable[Entity], kinds: tuple[EntityKind, ...]) -> list[Entity]:
    return [one for one in entities if one.kind in kinds]


def _told(alerts: Iterable[Alert], incident: IncidentFacts) -> str:
    """Return what other alerts say that the summary doesn't."""
    lines = list(
        dict.fromkeys(
            f"{MARKS[alert.severity]} {prose(alert.summary or alert.title, 250)}"
            for alert in alerts
            if alert.summary != incident.summary
        )
    )
    shown = lines[:ALERTS_SHOWN]
    if more := max(0, len(incident.alerts) - len(shown) - 1) if shown else 0:
        shown.append(f"… {more} more: {code(f'/siem incident {incident.id}')}")
    return "\n".join(shown)
