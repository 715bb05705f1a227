"""``servicenow.create_incident``: an incident in ServiceNow, once for each request.

Table API: https://www.servicenow.com/docs/csh?topicname=c_TableAPI.html&version=latest. The mark is the
``correlation_id``, which is a field for exactly that.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from integrations.answers import inner, record, records, text
from integrations.connections import ConnectionKind, Http, Setting, http
from integrations.contract import ActionCall, ActionRefusedError
from integrations.ports import Site
from integrations.reversal import CONNECTION
from integrations.tickets import RETURNS, TEXT, TITLE, Ticket, line, make_once, told
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

KIND = "servicenow"
TABLE = "/api/now/table/incident"
FIELDS = "sys_id,number,correlation_id"
LEVELS = {"high": "1", "medium": "2", "low": "3"}
"""ServiceNow's values of impact and urgency; it makes the priority of both."""


class CreateIncident:
    spec = ActionSpec(
        name="servicenow.create_incident",
        kind=ActionKind.CHANGE,
        summary="Create an incident in ServiceNow, once for each request.",
        parameters=(
            TITLE,
            TEXT,
            *(
                Parameter(
                    name=name, type=ValueType.ENUM, choices=tuple(LEVELS), required=False, default="medium",
                    description=f"The {name}; ServiceNow makes the priority of both.",
                )
                for name in ("impact", "urgency")
            ),
            CONNECTION,
        ),
        returns=RETURNS,
        timeout=20.0,
        connection=KIND,
        permission="create and read on the table incident (role itil, or an ACL of its own)",
        per_minute=60,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        title = line(call.params["title"], 160)
        levels = {name: _level(call.params.get(name, "medium")) for name in ("impact", "urgency")}
        async with _open(site, call.params.get("connection")) as servicenow:

            async def find(mark: str) -> Ticket | None:
                query = {
                    "sysparm_query": f"correlation_id={mark}",
                    "sysparm_limit": "1",
                    "sysparm_fields": FIELDS,
                }
                answer = record(await servicenow.json("GET", TABLE, params=query), servicenow.named.name)
                found = records(answer.get("result"), servicenow.named.name)
                # a query by a field that we may not read is ignored, and answered with any incident
                same = [row for row in found if row.get("correlation_id") == mark]
                if found and not same:
                    raise ActionRefusedError(
                        f"{servicenow.named.name}: correlation_id can't be asked for: make it readable"
                    )
                return _ticket(servicenow, same[0]) if same else None

            async def make(mark: str) -> Ticket:
                body = {
                    "short_description": title,
                    "description": told(call)[:4000],
                    "correlation_id": mark,
                    "correlation_display": "SIEM",
                    **levels,
                }
                fields = {"sysparm_fields": FIELDS}
                answer = await servicenow.json("POST", TABLE, params=fields, json=body)
                return _ticket(servicenow, inner(record(answer, servicenow.named.name), "result"))

            return await make_once(call, site, self.spec.name, find, make)


def _level(value: Any) -> str:
    if str(value) not in LEVELS:
        raise ActionRefusedError(f"{value!r:.40} is none of {', '.join(LEVELS)}")
    return LEVELS[str(value)]


def _ticket(servicenow: Http, row: dict[str, Any]) -> Ticket:
    sys_id, number = (text(row, key, servicenow.named.name) for key in ("sys_id", "number"))
    base = str(servicenow.client.base_url).rstrip("/")
    return {"id": number, "url": f"{base}/nav_to.do?uri=incident.do?sys_id={sys_id}"}


@asynccontextmanager
async def _open(site: Site, name: Any) -> AsyncIterator[Http]:
    async with http(site, KIND, name, authenticate=_prove, headers={"accept": "application/json"}) as opened:
        yield opened


async def _prove(opened: Http, request: httpx.Request) -> None:
    if opened.named.get("token"):
        request.headers["authorization"] = f"Bearer {opened.named.need('token')}"
        return
    pair = f"{opened.named.need('user')}:{opened.named.need('password')}"
    request.headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"


async def _test(site: Site, name: str) -> str:
    async with _open(site, name) as servicenow:
        query = {"sysparm_limit": "1", "sysparm_fields": FIELDS}
        records(record(await servicenow.json("GET", TABLE, params=query), name).get("result"), name)
    return f"ServiceNow shows its incidents to {servicenow.named.get('user') or 'the token'}"


SERVICENOW = ConnectionKind(
    name=KIND,
    title="ServiceNow",
    documentation="https://www.servicenow.com/docs/csh?topicname=c_TableAPI.html&version=latest",
    settings=(
        Setting("url", "the instance: https://example.service-now.com"),
        Setting("user", "a user for web services only; or token instead", required=False),
        Setting("password", "its password", required=False, secret=True),
        Setting("token", "an OAuth access token", required=False, secret=True),
    ),
    permissions=("create and read on the table incident, of which correlation_id must be readable",),
    test=_test,
    setup="ServiceNow: User Administration, Users, New; Web service access only; give it the role itil, or a "
    "role of its own with ACLs to create and read incidents.",
)
