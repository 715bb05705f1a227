"""``windows.lock_computer``: nobody works at a Windows host any more, until the undo.

Sessions are disconnected (their programs go on, as after "switch user"), and the user rights "Deny log on
locally" and "Deny log on through Remote Desktop Services" get Everyone, whatever else is in them. WinRM is
neither, so this system still gets in; the host's own task gives it back as in `windows.isolate_host`. A group
policy that sets these rights wins at its next refresh: then `verify` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import ActionCall
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from integrations.windows.response.connection import HOST, KIND, OnHost, host_of
from integrations.windows.response.isolate_host import ending
from integrations.windows.response.session import PROGRAM, ask, texts
from playbooks.actions import ActionKind, ActionSpec, ValueType

EVERYONE = "*S-1-1-0"
RIGHTS = {"local": "SeDenyInteractiveLogonRight", "remote": "SeDenyRemoteInteractiveLogonRight"}


class LockComputer(OnHost, Reversible):
    spec = ActionSpec(
        name="windows.lock_computer",
        kind=ActionKind.CONTAINMENT,
        summary="Lock a Windows host: sessions disconnected, log-ons at it and by Remote Desktop refused.",
        parameters=(HOST, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="host",
        noun="lock",
        timeout=120.0,
        connection=KIND,
        permission="Administrators: user rights, sessions, a scheduled task",
        expires=True,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        host = host_of(site, call.params["host"], call.params.get("connection"))
        found = await ask(host, "look_lock", key=call.key)
        denied = [right for way, right in RIGHTS.items() if EVERYONE in texts(found, way)]
        active = texts(found, "active")
        kept = found.get("noted") is True and found.get("watched") is True
        locked = len(denied) == len(RIGHTS) and not active
        noted = found.get("noted") is True
        if not locked:
            open_ways = sorted(set(RIGHTS.values()) - set(denied))
            why = (
                f"{len(active)} sessions are in use"
                if active and not open_ways
                else f"{', '.join(open_ways)} is open"
            )
            said = f"{host} is not locked: {why}"
        elif noted and not kept:
            said = f"{host} is locked, but nothing there would give it back by itself"
        else:
            said = f"{host} is locked"
        contained = locked and (kept or not noted)
        return Seen(contained, said, {"had": denied}, partly=noted and not contained, ours=noted)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        host = host_of(site, call.params["host"], call.params.get("connection"))
        await ask(host, "lock", key=call.key, program=PROGRAM, **ending(call, site, host))

    async def prolong(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        host = host_of(site, call.params["host"], call.params.get("connection"))
        await ask(host, "set_end", key=call.key, **ending(call, site, host))

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        host = host_of(site, call.params["host"], call.params.get("connection"))
        await ask(host, "unlock", key=call.key, had=before.get("had"))
