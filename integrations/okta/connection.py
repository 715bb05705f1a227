"""The way to an Okta organisation: an API token, or an API service app that signs its requests.

https://developer.okta.com/docs/reference/core-okta-api/ and
https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/main/
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from integrations.answers import inner, record, records, text
from integrations.assertions import signed_client
from integrations.connections import (
    Authenticate,
    ConnectionKind,
    Http,
    Named,
    Setting,
    choose,
    open_http,
    segment,
)
from integrations.contract import ActionCall, ActionRefusedError
from integrations.ports import Site

KIND = "okta"
SCOPES = (
    "okta.users.read",
    "okta.users.manage",
    "okta.groups.read",
    "okta.factors.read",
    "okta.factors.manage",
)
LOGS_SCOPE = "okta.logs.read"


@asynccontextmanager
async def open_okta(site: Site, name: Any) -> AsyncIterator[Http]:
    """Open the site's Okta. Raises `ActionRefusedError` where the connection has no credential."""
    named = choose(site, KIND, name)
    async with open_http(named, authenticate=authenticate(named)) as okta:
        yield okta


async def read_user(okta: Http, user: str) -> dict[str, Any]:
    """Return the user of a login (Users API). Raises `ActionRefusedError` where there is none, and where
    Okta takes the name for another user's: by its id or a short name it would pass the guard."""
    answer = await okta.json("GET", f"/api/v1/users/{segment(user)}", expected=(404,))
    found = record(answer, okta.named.name)
    if found.get("errorCode"):
        raise ActionRefusedError(f"{okta.named.name} knows no user {user}: {found.get('errorSummary', '')}")
    text(found, "id", okta.named.name)
    text(found, "status", okta.named.name)
    login = text(inner(found, "profile"), "login", okta.named.name)
    if user.casefold() not in {login.casefold(), login.partition("@")[0].casefold()}:
        raise ActionRefusedError(f"{user} is not what the user is called: write {login}")
    return found


async def read_groups(okta: Http, user_id: str) -> list[str]:
    """Return the names of a user's groups."""
    found = records(await okta.json("GET", f"/api/v1/users/{segment(user_id)}/groups"), okta.named.name)
    return sorted(str(inner(group, "profile").get("name", "")) for group in found)


def names_of(user: Mapping[str, Any]) -> list[str]:
    """Return all that Okta calls a user: its id, its login, its addresses, and names of a directory behind it."""
    profile = inner(user, "profile")
    keys = ("login", "email", "secondEmail", "samAccountName", "upn", "cn", "dn", "userName")
    found = [str(user["id"]), *(str(profile[key]) for key in keys if isinstance(profile.get(key), str))]
    return [name for name in dict.fromkeys(found) if name]


def path_of(user: Mapping[str, Any], rest: str) -> str:
    return f"/api/v1/users/{segment(str(user['id']))}/{rest}"


def authenticate(named: Named, scopes: Sequence[str] = SCOPES) -> Authenticate:
    """Prove who we are, by the API token that the connection has, else as a service app with `scopes`.

    Raises `ActionRefusedError` where it has neither.
    """
    if named.get("token"):

        async def add(opened: Http, request: httpx.Request) -> None:
            request.headers["authorization"] = f"SSWS {opened.named.need('token')}"

        return add
    return signed_client(
        named.need("url").rstrip("/") + "/oauth2/v1/token",
        scope=" ".join(scopes),
        client_id=named.need("client_id"),
        key=named.need("key"),
        key_id=str(named.get("key_id") or ""),
    )


async def _test(site: Site, name: str) -> str:
    async with open_okta(site, name) as okta:
        if okta.named.get("token"):
            user = record(await okta.json("GET", "/api/v1/users/me"), name)
            return f"Okta answers; the token is of {inner(user, 'profile').get('login')}"
        await okta.json("GET", "/api/v1/users", params={"limit": 1})
        return f"Okta answers the service app {okta.named.need('client_id')}"


OKTA = ConnectionKind(
    name=KIND,
    title="Okta",
    documentation="https://developer.okta.com/docs/guides/create-an-api-token/main/",
    settings=(
        Setting("url", "the organisation: https://example.okta.com"),
        Setting("token", "an API token; or client_id and key instead", required=False, secret=True),
        Setting("client_id", "of an API service app", required=False),
        Setting("key", "its private key, RSA, in PEM", required=False, secret=True),
        Setting("key_id", "the key's id (kid), where the app has several", required=False),
    ),
    permissions=(
        "an API token: of an administrator with the role Help Desk Administrator for sessions and factors, "
        "Group or Organization Administrator to suspend",
        f"a service app: the scopes {', '.join(SCOPES)} and the same role",
        f"to collect the System Log, and nothing else: {LOGS_SCOPE}, or a token of a Read-only Administrator",
    ),
    test=_test,
    setup="Okta: Security, API, Tokens, Create Token; restrict it to the addresses that this system comes from.\n"
    "Or Applications, Create App Integration, API Services; Client authentication: Public key / Private key; "
    "grant the scopes above and assign the role.",
)


def connection_of(call: ActionCall) -> Any:
    return call.params.get("connection")


class OktaUser:
    """An action whose target is a user of Okta."""

    async def groups_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        async with open_okta(site, connection_of(call)) as okta:
            return await read_groups(okta, (await read_user(okta, call.params["user"]))["id"])

    async def names_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        async with open_okta(site, connection_of(call)) as okta:
            return names_of(await read_user(okta, call.params["user"]))
