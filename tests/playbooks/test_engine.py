"""The engine: the order of steps, what an approval releases, and what happens when things go wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.commands import Ask, Completed, Contain, Decided, Failed, Notify, Succeeded
from playbooks.engine import digest_of, inputs_of, run
from playbooks.model import load_playbook
from playbooks.strands import UnexpectedOutcomeError
from tests.playbooks.conftest import CATALOGUE, drive, incident

HEAD = """
name: test
description: A test.
on: {incident: {rules: [ssh-breach]}}
inputs:
  ip: {type: ip, from: incident.entities.ip}
"""
BREACH = (
    HEAD
    + """
steps:
  - id: who
    uses: geo.lookup
    with: {ip: "{{ inputs.ip }}"}
  - id: ask
    approval:
      from: responders
      expires: 15m
      on_expiry: {escalate: leads}
      question: "Block {{ inputs.ip }} ({{ steps.who.country }})?"
      releases: [block]
  - id: block
    uses: wall.block_ip
    with: {ip: "{{ inputs.ip }}"}
    for: 24h
  - id: tell
    notify: {tier: high, text: "{{ inputs.ip }} is blocked until {{ steps.block.until }}"}
  - id: close
    notify: {text: "{{ incident.id }} was handled: {{ steps.ask.decision }}"}
"""
)


def test_a_granted_approval_releases_exactly_what_was_asked() -> None:
    driven = drive(BREACH)
    assert driven.ids == ["who", "ask", "block", "tell", "close"]
    ask, block = driven.commands[1], driven.commands[2]
    assert isinstance(ask, Ask)
    assert isinstance(block, Contain)
    assert ask.question == "Block 203.0.113.7 (Germany)?"
    assert (ask.approvers, ask.quorum, ask.seconds, ask.escalate) == ("responders", 1, 900, "leads")
    assert ask.releases == (block.action,)
    assert ask.digest == digest_of((block.action,)) == block.digest
    assert block.approval == "ask"
    assert block.action.params == {"ip": "203.0.113.7", "list": "default"}
    assert (block.action.target, block.action.seconds) == ("203.0.113.7", 86400)
    assert driven.result.status == "succeeded"


@pytest.mark.parametrize("decision", ["denied", "expired"])
def test_what_is_not_granted_releases_nothing_and_the_rest_still_runs(decision: str) -> None:
    driven = drive(BREACH, decision=decision)
    assert driven.ids == ["who", "ask", "close"]
    assert driven.statuses == {
        "who": "succeeded", "ask": decision, "block": "skipped", "tell": "skipped", "close": "succeeded",
    }  # fmt: skip
    assert driven.result.status == "denied"
    assert driven.result.reason.startswith("ask ")
    notice = driven.commands[-1]
    assert isinstance(notice, Notify)
    assert notice.text == f"inc-abcdefgh was handled: {decision}"


def test_a_decision_about_another_digest_releases_nothing() -> None:
    said = {"ask": Decided(decision="granted", digest="0" * 64)}
    driven = drive(BREACH, said=said)
    assert driven.ids == ["who", "ask"]
    assert driven.result.status == "failed"


def test_an_answer_that_is_no_decision_releases_nothing() -> None:
    driven = drive(BREACH, said={"ask": Succeeded(result={"decision": "granted"})})
    assert driven.ids == ["who", "ask"]
    assert driven.result.status == "failed"


def test_a_failed_step_ends_the_run_and_skips_what_is_left() -> None:
    driven = drive(BREACH, said={"block": Failed(reason="10.0.0.1 is protected", kind="refused")})
    assert driven.statuses["block"] == "failed"
    assert driven.statuses["tell"] == driven.statuses["close"] == "skipped"
    assert driven.result.reason == "block failed: refused: 10.0.0.1 is protected"


def test_an_address_that_is_none_never_becomes_a_question() -> None:
    facts = incident("ip:evil.example")
    playbook = load_playbook("test.yaml", BREACH, CATALOGUE)
    inputs, faults = inputs_of(playbook, facts, {})
    assert inputs == {}
    assert faults == ["input ip: 'evil.example' is no IP address or network"]


def test_an_outcome_nobody_waits_for_is_the_drivers_fault() -> None:
    playbook = load_playbook("test.yaml", BREACH, CATALOGUE)
    engine = run(playbook, incident(), {"ip": "203.0.113.7"}, CATALOGUE)
    next(engine)
    with pytest.raises(UnexpectedOutcomeError):
        engine.send(Completed(id="block", outcome=Succeeded()))


TRUSTING = (
    HEAD
    + """
steps:
  - id: who
    uses: geo.lookup
    with: {ip: "{{ inputs.ip }}"}
  - id: ticket
    uses: desk.open_ticket
    with: {title: "{{ steps.who.country }}", watchers: "{{ steps.who.asn | default([]) }}"}
    on_error: continue
  - id: ask
    approval: {from: responders, expires: 5m, question: "{{ steps.who }}", releases: [block]}
  - id: block
    uses: wall.block_ip
    with: {ip: "{{ inputs.ip }}", list: "{{ steps.who.country }}"}
    for: "{{ steps.who.asn }}"
  - id: tell
    notify: {text: "{{ steps.who.country ~ steps.who.asn }} {{ steps.ticket.error }}"}
"""
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30)
    | st.sampled_from(["24h", "\ud800", "x" * 20_000, "{{ incident.id }}", "{% raw %}", 10**400]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(ANYTHING, ANYTHING)
def test_no_result_breaks_the_run_or_gets_past_the_question(country: object, asn: object) -> None:
    driven = drive(TRUSTING, said={"who": Succeeded(result={"country": country, "asn": asn})})
    assert driven.result.status in {"succeeded", "failed"}
    assert len(driven.result.model_dump_json()) < 1_000_000
    for number, command in enumerate(driven.commands):
        command.model_dump_json()
        if isinstance(command, Contain):
            asked = driven.commands[number - 1]
            assert isinstance(asked, Ask)
            assert asked.releases == (command.action,)
