"""From the parts of a record to typed ECS values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.definitions.model import Mapped
from integrations.fields import integer, mac, number, pick, port_number, put, put_end, text
from integrations.text import address
from integrations.times import Times
from integrations.web import put_agent, put_path, put_url
from rules.ecs import Document

Convert = Callable[[Any], Any]

LISTS = frozenset(
    "event.category event.type host.ip host.mac related.ip related.user related.hosts related.hash tags "
    "process.args user.roles dns.resolved_ip log.flags".split()
)
"""Fields that ECS has as lists."""
_TRUTHS: Mapping[str, bool] = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else _TRUTHS.get(str(value).strip().lower())


def _address(value: Any) -> str | None:
    return address(value.strip().strip("[]")) if isinstance(value, str) else None


def _any(value: Any) -> Any:
    return value if isinstance(value, dict | list) else text(value)


CONVERT: Mapping[str, Convert] = {
    "text": text,
    "integer": integer,
    "number": number,
    "ip": _address,
    "mac": mac,
    "boolean": _boolean,
    "port": port_number,
    "any": _any,
}


def kind_of(field: str) -> str:
    """Return what a field takes, by its name in ECS."""
    leaf = field.rpartition(".")[2]
    if leaf == "port":
        return "port"
    if leaf in {"ip", "resolved_ip"}:
        return "ip"
    if leaf == "mac":
        return "mac"
    if field in {"event.start", "event.end", "process.start", "file.mtime", "file.ctime", "file.created"}:
        return "time"
    if leaf in {
        "bytes",
        "packets",
        "pid",
        "status_code",
        "size",
        "duration",
        "severity",
        "exit_code",
        "rows",
    }:
        return "integer"
    return "any" if field.startswith("vendor") or field in LISTS else "text"


class FieldReader:
    """Sets one field of a document."""

    def __init__(self, field: str, mapped: Mapped) -> None:
        self._field, self._mapped = field, mapped
        names = mapped.from_ if isinstance(mapped.from_, tuple) else (mapped.from_,)
        self._names = tuple(name for name in names if name is not None)
        self._kind = mapped.type or kind_of(field)

    def read(self, parts: Mapping[str, Any], document: Document, times: Times) -> None:
        mapped = self._mapped
        if mapped.value is not None:
            self._put(document, mapped.value)
            return
        value = next((found for name in self._names if (found := part(parts, name)) not in (None, "")), None)
        if mapped.map:
            value = mapped.map.get(_word(value)) if value is not None else None
        elif value is not None:
            value = self._read(value, times)
        if value is None:
            value = mapped.default
        self._put(document, value)

    def _read(self, value: Any, times: Times) -> Any:
        mapped = self._mapped
        if isinstance(value, str):
            value = value.lower() if mapped.lower else value.upper() if mapped.upper else value
            if mapped.split is not None:
                items = [self._one(item.strip(), times) for item in value.split(mapped.split)]
                return [item for item in items if item is not None]
        if mapped.multiply is not None:
            size = number(value)
            value = None if size is None else size * mapped.multiply
            return int(value) if value is not None and self._kind == "integer" else value
        if isinstance(value, list) and self._kind != "any":
            items = [self._one(item, times) for item in value]
            return [item for item in items if item is not None]
        return self._one(value, times)

    def _one(self, value: Any, times: Times) -> Any:
        return times.any(value) if self._kind == "time" else CONVERT[self._kind](value)

    def _put(self, document: Document, value: Any) -> None:
        if value is None:
            return
        if self._field in LISTS and not isinstance(value, list | tuple):
            value = [value]
        put(document, self._field, list(value) if isinstance(value, tuple) else value)


def part(parts: Mapping[str, Any], name: str) -> Any:
    """Return a part of a record by its name, which may be a dotted path."""
    return parts[name] if name in parts else pick(parts, name)


def _word(value: Any) -> str:
    return text(value) or "" if isinstance(value, str | int | float | bool) else ""


def complete(document: Document) -> None:
    """Add what follows from the fields that were set: both forms of an end, the parts of a URL, an agent,
    a path; and the categorisation's rest."""
    for side in ("source", "destination", "client", "server"):
        end = document.get(side)
        if (
            isinstance(end, dict)
            and "address" not in end
            and isinstance(host := end.get("ip") or end.get("domain"), str)
        ):
            put_end(document, side, host, end.get("port"))
        elif (
            isinstance(end, dict)
            and isinstance(end.get("address"), str)
            and not ("ip" in end or "domain" in end)
        ):
            put_end(document, side, end["address"], end.get("port"))
    url = document.get("url")
    if isinstance(url, dict):
        for whole in ("original", "full"):
            if isinstance(url.get(whole), str):
                put_url(document, url[whole], whole=f"url.{whole}")
                break
    agent = document.get("user_agent")
    if isinstance(agent, dict) and isinstance(agent.get("original"), str):
        put_agent(document, agent["original"])
    file = document.get("file")
    if isinstance(file, dict) and isinstance(file.get("path"), str):
        put_path(document, "file", file["path"])
    event = document.setdefault("event", {})
    event.setdefault("kind", "event")
    event.setdefault("type", ["info"])
