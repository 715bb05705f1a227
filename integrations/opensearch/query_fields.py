"""Field names in Lucene's query strings: a misspelt one finds nothing and says nothing, so we say it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from integrations.opensearch.mapping import properties
from integrations.ports import StoreQueryError

_TOKEN = re.compile(
    r"""(?P<skip> "(?:\\.|[^"\\])*" | /(?:\\.|[^/\\])*/ | [\[{] [^\]}]* [\]}] )
      | (?P<field> (?:\\.|[\w@.*-])+ ) (?= : )
      | (?: \\. | [^\s"/()\[{+!|&] )+""",
    re.VERBOSE,
)
"""A phrase, an expression, a range; a field before its colon; any other word whole, colons and all."""


def check_fields(query: str) -> None:
    """Raise `StoreQueryError` naming each field of a query that no event can have, with its column."""
    faults: list[str] = []
    at = 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            at += 1
            continue
        at = match.end()
        if match["field"] is None:
            continue
        at += 1  # its colon
        name = match["field"].replace("\\", "")
        if "*" not in name and name != "_exists_" and not _known(name):
            near = difflib.get_close_matches(name, sorted(_fields()), 1, 0.75)
            hint = f"; did you mean {near[0]}?" if near else ""
            faults.append(f"column {match.start() + 1}: there is no field {name}{hint}")
    if faults:
        raise StoreQueryError("\n".join(faults))


def _known(name: str) -> bool:
    fields = _fields()
    return name in fields or any(
        name.startswith(f"{root}.") for root, kind in fields.items() if kind == "flat"
    )


@cache
def _fields() -> Mapping[str, str]:
    found: dict[str, str] = {}

    def walk(prefix: str, tree: Mapping[str, Any]) -> None:
        for name, definition in tree.items():
            if "properties" in definition:
                walk(f"{prefix}{name}.", definition["properties"])
            else:
                found[prefix + name] = "flat" if definition["type"] == "flat_object" else "plain"
                for twin in definition.get("fields", ()):
                    found[f"{prefix}{name}.{twin}"] = "plain"

    walk("", properties())
    return found
