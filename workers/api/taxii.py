"""The blocklists as collections of a TAXII 2.1 server, beside the plain lists, and as open as these.

https://docs.oasis-open.org/cti/taxii/v2.1/os/taxii-v2.1-os.html: discovery, one API root, a collection for
each list; objects, manifest, versions; ``added_after``, ``limit``, ``next`` and ``match``. They are only
read: nobody adds to a list but a containment. Who has read up to ``X-TAXII-Date-Added-Last`` asks with
``added_after`` for what came since: blocks, ends that were moved, addresses taken off (``revoked``).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from integrations.blocklist.stix import STIX, Item, collection_id, items_of, stamp
from integrations.ports import StoreError
from workers.api.feeds import Feed

MEDIA = "application/taxii+json;version=2.1"
DISCOVERY = "/taxii2/"
ROOT = "/taxii2/blocklists/"
PAGE = 1_000
"""Objects in one answer, at most."""
LARGEST = 65_536
"""Bytes of a request, as the API root says; there is none that has a body."""


class TaxiiError(Exception):
    """What can't be answered, with its HTTP status (error message)."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title


class Answer(JSONResponse):
    media_type = MEDIA


def refuse(_: Request, error: Exception) -> Response:
    """Tell a `TaxiiError`."""
    assert isinstance(error, TaxiiError)
    return Answer({"title": error.title, "http_status": str(error.status)}, error.status)


router = APIRouter()


@router.get(DISCOVERY)
async def discovery(request: Request) -> Response:
    """What this server is, and its one API root."""
    _accept(request)
    return Answer({"title": "SIEM", "description": "Blocklists", "default": ROOT, "api_roots": [ROOT]})


@router.get(ROOT)
async def api_root(request: Request) -> Response:
    _accept(request)
    return Answer({"title": "Blocklists", "versions": [MEDIA], "max_content_length": LARGEST})


@router.get(ROOT + "status/{status}/")
async def status(request: Request) -> Response:
    _accept(request)
    raise TaxiiError(404, "there is no such status: nothing is added here")


@router.get(ROOT + "collections/")
async def collections(request: Request) -> Response:
    _accept(request)
    feeds: Mapping[str, Feed] = request.app.state.feeds
    return Answer({"collections": [_described(name) for name in feeds]})


@router.get(ROOT + "collections/{collection}/")
async def collection(request: Request, collection: str) -> Response:
    _accept(request)
    return Answer(_described(_feed(request, collection).name))


@router.get(ROOT + "collections/{collection}/objects/")
async def objects(request: Request, collection: str) -> Response:
    found, more = _page(request, _matching(request, await _items(request, collection)))
    return _envelope(found, {"objects": [item.object for item in found]}, more)


@router.get(ROOT + "collections/{collection}/manifest/")
async def manifest(request: Request, collection: str) -> Response:
    found, more = _page(request, _matching(request, await _items(request, collection)))
    rows = [
        {"id": item.id, "date_added": stamp(item.added), "version": item.version, "media_type": STIX}
        for item in found
    ]
    return _envelope(found, {"objects": rows}, more)


@router.get(ROOT + "collections/{collection}/objects/{object_id}/")
async def one_object(request: Request, collection: str, object_id: str) -> Response:
    known = _known(await _items(request, collection), object_id)
    found, more = _page(request, _matching(request, known))
    return _envelope(found, {"objects": [item.object for item in found]}, more)


@router.get(ROOT + "collections/{collection}/objects/{object_id}/versions/")
async def versions(request: Request, collection: str, object_id: str) -> Response:
    known = _known(await _items(request, collection), object_id)
    found, more = _page(request, _matching(request, known))
    return _envelope(found, {"versions": [item.version for item in found]}, more)


@router.post(ROOT + "collections/{collection}/objects/")
@router.delete(ROOT + "collections/{collection}/objects/{object_id}/")
async def write(request: Request, collection: str) -> Response:
    _feed(request, collection)
    raise TaxiiError(403, "a collection is only read: nobody adds to a blocklist but a containment")


def _accept(request: Request) -> None:
    """Hold to the one version that there is (content negotiation)."""
    for part in request.headers.get("accept", "*/*").split(","):
        kind, *parameters = (one.strip().lower() for one in part.split(";"))
        version = next((one.partition("=")[2] for one in parameters if one.startswith("version=")), "2.1")
        if kind in {"*/*", "application/*"} or (kind == "application/taxii+json" and version == "2.1"):
            return
    raise TaxiiError(406, f"this server answers with {MEDIA}")


def _feed(request: Request, collection: str) -> Feed:
    """Return a list by its collection's id, or by its alias, which is its name."""
    feeds: Mapping[str, Feed] = request.app.state.feeds
    for name, feed in feeds.items():
        if collection in (name, collection_id(name)):
            return feed
    raise TaxiiError(404, "there is no such collection")


def _described(name: str) -> dict[str, Any]:
    return {
        "id": collection_id(name),
        "title": f"Blocklist {name}",
        "description": "Addresses that are blocked in response to incidents; revoked where they are no more.",
        "alias": name,
        "can_read": True,
        "can_write": False,
        "media_types": [STIX],
    }


async def _items(request: Request, collection: str) -> list[Item]:
    _accept(request)
    feed = _feed(request, collection)
    try:
        return items_of(feed.name, await feed.document())
    except StoreError as error:
        raise TaxiiError(503, f"the store does not answer: {error}") from error


def _known(items: list[Item], object_id: str) -> list[Item]:
    found = [item for item in items if item.id == object_id]
    if not found:
        raise TaxiiError(404, "the collection has no such object")
    return found


def _matching(request: Request, items: list[Item]) -> list[Item]:
    """Apply ``added_after`` and ``match`` (filtering). Of an object only its newest version is kept, so
    ``first``, ``last`` and ``all`` are the same."""
    query = request.query_params
    after = _moment(query["added_after"]) if "added_after" in query else None
    wanted = {key: _values(query.get(f"match[{key}]")) for key in ("id", "type", "version", "spec_version")}
    whole = not wanted["version"] or bool(wanted["version"] & {"first", "last", "all"})
    return [
        item
        for item in items
        if (after is None or item.added > after)
        and (not wanted["id"] or item.id in wanted["id"])
        and (not wanted["type"] or item.object["type"] in wanted["type"])
        and (not wanted["spec_version"] or item.object["spec_version"] in wanted["spec_version"])
        and (whole or item.version in wanted["version"])
    ]


def _values(text: str | None) -> set[str]:
    return {part.strip() for part in (text or "").split(",") if part.strip()}


def _page(request: Request, items: list[Item]) -> tuple[list[Item], str | None]:
    """Return the items of this page, and what ``next`` is for the one after, None where there is none."""
    query = request.query_params
    limit = query.get("limit", str(PAGE))
    if not re.fullmatch(r"[0-9]{1,9}", limit) or int(limit) < 1:
        raise TaxiiError(400, "limit is a whole number above zero")
    if "next" in query:
        place = _place(query["next"])
        items = [item for item in items if (stamp(item.added), item.id) > place]
    found = items[: min(int(limit), PAGE)]
    if len(found) == len(items):
        return found, None
    last = f"{stamp(found[-1].added)} {found[-1].id}"
    return found, base64.urlsafe_b64encode(last.encode()).decode()


def _place(text: str) -> tuple[str, str]:
    try:
        added, _, object_id = base64.urlsafe_b64decode(text.encode()).decode().partition(" ")
        _moment(added)
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise TaxiiError(400, "next is not of this server") from error
    return added, object_id


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("no zone")
    except ValueError as error:
        raise TaxiiError(400, "a moment is written like 2026-08-01T10:00:00.000Z") from error
    return moment


def _envelope(found: list[Item], body: dict[str, Any], more: str | None) -> Response:
    if not found:
        return Answer({})
    headers = {
        "X-TAXII-Date-Added-First": stamp(found[0].added),
        "X-TAXII-Date-Added-Last": stamp(found[-1].added),
    }
    if more is not None:
        body = {"more": True, "next": more, **body}
    return Answer(body, headers=headers)
