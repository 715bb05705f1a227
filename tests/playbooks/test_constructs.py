"""The constructs beside plain steps: parallel, foreach, switch, retry, on_error, finally, automatic."""

from __future__ import annotations

from playbooks.commands import Call, Contain, Decided, Failed, Notify, Outcome, Succeeded, Wait
from tests.playbooks.conftest import drive, incident
from tests.playbooks.test_engine import HEAD

PARALLEL = (
    HEAD
    + """
steps:
  - id: both
    parallel:
      left:
        - id: geo
          uses: geo.lookup
          with: {ip: "{{ inputs.ip }}"}
        - id: note
          notify: {text: "in {{ steps.geo.country }}"}
      right:
        - id: ticket
          uses: desk.open_ticket
          with: {title: "{{ incident.title }}", watchers: "{{ incident.entities.user }}"}
  - id: tell
    notify: {text: "{{ steps.geo.country }}, ticket {{ steps.ticket.number }}"}
"""
)


def test_branches_are_asked_for_together_and_meet_again() -> None:
    for last_first in (False, True):
        driven = drive(PARALLEL, last_first=last_first)
        assert set(driven.ids[:2]) == {"geo", "ticket"}
        assert driven.ids[-1] == "tell"
        assert isinstance(driven.commands[-1], Notify)
        assert driven.commands[-1].text == "Germany, ticket 7"
        assert driven.result.status == "succeeded"
        assert driven.statuses["both"] == "succeeded"


def test_a_branch_that_fails_lets_the_others_end_first() -> None:
    driven = drive(PARALLEL, said={"ticket": Failed(reason="the desk is closed")})
    assert driven.statuses["note"] == "succeeded"
    assert driven.statuses["both"] == "failed"
    assert driven.statuses["tell"] == "skipped"
    assert driven.result.reason == "ticket failed: the desk is closed"


EACH = """
name: test
description: A test.
on: {incident: {rules: [ssh-breach]}}
inputs:
  ips: {type: list, items: ip, from: incident.entities.ip}
steps:
  - id: each
    foreach:
      in: "{{ inputs.ips }}"
      as: address
      concurrency: 2
      max: 4
      steps:
        - id: who
          uses: geo.lookup
          with: {ip: "{{ address }}"}
        - id: ask
          approval: {from: responders, expires: 5m, question: "Block {{ address }}?", releases: [block]}
        - id: block
          uses: wall.block_ip
          with: {ip: "{{ address }}"}
          for: 1h
        - id: done
          notify: {text: "{{ index + 1 }}: {{ address }} until {{ steps.block.until }}"}
  - id: tell
    notify: {text: "{{ steps.each.count }} handled"}
"""
THREE = incident("ip:203.0.113.1", "ip:203.0.113.2", "ip:203.0.113.3")


def test_each_item_has_its_own_question_and_block() -> None:
    driven = drive(EACH, THREE)
    blocks = [command for command in driven.commands if isinstance(command, Contain)]
    assert [(block.id, block.action.step, block.action.target, block.approval) for block in blocks] == [
        (f"block[{n}]", f"block[{n}]", f"203.0.113.{n + 1}", f"ask[{n}]") for n in range(3)
    ]
    assert len(driven.ids) == len(set(driven.ids)) == 13
    assert isinstance(driven.commands[-1], Notify)
    assert driven.commands[-1].text == "3 handled"


def test_no_more_items_run_at_once_than_allowed() -> None:
    driven = drive(EACH, THREE)
    assert driven.ids[:2] == ["who[0]", "who[1]"]
    assert driven.ids.index("who[2]") > driven.ids.index("block[0]")


def test_one_denial_denies_one_item() -> None:
    said: dict[str, Outcome] = {"ask[1]": Decided(decision="denied", digest="-", by=("U0BOB",))}
    driven = drive(EACH, THREE, said=said)
    assert {key: status for key, status in driven.statuses.items() if key.startswith("block")} == {
        "block[0]": "succeeded", "block[1]": "skipped", "block[2]": "succeeded",
    }  # fmt: skip
    assert driven.statuses["done[1]"] == "skipped"
    assert driven.result.status == "denied"


def test_too_many_items_are_refused_before_any_is_looked_at() -> None:
    many = incident(*(f"ip:203.0.113.{number}" for number in range(5)))
    driven = drive(EACH, many)
    assert driven.ids == []
    assert "5 items, at most 4" in driven.result.reason


def test_no_items_are_no_failure() -> None:
    driven = drive(EACH.replace("from: incident.entities.ip", "required: false"), incident("user:alice"))
    assert driven.ids == ["tell"]
    assert driven.result.status == "succeeded"


SWITCH = (
    HEAD
    + """
steps:
  - id: who
    uses: geo.lookup
    with: {ip: "{{ inputs.ip }}"}
  - id: choose
    switch:
      value: "{{ steps.who.country }}"
      cases:
        Germany:
          - id: home
            notify: {text: at home}
        France:
          - id: near
            notify: {text: near}
      default:
        - id: far
          notify: {text: far}
  - id: tell
    notify: {text: "{{ steps.choose.case }} {{ steps.home.outcome }}"}
"""
)


def test_one_case_runs() -> None:
    assert drive(SWITCH).ids == ["who", "home", "tell"]
    driven = drive(SWITCH, said={"who": Succeeded(result={"country": "Peru", "asn": 1})})
    assert driven.ids == ["who", "far", "tell"]
    assert isinstance(driven.commands[-1], Notify)
    assert driven.commands[-1].text == "Peru skipped"


RETRY = (
    HEAD
    + """
steps:
  - id: who
    uses: geo.lookup
    with: {ip: "{{ inputs.ip }}"}
    timeout: 5s
    retry: {attempts: 3, every: 30s}
    ON_ERROR
  - id: tell
    notify: {text: "{{ steps.who.outcome }} {{ steps.who.error }}"}
"""
)


def test_what_fails_is_tried_again_after_a_pause() -> None:
    away = Failed(reason="away")
    driven = drive(RETRY.replace("ON_ERROR", ""), said={"who": away})
    assert driven.ids == ["who", "who#pause1", "who#2", "tell"]
    assert isinstance(driven.commands[0], Call)
    assert isinstance(driven.commands[1], Wait)
    assert driven.commands[0].seconds == 5
    assert driven.commands[1].seconds == 30
    driven = drive(RETRY.replace("ON_ERROR", ""), said={"who": away, "who#2": away, "who#3": away})
    assert driven.ids[-1] == "who#3"
    assert driven.result.reason == "who failed: away"


def test_a_refusal_is_not_tried_again() -> None:
    driven = drive(RETRY.replace("ON_ERROR", ""), said={"who": Failed(reason="no", kind="refused")})
    assert driven.ids == ["who"]


def test_an_error_can_be_gone_on_from() -> None:
    away = Failed(reason="away", kind="timeout")
    said: dict[str, Outcome] = {"who": away, "who#2": away, "who#3": away}
    driven = drive(RETRY.replace("ON_ERROR", "on_error: continue"), said=said)
    assert isinstance(driven.commands[-1], Notify)
    assert driven.commands[-1].text == "failed timeout: away"
    assert driven.result.status == "succeeded"


def test_an_error_can_have_steps_of_its_own() -> None:
    steps = "on_error: [{id: instead, notify: {text: 'no answer: {{ steps.who.error }}'}}]"
    away = Failed(reason="away")
    driven = drive(RETRY.replace("ON_ERROR", steps), said={"who": away, "who#2": away, "who#3": away})
    assert driven.ids[-2:] == ["instead", "tell"]
    assert driven.result.status == "succeeded"
    driven = drive(RETRY.replace("ON_ERROR", steps))
    assert driven.ids == ["who", "tell"]


FINALLY = (
    HEAD
    + """
steps:
  - id: who
    uses: geo.lookup
    with: {ip: "{{ inputs.ip }}"}
  - id: tell
    notify: {text: hello}
finally:
  - id: close
    notify: {text: "it {{ steps.who.outcome }}"}
"""
)


def test_finally_runs_however_it_went() -> None:
    assert drive(FINALLY).ids == ["who", "tell", "close"]
    driven = drive(FINALLY, said={"who": Failed(reason="away")})
    assert driven.ids == ["who", "close"]
    assert driven.result.status == "failed"
    assert driven.result.reason == "who failed: away"


AUTOMATIC = (
    HEAD
    + """
steps:
  - id: block
    if: "{{ incident.severity == 'critical' }}"
    uses: wall.block_ip
    with: {ip: "{{ inputs.ip }}"}
    for: 1h
    automatic: {reason: The address is on our own honeypot., max_per_hour: 3}
"""
)


def test_an_automatic_containment_carries_its_bound_and_no_approval() -> None:
    driven = drive(AUTOMATIC, incident(severity="critical"))
    (block,) = driven.commands
    assert isinstance(block, Contain)
    assert (block.approval, block.max_per_hour) == (None, 3)
    assert drive(AUTOMATIC).ids == []


def test_a_result_that_is_no_such_value_fails_the_step_in_words() -> None:
    text = (
        HEAD
        + """
steps:
  - id: who
    uses: geo.lookup
    with: {ip: "{{ inputs.ip }}"}
  - id: again
    uses: geo.lookup
    with: {ip: "{{ steps.who.country }}"}
"""
    )
    driven = drive(text, said={"who": Succeeded(result={"country": "10 MB " * 1000})})
    assert driven.ids == ["who"]
    assert driven.result.reason.startswith("again failed: ip: '10 MB")
    assert len(driven.result.reason) < 200


def test_outputs_are_typed_and_left_out_of_a_run_that_was_denied_them() -> None:
    text = (
        EACH[: EACH.index("steps:")]
        + """
steps:
  - id: each
    foreach: {in: "{{ inputs.ips }}", steps: [{id: who, uses: geo.lookup, with: {ip: "{{ item }}"}}]}
outputs:
  count: "{{ steps.each.count }}"
  where: "{{ steps.each.results }}"
"""
    )
    outputs = drive(text, THREE).result.outputs
    assert outputs["count"] == 3
    assert outputs["where"][2]["who"]["country"] == "Germany"


def test_a_large_result_is_read_by_expressions_but_not_carried_along() -> None:
    text = (
        HEAD
        + """
steps:
  - id: who
    uses: geo.lookup
    with: {ip: "{{ inputs.ip }}"}
  - id: tell
    notify: {text: "{{ steps.who.country | length }}"}
"""
    )
    driven = drive(text, said={"who": Succeeded(result={"country": "x" * 50_000, "asn": 1})})
    assert isinstance(driven.commands[-1], Notify)
    assert driven.commands[-1].text == "50000"
    assert len(driven.result.model_dump_json()) < 1_000
    assert "not kept here" in driven.result.steps[0].detail
