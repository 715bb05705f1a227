"""The way to CrowdStrike Falcon: an API client with OAuth 2.0 client credentials, and hosts found by name.

https://developer.crowdstrike.com/docs/openapi and its collections Oauth2, Hosts and IOC Management. Falcon
answers faults inside a success too, under ``errors``; a filter is Falcon Query Language, in which a text stands
in apostrophes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from integrations.answers import record, records, text
from integrations.connections import ConnectionKind, Http, Setting, client_credentials, http
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from integrations.reversal import TargetGoneError

KIND = "crowdstrike"
US_1 = "https://api.crowdstrike.com"
FOUND = 100
"""At most so many hosts of one name."""
LIVE = timedelta(days=1)
"""A host that was seen within it counts as there, where several have a name (one was installed anew)."""


@asynccontextmanager
async def open_falcon(site: Site, name: Any) -> AsyncIterator[Http]:
    """Open the site's Falcon. Raises `ActionRefusedError` where there is no such connection."""
    async with http(site, KIND, name, authenticate=client_credentials("/oauth2/token"), url=US_1) as falcon:
        yield falcon


async def ask(falcon: Http, method: str, path: str, **arguments: Any) -> list[Any]:
    """Return the ``resources`` of an answer. Raises `ActionRefusedError` for ``errors`` in it, and
    `ActionUnavailableError` for those that are the service's own or a used-up quota."""
    answer = record(await falcon.json(method, path, **arguments), falcon.named.name)
    faults = answer.get("errors")
    if faults:
        several = records(faults, falcon.named.name)
        codes = [one.get("code") for one in several]
        said = falcon.named.clean(
            f"{falcon.named.name}: {method} {path}: "
            + "; ".join(f"{one.get('code')} {one.get('message')}" for one in several)[:300]
        )
        if any(isinstance(code, int) and (code == 429 or code >= 500) for code in codes):
            raise ActionUnavailableError(said)
        raise ActionRefusedError(said)
    found = answer.get("resources")
    if found is None and "meta" in answer:
        return []
    if not isinstance(found, list):
        raise ActionUnavailableError(f"{falcon.named.name} answered without resources")
    return found


def quoted(value: str) -> str:
    """Return a text as one of a Falcon filter: apostrophes and backslashes escaped. Raises `ActionRefusedError`
    for what can't be asked for: wildcards, control characters, more than 255 characters."""
    if (
        not value
        or len(value) > 255
        or "*" in value
        or any(ord(one) < 32 or ord(one) == 127 for one in value)
    ):
        raise ActionRefusedError(f"{value!r:.80} can't be asked for in Falcon")
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


async def find_host(falcon: Http, host: str, site: Site) -> dict[str, Any]:
    """Return the one host of a name: as Falcon has it, or with the domain that Falcon has beside it.

    Raises `ActionRefusedError` where there is none (it may have another name by now, so nothing is forgotten)
    or several: nothing is isolated by a guess. A name that only one live host has, and others that were not seen for a day, is that one's.
    """
    names = {host, host.partition(".")[0]}
    asked = ",".join(f"hostname:{quoted(name)}" for name in sorted(names))
    params = {"filter": asked, "limit": str(FOUND)}
    ids = await ask(falcon, "GET", "/devices/queries/devices/v1", params=params)
    if not all(isinstance(one, str) and one for one in ids):
        raise ActionUnavailableError(f"{falcon.named.name} answered ids that are none")
    found = []
    if ids:
        rows = await ask(falcon, "POST", "/devices/entities/devices/v2", json={"ids": ids})
        found = [row for row in records(rows, falcon.named.name) if _is_named(row, host)]
    if not found:
        raise ActionRefusedError(f"Falcon knows no host {host}")
    if len(found) > 1:
        live = [one for one in found if _seen(one) > site.clock.now() - LIVE]
        if len(live) != 1:
            raise ActionRefusedError(
                f"Falcon knows {len(found)} hosts {host}, {len(live)} of them seen within a day: "
                "hide those that are gone, or use the whole name"
            )
        found = live
    text(found[0], "device_id", falcon.named.name)
    text(found[0], "status", falcon.named.name)
    return found[0]


async def read_host(falcon: Http, identity: str) -> dict[str, Any]:
    """Return a host by Falcon's own id, whatever it is called by now. Raises `TargetGoneError` where Falcon has
    none any more."""
    rows = records(
        await ask(falcon, "POST", "/devices/entities/devices/v2", json={"ids": [identity]}), falcon.named.name
    )
    same = [row for row in rows if row.get("device_id") == identity]
    if not same:
        raise TargetGoneError(f"Falcon has no host {identity} any more")
    text(same[0], "status", falcon.named.name)
    return same[0]


def _is_named(row: dict[str, Any], host: str) -> bool:
    name, domain = str(row.get("hostname") or "").casefold(), str(row.get("machine_domain") or "").casefold()
    return bool(name) and host.casefold() in {name, f"{name}.{domain}"}


def _seen(row: dict[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(str(row.get("last_seen")))
    except ValueError as error:
        raise ActionUnavailableError("Falcon answered a host without last_seen") from error


async def _test(site: Site, name: str) -> str:
    async with open_falcon(site, name) as falcon:
        await ask(falcon, "GET", "/devices/queries/devices/v1", params={"limit": "1"})
        await ask(falcon, "GET", "/iocs/queries/indicators/v1", params={"limit": "1"})
    return f"Falcon answers the API client {falcon.named.need('client_id')[:8]}…, for hosts and indicators"


CROWDSTRIKE = ConnectionKind(
    name=KIND,
    title="CrowdStrike Falcon, by an API client",
    documentation="https://developer.crowdstrike.com/docs/getting-started",
    settings=(
        Setting("client_id", "the API client's id"),
        Setting("client_secret", "its secret", secret=True),
        Setting("url", f"the cloud's base URL: {US_1}, https://api.eu-1.crowdstrike.com …", required=False),
    ),
    permissions=("Hosts: Read, Write", "IOC Management: Read, Write"),
    test=_test,
    setup="Falcon console: Support and resources, API clients and keys, Create API client; the scopes above. "
    "The base URL is shown beside the secret.",
)
