"""Settings: all faults at once, each with its place; secrets from files; nothing guessed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from integrations.catalogue import connection_kinds
from playbooks.policy import GuardPolicy
from rules.alerts import Severity
from workers.settings import Environment, SettingsError, load_settings, read_environment, settings_in_code
from workers.site_file import Connection, GuardSection, SiteFile, read_site_file

WHOLE = """\
organisation: Example
data: ./state
slack: {channel: "#secops", listen: "127.0.0.1:8701"}
approvers:
  responders: [U0ALICE, U0BOB]
  on-call-leads: [U0CAROL]
guard:
  networks: [10.0.0.0/8]
  hosts: [dc-1]
  max_per_hour: 5
  max_seconds: 2d
detection: {open_at: medium, window: 12h, rules: [./rules, extra], library: false, tick: 500ms}
playbooks: {folders: [./pb], library: [contain-ssh-breach]}
collect:
  - {source: linux.auth, files: [/var/log/auth.log*], timezone: Europe/Berlin, year: 2024}
api: {listen: "127.0.0.1:9000"}
blocklists: [{name: default}, {name: edge}]
connections:
  edge: {kind: fortinet, url: "https://fw.example", token_env: EDGE_TOKEN, ca_file: ca.pem}
"""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Environment.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)
        monkeypatch.delenv(f"{field.validation_alias}_FILE", raising=False)


def faults_of(text: str) -> list[str]:
    site, faults = read_site_file(text, "siem.yaml")
    assert (site is None) == bool(faults)
    return [f"{fault.line}:{fault.column} {fault.message} | {fault.hint}" for fault in faults]


def test_whole_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "siem.yaml").write_text(WHOLE)
    (tmp_path / "ca.pem").write_text("PEM\n")
    monkeypatch.setenv("EDGE_TOKEN", "s3cret")
    settings = load_settings(tmp_path / "siem.yaml")
    assert settings.data == tmp_path / "state"
    assert settings.approvers.members("responders") == {"U0ALICE", "U0BOB"}
    assert type(settings.guard) is GuardPolicy
    assert settings.guard.max_seconds == 2 * 86400
    assert settings.site.detection.open_at is Severity.MEDIUM
    assert settings.site.detection.tick == timedelta(milliseconds=500)
    assert settings.rule_folders == (tmp_path / "rules", tmp_path / "extra")
    assert settings.site.playbooks.library == ("contain-ssh-breach",)
    assert settings.site.collect[0].year == 2024
    assert settings.api_url == "http://127.0.0.1:9000"
    assert settings.connections()["edge"] == {
        "kind": "fortinet",
        "url": "https://fw.example",
        "token": "s3cret",
        "ca": "PEM",
    }


def test_all_faults_come_at_once_in_the_order_of_lines() -> None:
    found = faults_of(
        "organisation: no\n"
        "guardd: {}\n"
        "slack: {chanel: x}\n"
        "approvers: {a: [bob]}\n"
        "guard: {networks: [10.0.0.0/33]}\n"
        "detection: {open_at: hi, window: 24}\n"
        "collect: [{source: linux.auth, timezone: Mars}]\n"
        "api: {listen: '1:2'}\n"
        "api: {}\n"
        "connections: {x: {kind: a, token: abc}, y: {kind: a, port: 0755}}\n"
    )
    assert [fault.split(" ")[0] for fault in found] == [
        "1:15", "2:1", "3:9", "4:17", "5:19", "6:22", "6:34", "7:42", "9:1", "10:18", "10:60",
    ]  # fmt: skip
    assert 'write false, or "no" in quotes' in found[0]
    assert "did you mean 'guard'?" in found[1]
    assert "did you mean 'channel'?" in found[2]
    assert "no Slack user id" in found[3]
    assert "'Mars' is no IANA time zone" in found[7]
    assert "first in line 8" in found[8]
    assert "token_env" in found[9]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        (
            "guard: {hosts: [a]}\ncollect:\n  - source: linux.auth",
            "an entry has exactly one of files, syslog, http, objects, pull, not none",
        ),
        (
            "guard: {hosts: [a]}\ncollect:\n  - {source: a.b, syslog: {udp: '0.0.0.0:514'}}\n"
            "  - {source: a.b, syslog: {tcp: '0.0.0.0:514'}}",
            "two entries are called 'a.b': give one of them a name: of its own",
        ),
        (
            "guard: {hosts: [a]}\ncollect:\n  - {source: a.b, http: {name: x}}",
            "anybody could write: name a token",
        ),
        (
            "guard: {hosts: [a]}\ncollect:\n  - {source: a.b, syslog: {tls: '0.0.0.0:1'}}",
            "tls needs certificate: PATH and key: PATH",
        ),
        (
            "guard: {hosts: [a]}\ncollect:\n  - {source: a.b, files: [x], spool: lots}",
            "'lots' is no size: write a number with its unit, like 512KB, 64MB or 2GB",
        ),
        (
            "guard: {hosts: [a]}\nhealth: {sources: {a.b: {silent_after: 1h, may_be_silent: 'at night'}}}",
            "silent_after and may_be_silent contradict each other",
        ),
        ("guard: {hosts: [a]}\nhealth: {canary: {off: true}}", "valid string"),
        ("guard: {hosts: [a]}\nhealth: {sweep_late: 5s}", "write 1m or more"),
        ("- a\n", "expected settings"),
        ("organisation: x\n", "'guard' is missing"),
        ("guard: {}\n", "the guard is empty"),
        ("guard: {networks: [}\n", "expected the node content"),
        ("guard: {hosts: [a]}\ndata: !!python/name:os.system x\n", "the tag"),
        ("guard: &g {hosts: *g}\n", "refers to itself"),
        ("guard: {hosts: [a]}\nslack: {<<: {channel: x}}\n", "merge keys"),
        ("guard: {hosts: [a]}\nplaybooks: {library: 5}\n", "true, false or a list"),
        ("guard: {hosts: [a]}\nblocklists: [{name: a}, {name: a}]\n", "named twice"),
        ("guard: {hosts: [a]}\n---\nguard: {}\n", "expected a single document"),
        ("guard: {hosts: [a], max_seconds: 3}\n", "greater than or equal to 60"),
        ("guard: {hosts: [a]}\nconnections: {x: {kind: a, url: 'https://u:p@h'}}\n", "has not the form"),
    ],
)
def test_each_fault_is_one_message(text: str, words: str) -> None:
    found = faults_of(text)
    assert len(found) == 1, found
    assert words in found[0]


def test_canaries_are_kept_for_days_unless_the_site_says_otherwise() -> None:
    site, _ = read_site_file("guard: {hosts: [a]}", "siem.yaml")
    assert site is not None
    assert site.retention.policy.days_of("siem.canary") == 2
    assert site.retention.policy.days_of("linux.auth") == 180
    text = "guard: {hosts: [a]}\nretention: {datasets: {siem.canary: {days: 200}}}"
    site, faults = read_site_file(text, "siem.yaml")
    assert site is not None, faults
    assert site.retention.policy.days_of("siem.canary") == 200


def test_a_fault_shows_its_line_and_a_caret() -> None:
    _, faults = read_site_file("guard: {hosts: [a]}\napi: {listem: x}\n", "siem.yaml")
    first = str(faults[0]).splitlines()
    assert first[0] == "siem.yaml:2:7: unknown key 'listem'"
    assert first[1] == "    api: {listem: x}"
    assert first[2].index("^") == first[1].index("listem")


def test_a_missing_file_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="siem init"):
        load_settings(tmp_path / "siem.yaml")


def test_environment_and_file_faults_come_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "siem.yaml").write_text("guard: {}\n")
    monkeypatch.setenv("SIEM_OPENSEARCH_URL", "localhost:9200")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(tmp_path / "absent"))
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path / "siem.yaml")
    assert [fault.source for fault in caught.value.faults] == [
        "SLACK_BOT_TOKEN_FILE",
        "SIEM_OPENSEARCH_URL",
        str(tmp_path / "siem.yaml"),
    ]


def test_secrets_come_from_files_and_do_not_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("xoxb-1\n")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("SIEM_API_TOKEN", "very-secret")
    environment = read_environment()
    assert environment.slack_bot_token is not None
    assert environment.slack_bot_token.get_secret_value() == "xoxb-1"
    assert "xoxb-1" not in repr(environment)
    assert "very-secret" not in repr(environment)


def test_a_secret_set_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("a")
    monkeypatch.setenv("SIEM_KEYS_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("SIEM_KEYS", "b")
    with pytest.raises(SettingsError, match="one of the two"):
        read_environment()


def test_missing_connection_secrets_are_all_named(tmp_path: Path) -> None:
    text = "connections: {x: {kind: a, token_env: NOT_SET_1}, y: {kind: a, key_file: gone}}\n"
    text += "guard: {hosts: [a]}\n"
    (tmp_path / "siem.yaml").write_text(text)
    settings = load_settings(tmp_path / "siem.yaml")
    with pytest.raises(SettingsError) as caught:
        settings.connections()
    assert [fault.source for fault in caught.value.faults] == ["NOT_SET_1", "gone"]


def test_no_kind_of_connection_takes_a_secret_in_the_file() -> None:
    secrets = [(kind.name, one.name) for kind in connection_kinds() for one in kind.settings if one.secret]
    assert ("ssh", "key") in secrets
    for kind, name in secrets:
        with pytest.raises(ValidationError, match=f"{name}_env: NAME_OF_A_VARIABLE"):
            Connection.model_validate({"kind": kind, name: "s3cret"})


def test_a_site_built_in_code_needs_no_file(tmp_path: Path) -> None:
    site = SiteFile(guard=GuardSection(networks=("192.0.2.1/32",)))
    settings = settings_in_code(site, tmp_path, {"temporal_address": "127.0.0.1:7233"})
    assert settings.data == tmp_path / ".siem"
    assert settings.environment.temporal_address == "127.0.0.1:7233"
    assert settings.site.detection.open_at is Severity.HIGH
    assert settings.approvers.everyone == frozenset()
