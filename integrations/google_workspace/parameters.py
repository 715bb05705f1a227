"""The parameters of an activity's event as one object: name to value, whatever kind of value it has.

Format: https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list (NestedParameter).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.fields import integer, mapping, objects, text

DEEPEST = 6
"""How deep messages within messages are read."""


def parameters_of(event: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return ``{"doc_title": "Pay", "is_encrypted": False}`` of ``[{"name": "doc_title", "value": "Pay"}, …]``."""
    found: dict[str, Any] = {}
    for parameter in [*objects(event.get("parameters")), *objects(event.get("parameter"))]:
        name = text(parameter.get("name"))
        if name is not None and (value := _value(parameter, depth)) is not None:
            found[name] = value
    return found


def _value(parameter: Mapping[str, Any], depth: int) -> Any:
    if "value" in parameter:
        return text(parameter["value"])
    if "boolValue" in parameter:
        return (
            parameter["boolValue"]
            if isinstance(parameter["boolValue"], bool)
            else text(parameter["boolValue"])
        )
    if "intValue" in parameter:
        number = integer(parameter["intValue"])
        return number if number is not None else text(parameter["intValue"])
    for name in ("multiValue", "multiStrValue", "multiIntValue", "multiBoolValue"):
        if isinstance(values := parameter.get(name), list):
            return [said for each in values if (said := text(each)) is not None]
    if depth < DEEPEST:
        if message := mapping(parameter.get("messageValue")):
            return parameters_of(message, depth + 1)
        if messages := objects(parameter.get("multiMessageValue")):
            return [parameters_of(message, depth + 1) for message in messages]
    return None


def words(value: Any) -> list[str]:
    """Return a parameter's texts, however many it has."""
    if isinstance(value, list):
        return [said for each in value if (said := text(each)) is not None]
    said = text(value)
    return [said] if said is not None else []
