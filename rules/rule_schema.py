"""The JSON Schema of our rule files, for editors: what `rule_header`, `correlation` and `testing` read.

`schema.json` beside this file is what `rule_schema` returns; a test holds the two together.
Editors take it by a first line ``# yaml-language-server: $schema=PATH``.
"""

from __future__ import annotations

from typing import Any

from rules.alerts import Severity
from rules.correlation.definition import Kind
from rules.rule_header import KEYS, STATUSES
from rules.scheduled.definition import METRICS
from rules.scheduled.planning import KEYS as QUERY_KEYS
from rules.scheduled.planning import OPERATORS
from rules.testing import CASE_KEYS, EVENT_KEYS

_TEXT: dict[str, Any] = {"type": "string"}
_TEXTS: dict[str, Any] = {"type": "array", "items": _TEXT}
_TEXT_OR_TEXTS: dict[str, Any] = {"anyOf": [_TEXT, _TEXTS]}
_OBJECT: dict[str, Any] = {"type": "object"}
_LENGTH = {"type": "string", "pattern": r"^\d{1,6}[smhdw]$"}
_OFFSET = {"type": "string", "pattern": r"^-?\d+(\.\d+)?(ms|s|m|h|d)$"}


def rule_schema() -> dict[str, Any]:
    """Return the schema of one document of a rule file."""
    properties = {key: {"description": words, **kind} for key, (words, kind) in _properties().items()}
    rest = sorted(KEYS - properties.keys())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A rule: detection, correlation, filter or query",
        "type": "object",
        "required": ["title"],
        "oneOf": [{"required": [kind]} for kind in ("detection", "correlation", "filter", "query")],
        "properties": properties | {key: {} for key in rest},
        "patternProperties": {"^[a-z][a-z0-9_-]*$": {}},
        "additionalProperties": False,
    }


def _properties() -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "title": ("What happened, in a few words.", {"type": "string", "minLength": 1}),
        "id": ("A UUID of its own; never changed.", _TEXT),
        "name": ("What correlations, playbooks and exceptions call it; none: the title as a slug.", _TEXT),
        "status": ("How far it has come.", {"enum": sorted(STATUSES)}),
        "level": ("How bad a finding is.", {"enum": [level.value for level in Severity]}),
        "risk": ("0 to 100; none: that of the level.", {"type": "integer", "minimum": 0, "maximum": 100}),
        "description": ("What it finds, and why that matters.", _TEXT),
        "tags": (
            "ATT&CK: attack.t1110.001, attack.credential-access.",
            {"type": "array", "items": {"type": "string", "pattern": r"^[^.]+\..+$"}},
        ),
        "falsepositives": ("What else it finds.", _TEXT_OR_TEXTS),
        "references": ("Where to read on.", _TEXTS),
        "logsource": ("Which events it is about.", _logsource()),
        "detection": ("Selections, and a condition over their names.", _sections()),
        "filter": ("Narrows the rules it names.", _filter()),
        "correlation": ("Several events, over other rules.", _correlation()),
        "query": ("Asked of the store on a schedule.", _query()),
        "generate": ("Whether the rules it refers to raise alerts as well.", {"type": "boolean"}),
        "tests": ("Its own examples.", {"type": "array", "items": _case()}),
    }


def _logsource() -> dict[str, Any]:
    keys = ("product", "category", "service")
    return _OBJECT | {"properties": dict.fromkeys(keys, _TEXT) | {"definition": _TEXT}, "minProperties": 1}


def _sections() -> dict[str, Any]:
    return _OBJECT | {"required": ["condition"], "properties": {"condition": _TEXT_OR_TEXTS}}


def _filter() -> dict[str, Any]:
    return _OBJECT | {
        "required": ["rules", "condition"],
        "properties": {"rules": _TEXT_OR_TEXTS, "condition": _TEXT_OR_TEXTS},
    }


def _correlation() -> dict[str, Any]:
    number = {"type": "number"}
    bounds = dict.fromkeys(("gt", "gte", "lt", "lte", "eq", "neq"), number)
    condition = _OBJECT | {"properties": {**bounds, "field": _TEXT_OR_TEXTS, "percentile": number}}
    return _OBJECT | {
        "required": ["type", "rules", "timespan"],
        "properties": {
            "type": {"enum": [kind.value for kind in Kind]},
            "rules": _TEXT_OR_TEXTS,
            "group-by": _TEXT_OR_TEXTS,
            "timespan": _LENGTH,
            "condition": {"anyOf": [condition, _TEXT]},
            "aliases": _OBJECT | {"additionalProperties": _OBJECT | {"additionalProperties": _TEXT}},
            "generate": {"type": "boolean"},
        },
        "additionalProperties": False,
    }


def _query() -> dict[str, Any]:
    fields = _TEXT_OR_TEXTS
    number = {"type": "number"}
    measure = {"minProperties": 1, "additionalProperties": False,
               "properties": dict.fromkeys(METRICS, _TEXT) | {"percent": number}}  # fmt: skip
    properties = {
        "query_string": _TEXT, "dsl": _OBJECT, "every": _LENGTH, "window": _LENGTH, "group_by": fields,
        "measure": {"anyOf": [{"const": "count"}, _OBJECT | measure]},
        "condition": _OBJECT | {
            "properties": dict.fromkeys(OPERATORS, number), "additionalProperties": False,
        },
        "new": _OBJECT | {
            "required": ["within"], "additionalProperties": False,
            "properties": {"within": _LENGTH, "known_by": fields, "known_for": _LENGTH},
        },
        "usual": _OBJECT | {
            "required": ["over"], "additionalProperties": False,
            "properties": {"over": _LENGTH, "times": {"type": "number", "minimum": 1},
                           "least": {"type": "integer", "minimum": 1}},
        },
        "entities": fields,
    }  # fmt: skip
    assert set(properties) == set(QUERY_KEYS)
    return _OBJECT | {"required": ["every"], "properties": properties, "additionalProperties": False}


def _case() -> dict[str, Any]:
    step = _OBJECT | {
        "required": ["event"],
        "properties": {"event": _OBJECT, "at": _OFFSET, "repeat": {"type": "integer", "minimum": 1},
                       "every": _OFFSET},
        "additionalProperties": False,
    }  # fmt: skip
    assert set(step["properties"]) == set(EVENT_KEYS)
    properties = {
        "name": _TEXT, "event": _OBJECT, "events": {"type": "array", "items": step, "minItems": 1},
        "match": {"type": "boolean"}, "alerts": {"type": "integer", "minimum": 0}, "summary": _TEXT,
        "entities": _TEXTS, "group": _OBJECT,
    }  # fmt: skip
    assert set(properties) == set(CASE_KEYS)
    return _OBJECT | {
        "required": ["match"],
        "oneOf": [{"required": ["event"]}, {"required": ["events"]}],
        "properties": properties,
        "additionalProperties": False,
    }
