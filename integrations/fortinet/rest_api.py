"""The way to a FortiGate: its REST API with the token of an API administrator.

https://docs.fortinet.com/document/fortigate/latest/administration-guide/940602/using-apis and FortiOS REST API
(Fortinet Developer Network). An error of the configuration (``error``: an object in use, a value that is wrong)
comes as HTTP 500 or 424; it is told from a fault of the firewall by its number, which a fault does not have.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from integrations.answers import record, records
from integrations.connections import ConnectionKind, Http, Setting, bearer, http, segment
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site

KIND = "fortigate"
GROUP = "siem-blocked"
NOT_FOUND, EXISTS, IN_USE = -3, -5, -23


@asynccontextmanager
async def open_fortigate(site: Site, name: Any) -> AsyncIterator[Http]:
    async with http(site, KIND, name, authenticate=bearer()) as fortigate:
        yield fortigate


def path_of(table: str, *names: str) -> str:
    """Return the path of a firewall object. Raises `ActionRefusedError` for a name that can't stand in one."""
    return "/".join(["/api/v2/cmdb/firewall", table, *(segment(name) for name in names)])


async def ask(fortigate: Http, method: str, path: str, *, expected: tuple[int, ...] = (), **body: Any) -> int:
    """Change something; return 0, or the error's number where it is one of the `expected`."""
    number, _ = await _ask(fortigate, method, path, expected, **({"json": body} if body else {}))
    return number


async def read(fortigate: Http, path: str) -> dict[str, Any] | None:
    """Return an object, None where there is none."""
    number, answer = await _ask(fortigate, "GET", path, (NOT_FOUND,))
    if number:
        return None
    found = records(answer.get("results"), fortigate.named.name)
    if len(found) != 1:
        raise ActionUnavailableError(f"{fortigate.named.name} answered with {len(found)} objects for one")
    return found[0]


async def _ask(
    fortigate: Http, method: str, path: str, expected: tuple[int, ...], **arguments: Any
) -> tuple[int, dict[str, Any]]:
    params = {"vdom": str(fortigate.named.get("vdom") or "root")}
    answer = await fortigate.ask(method, path, expected=(404, 424, 500), params=params, **arguments)
    what = f"{fortigate.named.name}: {method} {path}"
    try:
        found = answer.json()
    except ValueError:
        found = None
    if answer.is_success:
        whole = record(found, what)
        if whole.get("status") != "success":
            raise ActionUnavailableError(f"{what} did not answer status success")
        return 0, whole
    said = fortigate.named.clean(f"{what}: {answer.status_code} {answer.text[:200]}")
    number = found.get("error") if isinstance(found, dict) else None
    if answer.status_code == 404:
        number = NOT_FOUND
    if number in expected:
        return int(number), {}
    if isinstance(number, int):
        raise ActionRefusedError(said)
    wait = answer.headers.get("retry-after", "")
    raise ActionUnavailableError(said, retry_after=float(wait) if wait.isdigit() else None)


def members(group: dict[str, Any], what: str) -> set[str]:
    return {str(one.get("name")) for one in records(group.get("member"), what)}


async def _test(site: Site, name: str) -> str:
    async with open_fortigate(site, name) as fortigate:
        wanted = str(fortigate.named.get("group") or GROUP)
        counts = []
        for table, version in (("addrgrp", "IPv4"), ("addrgrp6", "IPv6")):
            group = await read(fortigate, path_of(table, wanted))
            held = "is not there" if group is None else f"has {len(members(group, name))} members"
            counts.append(f"the {version} group {wanted} {held}")
    return f"FortiGate answers the token; {', '.join(counts)}"


FORTIGATE = ConnectionKind(
    name=KIND,
    title="FortiGate: address groups that a policy denies",
    documentation="https://docs.fortinet.com/document/fortigate/latest/administration-guide/399023/rest-api-administrator",
    settings=(
        Setting("url", "the firewall: https://fw-1.example.com"),
        Setting("token", "the token of a REST API administrator", secret=True),
        Setting("group", f"the address group that the policy denies, else {GROUP}", required=False),
        Setting("vdom", "the virtual domain, else root", required=False),
        Setting("ca", "a file with the authority of its certificate", required=False),
        Setting("private", "true where it is inside", required=False),
    ),
    permissions=("an administrator profile with Firewall, Address: Read/Write, and nothing else",),
    test=_test,
    setup="config system accprofile: a profile with set fwgrp custom, config fwgrp-permission, set address read-write; "
    "config system api-user: a user with it and set trusthost to this machine; execute api-user generate-key. "
    f"config firewall addrgrp (and addrgrp6): edit {GROUP}, set member none; config firewall policy: a policy on top "
    "that denies from it, and one that denies to it. The member none stays: a group can't be empty.",
)
