"""The JSON Schema of a vendor's YAML file, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.yaml_actions.model import VendorFile

_SAID: Mapping[str, str] = {
    "vendor": "What its actions' names begin with, and the kind of its connections.",
    "title": "Its name for people.",
    "documentation": "Where its interface is described, with a version or a date.",
    "connection": "What a connection to it holds, beside its url.",
    "actions": "What playbooks can use.",
    "name": "vendor.verb_object: acme.lock_badge.",
    "kind": "lookup changes nothing; change adds something; containment takes something away and has an undo.",
    "summary": "One sentence in the imperative.",
    "parameters": "What a step gives it, by name.",
    "returns": "What it gives, by name, with types.",
    "target": "The parameter that names what a containment hits.",
    "noun": "What people call it while it is in force: the lock of alice.",
    "timeout": "Seconds that one attempt may take.",
    "permission": "The right that it needs there, in the vendor's words.",
    "per_minute": "How often it may be called.",
    "run": "The request that does it.",
    "verify": "The request that says whether it is in force.",
    "undo": "The request that takes it back.",
    "tests": "What must be sent, and what must come of recorded answers: siem actions test.",
    "get": "A path on the connection's host; what expressions give is encoded.",
    "post": "A path on the connection's host; what expressions give is encoded.",
    "put": "A path on the connection's host; what expressions give is encoded.",
    "patch": "A path on the connection's host; what expressions give is encoded.",
    "delete": "A path on the connection's host; what expressions give is encoded.",
    "query": "Parameters behind the ?.",
    "headers": "Headers by name.",
    "json": "A body of JSON.",
    "form": "A body as of a form.",
    "paging": "Where there are more pages.",
    "detail": "What people are told about it: an expression.",
    "says": "What is told of the answer: an expression.",
    "type": "What kind of value it is.",
    "description": "What it is for.",
    "required": "false: it may be left out.",
    "default": "Its value where none is given.",
    "choices": "The values of an enum.",
    "items": "The type of the items of a list.",
    "params": "What the step gives.",
    "call": "Which of its requests is tried.",
    "answers": "What the server says, in the order in which it is asked.",
    "expect": "What must come of it. What is not said is not looked at.",
    "result": "What run gives.",
    "in_force": "What verify says: an expression, and in a test true or false.",
    "status": "The answer's status.",
    "text": "The answer's body as text.",
    "auth": "How requests prove who they are.",
    "scope": "The scope that a token is asked for.",
    "settings": "More keys of the connection, for expressions: connection.NAME.",
    "setup": "What to do on the other side, for siem connections setup.",
    "test": "One harmless request that says who we are there: siem connections test.",
    "secret": "true: expressions can't read it.",
}


def vendor_schema() -> dict[str, Any]:
    """Return the schema (draft 7, as yaml-language-server reads it)."""
    found: dict[str, Any] = _tidy(VendorFile.model_json_schema(by_alias=True))
    return {"$schema": "http://json-schema.org/draft-07/schema#", **found, "title": "A vendor in YAML"}


def _tidy(value: Any, *, keys: bool = False) -> Any:
    """Say what each key is for, and leave out pydantic's titles and the nulls beside what a key may hold.
    `keys`: whether the names of `value` are keys of the file."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    if keys:
        return {name: _described(name, _tidy(inner)) for name, inner in value.items()}
    tidy: dict[str, Any] = {}
    for name, inner in value.items():
        if name == "anyOf":
            members = [_tidy(one) for one in inner if one != {"type": "null"}]
            tidy |= members[0] if len(members) == 1 else {"oneOf": members}
        elif name != "title" and not (name == "default" and inner in (None, "", [])):
            tidy[name] = _tidy(inner, keys=name == "properties")
    return tidy


def _described(name: str, value: Any) -> Any:
    about = value.get("description") or _SAID.get(name, "")
    if "$ref" in value:
        return {"title": name, "description": about, "allOf": [{"$ref": value["$ref"]}]}
    return {**value, "title": name, "description": about}
