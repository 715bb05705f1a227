"""The way to Google Workspace: a service account that acts for an administrator (domain-wide delegation).

https://developers.google.com/identity/protocols/oauth2/service-account and the Directory API,
https://developers.google.com/workspace/admin/directory/reference/rest. A quota that is used up is a 403 or a
429 with its reason in the body: https://developers.google.com/workspace/admin/directory/v1/limits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from integrations.answers import record, records, text
from integrations.assertions import signed_grant
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
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.google_api import TOKENS, ask_google, google_account
from integrations.ports import Site
from integrations.reversal import TargetGoneError
from playbooks.actions import Parameter, ValueType

KIND = "google_workspace"
API = "https://admin.googleapis.com"
USERS = "/admin/directory/v1/users"
SCOPES = tuple(
    f"https://www.googleapis.com/auth/admin.directory.{what}"
    for what in ("user", "user.security", "group.readonly")
)
REPORTS_SCOPE = "https://www.googleapis.com/auth/admin.reports.audit.readonly"
GROUPS = 500
"""At most so many groups of one user are followed; more is refused, for the guard would not see them."""
PAGES = 20

USER = Parameter(
    name="user", type=ValueType.USER, description="The user's primary address: alice@example.com."
)


@asynccontextmanager
async def open_directory(site: Site, name: Any) -> AsyncIterator[Http]:
    """Open the Directory API. Raises `ActionRefusedError` where the connection's key is none of Google's."""
    named = choose(site, KIND, name)
    async with open_http(named, authenticate=authenticate(named), url=API) as directory:
        yield directory


def authenticate(named: Named, scopes: Sequence[str] = SCOPES) -> Authenticate:
    """Prove that we are the service account, and act for its administrator with `scopes`.

    Raises `ActionRefusedError` where the connection's key is none of Google's.
    """
    account = google_account(named)
    return signed_grant(
        str(named.get("token_url") or TOKENS),
        scope=" ".join(scopes),
        issuer=account["client_email"],
        subject=named.need("subject"),
        key=account["private_key"],
        key_id=account.get("private_key_id", ""),
    )


async def read_user(directory: Http, user: str) -> dict[str, Any]:
    """Return a user by its primary address. Raises `TargetGoneError` where there is none, and `ActionRefusedError` for an
    alias or an id: by these a protected name would pass the guard."""
    if "@" not in user:
        raise ActionRefusedError(f"{user!r:.80} is no address of a user: write it with its domain")
    answer = await ask_google(directory, "GET", f"{USERS}/{segment(user)}", missing=True)
    if answer is None:
        raise TargetGoneError(f"{directory.named.name} knows no user {user}")
    found = record(answer, directory.named.name)
    text(found, "id", directory.named.name)
    primary = text(found, "primaryEmail", directory.named.name)
    if primary.casefold() != user.casefold():
        raise ActionRefusedError(f"{user} is not what the user is called: write {primary}")
    if not isinstance(found.get("suspended"), bool):
        raise ActionUnavailableError(f"{directory.named.name} answered without suspended")
    return found


def names_of(user: Mapping[str, Any]) -> list[str]:
    """Return all that Google Workspace calls a user: its id, its address and the aliases of that."""
    found = [str(user["id"]), str(user["primaryEmail"])]
    for key in ("aliases", "nonEditableAliases"):
        value = user.get(key)
        found += [str(one) for one in value] if isinstance(value, list) else []
    return list(dict.fromkeys(found))


async def read_grants(directory: Http, user_id: str) -> list[dict[str, Any]]:
    """Return the applications that a user let in (tokens.list), none where there are none."""
    path = f"{USERS}/{segment(user_id)}/tokens"
    found = record(await ask_google(directory, "GET", path), directory.named.name)
    rows = records(found.get("items", []), directory.named.name)
    for row in rows:
        text(row, "clientId", directory.named.name)
    return rows


async def read_groups(directory: Http, user: dict[str, Any]) -> list[str]:
    """Return the groups that a user is in, nested ones too, each by its name and its address, and the
    administrator's roles that the user itself shows.

    groups.list answers direct memberships only, of a user or of a group: so each group found is asked too.
    """
    names = {
        role
        for key, role in (("isAdmin", "Super Admin"), ("isDelegatedAdmin", "Delegated Admin"))
        if user.get(key)
    }
    seen: set[str] = set()
    level = [str(user["primaryEmail"])]
    while level:
        several = await asyncio.gather(*(_direct(directory, member) for member in level))
        level = []
        for group in (group for found in several for group in found):
            address = text(group, "email", directory.named.name)
            names |= {address, str(group.get("name") or address)}
            if address not in seen:
                seen.add(address)
                level.append(address)
        if len(seen) > GROUPS:
            raise ActionRefusedError(
                f"{directory.named.name}: {user['primaryEmail']} is in more than {GROUPS} groups"
            )
    return sorted(names)


async def _direct(directory: Http, member: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    params = {"userKey": member, "maxResults": "200"}
    for _ in range(PAGES):
        answer = record(
            await ask_google(directory, "GET", "/admin/directory/v1/groups", params=params),
            directory.named.name,
        )
        found += records(answer.get("groups", []), directory.named.name)
        if not answer.get("nextPageToken"):
            return found
        params["pageToken"] = str(answer["nextPageToken"])
    raise ActionRefusedError(f"{directory.named.name}: {member} is in more than {PAGES} pages of groups")


class GoogleUser:
    """An action whose target is a user of Google Workspace."""

    async def groups_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        async with open_directory(site, call.params.get("connection")) as directory:
            return await read_groups(directory, await read_user(directory, call.params["user"]))

    async def names_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        async with open_directory(site, call.params.get("connection")) as directory:
            return names_of(await read_user(directory, call.params["user"]))


async def _test(site: Site, name: str) -> str:
    async with open_directory(site, name) as directory:
        user = await read_user(directory, directory.named.need("subject"))
    return f"Google Workspace answers; we act for {user['primaryEmail']}"


GOOGLE_WORKSPACE = ConnectionKind(
    name=KIND,
    title="Google Workspace, by a service account that acts for an administrator",
    documentation="https://developers.google.com/workspace/guides/create-credentials#service-account",
    settings=(
        Setting("key", "the service account's key, the JSON file as Google gives it (key_file)", secret=True),
        Setting("subject", "the administrator that it acts for: siem@example.com"),
        Setting("url", f"the API, {API}", required=False),
        Setting("token_url", f"the token service, {TOKENS}", required=False),
    ),
    permissions=(
        f"domain-wide delegation of the scopes {', '.join(SCOPES)}",
        f"to collect activities, and nothing else: that of {REPORTS_SCOPE}, and the privilege Reports",
        "the administrator: a custom role with Users: Read, Users: Suspend Users, Users: Security: User Security "
        "Management, Groups: Read; it can't suspend a super administrator",
    ),
    test=_test,
    setup="Google Cloud console: IAM, Service accounts, Create; Keys, Add key, JSON; enable the Admin SDK API.\n"
    "Google Admin console: Security, Access and data control, API controls, Manage domain-wide delegation: add "
    "the service account's client id with the scopes above. Make an administrator of its own with the role above.",
)
