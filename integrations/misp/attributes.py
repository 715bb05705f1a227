"""Attributes of a MISP instance, by its REST search; MISP itself leaves out what is on a warning list.

https://www.misp-project.org/openapi/#tag/Attributes/operation/restSearchAttributes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from integrations.answers import record, records
from integrations.connections import Named, open_http
from integrations.contract import ActionRefusedError
from integrations.feeds import MOST_PAGES, SECONDS, Fetched, check_size, connection
from integrations.misp.search import HEADERS, KIND, PROOF
from integrations.ports import Site
from rules.intelligence import Taken, read_attributes
from rules.intelligence.misp import ASKED

PAGE = 5000
LARGEST = 100_000_000
OVERLAP = 3600
"""Seconds that one reading goes back behind the last: clocks differ, and an answer takes its time."""


async def fetch_attributes(
    site: Site,
    name: str | None,
    tags: Sequence[str],
    cursor: Mapping[str, Any],
    now: datetime,
    *,
    whole: bool,
) -> Fetched:
    """Read attributes that are marked ``to_ids`` and published: all, or those that changed since the
    cursor, deleted and unmarked ones among them. Raises as `integrations.taxii.fetch_collection`."""
    named = connection(site, KIND, name)
    since = cursor.get("timestamp")
    part = isinstance(since, int) and not whole
    body: dict[str, Any] = {
        "returnFormat": "json", "limit": PAGE, "type": list(ASKED), "published": True,
        "enforceWarninglist": True, "includeEventTags": True, "includeEventUuid": True,
    }  # fmt: skip
    if tags:
        body["tags"] = list(tags)
    if part:
        body |= {"timestamp": str(since), "deleted": [0, 1]}
    else:
        body["to_ids"] = True
    taken = Taken()
    async with _open(named) as misp:
        for page in range(1, MOST_PAGES + 1):
            answer = record(
                await misp.json("POST", "attributes/restSearch", json={**body, "page": page}), KIND
            )
            found = record(answer.get("response") or {}, named.name).get("Attribute") or []
            listed = records(found, named.name)
            if part:
                listed = [
                    {**one, "deleted": True, "to_ids": True} if _unmarked(one) else one for one in listed
                ]
            taken.add(read_attributes(listed))
            check_size(taken, named.name)
            if len(listed) < PAGE:
                break
        else:
            raise ActionRefusedError(f"{named.name} has more than {MOST_PAGES:,} pages")
    return Fetched(taken, whole=not part, cursor={"timestamp": int(now.timestamp()) - OVERLAP})


def _unmarked(attribute: Mapping[str, Any]) -> bool:
    """Whether an attribute is no longer meant for detection."""
    return attribute.get("to_ids") not in (True, 1, "1")


def _open(named: Named) -> Any:
    return open_http(
        named,
        authenticate=PROOF,
        headers=HEADERS,
        seconds=SECONDS,
        largest=LARGEST,
    )
