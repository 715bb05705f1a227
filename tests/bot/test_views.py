"""Views mean what they should, stay within Slack's limits, and nothing hostile means anything in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.slack.answer_view import answer_blocks, usage_blocks
from bot.slack.blocks import MOST_CHARACTERS, Blocks
from bot.slack.incident_view import OWN_ACTION, PATH_ACTION, incident_blocks, incident_text
from bot.slack.mrkdwn import code, date, defang, joined, mention, paragraphs, prose, technique
from bot.slack.question_view import (
    APPROVE_ACTION,
    DENY_ACTION,
    Ballot,
    BallotError,
    ended_blocks,
    ended_text,
    question_blocks,
    question_text,
)
from bot.slack.thread_view import is_broadcast, post_blocks, post_text
from bot.verbs import Answer, Code, Person, Section, Table, UsageError
from bot.workspace.blocks import check_blocks
from playbooks.actions import BlastRadius
from rules.entities import Entity, EntityKind
from rules.incidents import IncidentStatus
from tests.bot.desk_fake import ACTION, START, alert, facts, question
from workers.contract import QuestionEnd, ThreadPost, ThreadRef

SUMMARIES = {"blocklist.block_ip": "Block an address on the firewalls that poll the feed"}
HOSTILE = [
    "u" * 3000,
    "&" * 3000,
    "<!channel> <!here> <@U0ALICE>",
    "<https://evil.example/login|click here>",
    "https://evil.example/a?b=c&d",
    "*bold* _it_ ~gone~ `code` ```block```",
    "> quoted\n> twice\r\n\u2028third\u0085fourth",
    ":white_check_mark: approved :tada:",
    "\u202eexe.fdp\u202c \u200b\u2066hidden\u2069",
    "عربي 12 <b> שלום",
    "\x00\x07\x1b[31mred\x1b[0m",
    "",
    " ",
    "😀" * 1500,
]


def texts(blocks: Any) -> Iterator[str]:
    if isinstance(blocks, dict):
        for key, value in blocks.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from texts(value)
    elif isinstance(blocks, list):
        for value in blocks:
            yield from texts(value)


def shown(blocks: Blocks) -> str:
    return "\n".join(texts(blocks))


def buttons(blocks: Blocks) -> dict[str, dict[str, Any]]:
    return {
        element["action_id"]: element
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }


UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066\u2067\u200b-\u200f]")
ALLOWED = re.compile(
    r"<(?:@U0ALICE|@U0BOB|@U0CAROL|!date\^\d+\^[^|<>]*\|[^<>]*|https://attack\.mitre\.org/techniques/[T0-9/]+\|[T0-9.]+)>"
)


def assert_harmless(blocks: Blocks) -> None:
    """Within Slack's limits as the strict local workspace knows them, and only our own control sequences."""
    assert check_blocks(blocks) == []
    assert len(blocks) <= 50
    assert len(json.dumps(blocks, ensure_ascii=False)) <= 13_000
    for text in texts(blocks):
        assert not UNSEEN.search(text), repr(text)
        outside = re.sub(r"`[^`\n]*`", "", text)
        assert "https://evil" not in outside
        assert ":white_check_mark:" not in outside
        assert "<" not in ALLOWED.sub("", text), text


@pytest.mark.parametrize("value", HOSTILE)
def test_prose_fits_and_stays_on_one_line(value: str) -> None:
    for limit in (20, 150, 2900):
        text = prose(value, limit)
        assert len(text) <= limit
        assert "\n" not in text
        assert not re.search(r"[<>*~`]", text)
    assert "\n" not in code(value)
    assert len(code(value, 50)) <= 50
    assert code(value).count("`") == 2


def test_a_cut_never_splits_an_escape_and_shows_an_ellipsis() -> None:
    for limit in range(20, 40):
        text = prose("&" * 100, limit)
        assert re.fullmatch(r"(?:&amp;)+…", text)


def test_words_survive_and_values_can_be_copied() -> None:
    assert prose("svc_backup logged in to web-1 at 10:20:30") == "svc_backup logged in to web-1 at 10:20:30"
    assert code("svc_backup_*") == "`svc_backup_*`"
    assert code("a\u202eb") == "`a\\u202eb`", "what can't be seen is shown"


def test_links_of_others_lead_nowhere() -> None:
    assert (
        defang("see HTTPS://Evil.example/a.b ftp://x.y/z") == "see HxxPS://Evil[.]example/a.b fxp://x[.]y/z"
    )


def test_text_from_right_to_left_is_isolated() -> None:
    assert prose("שלום").startswith("\u2068")
    assert prose("שלום").endswith("\u2069")


def test_only_user_ids_become_mentions() -> None:
    assert mention("U0ALICE") == "<@U0ALICE>"
    assert mention("U0ALICE> <!channel") == "`U0ALICE&gt; &lt;!channel`"


def test_only_technique_ids_become_links() -> None:
    assert technique("T1110.001") == "<https://attack.mitre.org/techniques/T1110/001/|T1110.001>"
    assert technique("T1110|<!here>") == "T1110|&lt;!here&gt;"


def test_dates_are_shown_in_the_readers_own_zone() -> None:
    assert date(START) == "<!date^1774886460^{date_short_pretty}, {time_secs}|2026-03-30 16:01:00 UTC>"


def test_joined_says_how_many_are_left_off() -> None:
    text = joined([f"item{number}" for number in range(100)], 60)
    assert len(text) <= 60
    assert re.search(r" and \d+ more$", text)


def test_the_first_message_says_who_what_when_and_offers_its_buttons() -> None:
    blocks = incident_blocks(facts(), (alert(), alert(id="alr-2", summary="root read customers.csv")))
    text = shown(blocks)
    for wanted in ("High: A login succeeded", "203.0.113.7", "deploy", "web-1", "T1110.001", "nobody yet",
                   "root read customers.csv", "inc-abcd2345", date(START)):  # fmt: skip
        assert wanted in text
    found = buttons(blocks)
    assert set(found) == {PATH_ACTION, OWN_ACTION}
    assert found[OWN_ACTION]["value"] == "inc-abcd2345"
    assert_harmless(blocks)


def test_an_owned_incident_is_not_offered_and_a_closed_one_has_no_buttons() -> None:
    owned = incident_blocks(facts(owner="U0BOB"), ())
    assert set(buttons(owned)) == {PATH_ACTION}
    assert "<@U0BOB>" in shown(owned)
    assert buttons(incident_blocks(facts(status=IncidentStatus.CLOSED), ())) == {}


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_incident_is_harmless(value: str) -> None:
    entities = tuple(Entity(kind=kind, value=value) for kind in EntityKind) * 20
    incident = facts(
        title=value, summary=value, rules=(value,) * 50, attack=(value,) * 50, entities=entities, owner=value
    )
    assert_harmless(incident_blocks(incident, [alert(summary=value, title=value)] * 10))
    assert len(incident_text(incident)) < 3000


def test_the_card_shows_exactly_what_would_be_done_and_who_may_say_yes() -> None:
    asked = question(quorum=2)
    blocks = question_blocks(asked, SUMMARIES)
    text = shown(blocks)
    for wanted in ("Block 203.0.113.7 (Norway) for a day?", "Block an address on the firewalls",
                   "ip: `203.0.113.7`",
                   "for 1 day", "No one else used this address", "<@U0ALICE>, <@U0BOB>",
                   "2, of 2 who may decide", date(asked.expires), asked.digest[:12],
                   "contain-ssh-breach"):  # fmt: skip
        assert wanted in text
    found = buttons(blocks)
    assert set(found) == {APPROVE_ACTION, DENY_ACTION}
    assert all(button["confirm"] for button in found.values())
    assert "203.0.113.7" in found[APPROVE_ACTION]["confirm"]["text"]["text"]
    ballot = Ballot.from_value(found[APPROVE_ACTION]["value"])
    assert (ballot.workflow, ballot.question, ballot.digest) == (asked.workflow, "ask", asked.digest)
    assert_harmless(blocks)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_card_is_harmless(value: str) -> None:
    action = ACTION.model_copy(
        update={"params": {"ip": value, value: [value, {value: value}]}, "target": value}
    )
    blast = BlastRadius(summary=value, details=(value,) * 50, users=(value,) * 50)
    asked = question(
        text=value, approvers=value, actions=(action,) * 3, blast=(blast,) * 3, incident=facts(title=value)
    )
    assert_harmless(question_blocks(asked, {}))
    end = QuestionEnd(
        key="k", question=asked, card=asked.thread, decision="denied", by=("U0ALICE",), at=START
    )
    assert_harmless(ended_blocks(end, {}))
    assert len(question_text(asked)) < 3000


def test_nobody_approves_what_they_cannot_see_whole() -> None:
    action = ACTION.model_copy(update={"params": {"hosts": [f"host-{number}" for number in range(2000)]}})
    blocks = question_blocks(question(actions=(action,)), SUMMARIES)
    assert set(buttons(blocks)) == {DENY_ACTION}
    assert "can't be approved" in shown(blocks)
    assert_harmless(blocks)


def test_an_action_that_is_long_but_fits_is_shown_whole() -> None:
    hosts = [f"host-{number}.internal" for number in range(100)]
    action = ACTION.model_copy(update={"params": {"hosts": hosts}})
    blocks = question_blocks(question(actions=(action,)), SUMMARIES)
    assert all(f"`{host}`" in shown(blocks) for host in hosts)
    assert APPROVE_ACTION in buttons(blocks)


@pytest.mark.parametrize("value", ["", "[]", "{}", '{"w":1,"q":"a","d":"b"}', '{"w":"a","q":"b"}', "null"])
def test_a_button_that_is_not_ours_is_no_ballot(value: str) -> None:
    with pytest.raises(BallotError):
        Ballot.from_value(value)


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("granted", "Approved"),
        ("denied", "Denied"),
        ("expired", "Nobody decided"),
        ("withdrawn", "Withdrawn"),
    ],
)
def test_a_retired_card_says_how_it_ended_and_has_no_buttons(decision: Any, said: str) -> None:
    end = QuestionEnd(
        key="k",
        question=question(),
        card=ThreadRef(channel="C", ts="1.2"),
        decision=decision,
        by=("U0ALICE",) if decision in {"granted", "denied"} else (),
        at=START + timedelta(minutes=9),
    )
    blocks = ended_blocks(end, SUMMARIES)
    assert buttons(blocks) == {}
    assert said in shown(blocks)
    assert date(end.at) in shown(blocks)
    assert ("<@U0ALICE>" in shown(blocks)) == (decision in {"granted", "denied"})
    assert "203.0.113.7" in shown(blocks), "what it was about stays readable"
    assert said in ended_text(end)


def test_a_withdrawn_card_says_by_whom_and_why() -> None:
    end = QuestionEnd(
        key="k", question=question(), card=ThreadRef(channel="C", ts="1.2"), decision="withdrawn", at=START,
        why="cancelled by alice: it was <!channel> our scanner",
    )  # fmt: skip
    blocks = ended_blocks(end, SUMMARIES)
    assert buttons(blocks) == {}
    assert "Withdrawn: nothing is done" in shown(blocks)
    assert "The run was cancelled by alice: it was" in shown(blocks)
    assert_harmless(blocks)


@pytest.mark.parametrize("tier", ["low", "medium", "high", "critical"])
@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_post_is_harmless(tier: Any, value: str) -> None:
    post = ThreadPost(key="k", thread=ThreadRef(channel="C", ts="1.2"), tier=tier, text=value or "x")
    assert_harmless(post_blocks(post))
    assert len(post_text(post)) <= 3000


def test_tiers_get_louder() -> None:
    def post(tier: Any) -> ThreadPost:
        return ThreadPost(
            key="k", thread=ThreadRef(channel="C", ts="1.2"), tier=tier, text="x", actor="slack:U0BOB"
        )

    assert post_blocks(post("low"))[0]["type"] == "context"
    assert post_blocks(post("high"))[0]["type"] == "section"
    assert [is_broadcast(post(tier)) for tier in ("low", "medium", "high", "critical")] == [False] * 3 + [
        True
    ]
    assert "<@U0BOB>" in post_text(post("low"))


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_answer_is_harmless(value: str) -> None:
    rows = ((value, START, Person(value), Code(value)),) * 200
    table = Table((value, "when", "who", "id"), rows)
    answer = Answer(
        title=value,
        text=value,
        sections=(Section(value, value, tuple((value, value) for _ in range(23))), Section(table=table)),
    )
    blocks = answer_blocks(answer)
    assert_harmless(blocks)
    assert len(json.dumps(blocks, ensure_ascii=False)) <= MOST_CHARACTERS
    assert_harmless(usage_blocks(UsageError(value, value or "/siem help")))


def test_an_answer_that_does_not_fit_says_so() -> None:
    rows = tuple((f"row {number}", "x" * 200) for number in range(300))
    long = answer_blocks(Answer("Many", sections=(Section(table=Table(("a", "b"), rows)),)))
    short = answer_blocks(Answer("Few", sections=(Section(table=Table(("a", "b"), rows[:3])),)))
    assert "There is more than fits" in shown(long)
    assert "There is more than fits" not in shown(short)
    assert "row 2" in shown(short)


def test_paragraphs_keep_the_lines_of_their_author() -> None:
    assert paragraphs("one\ntwo <b>") == "one\ntwo &lt;b&gt;"
    assert len(paragraphs("line\n" * 5000, 100)) <= 100
