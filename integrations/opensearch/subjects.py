"""Data subjects: from ``user:alice`` or ``ip:203.0.113.7`` to the query for all events about them. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from integrations.opensearch.mapping import ADDRESSES, FLAT
from integrations.ports import StoreQueryError

_PEOPLE = (
    "user.name", "user.full_name", "user.email", "user.id", "user.target.name", "user.target.email",
    "user.target.id", "user.effective.name", "user.effective.id", "user.changes.name", "source.user.name",
    "destination.user.name", "process.user.name", "process.user.id", "file.owner", "related.user",
    "email.from.address", "email.to.address",
)  # fmt: skip
_KINDS: Mapping[str, tuple[str, ...]] = {
    "user": _PEOPLE,
    "email": _PEOPLE,
    "ip": (*ADDRESSES, "source.address", "destination.address", "client.address", "server.address"),
    "host": ("host.name", "host.hostname", "host.id", "related.hosts"),
}
"""Kind of subject to the fields that name one."""


def subject_query(subject: str, *, text: bool = False) -> dict[str, Any]:
    """Return the query for the events about a data subject: those that name it in a field of their own,
    or have it as a value among a vendor's leftovers. Case counts only where it tells nothing apart.

    `text`: also those that mention it as a whole phrase in ``message``. Raises `StoreQueryError`.
    """
    kind, colon, value = subject.partition(":")
    value = value.strip()
    if not colon or kind not in _KINDS or not value:
        kinds = ", ".join(f"{name}:…" for name in _KINDS)
        raise StoreQueryError(f"{subject!r} is no data subject: write one of {kinds}")
    if kind == "ip":
        try:
            value = str(ipaddress.ip_address(value))
        except ValueError as error:
            raise StoreQueryError(f"{value!r} is no IP address: a subject has one, no network") from error
    fields = _KINDS[kind]
    parts: list[dict[str, Any]] = [{"term": {field: value}} for field in fields]
    if kind != "ip":
        parts += [{"term": {f"{field}.caseless": value.lower()}} for field in fields]
    parts += [{"term": {root: value}} for root in FLAT]
    if text:
        parts.append({"match_phrase": {"message": value}})
    return {"bool": {"should": parts, "minimum_should_match": 1}}
