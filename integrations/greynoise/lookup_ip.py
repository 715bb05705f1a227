"""``greynoise.lookup_ip``: does an address scan everybody (noise), or belong to a known service (riot)?

Community API: https://docs.greynoise.io/reference/get_v3-community-ip. An address that was never observed
is a 404 whose body still names the address; any other 404 is a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.answers import record
from integrations.connections import ConnectionKind, Http, Setting, choose, open_http, segment
from integrations.contract import ActionUnavailableError
from integrations.lookups import Lookup, in_header
from integrations.ports import Site
from integrations.reversal import CONNECTION
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

KIND = "greynoise"
URL = "https://api.greynoise.io"

SPEC = ActionSpec(
    name="greynoise.lookup_ip",
    kind=ActionKind.LOOKUP,
    summary="Say whether an address scans the whole Internet, or is a well-known service.",
    parameters=(Parameter(name="ip", type=ValueType.IP, description="A public address."), CONNECTION),
    returns={
        "known": ValueType.BOOLEAN,
        "noise": ValueType.BOOLEAN,
        "riot": ValueType.BOOLEAN,
        "classification": ValueType.TEXT,
        "name": ValueType.TEXT,
        "last_seen": ValueType.TEXT,
    },
    timeout=10.0,
    connection=KIND,
    permission="an API key",
    per_minute=30,
)
"""``classification`` is benign, malicious, suspicious or unknown; ``name`` the actor or the service."""


async def _ask(greynoise: Http, params: Mapping[str, Any]) -> dict[str, Any]:
    address = str(params["ip"])
    found = await greynoise.json("GET", f"/v3/community/{segment(address)}", expected=(404,))
    answer = record(found, greynoise.named.name)
    if answer.get("ip") != address or not isinstance(answer.get("noise"), bool):
        raise ActionUnavailableError(f"{greynoise.named.name} did not answer about {address}")
    noise, riot = answer["noise"], answer.get("riot") is True
    return {
        "known": noise or riot,
        "noise": noise,
        "riot": riot,
        "classification": str(answer.get("classification") or "unknown"),
        "name": str(answer.get("name") or ""),
        "last_seen": str(answer.get("last_seen") or ""),
    }


async def _test(site: Site, name: str) -> str:
    async with open_http(choose(site, KIND, name), authenticate=PROOF, url=URL) as greynoise:
        answer = record(await greynoise.json("GET", "/ping"), name)
    return f"GreyNoise answers the key ({answer.get('offering') or answer.get('message') or 'ping'})"


PROOF = in_header("key")
LOOKUP_IP = Lookup(SPEC, _ask, PROOF, URL, hours=6)

GREYNOISE = ConnectionKind(
    name=KIND,
    title="GreyNoise",
    documentation="https://docs.greynoise.io/docs/using-the-greynoise-community-api",
    settings=(
        Setting("token", "an API key", secret=True),
        Setting("url", f"another server than {URL}", required=False),
        Setting("per_minute", "requests a minute that the plan allows", required=False),
    ),
    permissions=("an API key: Community or better",),
    test=_test,
    setup="viz.greynoise.io: Account, API Key.",
)
