"""What Entra ID knows of a user, what ends its sessions and replaces its password, by Microsoft Graph.

https://learn.microsoft.com/graph/api/resources/user, .../api/user-update (passwordProfile),
.../api/user-revokesigninsessions, .../api/signin
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.answers import inner, record, text
from integrations.connections import Http, segment
from integrations.contract import ActionCall, ActionRefusedError
from integrations.microsoft.registration import KIND, open_graph, pages, quoted
from integrations.ports import Site
from integrations.reversal import CONNECTION
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

USER = Parameter(name="user", type=ValueType.USER, description="The user principal name: alice@example.com.")
SELECT = "id,userPrincipalName,displayName,accountEnabled,userType,onPremisesSyncEnabled"
NAMES = (
    "mail", "mailNickname", "otherMails", "proxyAddresses", "onPremisesSamAccountName",
    "onPremisesUserPrincipalName", "onPremisesDistinguishedName", "onPremisesSecurityIdentifier",
)  # fmt: skip
"""What else a user may be called."""


async def read_user(graph: Http, user: str) -> dict[str, Any]:
    """Return a user by its principal name. Raises `ActionRefusedError` where there is none, and for an object
    id: by that a protected name would pass the guard."""
    if "@" not in user:
        raise ActionRefusedError(f"{user} is no user principal name: write it with its domain")
    path = f"/v1.0/users/{segment(user)}"
    answer = await graph.json("GET", path, params={"$select": SELECT}, expected=(404,))
    found = record(answer, "Graph")
    if "error" in found:
        raise ActionRefusedError(
            f"Entra knows no user {user}: {inner(found, 'error').get('code', 'no such user')}"
        )
    text(found, "id", "Graph")
    if text(found, "userPrincipalName", "Graph").casefold() != user.casefold():
        raise ActionRefusedError(f"{user} is not what the user is called: write {found['userPrincipalName']}")
    return found


async def read_names(graph: Http, user: Mapping[str, Any]) -> list[str]:
    """Return all that Entra ID calls a user: its id, its principal name, its addresses, and its names in the
    directory that it comes from."""
    path = f"/v1.0/users/{segment(str(user['id']))}"
    found = record(await graph.json("GET", path, params={"$select": ",".join(NAMES)}), "Graph")
    values = [value for name in NAMES for value in _several(found.get(name))]
    return list(dict.fromkeys([str(user["id"]), str(user["userPrincipalName"]), *values]))


def _several(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str) and one]


async def read_groups(graph: Http, user_id: str) -> list[str]:
    """Return the names of the groups and directory roles that a user is in, nested ones too."""
    path = f"/v1.0/users/{segment(user_id)}/transitiveMemberOf"
    found = await pages(graph, path, **{"$select": "displayName", "$top": "999"})
    return sorted({str(one.get("displayName")) for one in found if one.get("displayName")})


class EntraUser:
    """An action whose target is a user of Entra ID."""

    async def groups_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        async with open_graph(site, call.params.get("connection")) as graph:
            return await read_groups(graph, (await read_user(graph, call.params["user"]))["id"])

    async def names_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        async with open_graph(site, call.params.get("connection")) as graph:
            return await read_names(graph, await read_user(graph, call.params["user"]))


class LookupUser:
    """Answers ``enabled``, ``synchronised`` (from an own directory: disable it there), ``groups`` with
    directory roles among them."""

    spec = ActionSpec(
        name="entra.lookup_user",
        kind=ActionKind.LOOKUP,
        summary="Say whether a user is enabled in Entra ID, and its groups and directory roles.",
        parameters=(USER, CONNECTION),
        returns={
            "user": ValueType.USER, "name": ValueType.TEXT, "enabled": ValueType.BOOLEAN, "type": ValueType.TEXT,
            "synchronised": ValueType.BOOLEAN, "groups": ValueType.LIST,
        },
        timeout=20.0,
        connection=KIND,
        permission="User.Read.All, Group.Read.All",
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_graph(site, call.params.get("connection")) as graph:
            user = await read_user(graph, call.params["user"])
            groups = await read_groups(graph, user["id"])
        return {
            "user": user["userPrincipalName"],
            "name": str(user.get("displayName") or ""),
            "enabled": user.get("accountEnabled") is True,
            "type": str(user.get("userType") or ""),
            "synchronised": user.get("onPremisesSyncEnabled") is True,
            "groups": groups,
        }


class LookupSignIns:
    """Answers ``sign_ins``, the newest first, in words; ``failed``, ``addresses`` and ``countries`` of them."""

    spec = ActionSpec(
        name="entra.lookup_sign_ins",
        kind=ActionKind.LOOKUP,
        summary="List a user's last sign-ins to Entra ID: when, from where, to what, with what outcome.",
        parameters=(
            USER,
            Parameter(
                name="limit", type=ValueType.INTEGER, description="How many, 50 at most.", required=False, default=20
            ),
            CONNECTION,
        ),
        returns={
            "sign_ins": ValueType.LIST, "failed": ValueType.INTEGER, "addresses": ValueType.LIST,
            "countries": ValueType.LIST,
        },
        timeout=20.0,
        connection=KIND,
        permission="AuditLog.Read.All; Entra ID P1",
        per_minute=30,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        limit = min(max(1, int(call.params.get("limit") or 20)), 50)
        asked = {
            "$filter": f"userPrincipalName eq {quoted(call.params['user'].casefold())}",
            "$top": str(limit),
            "$orderby": "createdDateTime desc",
        }
        async with open_graph(site, call.params.get("connection")) as graph:
            await read_user(graph, call.params["user"])
            answer = record(await graph.json("GET", "/v1.0/auditLogs/signIns", params=asked), "Graph")
        found = [record(one, "Graph") for one in answer.get("value") or ()][:limit]
        codes = [inner(one, "status").get("errorCode") for one in found]
        countries = {inner(one, "location").get("countryOrRegion") for one in found}
        return {
            "sign_ins": [_words(one) for one in found],
            "failed": sum(code != 0 for code in codes),
            "addresses": sorted({str(one["ipAddress"]) for one in found if one.get("ipAddress")}),
            "countries": sorted(str(one) for one in countries if one),
        }


def _words(one: dict[str, Any]) -> str:
    code = inner(one, "status").get("errorCode")
    outcome = "succeeded" if code == 0 else f"failed ({code})"
    place = inner(one, "location").get("countryOrRegion") or "an unknown country"
    return f"{one.get('createdDateTime')}: {one.get('appDisplayName')} from {one.get('ipAddress')} in {place}, {outcome}"


class RevokeSessions(EntraUser):
    """Refresh tokens and browser sessions end; an access token lives on until it ends, an hour at most where
    the application does not evaluate access continuously. Disable the user too where that matters."""

    spec = ActionSpec(
        name="entra.revoke_sessions",
        kind=ActionKind.CHANGE,
        summary="Revoke a user's sign-in sessions in Entra ID: every application must sign in again.",
        parameters=(USER, CONNECTION),
        returns={"done": ValueType.BOOLEAN},
        timeout=20.0,
        connection=KIND,
        permission="User.RevokeSessions.All, User.Read.All",
        guarded=True,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_graph(site, call.params.get("connection")) as graph:
            user = await read_user(graph, call.params["user"])
            await graph.ask("POST", f"/v1.0/users/{segment(user['id'])}/revokeSignInSessions")
        return {"done": True}


class ResetPassword(EntraUser):
    """No undo: the old password is gone, and the new one is random and told to nobody. The person gets another
    by self-service reset or from the help desk. Who stole the old one has nothing any more, but its sessions
    go on until they ask again: revoke them too.

    Raises `ActionRefusedError` for a user that is synchronised from an own directory, which has the password.
    """

    spec = ActionSpec(
        name="entra.reset_password",
        kind=ActionKind.CHANGE,
        summary="Replace a user's password in Entra ID by a random one that nobody knows.",
        parameters=(USER, CONNECTION),
        returns={"done": ValueType.BOOLEAN},
        timeout=20.0,
        connection=KIND,
        permission="User-PasswordProfile.ReadWrite.All, User.Read.All; User Administrator",
        guarded=True,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_graph(site, call.params.get("connection")) as graph:
            user = await read_user(graph, call.params["user"])
            if user.get("onPremisesSyncEnabled") is True:
                raise ActionRefusedError(
                    f"{call.params['user']} is synchronised from an own directory, which has its password: "
                    "reset it there (ldap.reset_password)"
                )
            fresh = {"password": secrets.token_urlsafe(32) + "aA1!", "forceChangePasswordNextSignIn": True}
            await graph.ask("PATCH", f"/v1.0/users/{segment(user['id'])}", json={"passwordProfile": fresh})
        return {"done": True}
