"""What people type behind /siem, and what they are answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.verbs import VERBS, Answer, Caller, Person, UsageError, answer
from bot.verbs.parsing import clean
from integrations.opensearch.intelligence import StoredIndicator
from playbooks.commands import Cancel
from rules.incidents import IncidentStatus
from rules.intelligence import Indicator, IndicatorKind
from tests.bot.desk_fake import START, MemoryDesk, facts
from workers.contract import ChangeIncident
from workers.desk import Desk, NotAllowedError, QueryError, UnknownIdError
from workers.intelligence_answers import Said

ALICE = Caller("U0ALICE", "alice")
MALLORY = Caller("U0MALLORY", "mallory")


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


async def ask(desk: Desk, text: str, caller: Caller = ALICE) -> Answer:
    return await answer(desk, text, caller)


@pytest.mark.parametrize("text", ["", "  ", "help", "HELP", "--help"])
async def test_help_names_every_verb(desk: MemoryDesk, text: str) -> None:
    found = await ask(desk, text)
    table = found.sections[0].table
    assert table is not None
    shown = " ".join(str(row[0]) for row in table.rows)
    assert all(f"/siem {name}" in shown for name in VERBS)


@pytest.mark.parametrize("verb", sorted(VERBS))
async def test_help_of_a_verb_shows_what_it_takes(desk: MemoryDesk, verb: str) -> None:
    found = await ask(desk, f"help {verb}")
    assert VERBS[verb].summary in found.text
    assert f"/siem {verb}" in found.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("serch x", "did you mean search?"),
        ("help relase", "did you mean release?"),
        ("timeline", "timeline needs ID"),
        ("extend blk-7f3a2c", "extend needs BLOCK DURATION"),
        ("extend blk-7f3a2c 4", "like 90s, 15m, 24h or 7d"),
        ("incident --al", "did you mean --all?"),
        ("blocks now", "can't do anything with 'now'"),
        ("timeline a b c", "can't do anything with 'b c'"),
        ('run "contain inc-abcd2345', "never closed"),
        ("run contain-ssh-breach", "run needs"),
        ("run contain-ssh-breach ip=1.2.3.4", "run needs a playbook and an incident"),
        ("search x --hours soon", "--hours takes a number"),
        ("search x --limit 0", "--limit takes a number from 1 to 100"),
    ],
)
async def test_wrong_words_are_told_with_the_usage(desk: MemoryDesk, text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        await ask(desk, text)
    assert said in str(raised.value)
    assert raised.value.usage.startswith("/siem ")


async def test_a_search_keeps_the_quotes_of_its_query(desk: MemoryDesk) -> None:
    await ask(desk, 'search message:"Failed password" AND user.name:"o\'brien" --hours 48 --limit 5')
    assert desk.searches == [('message:"Failed password" AND user.name:"o\'brien"', 48.0, 5)]


async def test_a_wrong_query_is_the_desks_error(desk: MemoryDesk) -> None:
    with pytest.raises(QueryError, match="never closed") as raised:
        await ask(desk, "search (")
    assert "column 1" in str(raised.value)
    assert "Was expecting" not in str(raised.value)


def test_what_slack_and_phones_make_of_a_text_is_undone() -> None:
    assert clean("search message:“a b” AND x:&gt;5") == 'search message:"a b" AND x:>5'
    assert clean("search url:<http://evil.test|evil.test>") == "search url:evil.test"
    assert clean("own inc-1 <@U0BOB|bob>") == "own inc-1 U0BOB"


async def test_incidents_are_listed_open_ones_first_asked(desk: MemoryDesk) -> None:
    desk.facts["inc-closed22"] = facts(id="inc-closed22", status=IncidentStatus.CLOSED)
    open_ones = await ask(desk, "incident")
    every = await ask(desk, "incident --all")
    assert [one.id for one in open_ones.data] == ["inc-abcd2345"]
    assert {one.id for one in every.data} == {"inc-abcd2345", "inc-closed22"}


async def test_an_incident_shows_who_what_and_what_was_done(desk: MemoryDesk) -> None:
    found = await ask(desk, "incident inc-abcd2345")
    names = dict(found.sections[0].facts)
    assert names["Severity"] == "high"
    assert "ip:203.0.113.7" in str(names["Entities"])
    assert names["Last seen"] == START + timedelta(minutes=5)
    assert any(section.title == "Blocks" for section in found.sections)


async def test_an_unknown_incident_is_the_desks_error(desk: MemoryDesk) -> None:
    with pytest.raises(UnknownIdError, match="the latest are"):
        await ask(desk, "timeline inc-nothing")


async def test_a_timeline_knows_its_people(desk: MemoryDesk) -> None:
    table = (await ask(desk, "timeline inc-abcd2345")).sections[0].table
    assert table is not None
    assert [row[2] for row in table.rows] == ["linux.auth", Person("U0ALICE")]


async def test_a_path_is_a_picture_and_words(desk: MemoryDesk) -> None:
    found = await ask(desk, "path inc-abcd2345")
    assert found.path is not None
    table = found.sections[0].table
    assert table is not None
    assert table.rows[0][1:4] == ("ip:203.0.113.7", "147 failed logins", "host:web-1")


async def test_extend_and_release_act_for_the_one_who_asks(desk: MemoryDesk) -> None:
    await ask(desk, "extend blk-7f3a2c +4h")
    assert desk.containments["blk-7f3a2c"].until == START + timedelta(days=1, hours=4)
    found = await ask(desk, "release blk-7f3a2c it's our scanner")
    assert desk.containments["blk-7f3a2c"].released_by == "U0ALICE"
    assert found.text == "it's our scanner"


async def test_cancel_ends_a_run_for_the_one_who_asks(desk: MemoryDesk) -> None:
    run = "inc-abcd2345/contain-ssh-breach"
    found = await ask(desk, f"cancel {run} it's our scanner")
    assert "is being lifted" in found.text
    assert desk.cancelled == [(run, Cancel(by="U0ALICE", by_name="alice", reason="it's our scanner"))]
    found = await ask(desk, f"cancel {run} --keep")
    assert "stays in force" in found.text
    assert desk.cancelled[1][1].keep
    with pytest.raises(UsageError, match="may have 500 characters, this has 501"):
        await ask(desk, f"cancel {run} {'x' * 501}")
    with pytest.raises(NotAllowedError):
        await ask(desk, f"cancel {run}", MALLORY)


async def test_who_may_not_release_is_told_by_the_desk(desk: MemoryDesk) -> None:
    with pytest.raises(NotAllowedError):
        await ask(desk, "release blk-7f3a2c", MALLORY)
    assert desk.containments["blk-7f3a2c"].status == "active"


@pytest.mark.parametrize(
    "text",
    [
        "run contain-ssh-breach inc-abcd2345 ip=203.0.113.7 reason='two words'",
        "run inc-abcd2345 contain-ssh-breach ip=203.0.113.7 reason='two words'",
    ],
)
async def test_a_run_takes_its_names_in_any_order(desk: MemoryDesk, text: str) -> None:
    await ask(desk, text)
    inputs = {"ip": "203.0.113.7", "reason": "two words"}
    assert desk.runs == [("inc-abcd2345", "contain-ssh-breach", inputs, "U0ALICE")]


async def test_a_plan_says_what_would_happen_and_who_is_hit(desk: MemoryDesk) -> None:
    found = await ask(desk, "plan contain-ssh-breach inc-abcd2345 ip=203.0.113.7")
    assert desk.runs == []
    tables = [section.table for section in found.sections if section.table]
    assert tables[0].rows == (("block", "containment", "block 203.0.113.7"),)
    assert tables[1].rows == (("blocklist.block_ip", "203.0.113.7", "Nobody else used it."),)
    assert found.sections[2].text == "tell: its if is false"


async def test_actions_are_found_by_a_word_of_theirs(desk: MemoryDesk) -> None:
    every = await ask(desk, "actions")
    assert every.sections[0].table
    vendors = {row[0]: row[1] for row in every.sections[0].table.rows}
    assert "isolate_host" in str(vendors["linux"])
    found = await ask(desk, "actions isolate_host")
    assert found.sections[0].table
    names = [str(row[0]) for row in found.sections[0].table.rows]
    assert any("linux.isolate_host" in name for name in names)
    assert all("isolate_host" in name for name in names)
    assert (await ask(desk, "actions no-such-thing")).sections == ()


async def test_own_and_close_change_the_incident(desk: MemoryDesk) -> None:
    await ask(desk, "own inc-abcd2345")
    found = await ask(desk, "close inc-abcd2345 a test of ours")
    assert desk.changes == [
        ("inc-abcd2345", ChangeIncident(by="U0ALICE", owner="U0ALICE")),
        ("inc-abcd2345", ChangeIncident(by="U0ALICE", status="closed", note="a test of ours")),
    ]
    assert "blk-7f3a2c" in found.text, "what stays in force is said"


async def test_status_with_a_dead_part_is_not_ok(desk: MemoryDesk) -> None:
    assert (await ask(desk, "status")).ok
    desk.parts = [desk.parts[0], type(desk.parts[0])("worker", False, "dead")]
    found = await ask(desk, "status")
    assert not found.ok
    assert "worker" in found.text


async def test_intelligence_says_who_says_so_and_until_when(desk: MemoryDesk) -> None:
    ip = Indicator(IndicatorKind.IP, "203.0.113.7", confidence=80, name="C2")
    until = START + timedelta(days=3)
    gone = StoredIndicator("old", ip, START, START, START, START)
    desk.said = [
        Said(StoredIndicator("isac", ip, START, START, START, None), until, True), Said(gone, START, False)
    ]  # fmt: skip
    found = await ask(desk, "intel 203[.]0.113.7 --days 7")
    assert (found.title, found.text) == (
        "ip 203.0.113.7", "isac calls it bad. It was not seen here in the last 7 days.",
    )  # fmt: skip
    table = found.sections[0].table
    assert table is not None
    assert [(row[0], row[4], row[5]) for row in table.rows] == [
        ("isac", until, "yes"), ("old", START, "withdrawn"),
    ]  # fmt: skip
    with pytest.raises(QueryError, match="private"):
        await ask(desk, "intel 10.0.0.1")
    with pytest.raises(UsageError):
        await ask(desk, "intel")
