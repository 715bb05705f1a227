"""What an editor shows while a playbook is written, asked of the language server that editors use.

The header line names the schema, and nothing else is set up. The server comes from npm, once; where node or
npm is missing, or the registry can't be reached, these tests say so and are skipped.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from integrations.catalogue import actions
from playbooks.actions import ActionSpec
from playbooks.schema import Names, schema_text
from tests.playbooks.language_server import LanguageServer

VERSION = "1.25.0"
SPECS: dict[str, ActionSpec] = {action.spec.name: action.spec for action in actions()}
HEADER = "# yaml-language-server: $schema=schema.json\n"
PLAYBOOK = (
    HEADER
    + """name: contain-scanner
description: Block an address that keeps scanning us.
on:
  command: true
inputs:
  ip: {type: ip}
steps:
  - id: who
    uses: geoip.lookup
    with:
      ip: "{{ inputs.ip }}"
  - id: next
"""
)
LINES = PLAYBOOK.splitlines()


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LanguageServer]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are missing: what editors show is not tried")
    name = f"yaml-language-server-{VERSION}"
    cache = getattr(request.config, "cache", None)  # a run may go without one
    folder = cache.mkdir(name) if cache is not None else tmp_path_factory.mktemp(name)
    program = folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    if not program.exists():
        package = f"yaml-language-server@{VERSION}"
        done = subprocess.run(
            [npm, "install", "--no-fund", "--no-audit", "--prefix", str(folder), package],
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        if done.returncode or not program.exists():
            pytest.skip(f"npm can't install yaml-language-server: {done.stderr[-300:]}")
    here = LanguageServer([node, str(program), "--stdio"], folder)
    yield here
    here.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("editor")
    schema = (resources.files("playbooks") / "schema.json").read_text(encoding="utf-8")
    (folder / "schema.json").write_text(schema, encoding="utf-8")
    return folder


def test_a_playbook_without_faults_shows_none(server: LanguageServer, folder: Path) -> None:
    text = PLAYBOOK.replace("  - id: next\n", "")
    assert server.open(folder / "good.yaml", text) == []


def test_completion_offers_every_action(server: LanguageServer, folder: Path) -> None:
    path = folder / "actions.yaml"
    server.open(path, PLAYBOOK + "    uses: \n")
    labels = server.complete(path, len(LINES), len("    uses: "))
    assert set(SPECS) <= set(labels), sorted(set(SPECS) - set(labels))


def test_completion_offers_what_a_step_may_hold(server: LanguageServer, folder: Path) -> None:
    path = folder / "verbs.yaml"
    server.open(path, PLAYBOOK + "    \n")
    labels = server.complete(path, len(LINES), 4)
    assert {"uses", "approval", "ask", "notify", "wait", "foreach", "parallel", "switch", "run"} <= set(
        labels
    )


@pytest.mark.parametrize("action", ["blocklist.block_ip", "okta.suspend_user", "geoip.lookup"])
def test_completion_offers_an_actions_parameters(server: LanguageServer, folder: Path, action: str) -> None:
    path = folder / f"with-{action}.yaml"
    server.open(path, f"{PLAYBOOK}    uses: {action}\n    with:\n      \n")
    labels = server.complete(path, len(LINES) + 2, 6)
    assert {parameter.name for parameter in SPECS[action].parameters} <= set(labels)


def test_completion_offers_what_the_site_calls_its_own(server: LanguageServer, folder: Path) -> None:
    names = Names(
        groups=("db-owners",),
        rules=("our-rule",),
        playbooks=("our-playbook",),
        connections={"jira": ("tickets",)},
    )
    (folder / "site.json").write_text(schema_text(SPECS, names), encoding="utf-8")
    text = PLAYBOOK.replace("schema.json", "site.json")

    def offered(number: int, more: str) -> list[str]:
        path = folder / f"site-{number}.yaml"
        server.open(path, text + more + "\n")
        lines = (text + more).splitlines()
        return server.complete(path, len(lines) - 1, len(lines[-1]))

    assert offered(1, "    approval:\n      from: ") == ["db-owners"]
    assert offered(2, "    ask:\n      on_expiry:\n        escalate: ") == ["db-owners"]
    assert offered(3, "    run: ") == ["our-playbook"]
    assert offered(4, "    uses: jira.create_issue\n    with:\n      connection: ") == ["tickets"]
    assert offered(5, "tests:\n  - incident:\n      rules:\n        - ") == ["our-rule"]
    free = "    approval: {from: later, expires: 1h, question: May we?, releases: [x]}"
    assert server.open(folder / "free.yaml", text + free) == []  # what is offered binds nobody


def test_hover_over_an_action_shows_that_action_and_no_other(server: LanguageServer, folder: Path) -> None:
    path = folder / "one.yaml"
    server.open(path, PLAYBOOK.replace("  - id: next\n", ""))
    row = LINES.index("    uses: geoip.lookup")
    for column in (5, 12):
        shown = _plain(server.hover(path, row, column))
        assert [name for name in SPECS if name in shown] == ["geoip.lookup"]


def test_hover_says_what_each_key_is_for(server: LanguageServer, folder: Path) -> None:
    whole = PLAYBOOK.replace("  - id: next\n", "") + (
        "tests:\n  - name: a test\n    given: {who: {private: true}}\n"
        "    expect: {status: succeeded, path: [who]}\n"
    )
    path = folder / "keys.yaml"
    assert server.open(path, whole) == []
    lines = whole.splitlines()
    for word, said in (
        ("given", "granted, denied or expired"),
        ("status", "denied"),
        ("path", "the steps that ran"),
    ):
        row = next(index for index, line in enumerate(lines) if f"{word}:" in line)
        shown = _plain(server.hover(path, row, lines[row].index(f"{word}:") + 1))
        assert f"#### {word}" in shown
        assert said in shown


def test_hover_shows_what_an_action_and_its_parameter_are(server: LanguageServer, folder: Path) -> None:
    path = folder / "hover.yaml"
    server.open(path, PLAYBOOK.replace("  - id: next\n", ""))
    spec = SPECS["geoip.lookup"]
    row = LINES.index("    uses: geoip.lookup")
    assert spec.summary.rstrip(".") in _plain(server.hover(path, row, 12))
    said = spec.parameters[0].description.rstrip(".")
    assert said in _plain(server.hover(path, row + 2, 6))


@pytest.mark.parametrize(
    ("wrong", "line", "said"),
    [
        ("    uses: geoip.lokup\n    with: {ip: 192.0.2.1}\n", 0, "geoip.lookup"),
        ("    uses: geoip.lookup\n    with: {adress: 192.0.2.1}\n", 1, "adress"),
        ("    usess: geoip.lookup\n", 0, "usess"),
        ("    notify: {tier: hihg, text: Hello}\n", 0, "critical"),
    ],
)
def test_a_typo_is_marked_where_it_stands(
    server: LanguageServer, folder: Path, wrong: str, line: int, said: str
) -> None:
    path = folder / f"typo-{abs(hash(wrong))}.yaml"
    found = server.open(path, PLAYBOOK + wrong)
    assert found
    lines = {one["range"]["start"]["line"] for one in found}
    assert len(LINES) + line in lines, found
    assert any(said in one["message"] for one in found), found


def _plain(markdown: str) -> str:
    return markdown.replace("\\", "").replace("&nbsp;", " ")
