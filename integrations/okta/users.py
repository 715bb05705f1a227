"""What Okta knows of a user, and what ends or renews how it proves itself.

Users API, User Sessions API, User Factors API: https://developer.okta.com/docs/api/openapi/okta-management/
"""

from __future__ import annotations

from typing import Any

from integrations.answers import records
from integrations.contract import ActionCall
from integrations.okta.connection import (
    KIND,
    OktaUser,
    connection_of,
    open_okta,
    path_of,
    read_groups,
    read_user,
)
from integrations.ports import Site
from integrations.reversal import CONNECTION
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

USER = Parameter(name="user", type=ValueType.USER, description="The user's login in Okta.")


class LookupUser:
    """Answers ``status`` (ACTIVE, SUSPENDED, LOCKED_OUT …), ``name``, ``last_login`` and
    ``password_changed`` (ISO 8601, empty where never), and ``groups``."""

    spec = ActionSpec(
        name="okta.lookup_user",
        kind=ActionKind.LOOKUP,
        summary="Say a user's state, groups and last login in Okta.",
        parameters=(USER, CONNECTION),
        returns={
            "login": ValueType.USER, "status": ValueType.TEXT, "name": ValueType.TEXT,
            "last_login": ValueType.TEXT, "password_changed": ValueType.TEXT, "groups": ValueType.LIST,
        },
        timeout=15.0,
        connection=KIND,
        permission="okta.users.read, okta.groups.read",
        per_minute=60,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_okta(site, connection_of(call)) as okta:
            user = await read_user(okta, call.params["user"])
            groups = await read_groups(okta, user["id"])
        profile = user["profile"]
        return {
            "login": str(profile.get("login", "")),
            "status": str(user["status"]),
            "name": f"{profile.get('firstName') or ''} {profile.get('lastName') or ''}".strip(),
            "last_login": str(user.get("lastLogin") or ""),
            "password_changed": str(user.get("passwordChanged") or ""),
            "groups": groups,
        }


class LookupFactors:
    """Answers ``factors``, ``TYPE at PROVIDER: STATUS since TIME`` each, and ``active``, how many work."""

    spec = ActionSpec(
        name="okta.lookup_factors",
        kind=ActionKind.LOOKUP,
        summary="List the factors that a user is enrolled with in Okta, and since when.",
        parameters=(USER, CONNECTION),
        returns={"factors": ValueType.LIST, "active": ValueType.INTEGER, "newest": ValueType.TEXT},
        timeout=15.0,
        connection=KIND,
        permission="okta.factors.read",
        per_minute=60,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_okta(site, connection_of(call)) as okta:
            user = await read_user(okta, call.params["user"])
            factors = records(await okta.json("GET", path_of(user, "factors")), okta.named.name)
        return {
            "factors": [
                f"{one.get('factorType', '')} at {one.get('provider', '')}: {one.get('status', '')}"
                f" since {one.get('created') or 'unknown'}"
                for one in factors
            ],
            "active": sum(one.get("status") == "ACTIVE" for one in factors),
            "newest": max((str(one.get("created") or "") for one in factors), default=""),
        }


class UserChange(OktaUser):
    """A change of a user by one request that may be repeated."""

    spec: ActionSpec
    method = "POST"
    rest = ""

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_okta(site, connection_of(call)) as okta:
            user = await read_user(okta, call.params["user"])
            await okta.ask(self.method, path_of(user, self.rest))
        return {"done": True}


class ClearSessions(UserChange):
    """Okta's own sessions and the tokens that it gave; what an application keeps by itself goes on."""

    spec = ActionSpec(
        name="okta.clear_sessions",
        kind=ActionKind.CHANGE,
        summary="End a user's Okta sessions everywhere and revoke its OAuth tokens.",
        parameters=(USER, CONNECTION),
        returns={"done": ValueType.BOOLEAN},
        timeout=15.0,
        connection=KIND,
        permission="okta.users.manage (okta.sessions.manage for single sessions is not needed)",
        per_minute=60,
        guarded=True,
    )
    method = "DELETE"
    rest = "sessions?oauthTokens=true"


class ExpirePassword(UserChange):
    spec = ActionSpec(
        name="okta.expire_password",
        kind=ActionKind.CHANGE,
        summary="Make a user choose a new password at the next sign-in to Okta.",
        parameters=(USER, CONNECTION),
        returns={"done": ValueType.BOOLEAN},
        timeout=15.0,
        connection=KIND,
        permission="okta.users.manage",
        per_minute=60,
        guarded=True,
    )
    rest = "lifecycle/expire_password"


class ResetFactors(UserChange):
    spec = ActionSpec(
        name="okta.reset_factors",
        kind=ActionKind.CHANGE,
        summary="Remove all factors of a user in Okta, those that an attacker enrolled among them.",
        parameters=(USER, CONNECTION),
        returns={"done": ValueType.BOOLEAN},
        timeout=15.0,
        connection=KIND,
        permission="okta.users.manage, okta.factors.manage",
        per_minute=60,
        guarded=True,
    )
    rest = "lifecycle/reset_factors"
