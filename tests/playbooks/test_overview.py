"""Playbooks at a glance, and the table of the library, which is the generated one."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from playbooks.action_table import action_table
from playbooks.model import load_playbook
from playbooks.overview import overview, table
from tests.playbooks.conftest import CATALOGUE
from tests.playbooks.test_library import BY_NAME, FILES, LIBRARY
from tests.playbooks.test_library import CATALOGUE as ACTIONS

PLAYBOOK = """
name: stop-scanner
description: Stop whoever scans | or asks.
on:
  incident: {rules: [port-scan], tags: [x], attack: [T1046]}
  alert: {rules: [host-sweep]}
  schedule: {every: 2h}
inputs:
  ip: {type: ip, from: alert.entities.ip}
  time: {type: duration, default: 3h}
steps:
  - {id: where, uses: geo.lookup, with: {ip: "{{ inputs.ip }}"}}
  - {id: again, uses: geo.lookup, with: {ip: "{{ inputs.ip }}"}}
  - {id: ticket, uses: desk.open_ticket, with: {title: A scan}}
  - id: why
    ask: {from: leads, expires: 2d, question: Why?, answers: {why: {type: text, label: Why}}}
  - id: may
    approval:
      from: responders
      quorum: 2
      expires: 90m
      on_expiry: {escalate: leads}
      question: May I?
      releases: [block]
  - {id: block, uses: wall.block_ip, with: {ip: "{{ inputs.ip }}"}, for: "{{ inputs.time }}"}
  - id: first
    uses: wall.block_ip
    with: {ip: 203.0.113.9}
    for: 1h
    automatic: {reason: It is known to be bad., max_per_hour: 2}
"""


def test_it_says_what_starts_it_who_is_asked_and_what_is_done() -> None:
    seen = overview(load_playbook("p.yaml", PLAYBOOK, CATALOGUE), CATALOGUE)
    assert seen.starts == ("rule port-scan", "tag x", "ATT&CK T1046", "alert host-sweep", "every 2h")
    assert seen.asks == ("leads 2d ?", "2 of responders 90m, then leads")
    assert seen.takes == ("wall.block_ip 3h", "wall.block_ip at once 1h")
    assert seen.does == ("desk.open_ticket",)
    assert seen.looks_up == ("geo.lookup",)


def test_a_table_keeps_its_columns() -> None:
    lines = table([load_playbook("p.yaml", PLAYBOOK, CATALOGUE)], CATALOGUE).splitlines()
    assert {line.replace("\\|", "").count("|") for line in lines} == {7}


def test_the_page_of_the_library_has_the_table_of_today() -> None:
    """Write it anew: `siem playbooks list playbooks/library --markdown`."""
    page = (resources.files("playbooks") / "library" / "README.md").read_text(encoding="utf-8")
    assert page.partition("--markdown -->\n")[2] == table(LIBRARY, ACTIONS)
    front = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"[{len(LIBRARY)} playbooks](playbooks/library/README.md)" in front
    assert [entry.name.removesuffix(".yaml") for entry in FILES] == sorted(BY_NAME)


def test_the_page_of_integrations_has_the_actions_of_today() -> None:
    """Write it anew: `siem actions --markdown`, outside of a site."""
    page = (Path(__file__).parents[2] / "integrations" / "README.md").read_text(encoding="utf-8")
    assert page.partition("--markdown -->\n")[2] == action_table(ACTIONS.values())
