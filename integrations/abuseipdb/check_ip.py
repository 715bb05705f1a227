"""``abuseipdb.check_ip``: how sure AbuseIPDB is that an address does harm, and who reported it.

https://docs.abuseipdb.com/#check-endpoint. The free plan answers 1,000 checks a day; a used quota is 429
with ``Retry-After``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.answers import inner, record
from integrations.connections import ConnectionKind, Http, Setting, choose, open_http
from integrations.contract import ActionUnavailableError
from integrations.lookups import Lookup, in_header
from integrations.ports import Site
from integrations.reversal import CONNECTION
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

KIND = "abuseipdb"
URL = "https://api.abuseipdb.com"
DAYS = 90

SPEC = ActionSpec(
    name="abuseipdb.check_ip",
    kind=ActionKind.LOOKUP,
    summary="Say how often and how surely an address is reported for abuse.",
    parameters=(Parameter(name="ip", type=ValueType.IP, description="A public address."), CONNECTION),
    returns={
        "score": ValueType.INTEGER,
        "reports": ValueType.INTEGER,
        "reporters": ValueType.INTEGER,
        "last_reported": ValueType.TEXT,
        "country_code": ValueType.TEXT,
        "usage": ValueType.TEXT,
        "isp": ValueType.TEXT,
        "tor": ValueType.BOOLEAN,
        "whitelisted": ValueType.BOOLEAN,
    },
    timeout=10.0,
    connection=KIND,
    permission="an API key",
    per_minute=60,
)
"""``score`` is AbuseIPDB's confidence, 0 to 100; counts are of the last 90 days; times ISO 8601, empty
where there is none."""


async def _ask(abuseipdb: Http, params: Mapping[str, Any]) -> dict[str, Any]:
    query = {"ipAddress": str(params["ip"]), "maxAgeInDays": str(DAYS)}
    answer = record(await abuseipdb.json("GET", "/api/v2/check", params=query), abuseipdb.named.name)
    data = inner(answer, "data")
    score = data.get("abuseConfidenceScore")
    if isinstance(score, bool) or not isinstance(score, int):
        raise ActionUnavailableError(f"{abuseipdb.named.name} answered without abuseConfidenceScore")
    return {
        "score": score,
        "reports": int(data.get("totalReports") or 0),
        "reporters": int(data.get("numDistinctUsers") or 0),
        "last_reported": str(data.get("lastReportedAt") or ""),
        "country_code": str(data.get("countryCode") or ""),
        "usage": str(data.get("usageType") or ""),
        "isp": str(data.get("isp") or ""),
        "tor": data.get("isTor") is True,
        "whitelisted": data.get("isWhitelisted") is True,
    }


async def _test(site: Site, name: str) -> str:
    named = choose(site, KIND, name)
    async with open_http(named, authenticate=PROOF, url=URL, headers=HEADERS) as abuseipdb:
        found = await _ask(abuseipdb, {"ip": "192.0.2.1"})
    return f"AbuseIPDB answers the key (192.0.2.1 has the score {found['score']})"


PROOF = in_header("key")
HEADERS = {"accept": "application/json"}
CHECK_IP = Lookup(SPEC, _ask, PROOF, URL, HEADERS, hours=6)

ABUSEIPDB = ConnectionKind(
    name=KIND,
    title="AbuseIPDB",
    documentation="https://docs.abuseipdb.com/",
    settings=(
        Setting("token", "an API key", secret=True),
        Setting("url", f"another server than {URL}", required=False),
        Setting("per_minute", "requests a minute that the plan allows", required=False),
    ),
    permissions=("an API key: any plan",),
    test=_test,
    setup="abuseipdb.com: Account, API, Create Key.",
)
