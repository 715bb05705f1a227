"""The JSON Schema of playbooks, for editors: completion, hover and the first faults while typing.

Generated from the language's models and the catalogue of actions; committed as
``playbooks/schema.json``, which a test holds to this. Draft 7, as yaml-language-server reads it.
Editors see shapes; what a playbook means is checked by `playbooks.model.load_playbook` only.

Its form is that server's: it heads a hover with the nearest `title`, and pours all members of an ``anyOf``
into it, but not those of a ``oneOf``; `defaultSnippets` are offered and bind nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType
from playbooks.key_texts import SAID, SAID_OF, TITLES
from playbooks.steps import VERBS, Playbook
from rules.entities import EntityKind

_EXPRESSION = {"type": "string", "pattern": r"\{\{"}


@dataclass(frozen=True)
class Names:
    """What a site calls its own: offered by the editor, and only offered."""

    groups: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    playbooks: tuple[str, ...] = ()
    connections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names by their kind."""


_SOURCES = tuple(f"{of}.entities.{kind.value}" for of in ("alert", "incident") for kind in EntityKind)
"""What the values of inputs mostly come from."""

_SHAPES: Mapping[ValueType, dict[str, Any]] = {
    ValueType.INTEGER: {"type": "integer"},
    ValueType.NUMBER: {"type": "number"},
    ValueType.BOOLEAN: {"type": "boolean"},
    ValueType.DURATION: {"type": "string"},
    ValueType.ANY: {},
}


def schema(catalogue: Mapping[str, ActionSpec], names: Names = Names()) -> dict[str, Any]:
    """Return the schema of a playbook that may use these actions, with the site's own `names` on offer."""
    whole: dict[str, Any] = Playbook.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = whole.pop("$defs", {})
    properties: dict[str, Any] = {}
    for kind in VERBS.values():
        one = kind.model_json_schema(by_alias=True)
        definitions |= one.pop("$defs", {})
        properties |= one["properties"]
    definitions["Step"] = _step(properties, catalogue, names)
    whole["properties"]["steps"] = {"type": "array", "minItems": 1, "items": {"steps": True}}
    for name, definition in definitions.items():
        _offer_names(name, definition.get("properties", {}), names)
    whole["$defs"] = {name: _tidy(definition, name) for name, definition in definitions.items()}
    tidy: dict[str, Any] = _tidy(whole)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Playbook",
        **{key: value for key, value in tidy.items() if key != "title"},
    }


def schema_text(catalogue: Mapping[str, ActionSpec], names: Names = Names()) -> str:
    """Return the schema as it is written into a file."""
    return json.dumps(schema(catalogue, names), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _offer_names(model: str, properties: dict[str, Any], names: Names) -> None:
    match model:
        case "Approval" | "Inquiry":
            properties["from"] |= _offered(names.groups)
            for way in properties["on_expiry"]["anyOf"]:
                if "properties" in way:
                    way["properties"]["escalate"] |= _offered(names.groups)
        case "Input":
            properties["from"] |= _offered(_SOURCES)
        case "IncidentTrigger" | "AlertTrigger" | "CaseIncident":
            properties["rules"]["items"] |= _offered(names.rules)
        case "Step":
            properties["run"] |= _offered(names.playbooks)


def _offered(names: Iterable[str]) -> dict[str, Any]:
    snippets = [{"label": name, "body": name} for name in sorted(names)]
    return {"defaultSnippets": snippets} if snippets else {}


def _step(properties: dict[str, Any], catalogue: Mapping[str, ActionSpec], known: Names) -> dict[str, Any]:
    names = sorted(catalogue)
    properties = dict(properties)
    properties["uses"] = {
        "oneOf": [{"title": name, "const": name, "description": _about(catalogue[name])} for name in names]
    }
    properties["with"] = {"type": "object"}
    properties["if"] = {"type": "string", "pattern": r"^\s*\{\{"}
    return {
        "type": "object",
        "properties": properties,
        "required": ["id"],
        "additionalProperties": False,
        "oneOf": [{"required": [verb]} for verb in VERBS],
        "allOf": [_call(catalogue[name], known) for name in names],
    }


def _call(spec: ActionSpec, names: Names) -> dict[str, Any]:
    """What holds of a step that uses an action."""
    parameters = {one.name: {"title": one.name, **_parameter(one)} for one in spec.parameters}
    if "connection" in parameters and spec.connection is not None:
        parameters["connection"] |= _offered(names.connections.get(spec.connection, ()))
    required = [one.name for one in spec.parameters if one.required and one.default is None]
    then: dict[str, Any] = {
        "properties": {
            "with": {
                "type": "object",
                "title": spec.name,
                "description": _about(spec),
                "properties": parameters,
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
    returns = f"; gives {', '.join(spec.gives)}" if spec.gives else ""
    short = "" if spec.lasts else "; nothing to undo, so for: 5m is enough"
    needs = f"; connection of kind {spec.connection}" if spec.connection else ""
    return f"{spec.summary} ({spec.kind.value}{returns}{short}{needs})"


def _parameter(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {"description": parameter.description}
    if parameter.default is not None:
        described["default"] = parameter.default
    match parameter.type:
        case ValueType.ENUM:
            return {**described, "oneOf": [{"enum": list(parameter.choices)}, _EXPRESSION]}
        case ValueType.LIST:
            items = _SHAPES.get(parameter.items or ValueType.ANY, {"type": "string"})
            return {**described, "oneOf": [{"type": "array", "items": items}, _EXPRESSION]}
        case kind if kind in (ValueType.INTEGER, ValueType.NUMBER, ValueType.BOOLEAN):
            return {**described, "oneOf": [_SHAPES[kind], _EXPRESSION]}
    return {**described, **_SHAPES.get(parameter.type, {"type": "string"})}


def _tidy(value: Any, model: str = "") -> Any:
    """Point lists of steps at what a step is, say of each key of a model what it is for, and leave out what
    only pydantic needs: its titles, and nulls beside what a key may hold."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value == {"steps": True}:
        return {"$ref": "#/$defs/Step"}
    tidy: dict[str, Any] = {}
    for name, inner in value.items():
        match name:
            case "$defs" | "if" | "then":
                tidy[name] = inner
            case "properties":
                tidy[name] = {key: _described(model, key, _tidy(one)) for key, one in inner.items()}
            case "anyOf":
                tidy |= _one_of([_tidy(one) for one in inner if one != {"type": "null"}])
            case "default" if inner in (None, [], "") or inner == {}:
                pass
            case "title" if "const" not in value:
                pass
            case _:
                tidy[name] = _tidy(inner)
    return {**tidy, "title": TITLES[model]} if model in TITLES else tidy


def _one_of(members: list[Any]) -> dict[str, Any]:
    """Members of an ``anyOf`` exclude each other here: each is of another type, or another value."""
    return dict(members[0]) if len(members) == 1 else {"oneOf": members}


def _described(model: str, name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    own, said = SAID_OF.get(model, {}).get(name, ""), SAID.get(name, "")
    if "$ref" in value:
        return {"title": name, "description": own or said, "allOf": [{"$ref": value["$ref"]}]}
    description = own or value.get("description", said)
    return {**value, "title": name, **({"description": description} if description else {})}
