"""``m365.disable_inbox_rules``: a mailbox's rules that send mail away or hide it stop working, until the undo.

https://learn.microsoft.com/graph/api/mailfolder-list-messagerules and .../api/messagerule-update. Whoever takes
over a mailbox lets rules forward or bury what would give them away. There is one containment a mailbox: it
covers the named rules, else all that forward, redirect, delete or move mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.answers import inner, text
from integrations.connections import Http, segment
from integrations.contract import ActionCall, ActionRefusedError
from integrations.entra.users import read_user
from integrations.m365.mail import MAILBOX
from integrations.microsoft.registration import KIND, open_graph, pages
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

SUSPECT = (
    "forwardTo", "forwardAsAttachmentTo", "redirectTo", "delete", "permanentDelete", "moveToFolder", "markAsRead",
)  # fmt: skip
"""Actions of a rule that send mail away or hide it (messageRuleActions)."""


class DisableInboxRules(Reversible):
    spec = ActionSpec(
        name="m365.disable_inbox_rules",
        kind=ActionKind.CONTAINMENT,
        summary="Disable a mailbox's rules that forward, redirect, delete or move mail, or those named.",
        parameters=(
            MAILBOX,
            Parameter(
                name="rules", type=ValueType.LIST, items=ValueType.TEXT, required=False, default=[],
                description="Names or ids of rules; none: all that send mail away or hide it.",
            ),
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="user",
        noun="disabling of the inbox rules",
        timeout=30.0,
        connection=KIND,
        permission="MailboxSettings.ReadWrite, User.Read.All",
    )  # fmt: skip

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_graph(site, call.params.get("connection")) as graph:
            _, rules = await _rules(graph, call)
        on = [rule for rule in rules if rule.get("isEnabled") is True]
        names = ", ".join(str(rule.get("displayName"))[:60] for rule in on[:5])
        said = (
            f"{len(on)} of {len(rules)} such rules of {call.params['user']} work{f' ({names})' if on else ''}"
        )
        return Seen(not on, said, {"enabled": sorted(str(rule["id"]) for rule in on)})

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        async with open_graph(site, call.params.get("connection")) as graph:
            path, _ = await _rules(graph, call)
            for rule in seen.before["enabled"]:
                await graph.ask("PATCH", f"{path}/{segment(rule)}", json={"isEnabled": False})

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        """Enable exactly those that worked before; one that was deleted meanwhile stays deleted."""
        async with open_graph(site, call.params.get("connection")) as graph:
            path, _ = await _rules(graph, call)
            for rule in before["enabled"]:
                await graph.ask("PATCH", f"{path}/{segment(rule)}", json={"isEnabled": True}, expected=(404,))


async def _rules(graph: Http, call: ActionCall) -> tuple[str, list[dict[str, Any]]]:
    """Return the path of a mailbox's rules and those that the call means. Raises `ActionRefusedError` where a
    named one isn't there."""
    user = await read_user(graph, call.params["user"])
    path = f"/v1.0/users/{segment(user['id'])}/mailFolders/inbox/messageRules"
    found = await pages(graph, path)
    for rule in found:
        text(rule, "id", "Graph")
    wanted = [str(one) for one in call.params.get("rules") or ()]
    if not wanted:
        return path, [rule for rule in found if any(inner(rule, "actions").get(what) for what in SUSPECT)]
    missing = [
        one for one in wanted if not any(one in (rule["id"], rule.get("displayName")) for rule in found)
    ]
    if missing:
        names = ", ".join(str(rule.get("displayName")) for rule in found) or "none"
        raise ActionRefusedError(
            f"{call.params['user']} has no inbox rule {missing[0]!r:.80}; it has: {names:.300}"
        )
    return path, [rule for rule in found if {rule["id"], str(rule.get("displayName"))} & set(wanted)]
