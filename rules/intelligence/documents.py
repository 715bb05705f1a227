"""A text that holds indicators, told apart by what it is: STIX, an export of MISP, or a list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rules.intelligence.indicators import Taken
from rules.intelligence.lists import ListError, read_list
from rules.intelligence.misp import read_attributes, read_event
from rules.intelligence.stix import read_objects
from rules.intelligence.values import IndicatorKind


def read_document(
    text: str,
    *,
    kind: IndicatorKind | None = None,
    column: int | str | None = None,
    separator: str = ",",
) -> Taken:
    """Read whatever indicators a text has; the options are those of lists.

    Raises `ListError` where it can't be read at all.
    """
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if column is not None or start not in ("{", "["):
        return read_list(text, kind=kind, column=column, separator=separator)
    try:
        document = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        if start == "[":  # a list may begin with an address in brackets
            return read_list(text, kind=kind, separator=separator)
        raise ListError(f"it begins like JSON and is none: {error}") from error
    return _json(document)


def _json(document: Any) -> Taken:
    if isinstance(document, list):
        if all(isinstance(item, str) for item in document):
            return read_list("\n".join(document))
        if any(isinstance(item, Mapping) and "Event" in item for item in document):
            taken = Taken()
            for item in document:
                if isinstance(item, Mapping) and isinstance(item.get("Event"), Mapping):
                    taken.add(read_event(item["Event"]))
            return taken
        return read_objects(document)
    if isinstance(document, Mapping):
        if isinstance(document.get("objects"), list):
            return read_objects(document["objects"])
        if isinstance(document.get("Event"), Mapping):
            return read_event(document["Event"])
        response = document.get("response")
        if isinstance(response, Mapping) and isinstance(response.get("Attribute"), list):
            return read_attributes(response["Attribute"])
        if isinstance(response, list):
            return _json(response)
        if document.get("type") == "indicator":
            return read_objects([document])
    raise ListError("it is JSON, but neither STIX (a bundle, an envelope) nor an export of MISP")
