"""Scheduled queries on the command line: listed, checked, and tested on a real engine where there is one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from rules.rule_header import new_id
from workers.rule_costs import FILE

pytestmark = pytest.mark.engine

RULE = """title: Many failures
name: many-failures
id: q-1
level: medium
tags: [attack.credential-access, attack.t1110]
query:
  query_string: event.outcome:failure
  every: 10m
  group_by: [source.ip]
  measure: {cardinality: user.name}
  condition: {gte: 3}
tests:
- name: three users
  events:
  - {event: {event.outcome: failure, source.ip: 203.0.113.7, user.name: a}}
  - {event: {event.outcome: failure, source.ip: 203.0.113.7, user.name: b}, at: 10s}
  - {event: {event.outcome: failure, source.ip: 203.0.113.7, user.name: c}, at: 20s}
  match: true
  summary: "Many failures: source.ip 203.0.113.7; cardinality of user.name 3."
- name: three times the same
  events:
  - {event: {event.outcome: failure, source.ip: 203.0.113.7, user.name: a}, repeat: 3, every: 1s}
  match: false
"""


def siem(*line: str) -> Result:
    return CliRunner().invoke(app, list(line))


async def test_list_check_and_test(
    opensearch_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIEM_OPENSEARCH_URL", opensearch_url)
    (tmp_path / "siem.yaml").write_text("guard: {networks: [192.0.2.1/32]}\ndetection: {library: false}\n")
    (tmp_path / "rules").mkdir()
    file = tmp_path / "rules" / "q.yml"
    file.write_text(RULE)
    listed = json.loads(siem("rules", "list", "--json").output)
    assert [(one["name"], one["kind"], one["collected"]) for one in listed["rules"]] == [
        ("many-failures", "query", True)
    ]
    assert siem("rules", "check").exit_code == 0
    passed = await asyncio.to_thread(siem, "rules", "test")
    assert passed.exit_code == 0, passed.output
    assert "2 of 2 tests of 1 rules pass" in passed.output
    file.write_text(RULE.replace("gte: 3", "gte: 4").replace("source.ip]", "sorce.ip]"))
    checked = siem("rules", "check")
    assert checked.exit_code == 1
    assert "q.yml:9:14: there is no field sorce.ip" in checked.output
    file.write_text(RULE.replace("gte: 3", "gte: 4"))
    failed = await asyncio.to_thread(siem, "rules", "test")
    assert failed.exit_code == 1
    assert "q.yml:13:3: it must give 1 alert and gave 0 alerts" in failed.output

    (tmp_path / ".siem").mkdir(exist_ok=True)
    costs = {"q-1": [40, 2, 1.5], new_id("threat-intelligence"): [9000, 3, 0.02]}
    (tmp_path / ".siem" / FILE).write_text(json.dumps(costs))
    dear = siem("rules", "list", "--cost").output
    assert [line.split()[:3] for line in dear.splitlines()[1:3]] == [
        ["many-failures", "query", "40"],
        ["threat-intelligence", "indicators", "9,000"],
    ]
