"""Exchange Online by Microsoft Graph: a message taken out of a mailbox, and where messages went.

https://learn.microsoft.com/graph/api/user-list-messages, .../api/message-move, .../api/message-permanentdelete
and .../api/messagetracingroot-list-messagetraces (ninety days back, ten days an answer).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from integrations.answers import record, records, text
from integrations.connections import segment
from integrations.contract import ActionCall, ActionRefusedError
from integrations.entra.users import read_user
from integrations.microsoft.registration import KIND, open_graph, pages, quoted
from integrations.ports import Site
from integrations.reversal import CONNECTION
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

MAILBOX = Parameter(
    name="user",
    type=ValueType.USER,
    description="The mailbox, by its user principal name: alice@example.com.",
)
DAYS = 10
"""The longest stretch that one trace may ask for."""
SHOWN = 50


class PurgeMessage:
    """Finds copies by the Message-ID header in any folder. They go to Recoverable Items, where people and
    administrators may still get them back; with ``hard`` to its Purges, out of the person's reach.

    Answers ``purged``, how many copies went: none where it was done before.
    """

    spec = ActionSpec(
        name="m365.purge_message",
        kind=ActionKind.CHANGE,
        summary="Take a message out of a mailbox in Exchange Online, by its Message-ID.",
        parameters=(
            MAILBOX,
            Parameter(
                name="message_id", type=ValueType.TEXT, description="The Message-ID header, with its angle brackets."
            ),
            Parameter(
                name="hard", type=ValueType.BOOLEAN, required=False, default=False,
                description="Put it where its owner can't get it back.",
            ),
            CONNECTION,
        ),
        returns={"purged": ValueType.INTEGER},
        timeout=30.0,
        connection=KIND,
        permission="Mail.ReadWrite, User.Read.All",
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        wanted = str(call.params["message_id"]).strip()
        if not (wanted.startswith("<") and wanted.endswith(">") and "@" in wanted):
            raise ActionRefusedError(f"{wanted!r:.80} is no Message-ID: write it like <id@example.com>")
        async with open_graph(site, call.params.get("connection")) as graph:
            user = await read_user(graph, call.params["user"])
            path = f"/v1.0/users/{segment(user['id'])}/messages"
            asked = {"$filter": f"internetMessageId eq {quoted(wanted)}", "$select": "id,internetMessageId"}
            copies = await pages(graph, path, **asked)
            for copy in copies:
                if copy.get("internetMessageId") != wanted:
                    raise ActionRefusedError("Graph answered with another message than was asked for")
                one = f"{path}/{segment(text(copy, 'id', 'Graph'))}"
                if call.params.get("hard"):
                    await graph.ask("POST", f"{one}/permanentDelete", expected=(404,))
                else:
                    body = {"destinationId": "recoverableitemsdeletions"}
                    await graph.ask("POST", f"{one}/move", json=body, expected=(404,))
        return {"purged": len(copies)}


class LookupMessages:
    """Answers ``messages`` in words, the newest first, ``total``, and ``senders`` and ``recipients`` of all."""

    spec = ActionSpec(
        name="m365.lookup_messages",
        kind=ActionKind.LOOKUP,
        summary="Trace messages through Exchange Online by sender, recipient or Message-ID.",
        parameters=(
            Parameter(name="sender", type=ValueType.USER, description="From this address.", required=False),
            Parameter(name="recipient", type=ValueType.USER, description="To this address.", required=False),
            Parameter(name="message_id", type=ValueType.TEXT, description="With this Message-ID.", required=False),
            Parameter(
                name="days", type=ValueType.INTEGER, description="How far back, 10 at most.", required=False, default=2
            ),
            CONNECTION,
        ),
        returns={
            "messages": ValueType.LIST, "total": ValueType.INTEGER, "senders": ValueType.LIST,
            "recipients": ValueType.LIST, "message_ids": ValueType.LIST,
        },
        timeout=30.0,
        connection=KIND,
        permission="ExchangeMessageTrace.Read.All",
        per_minute=20,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        names = {"sender": "senderAddress", "recipient": "recipientAddress", "message_id": "messageId"}
        by = [
            f"{field} eq {quoted(str(call.params[key]))}"
            for key, field in names.items()
            if call.params.get(key)
        ]
        if not by:
            raise ActionRefusedError("a trace needs a sender, a recipient or a message_id")
        now = site.clock.now()
        first = now - timedelta(days=min(max(1, int(call.params.get("days") or 2)), DAYS))
        span = (
            f"receivedDateTime ge {first:%Y-%m-%dT%H:%M:%SZ} and receivedDateTime le {now:%Y-%m-%dT%H:%M:%SZ}"
        )
        asked = {"$filter": " and ".join([span, *by]), "$top": "1000"}
        async with open_graph(site, call.params.get("connection")) as graph:
            path = "/v1.0/admin/exchange/tracing/messageTraces"
            answer = record(await graph.json("GET", path, params=asked), "Graph")
        found = sorted(
            records(answer.get("value"), "Graph"),
            key=lambda one: str(one.get("receivedDateTime")),
            reverse=True,
        )
        return {
            "messages": [_words(one) for one in found[:SHOWN]],
            "total": len(found),
            "senders": _each(found, "senderAddress"),
            "recipients": _each(found, "recipientAddress"),
            "message_ids": _each(found, "messageId"),
        }


def _words(one: dict[str, Any]) -> str:
    return (
        f"{one.get('receivedDateTime')}: {one.get('senderAddress')} to {one.get('recipientAddress')}: "
        f"{str(one.get('subject'))[:200]} ({one.get('status')}, from {one.get('fromIP')})"
    )


def _each(found: list[dict[str, Any]], key: str) -> list[str]:
    return sorted({str(one[key]) for one in found if one.get(key)})[:SHOWN]
