"""``microsoft.block_hash``: a file is blocked and removed on all machines of Defender for Endpoint.

https://learn.microsoft.com/defender-endpoint/api/ti-indicator. One value has one indicator: what another
says of the hash already (an ``Allowed``, say) is remembered and put back by the undo.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.connections import Http, segment
from integrations.contract import ActionCall, ActionRefusedError
from integrations.microsoft.registration import KIND, open_defender, pages, quoted
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

BLOCKING = frozenset({"Block", "BlockAndRemediate", "AlertAndBlock"})
TYPES = {40: "FileSha1", 64: "FileSha256", 32: "FileMd5"}
KEPT = (
    "indicatorValue", "indicatorType", "action", "title", "description", "severity", "expirationTime",
    "recommendedActions", "generateAlert", "application", "rbacGroupNames",
)  # fmt: skip
"""What an indicator is submitted with, of what it is read as."""


class BlockHash(Reversible):
    spec = ActionSpec(
        name="microsoft.block_hash",
        kind=ActionKind.CONTAINMENT,
        summary="Block a file by its hash on all machines of Defender for Endpoint, and remove it there.",
        parameters=(
            Parameter(name="hash", type=ValueType.HASH, description="SHA-256, SHA-1 or MD5 of the file."),
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="hash",
        noun="block",
        timeout=20.0,
        connection=KIND,
        permission="WindowsDefenderATP: Ti.ReadWrite",
        per_minute=100,
        expires=True,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        _type_of(call.params["hash"])
        async with open_defender(site, call.params.get("connection")) as defender:
            found = await _indicator(defender, call.params["hash"])
        action = found.get("action") if found else None
        said = f"Defender has {f'the indicator {action} for' if found else 'no indicator for'} {call.params['hash']}"
        before = {"indicator": {key: found[key] for key in KEPT if key in found}}
        return Seen(action in BLOCKING, said, before, ours=_mark(call) in str(found.get("description")))

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        async with open_defender(site, call.params.get("connection")) as defender:
            await _submit(defender, call)

    async def prolong(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Move the end of an indicator of ours only."""
        del seen
        async with open_defender(site, call.params.get("connection")) as defender:
            found = await _indicator(defender, call.params["hash"])
            if _mark(call) in str(found.get("description")):
                await _submit(defender, call)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        async with open_defender(site, call.params.get("connection")) as defender:
            found = await _indicator(defender, call.params["hash"])
            if before.get("indicator"):
                await defender.ask("POST", "/api/indicators", json=before["indicator"])
            else:
                await defender.ask(
                    "DELETE", f"/api/indicators/{segment(str(found.get('id')))}", expected=(404,)
                )


async def _indicator(defender: Http, value: str) -> dict[str, Any]:
    found = await pages(defender, "/api/indicators", **{"$filter": f"indicatorValue eq {quoted(value)}"})
    same = [one for one in found if str(one.get("indicatorValue")).casefold() == value.casefold()]
    return same[0] if same else {}


async def _submit(defender: Http, call: ActionCall) -> None:
    body = {
        "indicatorValue": call.params["hash"],
        "indicatorType": _type_of(call.params["hash"]),
        "action": "BlockAndRemediate",
        "title": "Blocked in response to an incident",
        "description": f"{_mark(call)} {call.reason}"[:500],
        "severity": "High",
        "generateAlert": False,
    }
    if call.until is not None:
        body["expirationTime"] = call.until.strftime("%Y-%m-%dT%H:%M:%SZ")
    await defender.ask("POST", "/api/indicators", json=body)


def _mark(call: ActionCall) -> str:
    return f"[siem {call.key}]"


def _type_of(value: str) -> str:
    kind = TYPES.get(len(value)) if all(one in "0123456789abcdefABCDEF" for one in value) else None
    if kind is None:
        raise ActionRefusedError(f"{value!r:.80} is no SHA-256, SHA-1 or MD5: Defender blocks by these only")
    return kind
