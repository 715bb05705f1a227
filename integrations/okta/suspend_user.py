"""``okta.suspend_user``: nobody signs in as the user any more, until the undo.

Okta suspends active users only, and gives back exactly that state (Users API, "Suspend a User": the user
keeps groups, applications and factors). Deactivating is no containment here: it removes the application
assignments, which no undo brings back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import ActionCall, ActionRefusedError
from integrations.okta.connection import (
    KIND,
    OktaUser,
    connection_of,
    open_okta,
    path_of,
    read_user,
)
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

SUSPENDED = "SUSPENDED"
LOCKED_OUT_OF = frozenset({SUSPENDED, "DEPROVISIONED"})


class SuspendUser(OktaUser, Reversible):
    spec = ActionSpec(
        name="okta.suspend_user",
        kind=ActionKind.CONTAINMENT,
        summary="Suspend a user in Okta: no sign-in to anything behind it; clear its sessions too.",
        parameters=(
            Parameter(name="user", type=ValueType.USER, description="The user's login in Okta."),
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="user",
        noun="suspension",
        timeout=20.0,
        connection=KIND,
        permission="okta.users.manage; Group or Organization Administrator",
        per_minute=60,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_okta(site, connection_of(call)) as okta:
            user = await read_user(okta, call.params["user"])
        status = str(user["status"])
        return Seen(status in LOCKED_OUT_OF, f"{call.params['user']} is {status} in Okta", {"status": status})

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Raises `ActionRefusedError` for a user whose state can't be suspended: only ACTIVE ones can."""
        if seen.before.get("status") != "ACTIVE":
            raise ActionRefusedError(
                f"{seen.said}, and Okta suspends ACTIVE users only; clear its sessions instead"
            )
        async with open_okta(site, connection_of(call)) as okta:
            user = await read_user(okta, call.params["user"])
            await okta.ask("POST", path_of(user, "lifecycle/suspend"))

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        """Unsuspend; what was deactivated meanwhile, somebody else did, and it stays."""
        del before
        async with open_okta(site, connection_of(call)) as okta:
            user = await read_user(okta, call.params["user"])
            if user["status"] == SUSPENDED:
                await okta.ask("POST", path_of(user, "lifecycle/unsuspend"))
