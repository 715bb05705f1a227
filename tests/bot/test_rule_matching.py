"""`siem rules match` says the same by the matcher and by queries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app

RULES = """
title: Reads the shadow file
id: 6a9e0f3e-3a39-4b9a-8a1d-5f0c5c7f6a01
logsource: {product: linux, category: process_creation}
detection:
  selection: {Image|endswith: /cat, CommandLine|contains: /etc/shadow}
  condition: selection
---
title: Anything but root
id: 6a9e0f3e-3a39-4b9a-8a1d-5f0c5c7f6a02
logsource: {product: linux, category: process_creation}
detection:
  root: {User: root}
  condition: not root
---
title: Two values that are one, unless the others are too
id: 6a9e0f3e-3a39-4b9a-8a1d-5f0c5c7f6a03
logsource: {product: linux, category: process_creation}
detection:
  same: {a|fieldref: b}
  known: {c|fieldref: d}
  condition: same and not known
"""


def event(line: str, user: str | None, **vendor: str) -> str:
    process = {"executable": line.split()[0], "command_line": line}
    event = {"module": "linux", "category": ["process"], "type": ["start"]}
    user_of = {"user": {"name": user}} if user else {}
    return json.dumps({"event": event, "process": process, "vendor": vendor} | user_of)


def test_the_matcher_and_the_queries_find_the_same(
    opensearch_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules.yml").write_text(RULES)
    events = [event("/bin/CAT /etc/shadow", "root", a="1"), "", event("/bin/cat /etc/passwd", "alice"),
              event("/usr/bin/cat -n /ETC/SHADOW", None), event("/x", "root", a="1", b="1", c="2", d="2"),
              event("/x", "root", a="1", b="1", c="2", d="3")]  # fmt: skip
    (tmp_path / "events.ndjson").write_text("\n".join(events) + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIEM_OPENSEARCH_URL", opensearch_url)
    said = []
    for engine in ("matcher", "opensearch"):
        words = ["rules", "match", "--rules", "rules.yml", "--json", "--engine", engine, "events.ndjson"]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        said.append([json.loads(line) for line in result.stdout.splitlines()])
    assert said[0] == said[1]
    assert [(one["rule"][-1], one["event"]) for one in said[0]] == [
        ("1", 1),
        ("2", 3),
        ("1", 4),
        ("2", 4),
        ("3", 6),
    ]


def test_records_that_could_not_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "records").write_text('{"Event": 1}\n{"x": 2}\n')
    words = ["rules", "match", "--rules", str(tmp_path / "rules.yml"), "--source", "windows.evtx"]
    result = CliRunner().invoke(app, [*words, "--json", str(tmp_path / "records")])
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "2 records could not be read, so no rule saw them" in result.stderr
    assert "records:1: windows.evtx: expected an object Event" in result.stderr
