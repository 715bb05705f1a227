"""``windows.isolate_host``: a Windows host talks to this system alone, until the undo.

Rules of Windows Firewall, in a group named by the containment, block every address but the connection's
``us``; a block counts before all rules that allow, so none of the host's own rules is touched. Profiles that
are switched off are switched on, and off again by the undo. A task of the host's own looks every five minutes:
when this system did not ask for ``lost_after`` seconds, or ten minutes after the end, it gives the host back.
Each `verify` is such a question. Where a group policy lets no local rules count, the host is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from integrations.windows.response.addresses import covers, holds, others, ours
from integrations.windows.response.connection import HOST, KIND, Host, OnHost, host_of
from integrations.windows.response.session import PROGRAM, ask, texts
from playbooks.actions import ActionKind, ActionSpec, ValueType

PROFILES = frozenset({"Domain", "Private", "Public"})
RULES = {
    "us-in": ("Inbound", "Allow"), "us-out": ("Outbound", "Allow"),
    "others-in": ("Inbound", "Block"), "others-out": ("Outbound", "Block"),
}  # fmt: skip


class IsolateHost(OnHost, Reversible):
    spec = ActionSpec(
        name="windows.isolate_host",
        kind=ActionKind.CONTAINMENT,
        summary="Isolate a Windows host with its own firewall: only this system reaches it; it reverts if it loses us.",
        parameters=(HOST, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="host",
        noun="isolation",
        timeout=120.0,
        connection=KIND,
        permission="Administrators: firewall rules, a scheduled task",
        expires=True,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        host = host_of(site, call.params["host"], call.params.get("connection"))
        found = await ask(host, "look_isolation", key=call.key, port=host.port)
        try:
            lacks = _lacks(found, call.key, _us(host))
        except ActionRefusedError as error:
            lacks = [str(error)]  # who changed the connection meanwhile must still get the host back
        some = bool(_rules(found)) or found.get("noted") is True
        said = f"{host} is isolated" if not lacks else f"{host} is not isolated: {lacks[0]}"
        before = {
            "profiles": found.get("profiles"),
            "closed": texts(found, "closed"),
            "peers": texts(found, "peers"),
        }
        return Seen(not lacks, said, before, partly=some and bool(lacks), ours=some)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Raises `ActionRefusedError` where the isolation would not hold, or would cut this system off."""
        host = host_of(site, call.params["host"], call.params.get("connection"))
        us = _us(host)
        if closed := seen.before["closed"]:
            raise ActionRefusedError(
                f"{host}: a group policy lets no local firewall rules count ({', '.join(closed)}): isolate it there"
            )
        peers = seen.before["peers"]
        if not any(holds(us, peer) for peer in peers):
            raise ActionRefusedError(
                f"{host} sees this system at {', '.join(peers[:3]) or 'no address'}, which is not in the connection's "
                "us: it would be cut off"
            )
        await ask(
            host,
            "isolate",
            key=call.key,
            us=us,
            others=others(us),
            program=PROGRAM,
            **ending(call, site, host),
        )

    async def prolong(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        host = host_of(site, call.params["host"], call.params.get("connection"))
        await ask(host, "set_end", key=call.key, **ending(call, site, host))

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        host = host_of(site, call.params["host"], call.params.get("connection"))
        await ask(host, "release", key=call.key, profiles=before.get("profiles"))


def _us(host: Host) -> list[str]:
    given = host.connection.get("us")
    return ours(given if isinstance(given, list | tuple) else (), f"connection {host.connection.name!r}: us")


def ending(call: ActionCall, site: Site, host: Host) -> dict[str, Any]:
    """Return after how many seconds the host gives itself back: at the end, and without a question. It counts
    them by its own clock, which may be another than ours."""
    if call.until is None:
        return {"seconds": "", "patience": host.patience}
    left = call.lasts if call.lasts is not None else (call.until - site.clock.now()).total_seconds()
    return {"seconds": max(0, round(left)), "patience": host.patience}


def _rules(found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    rules = found.get("rules")
    if not isinstance(rules, list):
        raise ActionUnavailableError("the host answered without rules")
    return {str(one.get("name")): one for one in rules if isinstance(one, Mapping)}


def _lacks(found: Mapping[str, Any], key: str, us: list[str]) -> list[str]:
    """Return what an isolation lacks, in words; nothing where it holds."""
    rules, lacks = _rules(found), []
    for name, (direction, action) in RULES.items():
        rule = rules.get(f"siem-{key}-{name}", {})
        right = (str(rule.get("direction")), str(rule.get("action")), str(rule.get("enabled")))
        wanted = others(us) if action == "Block" else us
        if right != (direction, action, "True") or not covers(texts(dict(rule), "addresses"), wanted):
            lacks.append(f"the rule {name} is not there as it must be")
    if found.get("service") != "Running":
        lacks.append("the service of Windows Firewall does not run")
    if off := sorted(PROFILES - set(texts(dict(found), "enabled"))):
        lacks.append(f"the firewall is off in the profile {', '.join(off)}")
    if closed := texts(dict(found), "closed"):
        lacks.append(f"a group policy lets no local rules count ({', '.join(closed)})")
    if found.get("noted") is not True or found.get("watched") is not True:
        lacks.append("nothing there would give it back by itself")
    return lacks
