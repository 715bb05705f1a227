"""What is done to a user of Google Workspace: suspended, signed out, its grants to applications revoked.

Directory API: users.update and users.patch (``suspended``), users.signOut, tokens.delete:
https://developers.google.com/workspace/admin/directory/reference/rest/v1/users and .../v1/tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.answers import inner
from integrations.connections import Http, segment
from integrations.contract import ActionCall, ActionError, ActionRefusedError, ActionUnavailableError
from integrations.google_api import ask_google
from integrations.google_workspace.directory import (
    KIND,
    USER,
    USERS,
    GoogleUser,
    open_directory,
    read_grants,
    read_groups,
    read_user,
)
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType

CLIENT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,199}")
SECURITY = "admin.directory.user.security; User Security Management"


class SuspendUser(GoogleUser, Reversible):
    """Google's own suspension (of an account that sent spam, say) stays: it is in ``suspensionReason``."""

    spec = ActionSpec(
        name="google_workspace.suspend_user",
        kind=ActionKind.CONTAINMENT,
        summary="Suspend a user in Google Workspace: no sign-in, no mail; its data and settings stay.",
        parameters=(USER, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="user",
        noun="suspension",
        timeout=20.0,
        connection=KIND,
        permission="admin.directory.user; Suspend Users",
        per_minute=60,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_directory(site, call.params.get("connection")) as directory:
            user = await read_user(directory, call.params["user"])
        suspended, reason = user["suspended"], str(user.get("suspensionReason") or "")
        word = f"suspended ({reason or 'no reason'})" if suspended else "active"
        others = suspended and reason not in ("", "ADMIN")
        said = f"{call.params['user']} is {word} in Google Workspace"
        return Seen(
            suspended, said, {"suspended": suspended, "reason": reason}, ours=False if others else None
        )

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        await self._set(call, site, True)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        await self._set(call, site, False)

    async def _set(self, call: ActionCall, site: Site, suspended: bool) -> None:
        async with open_directory(site, call.params.get("connection")) as directory:
            user = await read_user(directory, call.params["user"])
            await ask_google(
                directory, "PATCH", f"{USERS}/{segment(user['id'])}", json={"suspended": suspended}
            )

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        """Say also whether the user administers the domain, and what it let in, which stops with it."""
        blast = await super().blast_radius(call, site)
        try:
            async with open_directory(site, call.params.get("connection")) as directory:
                user = await read_user(directory, call.params["user"])
                grants = await read_grants(directory, user["id"])
        except ActionError as error:
            said = f"Google Workspace does not say what it is: {error}"
            return blast.model_copy(update={"details": (*blast.details, said)})
        details = blast.details
        if grants:
            details += (
                f"Applications that work under its name stop: {', '.join(sorted(map(_named, grants))[:8])}",
            )
        admin = user.get("isAdmin") or user.get("isDelegatedAdmin")
        summary = f"It is an administrator of the domain. {blast.summary}" if admin else blast.summary
        return blast.model_copy(update={"summary": summary, "details": details})


class RevokeSessions(GoogleUser):
    """No undo: people sign in again, and let applications in again. An application's access token that is out
    already lives on until it ends, an hour at most; passwords for single applications stay (tokens and
    sessions only), and a suspension is what stops these."""

    spec = ActionSpec(
        name="google_workspace.revoke_sessions",
        kind=ActionKind.CHANGE,
        summary="Sign a user of Google Workspace out everywhere, and revoke what it granted to applications.",
        parameters=(USER, CONNECTION),
        returns={"done": ValueType.BOOLEAN, "applications": ValueType.LIST},
        timeout=30.0,
        connection=KIND,
        permission=SECURITY,
        per_minute=60,
        guarded=True,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_directory(site, call.params.get("connection")) as directory:
            user = await read_user(directory, call.params["user"])
            grants = await read_grants(directory, user["id"])
            await ask_google(directory, "POST", f"{USERS}/{segment(user['id'])}/signOut")
            for grant in grants:
                await _revoke(directory, user["id"], str(grant["clientId"]))
        return {"done": True, "applications": sorted(_named(grant) for grant in grants)}


class RevokeOauthGrant(GoogleUser):
    """No undo: only the user can let the application in again. ``scopes`` says what it could do until now."""

    spec = ActionSpec(
        name="google_workspace.revoke_oauth_grant",
        kind=ActionKind.CHANGE,
        summary="Revoke what a user of Google Workspace granted to one application.",
        parameters=(
            USER,
            Parameter(name="client", type=ValueType.TEXT, description="The application's client id."),
            CONNECTION,
        ),
        returns={
            "done": ValueType.BOOLEAN, "revoked": ValueType.BOOLEAN, "application": ValueType.TEXT,
            "scopes": ValueType.LIST,
        },
        timeout=20.0,
        connection=KIND,
        permission=SECURITY,
        per_minute=60,
        guarded=True,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Revoke, and look whether it is gone. Nothing granted is no failure: it is done already."""
        client = str(call.params["client"])
        if not CLIENT.fullmatch(client):
            raise ActionRefusedError(f"{client!r:.80} is no client id of an application")
        async with open_directory(site, call.params.get("connection")) as directory:
            user = await read_user(directory, call.params["user"])
            grant = await _grant(directory, user["id"], client)
            if grant is not None:
                await _revoke(directory, user["id"], client)
                if await _grant(directory, user["id"], client) is not None:
                    raise ActionUnavailableError(f"{client} still has the grant of {call.params['user']}")
        scopes = grant.get("scopes") if grant else None
        return {
            "done": True,
            "revoked": grant is not None,
            "application": _named(grant) if grant else "",
            "scopes": [str(one) for one in scopes] if isinstance(scopes, list) else [],
        }


class LookupUser:
    """Answers the state, ``admin``, ``two_step`` (whether a second factor is enrolled), ``last_login`` (ISO
    8601), ``groups`` (nested ones too) and ``applications`` that were let in."""

    spec = ActionSpec(
        name="google_workspace.lookup_user",
        kind=ActionKind.LOOKUP,
        summary="Say a user's state, last login, groups and granted applications in Google Workspace.",
        parameters=(USER, CONNECTION),
        returns={
            "user": ValueType.USER, "name": ValueType.TEXT, "suspended": ValueType.BOOLEAN,
            "reason": ValueType.TEXT, "admin": ValueType.BOOLEAN, "two_step": ValueType.BOOLEAN,
            "last_login": ValueType.TEXT, "unit": ValueType.TEXT, "groups": ValueType.LIST,
            "applications": ValueType.LIST,
        },
        timeout=20.0,
        connection=KIND,
        permission="admin.directory.user, admin.directory.user.security, admin.directory.group.readonly",
        per_minute=60,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_directory(site, call.params.get("connection")) as directory:
            user = await read_user(directory, call.params["user"])
            groups = await read_groups(directory, user)
            grants = await read_grants(directory, user["id"])
        return {
            "user": str(user["primaryEmail"]),
            "name": str(inner(user, "name").get("fullName") or ""),
            "suspended": user["suspended"],
            "reason": str(user.get("suspensionReason") or ""),
            "admin": bool(user.get("isAdmin") or user.get("isDelegatedAdmin")),
            "two_step": user.get("isEnrolledIn2Sv") is True,
            "last_login": str(user.get("lastLoginTime") or ""),
            "unit": str(user.get("orgUnitPath") or ""),
            "groups": groups,
            "applications": sorted(_named(grant) for grant in grants),
        }


async def _grant(directory: Http, user_id: str, client: str) -> dict[str, Any] | None:
    return next((one for one in await read_grants(directory, user_id) if one["clientId"] == client), None)


async def _revoke(directory: Http, user_id: str, client: str) -> None:
    await ask_google(
        directory, "DELETE", f"{USERS}/{segment(user_id)}/tokens/{segment(client)}", missing=True
    )


def _named(grant: Mapping[str, Any]) -> str:
    return f"{grant.get('displayText') or 'an application without a name'} ({grant['clientId']})"
