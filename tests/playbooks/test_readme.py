"""The page on writing playbooks says what is so."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import yaml

from integrations.catalogue import actions
from playbooks.actions import ValueType
from playbooks.facts import INCIDENT_FIELDS
from playbooks.filters import FILTERS
from playbooks.model import load_playbook
from playbooks.rehearsal import rehearse_all
from playbooks.steps import VERBS
from rules.entities import EntityKind

PAGE = (resources.files("playbooks") / "README.md").read_text(encoding="utf-8")
CATALOGUE = {action.spec.name: action.spec for action in actions()}


def test_its_example_checks_and_rehearses() -> None:
    example, *_ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    playbook = load_playbook("README.md", example, CATALOGUE)
    rehearsed = rehearse_all(playbook, CATALOGUE)
    assert len(rehearsed) == 2
    assert [one.faults for one in rehearsed] == [(), ()]


WHOLE = """
name: ask-the-owner
description: Ask the owner of the data.
on: {command: true}
inputs: {user: {type: user}}
steps:
  - id: owner
    ask:
      from: responders
      expires: 1d
      question: Who knows this?
      answers: {verdict: {type: text, label: It is}}
"""
TESTS = """
tests:
  - name: nobody says anything
    inputs: {user: alice}
    given: {owner: expired}
    expect:
      status: denied
      path: [owner, remind, ticket]
      actions: {ticket: {text: "The owner says: nothing"}}
"""


def test_whoever_did_not_answer_is_reminded_as_it_says() -> None:
    steps = next(
        block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "id: remind" in block
    )
    playbook = load_playbook("README.md", WHOLE + steps + TESTS, CATALOGUE)
    assert [one.faults for one in rehearse_all(playbook, CATALOGUE)] == [()]


def test_what_stands_beside_the_others_is_the_library_s() -> None:
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    shown = next(block for block in blocks if list(block) == ["steps"] and "id" in block["steps"][0])
    text = (resources.files("playbooks") / "library" / "contain-ssh-breach.yaml").read_text(encoding="utf-8")
    real = {step["id"]: step for step in yaml.safe_load(text)["steps"]}
    del real["ask"]["approval"]["quorum"]  # 1, as without it
    assert [step["id"] for step in shown["steps"]] == ["who", "ask", "block"]
    for step in shown["steps"]:
        assert step == real[step["id"]]


def test_the_playbook_of_the_front_page_is_the_library_s() -> None:
    front = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = yaml.safe_load(re.findall(r"```yaml\n(name: .*?)```", front, re.DOTALL)[0])
    file = resources.files("playbooks") / "library" / f"{shown['name']}.yaml"
    real = yaml.safe_load(file.read_text(encoding="utf-8"))
    steps = {step["id"]: step for step in real["steps"]}
    del steps["ask"]["approval"]["quorum"]  # 1, as without it
    del real["inputs"]["ip"]["description"]
    assert shown["steps"] == [steps[step["id"]] for step in shown["steps"]]
    assert (shown[True], shown["inputs"]) == (real[True], real["inputs"])  # YAML 1.1 reads `on` as true


def test_it_names_everything_there_is() -> None:
    words = set(re.findall(r"[a-z_]+", PAGE))
    for there_is in (VERBS, FILTERS, INCIDENT_FIELDS, ValueType, EntityKind):
        missing = {str(name) for name in there_is} - words - {"count"}
        assert not missing
