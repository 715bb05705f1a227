"""The command line as a person runs it: what it prints where, and how it exits."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from bot.commands.output import clean, print_table

SSHD = (
    "Mar 30 16:01:36 web-1 sshd[1001]: Failed password for root from 203.0.113.7 port 50022 ssh2\n"
    "Mar 30 16:01:38 web-1 sshd[1002]: Accepted password for backup from 203.0.113.7 port 50023 ssh2\n"
)


def siem(*words: str, cwd: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *words],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(cwd)},
    )


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "my-site"
    done = siem("init", str(folder), cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize(
    "words", ["rules check", "rules test", "playbooks check", "playbooks rehearse", "connections test"]
)
def test_a_fresh_starter_passes_its_own_checks(starter: Path, words: str) -> None:
    done = siem(*words.split(), cwd=starter)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


def test_the_starter_tests_something(starter: Path) -> None:
    rules = json.loads(siem("rules", "test", "--json", cwd=starter).stdout)
    playbooks = json.loads(siem("playbooks", "rehearse", "--json", cwd=starter).stdout)
    assert [one["passed"] for one in rules["results"]] == [True, True, True]
    assert all(not one["not_reached"] for one in playbooks)
    assert len((starter / "README.md").read_text(encoding="utf-8").splitlines()) <= 40
    assert json.loads((starter / "playbooks" / "schema.json").read_text(encoding="utf-8"))["$schema"]


def test_init_never_writes_over_anything(starter: Path) -> None:
    (starter / "siem.yaml").touch()
    before = (starter / "siem.yaml").read_text(encoding="utf-8")
    done = siem("init", ".", cwd=starter)
    assert done.returncode == 2
    assert "siem.yaml" in done.stderr
    assert (starter / "siem.yaml").read_text(encoding="utf-8") == before


def test_faults_come_all_at_once_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "siem.yaml").write_text("slak: {}\nguard: {networks: [banana]}\n", encoding="utf-8")
    done = siem("status", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "siem.yaml:1:1: unknown key 'slak'" in done.stderr
    assert "siem.yaml:2:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_faulty_playbook_is_told_with_line_and_column(starter: Path, tmp_path: Path) -> None:
    good = (starter / "playbooks" / "block-service-login.yaml").read_text(encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(
        good.replace("blocklist.block_ip", "blocklist.blok_ip"), encoding="utf-8"
    )
    done = siem("playbooks", "check", str(tmp_path / "bad.yaml"), cwd=starter)
    assert done.returncode == 1
    assert "bad.yaml:" in done.stderr
    assert "did you mean 'blocklist.block_ip'?" in done.stderr


def test_a_faulty_rule_is_told_with_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "title: x\nlogsource: {product: linux}\nlevel: hihg\n", encoding="utf-8"
    )
    done = siem("rules", "check", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 1
    assert "bad.yaml:" in done.stderr


def test_a_failing_test_of_a_rule_fails_the_command(starter: Path, tmp_path: Path) -> None:
    good = (starter / "rules" / "service-account-login.yaml").read_text(encoding="utf-8")
    (tmp_path / "rule.yaml").write_text(good.replace("- backup\n", "- backups\n"), encoding="utf-8")
    done = siem("rules", "test", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 1
    assert "must match and doesn't" in done.stderr


def test_raw_lines_become_ecs_without_any_engine(tmp_path: Path) -> None:
    done = siem("normalize", "linux.auth", "--year", "2026", cwd=tmp_path, stdin=SSHD)
    assert done.returncode == 0, done.stderr
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first["@timestamp"] == "2026-03-30T16:01:36.000Z"
    assert first["event"]["outcome"] == "failure"
    assert second["source"]["ip"] == "203.0.113.7"
    assert second["event"]["original"] == SSHD.splitlines()[1]


def test_lines_that_are_none_are_kept_counted_and_fail_only_if_all_are(tmp_path: Path) -> None:
    some = siem("normalize", "linux.auth", "--year", "2026", cwd=tmp_path, stdin=SSHD + "\x00nothing\n")
    none = siem("normalize", "linux.auth", cwd=tmp_path, stdin="nothing\n")
    assert some.returncode == 0
    assert "1 of 3 events are pipeline errors" in some.stderr
    assert none.returncode == 1
    assert json.loads(none.stdout)["event"]["kind"] == "pipeline_error"


def test_rules_match_takes_an_archive_and_tells_what_is_none(tmp_path: Path) -> None:
    line = "Mar 30 16:01:36 ip-10-77-20-248 sshd[8]: Failed password for root from 203.0.113.7 port 5 ssh2\n"
    (tmp_path / "auth.log").write_text(line, encoding="utf-8")
    rule = "title: F\nlogsource: {product: linux}\ndetection: {s: {event.outcome: failure}, condition: s}\n"
    with zipfile.ZipFile(tmp_path / "rules.zip", "w") as archive:
        archive.writestr("rules/f.yml", rule)
    (tmp_path / "rules.bin").write_bytes(b"\xfc" * 99)
    (tmp_path / "latin.yml").write_bytes(rule.replace("F", "\u00fc").encode("latin-1"))
    words = ["rules", "match", "--source", "linux.auth", "--rules"]
    assert "1 matches of 1 rules" in siem(*words, "rules.zip", "auth.log", cwd=tmp_path).stdout
    done = siem(*words, "rules.bin", "auth.log", cwd=tmp_path)
    assert (done.returncode, "rules.bin is no folder, zip or tar archive" in done.stderr) == (2, True)
    done = siem(*words, "latin.yml", "auth.log", cwd=tmp_path)
    assert "latin.yml:1:8: this byte is no UTF-8" in done.stderr


def test_rules_match_the_lines_of_a_raw_file_and_of_its_ecs(starter: Path, tmp_path: Path) -> None:
    raw, ecs = tmp_path / "auth.log", tmp_path / "auth.ndjson"
    raw.write_text(SSHD, encoding="utf-8")
    ecs.write_text(siem("normalize", "linux.auth", str(raw), cwd=tmp_path).stdout, encoding="utf-8")
    rule = ["rules", "match", "--rules", str(starter / "rules"), "--json"]
    expected = [{"rule": "6f1c2a54-8b0e-4d57-9a3c-2f6f0a7d4e11", "event": 2}]
    for words in ([*rule, "--source", "linux.auth", str(raw)], [*rule, str(ecs)]):
        done = siem(*words, cwd=tmp_path)
        assert [json.loads(line) for line in done.stdout.splitlines()] == expected, done.stderr


def test_what_is_no_json_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.ndjson").write_text('{"a": 1}\nnothing\n', encoding="utf-8")
    done = siem("rules", "match", "x.ndjson", cwd=tmp_path)
    assert done.returncode == 1
    assert "x.ndjson:2: no JSON" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("normalize linux.aut", 2, "did you mean 'linux.auth'?"),
        ("normalize linux.auth --timezone Mars", 2, "IANA"),
        ("normalize linux.auth missing.log", 1, "missing.log"),
        ("extend blk-1 soon", 2, "like 90s, 15m, 24h or 7d"),
        ("sources guess siem.yaml", 1, "looks like none"),
        ("status", 1, "siem up"),
        ("demo --json", 2, "--exit"),
        ("demo --live --ttl 9", 2, "an attack of its own"),
        ("playbooks plan nope --incident inc-1", 2, "there is no playbook 'nope'"),
        ("nonsense", 2, "No such command"),
    ],
)
def test_expected_failures_are_a_sentence_and_an_exit_code(
    starter: Path, words: str, code: int, said: str
) -> None:
    done = siem(*words.split(), cwd=starter, stdin="")
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text(SSHD * 20_000, encoding="utf-8")
    command = f"{sys.executable} -m bot.cli normalize linux.auth --no-geo auth.log | head -1"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_help_loads_nothing_heavy() -> None:
    heavy = (
        "temporalio",
        "slack_bolt",
        "slack_sdk",
        "sigma",
        "opensearchpy",
        "fastapi",
        "geoip2fast",
        "vl_convert",
    )
    code = (
        "import sys\nfrom bot.cli import app\nfrom typer.testing import CliRunner\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"


def test_log_lines_cannot_command_a_terminal() -> None:
    assert clean("a\x1b[2Jb\u202ec\nd") == "a\\x1b[2Jb\\x202ec\nd"


def test_a_path_inside_the_library_stands_for_the_librarys_own_file(tmp_path: Path) -> None:
    inside = Path(__file__).parents[2] / "rules" / "library" / "linux"
    done = siem("rules", "test", str(inside), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    edited = tmp_path / "rules" / "library" / "linux" / "ssh_login_failed.yml"
    edited.parent.mkdir(parents=True)
    edited.write_text((inside / edited.name).read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    done = siem("rules", "test", str(edited), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "of 1 rules pass" in done.stdout + done.stderr


def test_a_playbook_goes_out_as_cacao_and_comes_back(tmp_path: Path) -> None:
    out = siem("playbooks", "export", "contain-ssh-breach", "--cacao", "-o", "x.json", cwd=tmp_path)
    assert out.returncode == 0, out.stderr
    assert "does not map: steps.ask.approval: what it releases (block)" in out.stderr
    back = siem("playbooks", "import", "x.json", "-o", "x.yaml", cwd=tmp_path)
    assert back.returncode == 0, back.stderr
    assert "contain-ssh-breach" in (tmp_path / "x.yaml").read_text(encoding="utf-8")
    (tmp_path / "no.json").write_text('{"type": "report"}', encoding="utf-8")
    refused = siem("playbooks", "import", "no.json", cwd=tmp_path)
    assert refused.returncode == 1
    assert "no.json: type 'report'" in refused.stderr


def test_an_action_is_found_by_words_and_shown_with_a_step(tmp_path: Path) -> None:
    several = siem("actions", "postgresql", cwd=tmp_path)  # as /siem actions postgresql
    assert "postgresql.end_sessions" in several.stdout
    assert "siem actions NAME" in several.stdout
    one = siem("actions", "show", "lock_role", cwd=tmp_path)
    step = one.stdout[one.stdout.index("- id: ask") :]
    (tmp_path / "p.yaml").write_text(
        "name: a\ndescription: b\non: {command: true}\ninputs: {user: {type: user}}\nsteps:\n" + step,
        encoding="utf-8",
    )
    done = siem("playbooks", "check", "p.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert siem("actions", "show", "nothing-like-it", cwd=tmp_path).returncode == 1


def test_a_rehearsal_shows_what_it_would_do_and_why_it_went_otherwise(starter: Path, tmp_path: Path) -> None:
    shown = siem("playbooks", "rehearse", "block-service-login", "--show", cwd=starter).stdout
    assert "question     ask: ask 1 of responders, then on-call-leads, within 30m: A service account" in shown
    assert "→ granted" in shown
    assert "skipped      block: ask was not granted, it expired" in shown
    assert "6 of 6 branches rehearsed\n" in shown
    good = (starter / "playbooks" / "block-service-login.yaml").read_text(encoding="utf-8")
    wrong = good.replace("expect: {status: denied, path: [who, ask]}", "expect: {path: [who, ask, tell]}", 1)
    (tmp_path / "bad.yaml").write_text(wrong, encoding="utf-8")
    done = siem("playbooks", "rehearse", str(tmp_path / "bad.yaml"), cwd=tmp_path)
    assert done.returncode == 1
    assert "expected the path who → ask → tell, it went who → ask" in done.stdout
    assert "tell was skipped: block has no result: ask was not granted, it was denied" in done.stdout


def test_what_a_site_does_not_have_is_told_by_the_check(starter: Path, tmp_path: Path) -> None:
    good = (starter / "playbooks" / "block-service-login.yaml").read_text(encoding="utf-8")
    (tmp_path / "p.yaml").write_text(good.replace("from: responders", "from: db-owners"), encoding="utf-8")
    done = siem("playbooks", "check", str(tmp_path / "p.yaml"), cwd=starter)
    assert done.returncode == 1
    assert "p.yaml:14:13: siem.yaml has no group 'db-owners'" in done.stderr
    assert done.stdout == "0 playbooks are right, 1 not.\n"


def test_a_schema_that_does_not_know_the_site_is_told(starter: Path, tmp_path: Path) -> None:
    shutil.copytree(starter, tmp_path / "site", ignore=shutil.ignore_patterns(".siem"))
    site = tmp_path / "site"
    text = (site / "siem.yaml").read_text(encoding="utf-8")
    (site / "siem.yaml").write_text(
        text.replace("approvers:\n", "approvers:\n  db-owners: [U0ALICE]\n"), encoding="utf-8"
    )
    after = siem("playbooks", "check", cwd=site)
    assert after.returncode == 0
    command = after.stderr.split(": ", 2)[-1].split()
    assert command[:3] == ["siem", "playbooks", "schema"]
    assert siem(*command[1:], cwd=site).returncode == 0
    own = site / "playbooks" / "block-service-login.yaml"
    more = own.read_text(encoding="utf-8").replace("name: block-service-login", "name: another")
    (site / "playbooks" / "another.yaml").write_text(more, encoding="utf-8")
    assert siem("playbooks", "check", cwd=site).stderr == ""  # a new playbook is no reason to tell
    assert "db-owners" in (site / "playbooks" / "schema.json").read_text(encoding="utf-8")


def test_a_name_of_a_faulty_file_is_not_just_unknown(starter: Path, tmp_path: Path) -> None:
    shutil.copytree(starter, tmp_path / "site", ignore=shutil.ignore_patterns(".siem"))
    own = tmp_path / "site" / "playbooks" / "block-service-login.yaml"
    own.write_text(own.read_text(encoding="utf-8").replace("uses: geoip", "uses: geo"), encoding="utf-8")
    done = siem("playbooks", "rehearse", "block-service-login", cwd=tmp_path / "site")
    assert done.returncode == 2
    assert "there is no action 'geo.lookup'" in done.stderr
    assert "mend these first" in done.stderr


@pytest.mark.parametrize(("width", "broken"), [(200, False), (70, True)])
def test_a_table_that_a_terminal_has_no_room_for_becomes_paragraphs(width: int, broken: bool) -> None:
    console = Console(width=width, record=True, file=io.StringIO())
    row = ["postgresql.end_sessions", "containment", "End all sessions that a role has open.", ""]
    print_table(("action", "kind", "what it does", "takes"), [row], console, wrapped=("what it does",))
    shown = console.export_text()
    assert ("kind: containment · End all sessions" in shown) is broken
    assert ("what it does" in shown) is not broken
    for word in " ".join(row).split():
        assert word in shown  # no word is cut in two
