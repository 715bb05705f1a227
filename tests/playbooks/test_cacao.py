"""CACAO 2.0: the library goes out and comes back the same; a foreign playbook becomes one that checks."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.catalogue import actions
from playbooks.cacao import CacaoError
from playbooks.cacao_export import export_playbook
from playbooks.cacao_import import import_playbook
from playbooks.engine import run
from playbooks.marked_yaml import parse_yaml
from playbooks.model import Playbook, load_playbook
from tests.playbooks.conftest import incident
from workers.playbook_files import library_files

SPECS = {action.spec.name: action.spec for action in actions()}
LIBRARY = {file.path: file.text for file in library_files()}
MOMENT = datetime(2026, 1, 5, 9, tzinfo=UTC)
ID = re.compile(r"[a-z][a-z0-9-]+--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
U = "00000000-0000-4000-8000-0000000000"
"""The beginning of ids of a foreign playbook."""


def value_of(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(json.dumps(parse_yaml(text, "").value))
    value.pop("tests", None)
    return value


def exported(path: str) -> dict[str, Any]:
    found, _ = export_playbook(value_of(LIBRARY[path]), SPECS, MOMENT)
    whole: dict[str, Any] = json.loads(json.dumps(found))
    return whole


def check(playbook: dict[str, Any]) -> Playbook:
    return load_playbook("imported.yaml", yaml.safe_dump(playbook, sort_keys=False, width=110), SPECS)


@pytest.mark.parametrize("path", LIBRARY)
def test_the_library_comes_back_as_it_went(path: str) -> None:
    back, unmapped = import_playbook(exported(path))
    assert back == value_of(LIBRARY[path])
    assert unmapped == []


@pytest.mark.parametrize("path", LIBRARY)
def test_a_workflow_hangs_together(path: str) -> None:
    document = exported(path)
    workflow = document["workflow"]
    reached, waiting = set(), [document["workflow_start"]]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        node = workflow[name]
        assert ID.fullmatch(name)
        assert name.startswith(node["type"] + "--")
        assert (node["type"] == "end") != bool({"on_completion", "on_success"} & set(node))
        waiting += [
            node[key] for key in ("on_completion", "on_success", "on_failure", "on_true") if key in node
        ]
        waiting += [*node.get("next_steps", ()), *node.get("cases", {}).values()]
        if "agent" in node:
            assert node["agent"] in document["agent_definitions"]
    assert reached == set(workflow)


def test_it_says_what_another_program_will_not_understand() -> None:
    _, unmapped = export_playbook(value_of(LIBRARY["library/contain-ssh-breach.yaml"]), SPECS, MOMENT)
    said = [str(one) for one in unmapped]
    assert "on: what starts it: start it there by that program's own means" in said
    assert any(text.startswith("steps.ask.approval: what it releases (block): ") for text in said)
    assert any(text.startswith("steps.still_open.if: ") for text in said)


def foreign(**more: Any) -> dict[str, Any]:
    """A playbook as another program might have it, with each kind of step."""
    return {
        "type": "playbook", "spec_version": "cacao-2.0", "id": f"playbook--{U}01", "name": "Block & tell",
        "created_by": f"identity--{U}02", "created": "2024-01-01T00:00:00.000Z",
        "modified": "2024-01-01T00:00:00.000Z", "workflow_start": f"start--{U}10",
        "playbook_variables": {
            "__address__": {"type": "ipv4-addr", "external": True},
            "__level__": {"type": "string", "value": "high"},
        },
        "workflow": {
            f"start--{U}10": {"type": "start", "on_completion": f"if-condition--{U}11"},
            f"if-condition--{U}11": {
                "type": "if-condition", "condition": "__level__:value = 'high'", "on_true": f"action--{U}12",
                "on_false": f"action--{U}13", "on_completion": f"parallel--{U}14",
            },
            f"action--{U}12": {
                "type": "action", "name": "Block it", "agent": f"http-api--{U}90",
                "on_completion": f"end--{U}20",
                "commands": [
                    {"type": "http-api", "command": "POST https://fw.example.com/block/__address__:value"}
                ],
            },
            f"action--{U}13": {
                "type": "action", "name": "Look", "agent": f"individual--{U}91",
                "on_completion": f"end--{U}20",
                "commands": [{"type": "manual", "command": "Look at {{ inputs.address }}"}],
            },
            f"parallel--{U}14": {
                "type": "parallel", "next_steps": [f"action--{U}15", f"playbook-action--{U}16"],
                "on_completion": f"switch-condition--{U}17",
            },
            f"action--{U}15": {
                "type": "action", "agent": f"ssh--{U}92",
                "on_success": f"end--{U}20", "on_failure": f"end--{U}20",
                "commands": [{"type": "bash", "command": "uptime"}],
            },
            f"playbook-action--{U}16": {
                "type": "playbook-action", "playbook_id": f"playbook--{U}77", "on_completion": f"end--{U}20",
            },
            f"switch-condition--{U}17": {
                "type": "switch-condition", "switch": "__level__:value",
                "on_completion": f"while-condition--{U}18",
                "cases": {"high": f"action--{U}13", "default": f"end--{U}20"},
            },
            f"while-condition--{U}18": {
                "type": "while-condition", "condition": "__open__:value = 1", "on_true": f"action--{U}13",
                "on_completion": f"end--{U}21",
            },
            f"end--{U}20": {"type": "end"},
            f"end--{U}21": {"type": "end"},
        },
        **more,
    }  # fmt: skip


def test_a_foreign_playbook_becomes_one_that_checks_and_runs_with_people_for_its_commands() -> None:
    found, unmapped = import_playbook(foreign())
    playbook = check(found)
    assert playbook.name == "block-tell"
    assert {name: one.type.value for name, one in playbook.inputs.items()} == {
        "address": "ip",
        "level": "text",
    }
    asked = [step for step in playbook.every_step if step.verb == "ask"]
    questions = [step.ask.question for step in asked]  # type: ignore[attr-defined]
    assert "Please do this: http-api: POST https://fw.example.com/block/address" in questions
    assert "Please do this: Look at { { inputs.address } }" in questions, "a foreign text is no expression"
    first = next(run(playbook, incident(), {"address": "203.0.113.7", "level": "high"}, SPECS))
    assert [command.id for command in first] == ["block_it"]
    places = {one.place for one in unmapped}
    for place in (f"action--{U}12", f"action--{U}15", f"playbook-action--{U}16", f"while-condition--{U}18"):
        assert f"workflow.{place}" in places
    assert all(one.what and one.remedy for one in unmapped)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "a JSON object was expected"),
        (foreign(spec_version="cacao-1.1"), "only playbooks of cacao-2.0"),
        (foreign(workflow_start="start--none"), "is no step of workflow"),
        (foreign(workflow={f"start--{U}10": {"type": "start", "on_completion": "end--none"}}), "'end--none'"),
        (
            foreign(
                workflow={
                    f"start--{U}10": {"type": "start", "on_completion": "a"},
                    "a": {"type": "action", "on_completion": "a"},
                }
            ),
            "a comes after itself",
        ),
        (
            foreign(
                workflow={f"start--{U}10": {"type": "start", "on_completion": "x"}, "x": {"type": "dance"}}
            ),
            "dance",
        ),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_with_its_place(document: Any, said: str) -> None:
    with pytest.raises(CacaoError, match=re.escape(said)):
        import_playbook(document)


ODD = st.sampled_from([None, 7, "x", [], {}, {"type": "end"}, [1], f"end--{U}20", f"parallel--{U}14"])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_odd_value_gets_through_or_breaks_it(data: st.DataObject) -> None:
    document = json.loads(json.dumps(foreign()))
    node = document["workflow"][data.draw(st.sampled_from(sorted(document["workflow"])))]
    node[data.draw(st.sampled_from(sorted(node)))] = data.draw(ODD)
    try:
        found, _ = import_playbook(document)
    except CacaoError:
        return
    assert found["steps"]
