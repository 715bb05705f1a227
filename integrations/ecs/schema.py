"""What ECS 8 says of its fields: field sets, types, allowed values; and the check of a document against it.

Reference: https://www.elastic.co/docs/reference/ecs/ecs-field-reference. Types are told by a field's name: ECS
names alike what is alike (``*.ip``, ``*.port``, ``*.bytes``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from integrations.fields import integer, number, port_number
from integrations.text import address
from integrations.times import Times
from rules.ecs import ALLOWED_CATEGORIES, ALLOWED_KINDS, ALLOWED_OUTCOMES, ALLOWED_TYPES, Document

FIELD_SETS = frozenset(
    """
    agent client cloud container database destination device dll dns email error event faas file group host http log network
    observer orchestrator organization package process registry related rule server service source span threat tls trace
    transaction url user user_agent volume vulnerability x509
    """.split()
)
MOST_FIELDS = 2000
DEEPEST = 16
_ALLOWED: Mapping[str, frozenset[str]] = {
    "event.kind": ALLOWED_KINDS - {"pipeline_error"},
    "event.category": ALLOWED_CATEGORIES,
    "event.type": ALLOWED_TYPES - {"device"},
    "event.outcome": ALLOWED_OUTCOMES,
}
_LISTS = frozenset({"event.category", "event.type", "tags", "process.args"})
_ADDRESSES = frozenset({"ip", "resolved_ip"})
_PORTS = frozenset({"port"})
_LONGS = frozenset(
    """
    bytes packets size args_count pid pgid ppid exit_code uptime severity sequence duration priority code_page status_code
    number age line risk_score risk_score_norm count
    """.split()
)
_LONG_FIELDS = frozenset(
    {
        "database.rows",
        "log.syslog.facility.code",
        "log.syslog.severity.code",
        "process.thread.id",
        "dns.answers.ttl",
    }
)
_DATES = frozenset(
    {
        "@timestamp",
        "start",
        "end",
        "created",
        "ctime",
        "mtime",
        "accessed",
        "installed",
        "first_seen",
        "last_seen",
        "not_after",
        "not_before",
        "modified_at",
    }
)
_BOOLEANS = frozenset(
    {
        "established",
        "resumed",
        "exists",
        "valid",
        "trusted",
        "interactive",
        "fragmented",
        "same_as_process",
        "coldstart",
    }
)
_OURS = frozenset(
    {
        "event.id",
        "event.original",
        "event.ingested",
        "event.created",
        "event.module",
        "event.dataset",
        "error.message",
    }
)
"""Fields that are this system's to set, or mean something else here: the sender's stay under ``vendor``."""


def part(entry: Mapping[str, Any], times: Times) -> tuple[Document, Document]:
    """Part a document, nested, dotted or mixed, into what is valid ECS, and the rest, both nested.

    A value of the wrong type or not allowed is of the rest; one that can be read as the right one (``"443"`` of
    a port, a single category) is made so.
    """
    valid: Document = {}
    rest: Document = {}
    for count, (name, value) in enumerate(_leaves(entry, "", 0)):
        field = ".".join(filter(None, name.split("."))) or "_"  # "event..kind" is event.kind
        if count >= MOST_FIELDS:
            break
        if field == "labels" or field.startswith("labels."):
            _set(
                valid,
                "labels." + (field[7:].replace(".", "_") or "value"),
                value if isinstance(value, str | int | float | bool) else str(value),
            )
            continue
        known = field.partition(".")[0] in FIELD_SETS and "." in field
        if (known or field in {"message", "tags"}) and field not in _OURS and _fits(field):
            found, wrong = _checked(field, value, times)
            if found is not None and _set(valid, field, found):
                if wrong is not None:
                    _set(rest, field, wrong)
                continue
        if field not in {"@timestamp", "ecs.version"} and not _set(rest, field, value):
            rest.setdefault(field.replace(".", "_"), value)
    return valid, rest


def _leaves(value: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        field = f"{prefix}{key}"
        if isinstance(inner, Mapping) and depth < DEEPEST:
            if inner:
                yield from _leaves(inner, f"{field}.", depth + 1)
        elif inner is not None and inner != "" and inner != []:
            yield field, inner


def _set(document: Document, field: str, value: Any) -> bool:
    """Set a dotted field; whether there was no other value in its way."""
    parts = [part for part in field.split(".") if part][: DEEPEST + 1]
    if not parts:
        return False
    for parent in parts[:-1]:
        inner = document.setdefault(parent, {})
        if not isinstance(inner, dict):
            return False
        document = inner
    if isinstance(document.get(parts[-1]), dict):
        return False
    document[parts[-1]] = value
    return True


@lru_cache(maxsize=1)
def _mapped() -> Mapping[str, Any]:
    from integrations.opensearch.mapping import properties

    return properties()


@lru_cache(maxsize=16_384)
def _fits(field: str) -> bool:
    """Whether the store has a value at a field, neither an object there nor a value on the way to it: it
    refuses a whole document for one that is not so."""
    place: Mapping[str, Any] = _mapped()
    *parents, leaf = field.split(".")
    for parent in parents:
        node = place.get(parent)
        if node is None:
            return True
        if "properties" not in node:
            return False
        place = node["properties"]
    return "properties" not in place.get(leaf, {})


def _checked(field: str, value: Any, times: Times) -> tuple[Any, Any]:
    """Return (what is valid of a value, what is not), None for nothing."""
    items = value if isinstance(value, list) else [value]
    good: list[Any] = []
    bad: list[Any] = []
    for item in items[:1000]:
        found = _typed(field, item, times)
        (bad if found is None else good).append(item if found is None else found)
    if not good:
        return None, value
    single = not isinstance(value, list) and field not in _LISTS
    return good[0] if single else good, bad or None


def _typed(field: str, value: Any, times: Times) -> Any:
    leaf = field.rpartition(".")[2]
    if field in _ALLOWED:
        return value if isinstance(value, str) and value in _ALLOWED[field] else None
    if leaf in _ADDRESSES:
        return address(value) if isinstance(value, str) else None
    if leaf in _PORTS:
        return port_number(value)
    if leaf in _DATES and not field.startswith(("email.", "tls.")):
        return times.any(value)
    if field in _LONG_FIELDS or leaf in _LONGS:
        found = integer(value)
        return found if found is not None else number(value) if leaf.startswith("risk_") else None
    if leaf in _BOOLEANS:
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    return None
