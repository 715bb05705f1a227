"""``related.*``: all addresses, users, hosts and hashes of an event in one place, for one query.

Reference: https://www.elastic.co/docs/reference/ecs/ecs-related
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rules.ecs import Document

_Related = dict[str, list[str]]


def relate(document: Document) -> None:
    """Fill ``related.ip``, ``user``, ``hosts`` and ``hash`` from the fields that name such."""
    related: _Related = {}
    if given := document.get("related"):
        for kind, values in given.items():
            _add(related, kind, values)
    for field, value in document.items():
        if (reader := _READERS.get(field)) is not None and isinstance(value, dict):
            reader(value, related)
    if related:
        document["related"] = related


def _add(related: _Related, kind: str, value: Any) -> None:
    """Add a value, or each of a list of them, that is not there yet."""
    if type(value) is not str:
        if not value:
            return
        if isinstance(value, list):
            for item in value:
                _add(related, kind, item)
            return
        value = str(value)
    if not value:
        return
    known = related.get(kind)
    if known is None:
        related[kind] = [value]
    elif value not in known:
        known.append(value)


def _end(end: Mapping[str, Any], related: _Related) -> None:
    """One end of a connection."""
    for field, value in end.items():
        if (kind := _OF_AN_END.get(field)) is not None:
            _add(related, kind, value)
        elif field == "nat" and isinstance(value, dict):
            _add(related, "ip", value.get("ip"))
        elif field == "user" and isinstance(value, dict):
            _add(related, "user", value.get("name"))


_OF_AN_END = {"ip": "ip", "domain": "hosts"}


def _host(host: Mapping[str, Any], related: _Related) -> None:
    name = host.get("name")
    _add(related, "hosts", name)
    if (other := host.get("hostname")) is not name:
        _add(related, "hosts", other)
    if (ip := host.get("ip")) is not None:
        _add(related, "ip", ip)


def _user(user: Mapping[str, Any], related: _Related) -> None:
    _add(related, "user", user.get("name"))
    if len(user) > 1:
        for role in _ROLES:
            if role in user and isinstance(other := user[role], dict):
                _add(related, "user", other.get("name"))


_ROLES = ("effective", "target", "changes")


def _hashed(thing: Mapping[str, Any], related: _Related) -> None:
    if "hash" in thing and isinstance(sums := thing["hash"], dict):
        for value in sums.values():
            _add(related, "hash", value)


def _dns(dns: Mapping[str, Any], related: _Related) -> None:
    _add(related, "ip", dns.get("resolved_ip"))
    if isinstance(question := dns.get("question"), dict):
        _add(related, "hosts", question.get("name"))


_READERS: dict[str, Callable[[Mapping[str, Any], _Related], None]] = {
    "source": _end,
    "destination": _end,
    "client": _end,
    "server": _end,
    "host": _host,
    "user": _user,
    "process": _hashed,
    "file": _hashed,
    "dll": _hashed,
    "dns": _dns,
}
