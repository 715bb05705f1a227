# ruff: noqa: E501  a case is one line
"""What the check of a playbook refuses, where it points, and what it says to write instead."""

from __future__ import annotations

import pytest

from playbooks.faults import PlaybookFault
from playbooks.model import PlaybookError, load_playbook
from tests.playbooks.conftest import CATALOGUE
from tests.playbooks.test_engine import BREACH, HEAD

SAFE = (
    HEAD
    + """
steps:
  - id: who
    uses: geo.lookup
    with: {ip: "{{ inputs.ip }}"}
"""
)


def faults_of(text: str) -> list[PlaybookFault]:
    with pytest.raises(PlaybookError) as error:
        load_playbook("p.yaml", text, CATALOGUE)
    return list(error.value.faults)


def check(text: str, piece: str, hint: str = "", *, only: bool = True) -> PlaybookFault:
    """Assert that there is one fault that says `piece`, pointing at «…» in the text, and hints `hint`."""
    marked = text.index("«")
    line = text.count("\n", 0, marked)
    column = marked - (text.rfind("\n", 0, marked) + 1)
    found = faults_of(text.replace("«", "").replace("»", ""))
    said = [fault for fault in found if piece in fault.message]
    assert len(said) == 1, "\n".join(map(str, found))
    if only:
        assert len(found) == 1, "\n".join(map(str, found))
    fault = said[0]
    assert (fault.line, fault.column) == (line + 1, column + 1), str(fault)
    assert hint in fault.hint, str(fault)
    return fault


def test_the_design_playbook_passes() -> None:
    playbook = load_playbook("p.yaml", BREACH, CATALOGUE)
    assert playbook.actions == ("geo.lookup", "wall.block_ip")


@pytest.mark.parametrize(
    ("text", "piece", "hint"),
    [
        # keys
        (SAFE + "«stepz»: []", "unknown key 'stepz'", "did you mean 'steps'"),
        (SAFE + "    «wiht»: {}", "unknown key 'wiht'", "did you mean 'with'"),
        (SAFE + "  - id: x\n    «notfy»: {text: hi}", "unknown key 'notfy'", "did you mean 'notify'"),
        (SAFE + "  - id: x\n    notify: {«txt»: a, text: b}", "unknown key 'txt'", "did you mean 'text'"),
        (SAFE + "«automatic»: {reason: x}", "unknown key 'automatic'", "at the containment step"),
        (SAFE + "  - «id»: x", "the step does nothing", "give it one of"),
        (SAFE + "  - id: x\n    wait: 1m\n    notify: «{»text: a}", "a step does one thing", "two steps"),
        (SAFE + "  - «just text»", "a step is a mapping", ""),
        (SAFE + "  - «notify»: {text: a}", "id is missing", "give the step a short name"),
        (SAFE.replace("id: who", "id: «Who»"), "'Who' is no name", "small letters"),
        (SAFE.replace("rules: [ssh-breach]", "severity: «hi»"), "'hi' is not one of", "did you mean 'high'"),
        (HEAD + "steps: «[]»", "this is empty", "at least one"),
        (SAFE.replace("rules: [ssh-breach]", "rules: «ssh-breach»"), "expected a list", "[ssh-breach]"),
        (SAFE + "  - id: x\n    notify: «hello»", "expected a mapping, this is a text", "notify: {tier: medium, text: …}"),
        (BREACH.replace("expires: 15m", "expires: «90d»"), "'90d' is too much; the most is 30d", ""),
        (SAFE + "  - id: x\n    ask: {from: a, expires: 1h, question: b, answers: {c: «{»type: text}}}",
         "label is missing", "what people read"),
        # what other tools call it
        (SAFE + "  - id: x\n    «when»: \"{{ inputs.ip is defined }}\"\n    wait: 1m", "unknown key 'when'", "called 'if'"),
        (SAFE + "  - id: x\n    notify: {text: a, «message»: b}", "unknown key 'message'", "called 'text'"),
        (BREACH.replace("expires: 15m", "expires: 15m\n      «timeout»: 5m"), "unknown key 'timeout'", "called 'expires'"),
        (SAFE.replace("{type: ip, from: incident.entities.ip}", "«incident.entities.ip»"), "expected a mapping", "{type: ip, from: incident.entities.ip}"),
        (SAFE + '  - id: x\n    notify: {text: "{{ «ip» }}"}', "there is no 'ip' here", "write inputs.ip"),
        (SAFE + '  - id: x\n    notify: {text: "{{ «who.country» }}"}', "there is no 'who' here", "write steps.who.country"),
        # YAML's traps
        (SAFE + "  - id: «y»\n    wait: 1m", "'y' is read as true by some", '"y" in quotes'),
        (SAFE + "«name»: again", "'name' is given twice, first in line 2", "keep one"),
        (SAFE + "  - id: x\n    if: «yes»\n    wait: 1m", "'yes' is read as true by some", "write true"),
        (SAFE + "  - id: x\n    wait: «010»", "octal", "quotes"),
        (SAFE + "  - id: x\n    wait: «1:30»", "base of sixty", "quotes"),
        (SAFE + "  - id: x\n    wait: «1_000»", "separators", "quotes"),
        (SAFE + "  - id: x\n    wait: «2026-01-01»", "is no duration", ""),
        (SAFE + "  - id: x\n    notify: {text: {«{» x }}}", "a key must be a word", "in quotes"),
        (SAFE + "  - id: x\n    notify: «&a» {text: a}", "anchors", "spell it out"),
        # actions
        (SAFE.replace("geo.lookup", "«geo.lokup»"), "no action 'geo.lokup'", "did you mean 'geo.lookup'"),
        (SAFE.replace('{ip: "{{ inputs.ip }}"}', "{}").replace("geo.l", "«geo.l"), "needs ip", "The address."),
        (SAFE.replace("{ip:", "{«ipp»: a, ip:"), "no parameter 'ipp'", "did you mean 'ip'"),
        (SAFE.replace('"{{ inputs.ip }}"', "«evil.example»"), "is no IP address", ""),
        (SAFE.replace('"{{ inputs.ip }}"', "«5»"), "is no text", ""),
        (SAFE.replace('"{{ inputs.ip }}"', '«"{{ incident.entities.ip }}"»'), "takes ip, this is list", "foreach"),
        (SAFE + "    «for»: 1h", "for is for containments", "leave it out"),
        (SAFE + "    retry: {attempts: «1»}", "1 is too little; the least is 2", ""),
        # expressions
        (SAFE + '  - id: x\n    notify: {text: "«{{» a b }}"}', "this is no expression", ""),
        (SAFE + '  - id: x\n    notify: {text: «"{% if a %}"»}', "statements", ""),
        (SAFE + '  - id: x\n    notify: {text: "{{ «input.ip» }}"}', "no 'input' here", "did you mean 'inputs'"),
        (SAFE + '  - id: x\n    notify: {text: "{{ «inputs.op» }}"}', "no inputs.op", "ip"),
        (SAFE + '  - id: x\n    notify: {text: "{{ «incident.titel» }}"}', "incident.titel", "'title'"),
        (SAFE + '  - id: x\n    notify: {text: "{{ «incident.entities.ips» }}"}', "entities.ips", "'ip'"),
        (SAFE + '  - id: x\n    notify: {text: "{{ «steps.who.contry» }}"}', "gives no 'contry'", "'country'"),
        (SAFE + '  - id: x\n    notify: {text: "{{ «steps.how.country» }}"}', "no step 'how'", "'who'"),
        (SAFE + '  - id: x\n    notify: {text: "{{ «steps.later.outcome» }}"}\n  - id: later\n    wait: 1m',
         "has not run yet", "before this one"),
        # ifs
        (SAFE + "    if: «true»", "always the same", "write an expression"),
        (SAFE + "    if: «\"{{ 1 == 1 }}\"»", "always the same", "leave the if out"),
        (SAFE + "    if: «inputs.ip == '1.1.1.1'»", "always the same", "if: \"{{ inputs.ip == '1.1.1.1' }}\""),
        (SAFE + "    if: «\"{{ inputs.ip }} == 'x'\"»", "one expression", ""),
        (SAFE + "    if: «\"{{ incident.entities.user }}\"»", "a list is neither true nor false", "length"),
        # containments
        (BREACH.replace("[block]", "[block, «tell»]"), "no containment", "leave it out"),
        (BREACH.replace("[block]", "[block, «blok»]"), "no step 'blok'", "did you mean 'block'"),
        (BREACH.replace("    for: 24h\n", "").replace("wall.b", "«wall.b"), "how long", "for: 24h"),
        (BREACH.replace("[block]", "[«block»]").replace("{{ steps.block.until }}", "later").replace("    for: 24h", "    for: 24h\n    if: \"{{ steps.who.asn > 1 }}\""),
         "whether 'block' happens is decided before", "write its if at 'ask'"),
        (BREACH.replace("    for: 24h\n", "").replace("wall.block_ip", "«wall.cut»"), "how long", "for: 5m"),
        (BREACH.replace("for: 24h", "for: «24»"), "expected a text, this is a number", "24h"),
        (BREACH.replace("for: 24h", "for: «a day»"), "is no duration", ""),
        (BREACH.replace("expires: 15m", "expires: «soon»"), "is no duration", ""),
        (BREACH.replace("{escalate: leads}", "«maybe»"), "write deny, or {escalate", ""),
        (BREACH.replace("    for: 24h", "    for: 24h\n    «automatic»: {reason: because we can, max_per_hour: 1}"),
         "asks people for this", "one of the two"),
        (BREACH.replace("    for: 24h", "    for: 24h\n    «retry»: {attempts: 2}"), "not for containments", ""),
        (SAFE + '  - id: x\n    foreach: {in: "{{ incident.rules }}", as: «steps», steps: [{id: z, wait: 1m}]}', "a word of the language", "as: address"),
        (SAFE + '  - id: x\n    foreach: {in: «[]», steps: [{id: z, wait: 1m}]}', "never run", ""),
        (SAFE + '  - id: x\n    foreach: {in: «"{{ incident.title }}"», steps: [{id: z, wait: 1m}]}', "needs a list", "in:"),
        (SAFE + '  - id: x\n    switch: {value: «abc», cases: {abc: [{id: z, wait: 1m}]}}', "always the same case", "without"),
        (SAFE + '  - id: x\n    parallel: {a: [{id: z, notify: {text: "{{ «steps.w.outcome» }}"}}], b: [{id: w, wait: 1m}]}', "has not run yet", ""),
        # triggers and inputs
        (SAFE.replace("{rules: [ssh-breach]}", "«{}»"), "every incident", "name rules"),
        (SAFE.replace("{incident: {rules: [ssh-breach]}}", "«{}»"), "nothing starts", "command: true"),
        (SAFE.replace("{type: ip,", "{type: «ipv4»,"), "'ipv4' is not one of", "did you mean 'ip'"),
        (SAFE.replace("from: incident.entities.ip", "from: «incident.ip»"), "nothing that an input", "entities"),
        (SAFE.replace("from: incident.entities.ip", "from: «incident.entities.user»"), "holds user values", ""),
        (SAFE.replace("from: incident.entities.ip", "required: false").replace('ip: "{{ inputs.ip', 'ip: "{{ «inputs.ip»'),
         "may be left out", 'if: "{{ inputs.ip is defined }}"'),
        (SAFE.replace("from: incident.entities.ip", "default: «nope»"), "is no IP address", ""),
        (SAFE.replace("from: incident.entities.ip", "«choices»: [a]"), "only an enum", "type: enum"),
    ],
)  # fmt: skip
def test_a_fault_is_found_at_its_place(text: str, piece: str, hint: str) -> None:
    check(text, piece, hint)


def test_an_unapproved_containment_is_refused() -> None:
    text = (
        SAFE
        + """
  - id: block
    uses: «wall.block_ip»
    with: {ip: "{{ inputs.ip }}"}
    for: 1h
"""
    )
    check(text, "nobody approves wall.block_ip", "releases: [block]")


def test_an_approval_after_the_containment_releases_nothing() -> None:
    block = BREACH.index("  - id: block")
    tell = BREACH.index("  - id: tell")
    ask = BREACH.index("  - id: ask")
    text = (
        BREACH[:ask] + BREACH[block:tell] + BREACH[ask:block].replace("[block]", "[«block»]") + BREACH[tell:]
    )
    check(text, "does not come after this question")


def test_people_are_asked_about_a_finished_action_only() -> None:
    text = BREACH.replace(
        "  - id: block\n",
        '  - id: later\n    uses: desk.open_ticket\n    with: {title: "x"}\n  - id: block\n',
    ).replace(
        'with: {ip: "{{ inputs.ip }}"}\n    for',
        'with: {ip: "{{ inputs.ip }}", list: "{{ «steps.later.number» }}"}\n    for',
    )
    check(text, "is not known yet when 'ask' asks", "before 'ask'", only=False)


def test_one_containment_has_one_approval() -> None:
    second = BREACH[BREACH.index("  - id: ask") : BREACH.index("  - id: block")].replace(
        "id: ask", "id: again"
    )
    text = BREACH.replace("  - id: block", second.replace("[block]", "[«block»]") + "  - id: block", 1)
    check(text, "released by 'ask' already")


def test_an_approval_cannot_reach_into_a_foreach() -> None:
    text = (
        BREACH[: BREACH.index("  - id: block")].replace("[block]", "[«block»]")
        + """
  - id: each
    foreach:
      in: "{{ incident.entities.ip }}"
      as: address
      steps:
        - id: block
          uses: wall.block_ip
          with: {ip: "{{ inputs.ip }}"}
          for: 1h
"""
    )
    check(text, "does not come after this question on the same way")


MAYBE = (
    SAFE
    + """
  - id: maybe
    if: "{{ steps.who.country == 'Germany' }}"
    uses: desk.open_ticket
    with: {title: x}
"""
)


@pytest.mark.parametrize(
    ("step", "good"),
    [
        ('notify: {text: "{{ steps.maybe.number }}"}', False),
        ('notify: {text: "{{ steps.maybe.outcome }}"}', True),
        ("notify: {text: \"{{ steps.maybe.number | default('none') }}\"}", True),
        (
            'if: "{{ steps.maybe.outcome == \'succeeded\' }}"\n    notify: {text: "{{ steps.maybe.number }}"}',
            True,
        ),
        (
            'if: "{{ steps.who.country == \'Germany\' }}"\n    notify: {text: "{{ steps.maybe.number }}"}',
            True,
        ),
        ('if: "{{ steps.maybe.number == 3 }}"\n    wait: 1m', False),
    ],
)
def test_a_result_that_may_be_missing_is_asked_for_first(step: str, good: bool) -> None:
    text = MAYBE + f"  - id: last\n    {step}\n"
    if good:
        load_playbook("p.yaml", text, CATALOGUE)
    else:
        (fault,) = faults_of(text)
        assert "may have no result here: it has an if" in fault.message
        assert "default(" in fault.hint


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-1234567890-abcdefgh", "AKIAIOSFODNN7EXAMPLE", "ghp_" + "a" * 36, "-----BEGIN RSA PRIVATE KEY-----",
        "Bearer abcdefghijklmnopqrstuv", "https://bob:hunter22@example.org/", "# password: hunter2hunter2",
    ],
)  # fmt: skip
def test_a_secret_is_refused_and_not_shown_again(secret: str) -> None:
    text = SAFE + f'  - id: x\n    notify: {{text: "a"}} # {secret}\n'
    (fault,) = faults_of(text)
    assert "secrets have no place" in fault.message
    assert fault.line == text[: text.index(secret)].count("\n") + 1
    assert secret.rsplit(" ", 1)[-1] not in str(fault)


def test_all_faults_come_at_once_and_in_order() -> None:
    text = (
        BREACH.replace("description: A test.\n", "")
        .replace("geo.lookup", "geo.lokup")
        .replace("tier: high", "tier: loud")
        .replace("steps.who.country", "steps.who.contry")
        .replace("for: 24h", "for: ever")
    )
    found = faults_of(text)
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)
    said = " | ".join(fault.message for fault in found)
    for piece in ("description is missing", "geo.lokup", "'loud'", "'ever' is no duration"):
        assert piece in said


def test_a_step_that_is_not_right_is_checked_all_the_same() -> None:
    text = (
        SAFE.replace("uses:", "use:").replace("inputs.ip }}", "inputs.ipx }}")
        + """
  - id: Ask_It
    approval: {from: responders, question: "Block {{ inputs.nope }}?", releases: [block, nothing]}
  - id: block
    uses: wall.block_ip
    with: {ip: "{{ inputs.ip }}", ttl: 5}
    for: 24h
  - id: tell
    notify: {tier: hgh, text: "{{ steps.whom.country }}"}
    uses: geo.lookup
  - notify: {text: "{{ steps.tellx }}"}
  - id: last
    notify: {text: "{{ steps.Ask_It.decision }}"}
"""
    )
    found = faults_of(text)
    assert [fault.message for fault in found] == [
        "unknown key 'use' in a step",
        "there is no inputs.ipx",
        "'Ask_It' is no name for this",
        "expires is missing",
        "there is no inputs.nope",
        "there is no step 'nothing'",
        "wall.block_ip has no parameter 'ttl'",
        "'hgh' is not one of 'low', 'medium', 'high' or 'critical'",
        "there is no step 'whom'",
        "a step does one thing, this has notify and uses",
        "id is missing",
        "there is no step 'tellx'",
    ]
    assert not [fault for fault in found if "unnamed" in str(fault)]


def test_a_broken_step_does_not_make_others_look_broken() -> None:
    text = (
        SAFE.replace("uses: geo.lookup", "«use»: geo.lookup")
        + """
  - id: x
    notify: {text: "{{ steps.who.country }}"}
"""
    )
    check(text, "unknown key 'use'", "'uses'")


@pytest.mark.parametrize(
    "text", ["", "- a\n- b", "name", "a: [", "\x00", "a: b: c", "? [a]\n: b", "---\n---\n"]
)
def test_what_is_no_playbook_is_refused_with_a_place(text: str) -> None:
    for fault in faults_of(text):
        assert fault.line >= 1
        assert fault.column >= 1
        assert fault.message


def test_a_huge_or_deep_file_is_refused_at_once() -> None:
    assert "characters" in faults_of("a" * 300_000)[0].message
    assert faults_of("[" * 50_000)
    assert faults_of("a: " + "{b: " * 500 + "1" + "}" * 500)
    assert faults_of("steps:\n" + "  - id: a\n    wait: 1m\n" * 5_000)


@pytest.mark.parametrize(
    "used",
    [
        'if: "{{ inputs.ip is defined }}"\n    with: {ip: "{{ inputs.ip }}"}',
        "with: {ip: \"{{ inputs.ip | default('192.0.2.1') }}\"}",
    ],
)
def test_an_input_that_may_be_left_out_is_asked_about_or_stood_in_for(used: str) -> None:
    text = SAFE.replace("from: incident.entities.ip", "required: false")
    text = text.replace('with: {ip: "{{ inputs.ip }}"}', used)
    load_playbook("p.yaml", text, CATALOGUE)


def test_an_if_that_a_later_step_decides_may_stay_at_what_is_released() -> None:
    later = '  - {id: again, uses: geo.lookup, with: {ip: "{{ inputs.ip }}"}}\n  - id: block\n'
    later += "    if: \"{{ steps.again.country == 'Peru' }}\"\n"
    text = BREACH.replace("{{ steps.block.until }}", "later").replace("  - id: block\n", later, 1)
    load_playbook("p.yaml", text, CATALOGUE)


def test_an_input_that_the_approval_asks_about_is_there_for_what_it_releases() -> None:
    text = BREACH.replace("from: incident.entities.ip", "required: false")
    text = text.replace("  - id: who", '  - id: who\n    if: "{{ inputs.ip is defined }}"')
    text = text.replace("  - id: ask", '  - id: ask\n    if: "{{ inputs.ip is defined }}"')
    text = text.replace(" ({{ steps.who.country }})", "").replace("{{ steps.ask.decision }}", "done")
    load_playbook("p.yaml", text, CATALOGUE)
