"""The schema that editors use: it is the generated one, it takes the library, and it refuses what it can."""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from integrations.catalogue import actions
from playbooks.schema import schema, schema_text

CATALOGUE = {action.spec.name: action.spec for action in actions()}
ROOM = resources.files("playbooks")
VALIDATOR = jsonschema.Draft7Validator(schema(CATALOGUE))
LIBRARY = {
    entry.name: yaml.load(entry.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    for entry in (ROOM / "library").iterdir()
    if entry.name.endswith(".yaml")
}


def typed(value: Any) -> Any:
    """YAML 1.1 would read ``on`` as true, so scalars are read as text and numbers made here."""
    if isinstance(value, dict):
        return {name: typed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return {"true": True, "false": False}.get(value, value)


def test_the_committed_schema_is_the_generated_one() -> None:
    """After a change: siem playbooks schema > playbooks/schema.json"""
    assert (ROOM / "schema.json").read_text(encoding="utf-8") == schema_text(CATALOGUE)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(schema_text(CATALOGUE)))


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_it_takes_the_library(name: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(typed(LIBRARY[name]))] == []


def broken(**changes: Any) -> dict[str, Any]:
    playbook: dict[str, Any] = typed(copy.deepcopy(LIBRARY["contain-ssh-breach.yaml"]))
    return {**playbook, **changes}


@pytest.mark.parametrize(
    "step",
    [
        {"id": "x"},
        {"id": "x", "uses": "blocklist.blok_ip", "with": {"ip": "{{ inputs.ip }}"}},
        {"id": "x", "uses": "geoip.lookup", "with": {}},
        {"id": "x", "uses": "geoip.lookup"},
        {"id": "x", "uses": "geoip.lookup", "with": {"ip": "{{ inputs.ip }}", "port": 1}},
        {"id": "x", "uses": "blocklist.block_ip", "with": {"ip": "{{ inputs.ip }}"}},
        {"id": "x", "notify": {"text": "a"}, "wait": "1m"},
        {"id": "x", "notify": {"text": "a", "tier": "loud"}},
        {"id": "x", "wait": "soon"},
        {"id": "x", "wait": "1m", "fro": 1},
        {"id": "x", "if": "true", "wait": "1m"},
        {"id": "x", "approval": {"from": "a", "expires": "1m", "question": "b", "releases": []}},
        {"id": "x", "foreach": {"in": "{{ inputs.ips }}", "steps": [{"id": "y"}]}},
    ],
)
def test_it_refuses_what_an_editor_should_underline(step: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(broken(steps=[step])))


def test_it_says_what_each_action_and_parameter_is_for() -> None:
    text = schema_text(CATALOGUE)
    for spec in CATALOGUE.values():
        assert spec.summary.split("(")[0].strip() in text
        for parameter in spec.parameters:
            assert json.dumps(parameter.description, ensure_ascii=False)[1:-1] in text
