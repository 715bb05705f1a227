"""What is wrong with the shape of a value, in words for the person who wrote it."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from playbooks.actions import ValueType
from playbooks.durations import say_duration
from playbooks.faults import did_you_mean
from playbooks.filters import kind_of
from playbooks.marked_yaml import Path
from playbooks.steps import Input, Playbook


@dataclass(frozen=True)
class Complaint:
    """One thing wrong inside a value."""

    place: Path
    """Inside the value; may hold names of union members, which are no places in the file."""
    message: str
    hint: str = ""
    at_key: bool = False
    only_if_empty: bool = False
    """Not worth saying where the file has something there: then that was faulty itself."""


def complaint_of(model: type[BaseModel], detail: ErrorDetails) -> Complaint:
    """Return what one of a model's validation errors means."""
    place: Path = tuple(detail["loc"])
    name = str(place[-1]) if place else ""
    kind, given, context = detail["type"], detail.get("input"), detail.get("ctx", {})
    match kind:
        case "missing":
            return Complaint(place[:-1], f"{name} is missing", _DESCRIBED.get(name, ""))
        case "extra_forbidden":
            home = _HOMES.get(name, "") if model is Playbook and len(place) == 1 else ""
            where = "" if model is Playbook and len(place) == 1 else " here"
            hint = home or did_you_mean_key(name, keys_of(model, place[:-1]))
            return Complaint(place, f"unknown key {name!r}{where}", hint, at_key=True)
        case "too_short" | "string_too_short":
            hint = "write at least one, or leave the key out" if kind == "too_short" else "write something"
            return Complaint(place, "this is empty", hint, only_if_empty=kind == "too_short")
        case "enum" | "literal_error":
            expected = str(context["expected"])
            hint = did_you_mean(str(given), expected.replace(" or ", ", ").replace("'", "").split(", "))
            return Complaint(place, f"{given!r} is not one of {expected}", hint if "did you" in hint else "")
        case "string_pattern_mismatch":
            return Complaint(place, f"{given!r} is no name for this", _PATTERNS.get(context["pattern"], ""))
        case "greater_than_equal":
            return Complaint(place, f"{given!r} is too little; the least is {context['ge']}")
        case "less_than_equal":
            most = context["le"]
            shown = say_duration(most) if isinstance(given, str) else most
            return Complaint(place, f"{given!r} is too much; the most is {shown}")
        case "too_long":
            return Complaint(place, f"these are too many; at most {context['max_length']} are read")
        case "string_too_long":
            return Complaint(
                place, f"this is too long; at most {context['max_length']:,} characters are read"
            )
    if kind in _EXPECTED:
        return _of_type(model, place, kind, given)
    return Complaint(place, str(detail["msg"]).removeprefix("Value error, "))


def _of_type(model: type[BaseModel], place: Path, kind: str, given: Any) -> Complaint:
    expected = _EXPECTED[kind]
    hint = ""
    if expected == "a list" and isinstance(given, str | int):
        hint = f"write a list: [{given}]"
    elif place[-1:] == ("for",) and isinstance(given, int):
        hint = f"write a number with its unit: {given}h"
    elif expected == "a text" and isinstance(given, int | float):
        hint = f'put it in quotes: "{given}"'
    elif expected == "a mapping" and model is Input and not place:
        source = given if isinstance(given, str) and "." in given else "incident.entities.ip"
        kind = source.rpartition(".")[2]
        kind = kind if kind in {one.value for one in ValueType} else "text"
        hint = f"write {{type: {kind}, from: {source}}}"
    elif expected == "a mapping" and place and (example := _EXAMPLES.get(str(place[-1]))):
        hint = f"write {example}"
    elif kind != "dict_type" and expected == "a mapping" and (keys := keys_of(model, place)):
        hint = f"write keys and values: {', '.join(keys)}"
    return Complaint(place, f"expected {expected}, this is {kind_of(given)}", hint)


_EXPECTED: Mapping[str, str] = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}

_HOMES: Mapping[str, str] = {
    "automatic": "write automatic at the containment step that it lets happen",
    "retry": "write retry at the step that is tried again",
    "if": "write if at the steps that it is about, or a trigger under on:",
    "on_error": "write on_error at a step, or steps under finally:",
}
"""Where keys belong that were written at the top."""

_DESCRIBED: Mapping[str, str] = {
    "id": "give the step a short name: id: block",
    "on": "say what starts it: on: {incident: {rules: [NAME]}}, or on: {command: true}",
    "description": "say in a sentence what it is for",
    "expires": "say when nobody answering means no: expires: 15m",
    "from": "name the group that may answer: from: responders",
    "releases": "name the containment steps that a yes lets happen: releases: [block]",
    "max_per_hour": "bound it: max_per_hour: 5",
    "label": "say what people read beside the field: label: What was it?",
    "question": "say in a sentence what people are asked: question: …",
    "answers": "say what people are asked for: answers: {verdict: {type: text, label: What it is}}",
    "type": "say what it is: type: ip, or text, user, host, duration and so on",
    "text": "say what people are told: text: …",
    "name": "give it a short name of its own",
    "rules": "name the rules whose alerts start it: rules: [NAME]; `siem rules list` has them",
    "expect": "say what must come of it: expect: {status: succeeded, path: [ask, block]}",
    "reason": "say why nobody needs to be asked: reason: …",
    "attempts": "say how often in all: attempts: 3",
    "in": 'name the list: in: "{{ incident.entities.ip }}"',
    "value": 'say what decides: value: "{{ steps.ask.verdict }}"',
    "steps": "say what is done: steps: [{id: …, uses: …}]",
    "escalate": "name the group that is asked next: escalate: on-call-leads",
}

_EXAMPLES: Mapping[str, str] = {
    "on": "on: {incident: {rules: [NAME]}}, on: {alert: {rules: [NAME]}} or on: {command: true}",
    "incident": "incident: {rules: [NAME]}, or tags, attack, entities, severity",
    "alert": "alert: {rules: [NAME]}",
    "notify": "notify: {tier: medium, text: …}",
    "approval": "approval: {from: responders, expires: 15m, question: …, releases: [block]}",
    "ask": "ask: {from: responders, expires: 1h, question: …, answers: {verdict: {type: text, label: …}}}",
    "foreach": 'foreach: {in: "{{ incident.entities.ip }}", as: address, steps: […]}',
    "switch": 'switch: {value: "{{ steps.ask.verdict }}", cases: {ours: […]}, default: […]}',
    "parallel": "parallel: {NAME: […], OTHER: […]}",
    "retry": "retry: {attempts: 3, every: 10s}",
    "automatic": "automatic: {reason: …, max_per_hour: 5}",
    "schedule": "schedule: {every: 1h}",
    "with": "with: {PARAMETER: value}",
    "answers": "answers: {verdict: {type: text, label: …}}",
    "inputs": "inputs: {ip: {type: ip, from: incident.entities.ip}}",
    "given": "given: {STEP: granted}, or a mapping of results",
    "expect": "expect: {status: succeeded, path: [ask, block]}",
    "actions": "actions: {STEP: {PARAMETER: value}}",
    "says": "says: {STEP: a piece of its text}",
    "entities": "entities: {ip: [198.51.100.7]}",
}
"""A whole one of what was written as something else."""

_PATTERNS: Mapping[str, str] = {
    r"^[a-z][a-z0-9_]{0,47}$": "write small letters, digits and _, a letter first: block_ip",
    r"^[a-z][a-z0-9-]{0,62}$": "write small letters, digits and -, a letter first: contain-ssh-breach",
    r"^[a-z0-9][a-z0-9._-]{0,62}$": "write a group of siem.yaml, such as responders",
}


_OTHERWISE: Mapping[str, tuple[str, ...]] = {
    "when": ("if",),
    "condition": ("if",),
    "name": ("id",),
    "action": ("uses",),
    "params": ("with",),
    "parameters": ("with",),
    "args": ("with",),
    "trigger": ("on",),
    "triggers": ("on",),
    "approvers": ("from",),
    "group": ("from",),
    "to": ("from",),
    "message": ("question", "text"),
    "prompt": ("question",),
    "timeout": ("expires", "within"),
    "duration": ("for",),
    "ttl": ("for",),
    "items": ("in",),
    "options": ("choices",),
    "level": ("tier",),
    "outcome": ("status",),
    "result": ("status",),
}
"""What other tools call what is meant, and what it is called here."""


def nearest_key(name: str, keys: list[str]) -> str:
    """Return the key that is meant by one that is not known; empty where that can't be told."""
    near = difflib.get_close_matches(name, keys, n=1, cutoff=0.6)
    return (near or [key for key in _OTHERWISE.get(name, ()) if key in keys] or [""])[0]


def did_you_mean_key(name: str, keys: list[str]) -> str:
    """Return a hint for a key that is not known: the nearest one, what it is called here, or all of them."""
    hint = did_you_mean(name, keys)
    here = [key for key in _OTHERWISE.get(name, ()) if key in keys]
    return f"here that is called {here[0]!r}" if here and not hint.startswith("did you") else hint


def keys_of(model: type[BaseModel], path: tuple[Any, ...] = ()) -> list[str]:
    """Return the keys that a model, or the one at `path` inside it, knows."""
    inner: Any = model
    for part in path:
        found = _model_in(inner)
        if found is None:
            return []
        fields = {field.alias or name: field.annotation for name, field in found.model_fields.items()}
        inner = fields.get(str(part), inner)
    found = _model_in(inner)
    if found is None:
        return []
    return [field.alias or name for name, field in found.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple, list, dict, typing.Annotated):
        for inner in typing.get_args(annotation):
            if (found := _model_in(inner)) is not None:
                return found
    return None
