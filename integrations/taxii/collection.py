"""A TAXII 2.1 collection, read page by page; later only what was added since.

https://docs.oasis-open.org/cti/taxii/v2.1/os/taxii-v2.1-os.html, chapter 5 (API roots and collections)
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import httpx

from integrations.answers import record, records
from integrations.connections import Authenticate, ConnectionKind, Http, Named, Setting, open_http, segment
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.feeds import MOST_PAGES, SECONDS, Fetched, check_size, connection
from integrations.ports import Site
from rules.intelligence import Taken, read_objects

KIND = "taxii"
MEDIA = "application/taxii+json;version=2.1"
PAGE = 1000
"""Objects asked for at once; a server may give fewer."""
LARGEST = 50_000_000
ADDED_LAST = "x-taxii-date-added-last"


async def fetch_collection(
    site: Site, name: str | None, collection: str, cursor: Mapping[str, Any], *, whole: bool
) -> Fetched:
    """Read the indicators of a collection: all, or those that were added after the cursor.

    Raises `ActionUnavailableError` (worth another try) or `ActionRefusedError`.
    """
    named = connection(site, KIND, name)
    since = "" if whole else str(cursor.get("added_after", ""))
    taken = Taken()
    query: dict[str, Any] = {"limit": PAGE, "match[type]": "indicator"}
    latest = since
    async with _open(named) as taxii:
        path = f"collections/{segment(collection)}/objects/"
        token = ""
        for _ in range(MOST_PAGES):
            asked = {
                **query,
                **({"added_after": since} if since else {}),
                **({"next": token} if token else {}),
            }
            answer = await taxii.ask("GET", path, params=asked)
            envelope = _envelope(answer, named.name)
            taken.add(read_objects(records(envelope.get("objects") or [], named.name)))
            check_size(taken, named.name)
            last = answer.headers.get(ADDED_LAST, "")
            latest = max(latest, last)
            if envelope.get("more") is not True:
                break
            following = str(envelope.get("next") or "")
            if following and following != token:
                token = following
            elif last and last != since:
                token, since = "", last
            else:
                raise ActionUnavailableError(f"{named.name} says there is more and not where")
        else:
            raise ActionRefusedError(f"{named.name} has more than {MOST_PAGES:,} pages")
    return Fetched(taken, whole=whole or not cursor.get("added_after"), cursor={"added_after": latest})


def _envelope(answer: httpx.Response, name: str) -> dict[str, Any]:
    if not answer.content.strip():
        return {}
    try:
        return record(answer.json(), name)
    except ValueError as error:
        raise ActionUnavailableError(f"{name} did not answer JSON: is its url the API root?") from error


def _open(named: Named) -> Any:
    return open_http(
        named,
        authenticate=_authenticate(named),
        headers={"accept": MEDIA},
        seconds=SECONDS,
        largest=LARGEST,
    )


def _authenticate(named: Named) -> Authenticate | None:
    if named.get("token"):
        proof = f"Bearer {named.need('token')}"
    elif named.get("user"):
        pair = f"{named.need('user')}:{named.get('password') or ''}"
        proof = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        return None

    async def add(_opened: Http, request: httpx.Request) -> None:
        request.headers["authorization"] = proof

    return add


async def _test(site: Site, name: str) -> str:
    named = connection(site, KIND, name)
    async with _open(named) as taxii:
        root = record(await taxii.json("GET", ""), name)
        found = record(await taxii.json("GET", "collections/"), name).get("collections") or []
        readable = [one for one in records(found, name) if one.get("can_read") is True]
        listed = ", ".join(f"{one.get('title')} ({one.get('id')})" for one in readable[:20])
        return f"{root.get('title')} answers; collections that can be read: {listed or 'none'}"


TAXII = ConnectionKind(
    name=KIND,
    title="TAXII 2.1",
    documentation="https://docs.oasis-open.org/cti/taxii/v2.1/os/taxii-v2.1-os.html",
    settings=(
        Setting("url", "the API root: https://taxii.example.com/api1/"),
        Setting("user", "for basic authentication", required=False),
        Setting("password", "for basic authentication", required=False, secret=True),
        Setting("token", "a bearer token in place of these", required=False, secret=True),
    ),
    permissions=("read the collection (can_read)",),
    test=_test,
    setup="Ask the provider for the API root, a user and the id of the collection; `siem connections test` "
    "lists the collections that can be read. Then name it under intelligence: in siem.yaml.",
)
