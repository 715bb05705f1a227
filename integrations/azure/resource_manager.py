"""The way to Azure's network: Azure Resource Manager with an app registration (client credentials).

https://learn.microsoft.com/rest/api/azure/ and https://learn.microsoft.com/azure/azure-resource-manager/
management/async-operations: a change goes on after the answer, and the resource's own ``provisioningState``
says when it is there, which is what is asked for here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from integrations.answers import inner, record, text
from integrations.connections import ConnectionKind, Http, Setting, choose, client_credentials, open_http
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site

KIND = "azure"
URL = "https://management.azure.com"
LOGIN = "https://login.microsoftonline.com"
VERSION = "2024-05-01"
"""Of Microsoft.Network's API."""
LATER = frozenset(
    {
        "AnotherOperationInProgress",
        "RetryableError",
        "SecurityRuleConflict",
        "TooManyRequests",
        "ReferencedResourceNotProvisioned",
    }
)
"""Codes of a 400 or 409 that a later attempt may not meet."""
_SETTINGS = {
    "subscription": re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z"),
    "resource_group": re.compile(r"(?!.*\.\Z)[\w().-]{1,90}\Z"),
    "nsg": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,78}\w\Z", re.ASCII),
    "tenant": re.compile(r"[A-Za-z0-9.-]{1,253}\Z"),
}


@asynccontextmanager
async def open_azure(site: Site, name: Any) -> AsyncIterator[Http]:
    named = choose(site, KIND, name)
    login = str(named.get("login_url") or LOGIN)
    given = named.need("tenant")
    if not _SETTINGS["tenant"].match(given):
        raise ActionRefusedError(f"connection {named.name!r}: tenant is an id or a domain, not {given!r:.80}")
    scope = f"{named.get('url') or URL}/.default"
    prove = client_credentials(f"{login}/{given}/oauth2/v2.0/token", scope=scope)
    async with open_http(named, authenticate=prove, url=URL) as azure:
        yield azure


def nsg_path(azure: Http, *rest: str) -> str:
    """Return the path of the connection's network security group, or of a part of it."""
    parts = []
    for key in ("subscription", "resource_group", "nsg"):
        found = azure.named.need(key)
        if not _SETTINGS[key].match(found):
            raise ActionRefusedError(f"connection {azure.named.name!r}: {found!r:.80} is no {key}")
        parts.append(found)
    group = f"/subscriptions/{parts[0]}/resourceGroups/{parts[1]}/providers/Microsoft.Network"
    return "/".join([f"{group}/networkSecurityGroups/{parts[2]}", *rest])


async def ask_azure(azure: Http, method: str, path: str, **arguments: Any) -> httpx.Response:
    """Ask Resource Manager. Raises `ActionError`s; a conflict that passes by itself is worth a retry."""
    params = {"api-version": VERSION}
    answer = await azure.ask(method, path, expected=(400, 409), params=params, **arguments)
    if answer.is_success:
        return answer
    try:
        error = inner(record(answer.json(), azure.named.name), "error")
    except ValueError:
        error = {}
    code = str(error.get("code") or "")
    said = f"{azure.named.name}: {method} {path}: {answer.status_code} {code} {error.get('message') or answer.text}"
    raise (ActionUnavailableError if code in LATER else ActionRefusedError)(azure.named.clean(said[:500]))


async def read_nsg(azure: Http) -> dict[str, Any]:
    """Return the network security group's properties."""
    answer = await ask_azure(azure, "GET", nsg_path(azure))
    try:
        found = record(answer.json(), azure.named.name)
    except ValueError as error:
        raise ActionUnavailableError(f"{azure.named.name} did not answer JSON") from error
    text(found, "name", azure.named.name)
    return inner(found, "properties")


async def _test(site: Site, name: str) -> str:
    async with open_azure(site, name) as azure:
        rules = (await read_nsg(azure)).get("securityRules") or []
    return f"Azure shows the network security group {azure.named.get('nsg')} with {len(rules)} rules"


AZURE = ConnectionKind(
    name=KIND,
    title="Azure: one network security group",
    documentation="https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview",
    settings=(
        Setting("tenant", "the tenant's id or first domain"),
        Setting("client_id", "the application's id"),
        Setting("client_secret", "a client secret of it", secret=True),
        Setting("subscription", "the subscription's id"),
        Setting("resource_group", "the resource group's name"),
        Setting("nsg", "the network security group's name"),
        Setting("url", f"Resource Manager of a national cloud, else {URL}", required=False),
        Setting("login_url", f"its sign-in service, else {LOGIN}", required=False),
    ),
    permissions=(
        "Microsoft.Network/networkSecurityGroups/read, .../securityRules/read, .../securityRules/write, "
        ".../securityRules/delete, on that group alone (block_ip)",
    ),
    test=_test,
    setup="Entra admin center: App registrations, New registration; Certificates & secrets, New client secret. "
    "az role definition create with the actions above; az role assignment create --assignee CLIENT_ID --role ROLE "
    "--scope the group's id. Leave the priorities from 100 on free for blocks: rules that allow begin at 1000.",
)
