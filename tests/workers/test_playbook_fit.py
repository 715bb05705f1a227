"""What a playbook names and its site does not have is told with its place, before the night it is needed."""

from __future__ import annotations

import pytest

from integrations.catalogue import actions
from playbooks.schema import Names
from workers.playbook_files import PlaybookFile, library_files
from workers.playbook_fit import Misfits, misfits, names_of
from workers.settings import Settings, load_settings

CATALOGUE = {action.spec.name: action.spec for action in actions()}
SITE = """
approvers: {responders: [U0ALICE], on-call-leads: [U0CAROL]}
guard: {networks: [10.0.0.0/8]}
connections: {tickets: {kind: jira, url: "https://example.atlassian.net", user: a, token_env: T}}
webhooks: {leaver: {token_env: LEAVER}}
"""
PLAYBOOK = """
name: stop-reading
description: Somebody reads very many rows.
on: {alert: {rules: [database-bulk-read]}}
inputs: {user: {type: user, from: alert.entities.user}}
steps:
  - id: each
    foreach:
      in: ["{{ inputs.user }}"]
      steps:
        - id: ask
          approval:
            from: responders
            expires: 30m
            on_expiry: {escalate: on-call-leads}
            question: Lock the role?
            releases: [lock]
        - {id: lock, uses: postgresql.lock_role, with: {user: "{{ item }}"}, for: 8h}
  - {id: ticket, uses: jira.create_issue, with: {title: Somebody read}}
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("site")
    (folder / "siem.yaml").write_text(SITE, encoding="utf-8")
    return load_settings(folder / "siem.yaml")


@pytest.fixture(scope="module")
def names(settings: Settings) -> Names:
    return names_of(settings)


def look(settings: Settings, names: Names, text: str) -> Misfits:
    return misfits(PlaybookFile("p.yaml", text), settings, names, CATALOGUE)


def test_what_the_site_has_is_no_fault_and_what_it_lacks_a_note(settings: Settings, names: Names) -> None:
    found = look(settings, names, PLAYBOOK)
    assert found.faults == ()
    (note,) = found.notes  # jira is there, postgresql is not
    assert (note.line, note.column) == (18, 28)
    assert "no connection of kind postgresql" in note.message
    assert "siem connections setup postgresql" in note.hint


@pytest.mark.parametrize(
    ("right", "wrong", "said", "hint"),
    [
        ("from: responders", "from: respondrs", "no group 'respondrs'", "did you mean 'responders'?"),
        (
            "from: responders",
            "from: db-owners",
            "no group 'db-owners'",
            "on-call-leads, responders; or write",
        ),
        (
            "escalate: on-call-leads",
            "escalate: bosses",
            "no group 'bosses'",
            "approvers: {bosses: [U0ALICE]}",
        ),
        (
            "[database-bulk-read]",
            "[databse-bulk-read]",
            "no rule 'databse-bulk-read'",
            "'database-bulk-read'",
        ),
    ],
)
def test_a_name_that_nobody_has_is_a_fault_at_its_place(
    settings: Settings, names: Names, right: str, wrong: str, said: str, hint: str
) -> None:
    text = PLAYBOOK.replace(right, wrong)
    (fault,) = look(settings, names, text).faults
    assert said in fault.message
    assert hint in fault.hint
    place = text.splitlines()[fault.line - 1]
    assert fault.source == place
    assert place[fault.column - 1 :].startswith(wrong.partition(": ")[2] or wrong.strip("[]"))


def test_a_webhook_is_closed_until_siem_yaml_names_it(settings: Settings, names: Names) -> None:
    hooked = "{webhook: leavers}"
    text = PLAYBOOK.replace("{alert: {rules: [database-bulk-read]}}", hooked)
    assert "webhooks: {leavers:" in look(settings, names, text).notes[0].hint
    assert len(look(settings, names, text.replace("leavers", "leaver")).notes) == 1


@pytest.mark.parametrize("file", library_files(), ids=lambda file: file.path)
def test_the_library_names_rules_and_groups_that_there_are(
    settings: Settings, names: Names, file: PlaybookFile
) -> None:
    assert look(settings, names, file.text).faults == ()
