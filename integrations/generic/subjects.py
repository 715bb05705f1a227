"""What a record of no known product is about, by the fields it has and what it is called."""

from __future__ import annotations

import re

from integrations.fields import add
from rules.ecs import Document

_LOGIN = re.compile(r"\b(?:log(?:ged)?[ -]?(?:in|on|off|out)|sign[ -]?(?:in|out)|authenticat)", re.IGNORECASE)
_ENDS = re.compile(r"\b(?:log(?:ged)?[ -]?(?:off|out)|sign[ -]?out)", re.IGNORECASE)
LONGEST = 200


def put_subject(document: Document, name: str) -> None:
    """Add ``event.category`` (and the type, of a login) of a document that has none: a login by its name, the
    web by a URL, the network by two ends, a file by a file. Nothing else says enough."""
    event = document["event"]
    if "category" in event:
        return
    if found := _LOGIN.search(name[:LONGEST]):
        event["category"] = ["authentication"]
        event["type"] = ["end" if _ENDS.match(found[0]) else "start"]
        return
    if document.get("url"):
        add(document, "event.category", "web")
    if "ip" in document.get("source", {}) and "ip" in document.get("destination", {}):
        add(document, "event.category", "network")
    if document.get("file"):
        add(document, "event.category", "file")
