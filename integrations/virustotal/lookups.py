"""``virustotal.lookup_ip``, ``lookup_domain``, ``lookup_url``, ``lookup_hash``: reports that are there.

API 3: https://docs.virustotal.com/reference/ip-info, .../domain-info, .../url-info, .../file-info. Nothing
is ever submitted: a URL or a file that VirusTotal does not know is ``known: false``. A URL is asked for by
its identifier, the URL in base64 without padding (.../reference/url). The public API allows 4 requests a
minute and 500 a day.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.answers import inner, record
from integrations.connections import ConnectionKind, Http, Setting, choose, open_http, segment
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.lookups import Lookup, in_header
from integrations.ports import Site
from integrations.reversal import CONNECTION
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

KIND = "virustotal"
URL = "https://www.virustotal.com"
COUNTED = ("malicious", "suspicious", "harmless", "undetected")
_KNOWN_HASHES = {32, 40, 64}
"""Lengths of the hashes that VirusTotal knows files by: MD5, SHA-1, SHA-256."""

RETURNS = {
    "known": ValueType.BOOLEAN,
    "malicious": ValueType.INTEGER,
    "suspicious": ValueType.INTEGER,
    "harmless": ValueType.INTEGER,
    "undetected": ValueType.INTEGER,
    "reputation": ValueType.INTEGER,
    "label": ValueType.TEXT,
    "analysed": ValueType.TEXT,
}
"""Counts are of scanners; ``reputation`` is the community's, below zero where bad; ``label`` is the family of
a file, the title of a page, the owner of an address, the registrar of a domain; ``analysed`` is ISO 8601."""


def _lookup(what: str, kind: ValueType, collection: str, described: str, labels: tuple[str, ...]) -> Lookup:
    async def ask(virustotal: Http, params: Mapping[str, Any]) -> dict[str, Any]:
        identifier = _identifier(kind, str(params[what]))
        return await _report(virustotal, f"/api/v3/{collection}/{segment(identifier)}", labels)

    spec = ActionSpec(
        name=f"virustotal.lookup_{what}",
        kind=ActionKind.LOOKUP,
        summary=f"Say what VirusTotal's scanners think of {described}.",
        parameters=(Parameter(name=what, type=kind, description=f"{described.capitalize()}."), CONNECTION),
        returns=RETURNS,
        timeout=15.0,
        connection=KIND,
        permission="an API key",
        per_minute=4,
    )
    return Lookup(spec, ask, PROOF, URL, hours=6)


def _identifier(kind: ValueType, value: str) -> str:
    if kind is ValueType.URL:
        identifier = base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")
        if len(identifier) > 1024:
            raise ActionRefusedError(f"a URL of {len(value)} characters is too long to be asked for")
        return identifier
    if kind is ValueType.HASH and len(value) not in _KNOWN_HASHES:
        raise ActionRefusedError(
            f"{value!r:.80} is no MD5, SHA-1 or SHA-256: VirusTotal knows files by these"
        )
    return value


async def _report(virustotal: Http, path: str, labels: tuple[str, ...]) -> dict[str, Any]:
    name = virustotal.named.name
    answer = record(await virustotal.json("GET", path, expected=(404,)), name)
    if inner(answer, "error").get("code") == "NotFoundError":
        return {"known": False, **dict.fromkeys((*COUNTED, "reputation"), 0), "label": "", "analysed": ""}
    attributes = inner(inner(answer, "data"), "attributes")
    stats = inner(attributes, "last_analysis_stats")
    if not isinstance(stats.get("malicious"), int):
        raise ActionUnavailableError(f"{name} answered without last_analysis_stats")
    at = attributes.get("last_analysis_date")
    return {
        "known": True,
        **{count: int(stats.get(count) or 0) for count in COUNTED},
        "reputation": int(attributes.get("reputation") or 0),
        "label": next((label for path in labels if (label := _text(attributes, path))), ""),
        "analysed": datetime.fromtimestamp(at, UTC).isoformat() if isinstance(at, int) else "",
    }


def _text(attributes: Mapping[str, Any], path: str) -> str:
    value: Any = attributes
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value[:200] if isinstance(value, str) else ""


async def _test(site: Site, name: str) -> str:
    async with open_http(choose(site, KIND, name), authenticate=PROOF, url=URL) as virustotal:
        await _report(virustotal, "/api/v3/domains/example.com", ())
    return "VirusTotal answers the key (it was asked about example.com)"


PROOF = in_header("x-apikey")
LOOKUPS = (
    _lookup("ip", ValueType.IP, "ip_addresses", "a public address", ("as_owner",)),
    _lookup("domain", ValueType.DOMAIN, "domains", "a domain", ("registrar",)),
    _lookup("url", ValueType.URL, "urls", "a URL", ("title",)),
    _lookup(
        "hash", ValueType.HASH, "files", "a file, by its hash",
        ("popular_threat_classification.suggested_threat_label", "meaningful_name"),
    ),
)  # fmt: skip

VIRUSTOTAL = ConnectionKind(
    name=KIND,
    title="VirusTotal",
    documentation="https://docs.virustotal.com/reference/authentication",
    settings=(
        Setting("token", "an API key", secret=True),
        Setting("url", f"another server than {URL}", required=False),
        Setting(
            "per_minute",
            "requests a minute that the plan allows, 4 where it is the public one",
            required=False,
        ),
    ),
    permissions=("an API key; the public API's terms forbid business use",),
    test=_test,
    setup="virustotal.com: your name, API key.",
)
