"""``pagerduty.trigger`` and ``pagerduty.resolve``: Events API 2.

https://developer.pagerduty.com/docs/send-alert-event. PagerDuty joins events with one ``dedup_key`` into one
alert: the same request again calls nobody twice. Where the playbook names no ``alert``, it is the incident,
so that `resolve` finds what `trigger` began. A full queue is 429, worth a retry.
"""

from __future__ import annotations

import hashlib
from typing import Any

from integrations.answers import record
from integrations.connections import ConnectionKind, Setting, http
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from integrations.reversal import CONNECTION
from integrations.tickets import TEXT, TITLE, line, told
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

KIND = "pagerduty"
URL = "https://events.pagerduty.com"
SEVERITIES = ("critical", "error", "warning", "info")
ALERT = Parameter(
    name="alert",
    type=ValueType.TEXT,
    description="What the alert is known by, the incident where left out.",
    required=False,
)


class Trigger:
    spec = ActionSpec(
        name="pagerduty.trigger",
        kind=ActionKind.CHANGE,
        summary="Call whoever is on call in PagerDuty; the same alert again calls nobody twice.",
        parameters=(
            TITLE,
            TEXT,
            Parameter(
                name="severity", type=ValueType.ENUM, choices=SEVERITIES, required=False, default="critical",
                description="How bad it is, in PagerDuty's words.",
            ),
            ALERT,
            CONNECTION,
        ),
        returns={"alert": ValueType.TEXT},
        timeout=15.0,
        connection=KIND,
        permission="an Events API v2 integration key of one service",
        per_minute=120,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        severity = str(call.params.get("severity") or "critical")
        if severity not in SEVERITIES:
            raise ActionRefusedError(f"{severity!r:.40} is none of {', '.join(SEVERITIES)}")
        payload = {
            "summary": line(call.params["title"], 1024),
            "source": "siem",
            "severity": severity,
            "custom_details": {"text": told(call)},
        }
        return await _send(call, site, {"event_action": "trigger", "payload": payload})


class Resolve:
    spec = ActionSpec(
        name="pagerduty.resolve",
        kind=ActionKind.CHANGE,
        summary="Resolve an alert in PagerDuty; one that is not there stays that.",
        parameters=(ALERT, CONNECTION),
        returns={"alert": ValueType.TEXT},
        timeout=15.0,
        connection=KIND,
        permission="an Events API v2 integration key of the same service",
        per_minute=120,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        return await _send(call, site, {"event_action": "resolve"})


async def _send(call: ActionCall, site: Site, event: dict[str, Any]) -> dict[str, Any]:
    alert = str(call.params.get("alert") or call.incident or "")
    if not alert:
        raise ActionRefusedError("there is no incident: name the alert")
    await _enqueue(site, call.params.get("connection"), {**event, "dedup_key": _dedup_key(alert)})
    return {"alert": alert}


def _dedup_key(alert: str) -> str:
    """Return PagerDuty's key of an alert, 255 characters at most: a longer name's own digest."""
    key = f"siem:{alert}"
    return key if len(key) <= 255 else "siem:" + hashlib.sha256(alert.encode()).hexdigest()


async def _enqueue(site: Site, name: Any, event: dict[str, Any]) -> None:
    async with http(site, KIND, name, url=URL) as pagerduty:
        body = {"routing_key": pagerduty.named.need("routing_key"), "client": "SIEM", **event}
        answer = record(await pagerduty.json("POST", "/v2/enqueue", json=body), pagerduty.named.name)
        if answer.get("status") != "success" or answer.get("dedup_key") != event["dedup_key"]:
            raise ActionUnavailableError(f"{pagerduty.named.name} did not say that it took the event")


async def _test(site: Site, name: str) -> str:
    await _enqueue(site, name, {"event_action": "resolve", "dedup_key": "siem:connection-test"})
    return "PagerDuty takes events for the key (it was told that an alert is over which never was)"


PAGERDUTY = ConnectionKind(
    name=KIND,
    title="PagerDuty: events of one service",
    documentation="https://developer.pagerduty.com/docs/events-api-v2-overview",
    settings=(
        Setting("routing_key", "the integration key, 32 characters", secret=True),
        Setting("url", f"the service region's: https://events.eu.pagerduty.com; else {URL}", required=False),
    ),
    permissions=("an Events API v2 integration key: it can send events of its service, and read nothing",),
    test=_test,
    setup="PagerDuty: Services, the service, Integrations, Add integration, Events API V2; copy the key.",
)
