"""The library on a site: adapted to the vendors it has, idle where it has none."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from pathlib import Path

import yaml

from integrations.catalogue import actions
from integrations.opensearch.query_fields import check_fields
from playbooks.engine import inputs_of
from playbooks.rehearsal import coverage, rehearse_all
from playbooks.steps import WaitStep
from tests.playbooks.conftest import incident
from workers.playbook_files import PlaybookSet, PlaybookShelf, playbooks_of, read_playbooks
from workers.settings import Settings, load_settings

CATALOGUE = {action.spec.name: action.spec for action in actions()}
ENTRA = {
    "okta.lookup_user": "entra.lookup_user",
    "okta.clear_sessions": "entra.revoke_sessions",
    "okta.expire_password": "ldap.reset_password",
    "okta.suspend_user": "entra.disable_user",
}


def read(**given: object) -> PlaybookSet:
    return read_playbooks([], CATALOGUE, **given)  # type: ignore[arg-type]


@cache
def the_library() -> PlaybookSet:
    return read()


def uses(known: PlaybookSet) -> set[str]:
    return {name for _, playbook in known.playbooks for name in playbook.actions}


def test_a_file_that_is_no_utf8_is_told_with_its_place_and_keeps_no_other_out(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("name: gr\u00fc\u00dfe\n".encode("latin-1"))
    right = "\ufeffname: tell\ndescription: x\non: {command: true}\nsteps: [{id: a, notify: {text: b}}]\n"
    (tmp_path / "right.yaml").write_text(right, encoding="utf-8")
    known = read_playbooks([tmp_path], CATALOGUE, library=False)
    assert [playbook.name for _, playbook in known.playbooks] == ["tell"]
    (fault,) = known.faults
    assert "latin.yaml:1:9: this byte is no UTF-8" in fault
    assert "save the file as UTF-8 text" in fault


def test_without_connections_only_what_needs_none_starts() -> None:
    known = read(connections=())
    assert {"contain-ssh-breach", "confirm-root-login", "stop-password-spray"} <= {
        playbook.name for _, playbook in known.starting
    }
    assert known.idle["check-impossible-travel"] == "needs a connection of kind okta"
    assert (
        known.idle["contain-lateral-movement"] == "needs a connection of kind ldap and one of kind microsoft"
    )
    assert "impossible-travel" not in known.alert_rules
    assert known.started_by("phishing-reported") == []


def test_with_its_connection_a_playbook_starts() -> None:
    known = read(connections=("okta", "microsoft"))
    assert "check-impossible-travel" not in known.idle
    assert {"impossible-travel", "mfa-fatigue"} <= known.alert_rules
    assert known.started_by("phishing-reported") == ["handle-phishing-mail"]


def test_an_idle_playbook_is_still_there_for_people() -> None:
    assert read(connections=()).named("contain-malware") is not None


def test_a_step_that_it_goes_on_without_needs_no_connection() -> None:
    """contain-ransomware looks the machine up with on_error: continue, but must isolate it."""
    known = read(connections=(), instead={"microsoft.isolate_host": "anysecura.isolate_host"})
    assert known.idle["contain-ransomware"] == "needs a connection of kind anysecura"


def test_the_library_uses_what_the_site_has_instead() -> None:
    known = read(connections=("microsoft", "ldap"), instead=ENTRA)
    assert known.faults == ()
    assert not uses(known) & set(ENTRA)
    assert {"entra.disable_user", "ldap.reset_password"} <= uses(known)
    assert "check-impossible-travel" not in known.idle
    found = known.named("check-impossible-travel")
    assert found is not None
    done = rehearse_all(found[1], CATALOGUE)
    assert [one.faults for one in done if not one.passed] == []
    assert coverage(found[1], done).missing == ()


def test_every_action_of_the_library_is_replaced_wherever_it_stands() -> None:
    """Each by itself under another name, so that nothing else is wrong with the playbooks."""
    there = uses(the_library())
    other = {name: name.replace(".", ".other_") for name in there}
    stand_ins = {new: CATALOGUE[name].model_copy(update={"name": new}) for name, new in other.items()}
    known = read_playbooks([], {**CATALOGUE, **stand_ins}, instead=other)
    assert known.faults == ()
    assert uses(known) == set(stand_ins)


def test_of_the_library_only_what_is_named_starts_and_what_that_runs_is_there() -> None:
    known = read(library=("scan-malware",), connections=("microsoft",))
    assert known.faults == ()
    assert {playbook.name for _, playbook in known.playbooks} == {"scan-malware", "contain-malware"}
    assert [playbook.name for _, playbook in known.starting] == ["scan-malware"]
    assert known.alert_rules == {"malware-found"}
    assert read(library=False).playbooks == ()


def test_a_misspelt_playbook_of_the_library_is_a_fault() -> None:
    known = read(library=("contain-malwear",))
    assert known.playbooks == ()
    assert known.faults == (
        "siem.yaml: playbooks: library: there is no playbook 'contain-malwear' in it; "
        "did you mean 'contain-malware'?",
    )


def test_what_the_page_on_playbooks_says_instead_works() -> None:
    page = (resources.files("playbooks") / "README.md").read_text(encoding="utf-8")
    _, said, *_ = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    known = read(instead=yaml.safe_load(said)["playbooks"]["instead"])
    assert known.faults == ()
    assert "okta.suspend_user" not in uses(known)


def test_the_bodies_of_webhooks_are_what_the_playbooks_take() -> None:
    page = (resources.files("playbooks") / "library" / "README.md").read_text(encoding="utf-8")
    said = {
        found[1]: json.loads(found[2])
        for found in re.finditer(r"^\| `([^`]+)` \| `(\{[^`]+\})`", page, re.MULTILINE)
    }
    library = [playbook for _, playbook in the_library().playbooks]
    waited = {
        step.wait.webhook: set(step.wait.where)
        for playbook in library
        for step in playbook.every_step
        if isinstance(step, WaitStep) and step.wait.webhook is not None
    }
    started = {one.on.webhook: one for one in library if one.on.webhook is not None}
    assert set(said) == {*started, *waited}
    for name, fields in waited.items():
        assert set(said[name]) == fields
    for name, playbook in started.items():
        inputs, faults = inputs_of(playbook, incident(), {}, payload=said[name])
        assert faults == []
        assert set(said[name].values()) == set(inputs.values())


def test_what_stands_in_for_what_is_true() -> None:
    """The table of the library's page: each column of it at once, checked and rehearsed."""
    page = (resources.files("playbooks") / "library" / "README.md").read_text(encoding="utf-8")
    rows = {
        found[1]: re.findall(r"`([^`]+)`", found[2])
        for found in re.finditer(r"^\| `(\w+\.\w+)` \| (.+) \|$", page, re.MULTILINE)
    }
    assert len(rows) > 10
    assert set(rows) <= uses(the_library())
    for column in range(max(map(len, rows.values()))):
        instead = {there: others[column % len(others)] for there, others in rows.items()}
        known = read(instead=instead)
        assert known.faults == ()
        by_name = {playbook.name: playbook for _, playbook in known.playbooks}
        for playbook in by_name.values():
            done = rehearse_all(playbook, CATALOGUE, by_name)
            assert [(playbook.name, one.case, one.faults) for one in done if not one.passed] == []


def test_what_the_library_waits_for_are_fields_that_events_have() -> None:
    waits = [
        (playbook.name, step.wait.event)
        for _, playbook in the_library().playbooks
        for step in playbook.every_step
        if isinstance(step, WaitStep) and step.wait.event is not None
    ]
    assert len(waits) >= 4
    for _, query in waits:
        check_fields(re.sub(r"\{\{.*?\}\}", "x", query, flags=re.DOTALL))


def test_a_misspelt_action_is_a_fault_that_names_its_place() -> None:
    known = read(instead={"okta.suspend_user": "entra.disable_usr"})
    assert known.faults[0] == (
        "siem.yaml: playbooks: instead: there is no action 'entra.disable_usr'; "
        "did you mean 'entra.disable_user'?"
    )


def test_an_action_of_another_kind_is_a_fault_of_the_playbook() -> None:
    known = read(instead={"okta.suspend_user": "geoip.lookup"})
    assert any("geoip.lookup" in fault and "library/" in fault for fault in known.faults)


def settings(folder: Path) -> Settings:
    (folder / "playbooks").mkdir()
    (folder / "siem.yaml").write_text(
        "guard: {hosts: [dc-1]}\n"
        "playbooks: {instead: {okta.suspend_user: entra.disable_user}}\n"
        "connections: {ms: {kind: microsoft}}\n"
    )
    return load_settings(folder / "siem.yaml")


def test_a_site_says_so_in_its_file(tmp_path: Path) -> None:
    known = playbooks_of(settings(tmp_path), CATALOGUE)
    assert "okta.suspend_user" not in uses(known)
    assert known.idle["check-impossible-travel"] == "needs a connection of kind okta"
    assert "contain-malware" not in known.idle


def test_a_shelf_reads_anew_only_what_changed(tmp_path: Path) -> None:
    shelf = PlaybookShelf(settings(tmp_path), CATALOGUE)
    first = shelf()
    assert shelf() is first
    found = the_library().named("stop-password-spray")
    assert found is not None
    own = tmp_path / "playbooks" / "own.yaml"
    own.write_text(found[0].text.replace("name: stop-password-spray", "name: stop-spray"))
    assert shelf().named("stop-spray") is not None
    own.write_text(own.read_text().replace("for: 24h", "for: a day"))
    assert shelf().named("stop-spray") is None
    assert any("own.yaml" in fault for fault in shelf().faults)
    own.unlink()
    assert shelf() == first


def test_a_site_s_own_playbook_is_never_idle(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    found = the_library().named("check-impossible-travel")
    assert found is not None
    (tmp_path / "playbooks" / "travel.yaml").write_text(found[0].text)
    assert "check-impossible-travel" not in playbooks_of(chosen, CATALOGUE).idle
