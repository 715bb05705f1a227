"""``windows.disable_user``: an account of a Windows host's own can't log on any more, until the undo.

Accounts of a domain are disabled in the directory (``ldap.disable_user``): by the host they are not found.
Sessions that are open go on: lock the computer too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from integrations.windows.response.connection import HOST, KIND, OnHost, host_of
from integrations.windows.response.session import ask, texts
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType


class DisableUser(OnHost, Reversible):
    spec = ActionSpec(
        name="windows.disable_user",
        kind=ActionKind.CONTAINMENT,
        summary="Disable an account of a Windows host's own.",
        parameters=(
            HOST,
            Parameter(name="user", type=ValueType.USER, description="The account: alice, or PC-7\\alice."),
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="user",
        place="host",
        noun="disabling",
        timeout=60.0,
        connection=KIND,
        permission="Administrators: accounts",
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        found = await self._ask(call, site, "look_account")
        enabled = found.get("enabled")
        if not isinstance(enabled, bool):
            raise ActionUnavailableError(f"{call.params['host']} does not say whether the account is enabled")
        said = f"{found.get('name')} on {call.params['host']} is {'enabled' if enabled else 'disabled'}"
        return Seen(not enabled, said, {"enabled": enabled, "sid": str(found.get("sid"))})

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        await self._ask(call, site, "set_account", enabled=False)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        await self._ask(call, site, "set_account", enabled=True)

    async def groups_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        return texts(await self._ask(call, site, "look_account"), "groups")

    async def names_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        found = await self._ask(call, site, "look_account")
        return [str(found[key]) for key in ("name", "sid") if found.get(key)]

    async def _ask(self, call: ActionCall, site: Site, operation: str, **more: Any) -> dict[str, Any]:
        host = host_of(site, call.params["host"], call.params.get("connection"))
        place, _, name = str(call.params["user"]).rpartition("\\")
        bad = not 0 < len(name) <= 20 or any(
            one in '"/[]:;|=,+*?<>@' or ord(one) < 32 for one in name + place
        )
        if bad or len(place) > 255:
            raise ActionRefusedError(
                f"{str(call.params['user'])[:60]!r} is no account of a Windows host: write alice or PC-7\\alice"
            )
        return await ask(host, operation, name=name, place=place, **more)
