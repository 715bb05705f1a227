"""The JSON Schema of playbooks, for editors: completion, hover and the first faults while typing.

Generated from the language's models and the catalogue of actions; committed as
``playbooks/schema.json``, which a test holds to this. Draft 7, as yaml-language-server reads it.
Editors see shapes; what a playbook means is checked by `playbooks.model.load_playbook` only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType
from playbooks.steps import VERBS, Playbook

_EXPRESSION = {"type": "string", "pattern": r"\{\{"}

_SHAPES: Mapping[ValueType, dict[str, Any]] = {
    ValueType.INTEGER: {"type": "integer"},
    ValueType.NUMBER: {"type": "number"},
    ValueType.BOOLEAN: {"type": "boolean"},
    ValueType.DURATION: {"type": "string"},
    ValueType.ANY: {},
}

_SAID: Mapping[str, str] = {
    "name": "Small letters, digits and -, unique among the site's playbooks.",
    "description": "What it is for, in a sentence.",
    "on": "What starts it.",
    "incident": "Start for an incident of which everything given here holds.",
    "command": "true: only a person (/siem run) or another playbook starts it.",
    "inputs": "What it takes: from the incident, or from the person who starts it.",
    "steps": "What it does, in order.",
    "finally": "Steps that run at the end, however it went.",
    "outputs": "What a playbook that calls this one gets back.",
    "tests": "Rehearsals: siem playbooks rehearse.",
    "id": "A short name: small letters, digits and _. Expressions read steps.ID.field.",
    "if": "Run only if this holds: one expression, such as \"{{ incident.severity == 'critical' }}\".",
    "uses": "An action.",
    "with": "The action's parameters, or the other playbook's inputs.",
    "for": 'How long a containment lasts: 24h, an expression, or "until released".',
    "automatic": "Let a containment happen without asking, where the site's policy allows that.",
    "override": "Why the guard's lists may be passed; its approval needs quorum: 2.",
    "max_per_hour": "The most of these containments an hour.",
    "reason": "Why nobody needs to be asked.",
    "retry": "Try again after an error or a time-out.",
    "timeout": "How long one attempt may take.",
    "on_error": "fail ends the run; continue goes on with steps.ID.error; or steps to take instead.",
    "approval": "Ask people to approve exactly the rendered actions that it releases.",
    "from": "For approval: the group that may answer. For an input: where its value comes from.",
    "quorum": "How many people must agree. One who denies denies.",
    "expires": "When nobody answering counts as an answer.",
    "on_expiry": "deny, or {escalate: a group that is asked next}.",
    "question": "What people are asked, in one sentence.",
    "releases": "The containment steps that a yes lets happen.",
    "notify": "Tell people in the incident's thread.",
    "tier": "How loudly.",
    "text": "What they are told.",
    "run": "Run another playbook inside this run; its outputs are the result.",
    "wait": "Let time pass, or wait for a moment, an event or a webhook.",
    "ask": "Ask people for data: a choice, a text, a date. It releases nothing.",
    "answers": "What people are asked for, by name.",
    "label": "What people read beside the field.",
    "undo": "Lift a containment of this run before its time.",
    "alert": "Start once for each alert of these rules.",
    "webhook": "POST /hooks/NAME.",
    "schedule": "Start again and again: every: 1h, or cron in a time zone.",
    "payload": "The body of the webhook that starts it.",
    "parallel": "Branches that run at the same time, each with a name.",
    "foreach": "The same steps for each item of a list.",
    "in": "The list: an expression.",
    "as": "What the steps call the item.",
    "concurrency": "How many items at the same time.",
    "max": "More items than this are an error.",
    "switch": "One of several lists of steps, by a value.",
    "value": "The value that is looked at.",
    "cases": "A list of steps for each value.",
    "default": "What is taken where nothing else is given.",
    "severity": "At least this severe.",
    "rules": "One of these rules fired.",
    "tags": "It has one of these tags.",
    "attack": "It has one of these ATT&CK tactics or techniques.",
    "entities": "It names at least one of each of these kinds.",
    "given": "Step to its outcome: a result, an answer, or a failure.",
    "expect": "What must hold of the run.",
}


def schema(catalogue: Mapping[str, ActionSpec]) -> dict[str, Any]:
    """Return the schema of a playbook that may use these actions."""
    whole: dict[str, Any] = Playbook.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = whole.pop("$defs", {})
    properties: dict[str, Any] = {}
    for kind in VERBS.values():
        one = kind.model_json_schema(by_alias=True)
        definitions |= one.pop("$defs", {})
        properties |= one["properties"]
    definitions["Step"] = _step(properties, catalogue)
    whole["properties"]["steps"] = {"type": "array", "minItems": 1, "items": {"steps": True}}
    whole["$defs"] = definitions
    tidy: dict[str, Any] = _tidy(whole)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Playbook",
        **{key: value for key, value in tidy.items() if key != "title"},
    }


def schema_text(catalogue: Mapping[str, ActionSpec]) -> str:
    """Return the schema as it is committed."""
    return json.dumps(schema(catalogue), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _step(properties: dict[str, Any], catalogue: Mapping[str, ActionSpec]) -> dict[str, Any]:
    names = sorted(catalogue)
    properties = dict(properties)
    properties["uses"] = {
        "anyOf": [{"const": name, "description": _about(catalogue[name])} for name in names]
    }
    properties["with"] = {"type": "object"}
    properties["if"] = {"type": "string", "pattern": r"^\s*\{\{"}
    return {
        "type": "object",
        "properties": properties,
        "required": ["id"],
        "additionalProperties": False,
        "oneOf": [{"required": [verb]} for verb in VERBS],
        "allOf": [_call(catalogue[name]) for name in names],
    }


def _call(spec: ActionSpec) -> dict[str, Any]:
    """What holds of a step that uses an action."""
    required = [one.name for one in spec.parameters if one.required and one.default is None]
    then: dict[str, Any] = {
        "properties": {
            "with": {
                "type": "object",
                "properties": {one.name: _parameter(one) for one in spec.parameters},
                "required": required,
                "additionalProperties": False,
            }
        }
    }
    needed = (["with"] if required else []) + (["for"] if spec.kind is ActionKind.CONTAINMENT else [])
    if needed:
        then["required"] = needed
    return {"if": {"properties": {"uses": {"const": spec.name}}, "required": ["uses"]}, "then": then}


def _about(spec: ActionSpec) -> str:
    returns = ", ".join(spec.returns) if spec.kind is not ActionKind.CONTAINMENT else "id, until, detail"
    return f"{spec.summary} ({spec.kind.value}{f'; gives {returns}' if returns else ''})"


def _parameter(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {"description": parameter.description}
    if parameter.default is not None:
        described["default"] = parameter.default
    match parameter.type:
        case ValueType.ENUM:
            return {**described, "anyOf": [{"enum": list(parameter.choices)}, _EXPRESSION]}
        case ValueType.LIST:
            items = _SHAPES.get(parameter.items or ValueType.ANY, {"type": "string"})
            return {**described, "anyOf": [{"type": "array", "items": items}, _EXPRESSION]}
        case kind if kind in (ValueType.INTEGER, ValueType.NUMBER, ValueType.BOOLEAN):
            return {**described, "anyOf": [_SHAPES[kind], _EXPRESSION]}
    return {**described, **_SHAPES.get(parameter.type, {"type": "string"})}


def _tidy(value: Any, key: str = "") -> Any:
    """Point lists of steps at what a step is, leave pydantic's titles out, and say what each key is for."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value == {"steps": True}:
        return {"$ref": "#/$defs/Step"}
    if key == "properties":
        return {name: _described(name, _tidy(inner)) for name, inner in value.items()}
    return {name: _tidy(inner, name) for name, inner in value.items() if name != "title" or key == "$defs"}


def _described(name: str, value: Any) -> Any:
    if name in _SAID and isinstance(value, dict) and "description" not in value and "$ref" not in value:
        return {**value, "description": _SAID[name]}
    if name in _SAID and isinstance(value, dict) and "$ref" in value:
        return {"allOf": [{"$ref": value["$ref"]}], "description": _SAID[name]}
    return value
