"""The way to a PAN-OS firewall: its XML API with a key in a header.

https://docs.paloaltonetworks.com/ngfw/api/get-started-with-the-pan-os-xml-api (keys, error codes). An answer
says ``status="error"`` also under HTTP 200, so that is looked at and not the HTTP status alone.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from xml.etree import ElementTree

from integrations.connections import ConnectionKind, Http, Setting, http
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.lookups import in_header
from integrations.ports import Site

KIND = "panos"
TAG = "siem-blocked"
TIMEOUTS_SINCE = (9, 0)
NETWORKS_SINCE = (10, 0)
LATER = frozenset({"2", "3", "4", "5", "11", "13", "14", "21", "22"})
"""Codes of an answer that a later attempt may not meet: internal errors, a commit that blocks, time-outs."""


@asynccontextmanager
async def open_panos(site: Site, name: Any) -> AsyncIterator[Http]:
    async with http(site, KIND, name, authenticate=in_header("x-pan-key")) as panos:
        yield panos


def tag_of(panos: Http) -> str:
    """Return the tag that the site's dynamic address group matches. Raises `ActionRefusedError` for none."""
    found = str(panos.named.get("tag") or TAG)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,126}", found):
        raise ActionRefusedError(f"connection {panos.named.name!r}: {found!r:.80} is no tag")
    return found


async def ask(panos: Http, **form: str) -> ElementTree.Element:
    """Send one request, in a body; return the ``response`` of a success, and of an error that only says
    that a message was right already. Raises `ActionError`s."""
    if vsys := panos.named.get("vsys"):
        form["vsys"] = str(vsys)
    answer = await panos.ask("POST", "/api/", data=form)
    what = f"{panos.named.name}: {form['type']}"
    root = parsed(answer.content, what)
    if root.get("status") == "success":
        return root
    messages = [entry.get("message", "") for entry in root.iter("entry")]
    if messages and all("ignore" in message for message in messages):
        return root
    said = " ".join([*"".join(root.itertext()).split(), *messages])
    words = panos.named.clean(f"{what}: {root.get('code', '')} {said}"[:400])
    if root.get("status") != "error":
        raise ActionUnavailableError(f"{words}: neither a success nor an error")
    raise (ActionUnavailableError if root.get("code") in LATER else ActionRefusedError)(words)


def parsed(content: bytes, what: str) -> ElementTree.Element:
    """Return an answer's ``response``. Raises `ActionUnavailableError` for anything else; document types,
    which could make a small answer grow, are not read."""
    try:
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise ValueError("it declares a document type")
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError) as error:
        raise ActionUnavailableError(f"{what} did not answer XML: {error}") from error
    if root.tag != "response":
        raise ActionUnavailableError(f"{what} answered with {root.tag!r:.40}, no response")
    return root


async def version_of(panos: Http) -> tuple[int, int]:
    """Return (major, minor) of PAN-OS. Raises `ActionUnavailableError` where it does not say."""
    found = (await ask(panos, type="version")).findtext("result/sw-version") or ""
    parts = re.match(r"(\d+)\.(\d+)", found)
    if parts is None:
        raise ActionUnavailableError(f"{panos.named.name} answered without sw-version")
    return int(parts[1]), int(parts[2])


async def _test(site: Site, name: str) -> str:
    async with open_panos(site, name) as panos:
        version = await version_of(panos)
        command = f"<show><object><registered-ip><tag><entry name='{tag_of(panos)}'/></tag></registered-ip></object></show>"
        count = len(list((await ask(panos, type="op", cmd=command)).iter("entry")))
    said = f"PAN-OS {version[0]}.{version[1]} answers; {count} addresses have the tag {tag_of(panos)}"
    return said if version >= TIMEOUTS_SINCE else f"{said}, and can't end them by itself before 9.0"


PANOS = ConnectionKind(
    name=KIND,
    title="PAN-OS: a firewall's dynamic address groups",
    documentation="https://docs.paloaltonetworks.com/ngfw/api/get-started-with-the-pan-os-xml-api/get-your-api-key",
    settings=(
        Setting("url", "the firewall: https://fw-1.example.com"),
        Setting("token", "an API key of an administrator of its own", secret=True),
        Setting("tag", f"the tag that the dynamic address group matches, else {TAG}", required=False),
        Setting("vsys", "the virtual system, where there are several: vsys2", required=False),
        Setting("ca", "a file with the authority of its certificate", required=False),
        Setting("private", "true where it is inside", required=False),
    ),
    permissions=(
        "an administrator with a role of XML API: User-ID Agent, Operational Requests; nothing else",
    ),
    test=_test,
    setup="Device, Admin Roles: a role with XML API User-ID Agent and Operational Requests only; Administrators: one "
    "with that role; its key: curl -d 'type=keygen' --data-urlencode 'user=…' --data-urlencode 'password=…' "
    f"https://FIREWALL/api/. Objects, Address Groups: a dynamic group that matches '{TAG}'; Policies: a rule at the "
    "top that drops from it and one that drops to it; commit once.",
)
