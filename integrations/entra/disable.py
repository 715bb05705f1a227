"""``entra.disable_user`` and ``entra.disable_app_consent``: ``accountEnabled`` set to false, until the undo.

https://learn.microsoft.com/graph/api/user-update and .../api/serviceprincipal-update. A service principal
that is disabled gets no tokens, whoever consented to it: a malicious application is stopped for the tenant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.answers import inner, record, text
from integrations.connections import Http, segment
from integrations.contract import ActionCall, ActionRefusedError
from integrations.entra.users import USER, EntraUser, read_user
from integrations.microsoft.registration import KIND, open_graph
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class DisableUser(EntraUser, Reversible):
    """Raises `ActionRefusedError` for a user that is synchronised from an own directory: that one would enable
    it again. Sessions that are open go on until they ask again: revoke them too."""

    spec = ActionSpec(
        name="entra.disable_user",
        kind=ActionKind.CONTAINMENT,
        summary="Disable a user in Entra ID: no sign-in to Microsoft 365 and what is behind it.",
        parameters=(USER, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="user",
        noun="disabling",
        timeout=20.0,
        connection=KIND,
        permission="User.EnableDisableAccount.All, User.Read.All; User Administrator",
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_graph(site, call.params.get("connection")) as graph:
            user = await read_user(graph, call.params["user"])
        enabled = _enabled(user)
        before = {"enabled": enabled, "synchronised": user.get("onPremisesSyncEnabled") is True}
        return Seen(not enabled, f"{call.params['user']} is {_word(enabled)} in Entra ID", before)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        if seen.before.get("synchronised"):
            raise ActionRefusedError(
                f"{call.params['user']} is synchronised from an own directory, which would enable it again: "
                "disable it there (ldap.disable_user)"
            )
        await self._set(call, site, False)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        await self._set(call, site, True)

    async def _set(self, call: ActionCall, site: Site, enabled: bool) -> None:
        async with open_graph(site, call.params.get("connection")) as graph:
            user = await read_user(graph, call.params["user"])
            await graph.ask("PATCH", f"/v1.0/users/{segment(user['id'])}", json={"accountEnabled": enabled})


class DisableAppConsent(Reversible):
    spec = ActionSpec(
        name="entra.disable_app_consent",
        kind=ActionKind.CONTAINMENT,
        summary="Disable an application's service principal in Entra ID: no tokens for it in this tenant.",
        parameters=(
            Parameter(name="app", type=ValueType.TEXT, description="The application's (client) id, a GUID."),
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="app",
        noun="disabling",
        timeout=20.0,
        connection=KIND,
        permission="Application.ReadWrite.All",
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_graph(site, call.params.get("connection")) as graph:
            principal = await _principal(graph, call.params["app"])
        enabled = _enabled(principal)
        name = principal.get("displayName") or call.params["app"]
        return Seen(
            not enabled, f"the application {name} is {_word(enabled)} in Entra ID", {"enabled": enabled}
        )

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Raises `ActionRefusedError` for the connection's own application."""
        del seen
        async with open_graph(site, call.params.get("connection")) as graph:
            own = graph.named.need("client_id")
        if own.casefold() == str(call.params["app"]).casefold():
            raise ActionRefusedError(f"{own} is the connection's own application: it could not be undone")
        await self._set(call, site, False)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        await self._set(call, site, True)

    async def names_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        """Return what the application is called, in this tenant and by its publisher: a service account too."""
        async with open_graph(site, call.params.get("connection")) as graph:
            principal = await _principal(graph, call.params["app"])
        names = principal.get("servicePrincipalNames")
        found = [principal.get(key) for key in ("displayName", "appDisplayName", "appId", "id")]
        found += names if isinstance(names, list) else []
        return list(dict.fromkeys(str(one) for one in found if one))

    async def _set(self, call: ActionCall, site: Site, enabled: bool) -> None:
        async with open_graph(site, call.params.get("connection")) as graph:
            principal = await _principal(graph, call.params["app"])
            path = f"/v1.0/servicePrincipals/{segment(principal['id'])}"
            await graph.ask("PATCH", path, json={"accountEnabled": enabled})

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        async with open_graph(site, call.params.get("connection")) as graph:
            principal = await _principal(graph, call.params["app"])
        publisher = principal.get("publisherName") or "an unknown publisher"
        return BlastRadius(
            summary=f"Everybody in the tenant who uses {principal.get('displayName')} (by {publisher}) is cut off it."
        )


async def _principal(graph: Http, app: str) -> dict[str, Any]:
    if not GUID.fullmatch(app):
        raise ActionRefusedError(f"{app!r:.80} is no application's id: write the client id, a GUID")
    found = record(
        await graph.json("GET", f"/v1.0/servicePrincipals(appId='{app}')", expected=(404,)), "Graph"
    )
    if "error" in found:
        code = inner(found, "error").get("code", "no such application")
        raise ActionRefusedError(f"Entra has no service principal of {app}: {code}")
    text(found, "id", "Graph")
    return found


def _enabled(found: Mapping[str, Any]) -> bool:
    value = found.get("accountEnabled")
    if not isinstance(value, bool):
        raise ActionRefusedError("Graph does not say whether it is enabled: grant User.Read.All")
    return value


def _word(enabled: bool) -> str:
    return "enabled" if enabled else "disabled"
