"""The schema for editors takes the rules that come with the program, and what the reader reads."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from rules.rule_schema import rule_schema
from workers.rule_files import library_texts

VALIDATOR = Draft202012Validator(rule_schema())


def test_the_schema_in_the_package_is_the_generated_one() -> None:
    assert json.loads((resources.files("rules") / "schema.json").read_text()) == rule_schema()


def test_every_rule_of_the_library_is_valid() -> None:
    checked = 0
    for text in library_texts():
        for document in yaml.safe_load_all(text.text):
            assert [error.message for error in VALIDATOR.iter_errors(document)] == [], text.path
            checked += 1
    assert checked


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"level": "severe"},
        {"risk": 101},
        {"correlation": {"type": "event_count", "rules": "a", "timespan": "5m"}},
        {"detection": {"selection": {"a": 1}}},
        {"tests": [{"event": {}, "match": "true"}]},
        {"tests": [{"event": {}, "events": [], "match": True}]},
    ],
)
def test_faults_are_found(change: dict[str, Any]) -> None:
    rule = {
        "title": "One",
        "logsource": {"product": "linux"},
        "detection": {"selection": {"a": 1}, "condition": "selection"},
    }
    assert VALIDATOR.is_valid(rule)
    assert not VALIDATOR.is_valid(rule | change)
