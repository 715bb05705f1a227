"""Endpoint products: Sigma's rules for Windows find what their agents see; what they share is read alike."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from integrations import catalogue
from integrations.contract import Record
from integrations.endpoints import put_account, put_sums, put_threat, system_type
from integrations.pipeline import Pipeline
from integrations.recognition import DEFAULT_ORIGIN
from rules.ecs import Document, flatten
from rules.rule import RuleText, parse_rules
from rules.sigma import compile_rules

RULE = r"""
title: Whoami By A Shell
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\whoami.exe', CommandLine|contains: /all, ParentImage|endswith: '\cmd.exe'}
  condition: selection
"""
SEEN = [
    (
        "crowdstrike.fdr",
        {
            "event_simpleName": "ProcessRollup2",
            "event_platform": "Win",
            "aid": "a",
            "timestamp": "1774886496123",
            "ImageFileName": "\\Device\\HarddiskVolume3\\Windows\\System32\\whoami.exe",
            "CommandLine": "whoami /all",
            "ParentBaseFileName": "cmd.exe",
        },
    ),
    (
        "microsoft.defender_xdr",
        {
            "category": "AdvancedHunting-DeviceProcessEvents",
            "time": "2026-03-30T16:01:36Z",
            "properties": {
                "ActionType": "ProcessCreated",
                "FileName": "whoami.exe",
                "FolderPath": "C:\\Windows\\System32\\whoami.exe",
                "ProcessCommandLine": "whoami /all",
                "InitiatingProcessFileName": "cmd.exe",
                "InitiatingProcessFolderPath": "c:\\windows\\system32\\cmd.exe",
            },
        },
    ),
    (
        "sentinelone.event",
        {
            "event.type": "Process Creation",
            "event.time": 1774886496123,
            "endpoint.os": "windows",
            "tgt.process.name": "whoami.exe",
            "tgt.process.image.path": "C:\\Windows\\System32\\whoami.exe",
            "tgt.process.cmdline": "whoami /all",
            "src.process.image.path": "C:\\Windows\\System32\\cmd.exe",
        },
    ),
    (
        "wazuh.alerts",
        {
            "timestamp": "2026-03-30T16:01:36.123+0000",
            "rule": {"level": 3, "id": "1"},
            "data": {
                "win": {
                    "system": {"channel": "Microsoft-Windows-Sysmon/Operational", "eventID": "1"},
                    "eventdata": {
                        "image": "C:\\Windows\\System32\\whoami.exe",
                        "commandLine": "whoami /all",
                        "parentImage": "C:\\Windows\\System32\\cmd.exe",
                    },
                }
            },
        },
    ),
]


@pytest.mark.parametrize(("name", "entry"), SEEN, ids=[name for name, _ in SEEN])
def test_rules_about_windows_find_what_agents_see(name: str, entry: dict[str, Any]) -> None:
    parsed = parse_rules([RuleText("rule.yml", RULE)])
    matcher = compile_rules(parsed.detections, parsed.filters)
    (event,) = Pipeline(catalogue.source(name), DEFAULT_ORIGIN).feed(Record(orjson.dumps(entry), "f@0"))
    assert [rule.title for rule in matcher.match(flatten(event))] == ["Whoami By A Shell"]
    event["event"]["module"] = "another"
    event.pop("winlog", None)
    assert matcher.match(flatten(event)) == []


def test_tactics_and_techniques_get_their_ids() -> None:
    document: Document = {}
    put_threat(document, ("Lateral Movement", "TA0008", None, 7), ("T1021.002", "T1021", "SMB", {}))
    assert document["threat"] == {
        "tactic": {"name": ["Lateral Movement", "7"], "id": ["TA0008"]},
        "technique": {"id": ["T1021"], "subtechnique": {"id": ["T1021.002"]}, "name": ["SMB"]},
        "framework": "MITRE ATT&CK",
    }


def test_checksums_are_told_by_their_length_and_zeros_are_none() -> None:
    document: Document = {}
    put_sums(document, "file", "AB" * 16, "0" * 40, "zz" * 32, "12", None, 7)
    assert document == {"file": {"hash": {"md5": "ab" * 16}}}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("EXAMPLE\\alice", {"name": "alice", "domain": "EXAMPLE"}),
        ("alice@example.org", {"name": "alice", "domain": "example.org", "email": "alice@example.org"}),
        ("alice", {"name": "alice"}),
        ("\\alice", {"name": "alice", "domain": None}),
        ("-", None),
    ],
)
def test_accounts(written: str, expected: dict[str, Any] | None) -> None:
    document: Document = {}
    put_account(document, "user", written)
    wanted = (
        None if expected is None else {name: value for name, value in expected.items() if value is not None}
    )
    assert document.get("user") == wanted


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Windows 11 Pro", "windows"),
        ("macOS", "macos"),
        ("OSX", "macos"),
        ("Linux", "linux"),
        ("Darwin", "macos"),
        ("Plan 9", None),
    ],
)
def test_operating_systems(written: str, expected: str | None) -> None:
    assert system_type(written) == expected
