"""``crowdstrike.block_hash``: a file may not run on any host of Falcon.

Collection IOC Management: an indicator with the action ``prevent``, for all hosts and systems. One value has
one indicator: what another says of the hash already (an ``allow``, or a block for some hosts) is remembered,
changed and put back by the undo. At its end Falcon itself sets an indicator of ours to ``no_action``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.answers import records, text
from integrations.connections import Http
from integrations.contract import ActionCall, ActionRefusedError
from integrations.crowdstrike.falcon import KIND, ask, open_falcon, quoted
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

BLOCKING = frozenset({"prevent", "prevent_no_ui"})
PLATFORMS = ("linux", "mac", "windows")
TYPES = {64: "sha256", 32: "md5"}
INDICATORS = "/iocs/entities/indicators/v1"
KEPT = ("action", "applied_globally", "description", "expiration", "host_groups", "platforms", "severity")
"""Of an indicator that was there before: what ours may change."""


class BlockHash(Reversible):
    spec = ActionSpec(
        name="crowdstrike.block_hash",
        kind=ActionKind.CONTAINMENT,
        summary="Keep a file from running on all hosts of CrowdStrike Falcon, by its hash.",
        parameters=(
            Parameter(name="hash", type=ValueType.HASH, description="SHA-256 or MD5 of the file."),
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="hash",
        noun="block",
        timeout=20.0,
        connection=KIND,
        permission="IOC Management: Read, Write",
        per_minute=100,
        expires=True,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_falcon(site, call.params.get("connection")) as falcon:
            found = await _indicator(falcon, call.params["hash"])
        said = f"Falcon has no indicator for {call.params['hash']}"
        if found:
            where = "all hosts" if found.get("applied_globally") is True else "some hosts"
            said = f"Falcon has the indicator {_action(found)} on {where} for {call.params['hash']}"
        before = {"indicator": {key: found[key] for key in KEPT if found.get(key) is not None}}
        return Seen(_blocks(found), said, before, ours=_mark(call) in str(found.get("description")))

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        wanted: dict[str, Any] = {
            "action": "prevent",
            "applied_globally": True,
            "platforms": list(PLATFORMS),
            "severity": "high",
            "description": f"{_mark(call)} {call.reason}"[:500],
        }
        async with open_falcon(site, call.params.get("connection")) as falcon:
            found = await _indicator(falcon, call.params["hash"])
            if found:
                if found.get("expiration") and call.until is not None:
                    wanted["expiration"] = _end(call)
                await _write(falcon, "PATCH", call, {"id": text(found, "id", "Falcon"), **wanted})
                return
            if call.until is not None:
                wanted["expiration"] = _end(call)
            value = call.params["hash"].lower()
            fresh = {"type": _type_of(value), "value": value, "source": "siem", **wanted}
            await _write(falcon, "POST", call, fresh)

    async def prolong(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Move the end of an indicator that ends, and is ours."""
        if not seen.ours:
            return
        async with open_falcon(site, call.params.get("connection")) as falcon:
            found = await _indicator(falcon, call.params["hash"])
            if found.get("expiration") and _mark(call) in str(found.get("description")):
                end = {"id": text(found, "id", "Falcon"), "expiration": _end(call)}
                await _write(falcon, "PATCH", call, end)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        async with open_falcon(site, call.params.get("connection")) as falcon:
            found = await _indicator(falcon, call.params["hash"])
            if not found:
                return
            identity = text(found, "id", "Falcon")
            if before.get("indicator"):
                await _write(falcon, "PATCH", call, {"id": identity, **before["indicator"]})
            else:
                params = {"ids": identity, "comment": _mark(call)}
                await ask(falcon, "DELETE", INDICATORS, params=params)


async def _indicator(falcon: Http, value: str) -> dict[str, Any]:
    kind, value = _type_of(value), value.lower()
    asked = {"filter": f"type:{quoted(kind)}+value:{quoted(value)}", "limit": "10"}
    rows = records(await ask(falcon, "GET", "/iocs/combined/indicator/v1", params=asked), "Falcon")
    same = [one for one in rows if str(one.get("value")).casefold() == value and not one.get("deleted")]
    return same[0] if same else {}


async def _write(falcon: Http, method: str, call: ActionCall, indicator: Mapping[str, Any]) -> None:
    body = {"comment": _mark(call), "indicators": [dict(indicator)]}
    params = {"ignore_warnings": "true"}
    for row in records(await ask(falcon, method, INDICATORS, params=params, json=body), "Falcon"):
        if row.get("message_type") == "error":
            raise ActionRefusedError(f"Falcon refused the indicator: {str(row.get('message'))[:200]}")


def _blocks(found: Mapping[str, Any]) -> bool:
    everywhere = found.get("applied_globally") is True and set(PLATFORMS) <= set(found.get("platforms") or ())
    return _action(found) in BLOCKING and everywhere and found.get("expired") is not True


def _action(found: Mapping[str, Any]) -> str:
    return str(found.get("action") or "")


def _end(call: ActionCall) -> str:
    assert call.until is not None
    return call.until.strftime("%Y-%m-%dT%H:%M:%SZ")


def _mark(call: ActionCall) -> str:
    return f"[siem {call.key}]"


def _type_of(value: str) -> str:
    kind = TYPES.get(len(value)) if all(one in "0123456789abcdefABCDEF" for one in value) else None
    if kind is None:
        raise ActionRefusedError(f"{value!r:.80} is no SHA-256 or MD5: Falcon blocks by these only")
    return kind
