"""``misp.search``: attributes of a MISP instance that hold exactly this value.

https://www.misp-project.org/openapi/#tag/Attributes/operation/restSearchAttributes. MISP takes ``%`` in a
value for a wildcard and answers more than was asked: only attributes whose value, or one of the halves of a
composite one (``name|hash``), is the value itself are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.answers import inner, record, records
from integrations.connections import ConnectionKind, Http, Setting, choose, open_http
from integrations.contract import ActionUnavailableError
from integrations.lookups import Lookup, exactly_one, in_header
from integrations.ports import Site
from integrations.reversal import CONNECTION
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

KIND = "misp"
LIMIT = 200
"""Attributes that are looked at; more are not worth telling apart."""
SEARCHED = {
    "ip": ValueType.IP,
    "domain": ValueType.DOMAIN,
    "url": ValueType.URL,
    "hash": ValueType.HASH,
}

SPEC = ActionSpec(
    name="misp.search",
    kind=ActionKind.LOOKUP,
    summary="Say which events of a MISP instance know an address, a domain, a URL or a hash.",
    parameters=(
        *(
            Parameter(name=name, type=kind, description=f"The {name}; give one of these.", required=False)
            for name, kind in SEARCHED.items()
        ),
        CONNECTION,
    ),
    returns={
        "found": ValueType.BOOLEAN,
        "attributes": ValueType.INTEGER,
        "to_ids": ValueType.BOOLEAN,
        "events": ValueType.LIST,
        "categories": ValueType.LIST,
        "tags": ValueType.LIST,
        "last": ValueType.TEXT,
    },
    timeout=20.0,
    connection=KIND,
    permission="a role with auth access (API key), read only",
    per_minute=120,
)
"""``events`` are titles; ``to_ids`` whether somebody recommends it for detection; ``last`` is ISO 8601."""


async def _ask(misp: Http, params: Mapping[str, Any]) -> dict[str, Any]:
    _, value = exactly_one(params, tuple(SEARCHED))
    query = {"returnFormat": "json", "value": value, "limit": LIMIT, "page": 1, "includeEventTags": 1}
    answer = record(await misp.json("POST", "/attributes/restSearch", json=query), misp.named.name)
    response = answer.get("response")
    if not isinstance(response, Mapping) or "Attribute" not in response:
        raise ActionUnavailableError(f"{misp.named.name} answered without response.Attribute")
    found = [one for one in records(response["Attribute"], misp.named.name) if _is(one.get("value"), value)]
    times = [int(at) for one in found if (at := str(one.get("timestamp", ""))).isdigit()]
    return {
        "found": bool(found),
        "attributes": len(found),
        "to_ids": any(one.get("to_ids") in (True, "1", 1) for one in found),
        "events": _some(str(inner(one, "Event").get("info", "")) for one in found),
        "categories": _some(str(one.get("category", "")) for one in found),
        "tags": _some(
            str(tag.get("name", ""))
            for one in found
            if isinstance(one.get("Tag"), list)
            for tag in records(one["Tag"], misp.named.name)
        ),
        "last": datetime.fromtimestamp(max(times), UTC).isoformat() if times else "",
    }


def _is(given: Any, value: str) -> bool:
    whole = str(given).casefold()
    return value.casefold() in {whole, *whole.split("|")}


def _some(values: Any) -> list[str]:
    return sorted({value[:200] for value in values if value})[:20]


async def _test(site: Site, name: str) -> str:
    async with open_http(choose(site, KIND, name), authenticate=PROOF, headers=HEADERS) as misp:
        user = inner(record(await misp.json("GET", "/users/view/me"), name), "User")
    return f"MISP answers the key of {user.get('email') or 'somebody without an address'}"


PROOF = in_header("authorization")
HEADERS = {"accept": "application/json"}
SEARCH = Lookup(SPEC, _ask, PROOF, headers=HEADERS, hours=0.25, one_of=tuple(SEARCHED))

MISP = ConnectionKind(
    name=KIND,
    title="MISP",
    documentation="https://www.misp-project.org/openapi/",
    settings=(
        Setting("url", "the instance: https://misp.example.org"),
        Setting("token", "an authentication key", secret=True),
        Setting("ca", "a file with the authority of its certificate", required=False),
        Setting("private", "true where the instance is the site's own and inside", required=False),
    ),
    permissions=("an authentication key, read only",),
    test=_test,
    setup="MISP: My Profile, Auth keys, Add authentication key; tick Read only.",
)
