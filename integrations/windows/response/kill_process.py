"""``windows.kill_process``: one process of a Windows host ends at once.

A containment, since it takes something away from somebody: it needs an approval. It can't be given back: the
undo only forgets which process it was. A process is its number, its program's name and when it began: another
one that has the number by now is never touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from integrations.windows.response.connection import HOST, KIND, OnHost, host_of
from integrations.windows.response.session import ask
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType


class KillProcess(OnHost, Reversible):
    spec = ActionSpec(
        name="windows.kill_process",
        kind=ActionKind.CONTAINMENT,
        summary="End a process of a Windows host at once; this can't be undone.",
        parameters=(
            HOST,
            Parameter(name="pid", type=ValueType.INTEGER, description="Its number."),
            Parameter(
                name="name",
                type=ValueType.TEXT,
                description="Its program, evil.exe: another one under this number is not touched.",
            ),
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="pid",
        place="host",
        noun="killing",
        lasts=False,
        timeout=60.0,
        connection=KIND,
        permission="Administrators: end processes",
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        """Raises `ActionRefusedError` for a number that another program has, and is not remembered by us."""
        found = await self._process(call, site)
        known = await self._recall(call, site)
        what = f"process {call.params['pid']} ({call.params['name']}) of {call.params['host']}"
        if known:
            same = found.get("started") == known["before"].get("started") and found.get("there") is True
            if known["contained"] or not same:
                return Seen(True, f"{what} runs no more", known["before"])
        elif found.get("there") is not True:
            return Seen(True, f"{what} does not run", {"started": None})
        elif _plain(str(found.get("name"))) != _plain(str(call.params["name"])):
            raise ActionRefusedError(f"{what} is not: under this number runs {found.get('name')}")
        return Seen(False, f"{what} runs", {"started": str(found.get("started"))})

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        host = host_of(site, call.params["host"], call.params.get("connection"))
        done = await ask(host, "end_process", pid=_number(call), started=seen.before["started"])
        if not isinstance(done.get("ended"), bool):
            raise ActionUnavailableError(f"{host} does not say whether the process ended")

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del call, site, before
        raise ActionRefusedError("a process that ended can't be given back")

    async def undo(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Forget which process it was; nothing brings it back."""
        await self._forget(call, site)
        return {"state": "a process that ended can't be given back; it is forgotten"}

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        found = await self._process(call, site)
        if found.get("there") is not True:
            return BlastRadius(summary=f"No process {call.params['pid']} runs on {call.params['host']} now.")
        path = found.get("path") or found.get("name")
        return BlastRadius(
            summary=f"Process {call.params['pid']} on {call.params['host']} runs {path}, in session "
            f"{found.get('session')}. It can't be started again from here.",
            hosts=(str(call.params["host"]),),
        )

    async def _process(self, call: ActionCall, site: Site) -> dict[str, Any]:
        host = host_of(site, call.params["host"], call.params.get("connection"))
        name = str(call.params["name"])
        if not 0 < len(name) <= 255 or any(one in '/\\:*?"<>|' or ord(one) < 32 for one in name):
            raise ActionRefusedError(f"{name!r:.60} is no name of a program: write evil.exe, without a path")
        found = await ask(host, "look_process", pid=_number(call))
        if not isinstance(found.get("there"), bool):
            raise ActionUnavailableError(f"{host} does not say whether the process runs")
        return found


def _number(call: ActionCall) -> int:
    value = call.params["pid"]
    if isinstance(value, bool) or not isinstance(value, int) or not 4 < value < 2**32:
        raise ActionRefusedError(f"{value!r:.40} is no number of a process that could be ended")
    return value


def _plain(name: str) -> str:
    return name.casefold().removesuffix(".exe")
