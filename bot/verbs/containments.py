"""Verbs about containments: list, extend, release. Who may do it is decided by the desk."""

from __future__ import annotations

from bot.verbs.answer import Answer, Caller, Code, Person, Section, Table
from bot.verbs.incidents import containment_table
from playbooks.durations import say_duration
from workers.contract import ContainmentState
from workers.desk import Desk


async def list_blocks(desk: Desk, *, every: bool = False) -> Answer:
    found = await desk.blocks(all_states=every)
    if not found:
        text = (
            "Nothing was ever contained."
            if every
            else "Nothing is contained. `blocks --all` shows ended ones."
        )
        return Answer(title="Blocks", text=text, data=[])
    return Answer(
        title="Blocks" if every else "Blocks in force",
        text="",
        sections=(Section(table=containment_table(found)),),
        data=found,
    )


async def extend_block(desk: Desk, block: str, seconds: int, caller: Caller) -> Answer:
    state = await desk.extend(block, seconds, caller.id)
    return _changed(f"{state.id} stays {say_duration(seconds)} longer", state)


async def release_block(desk: Desk, block: str, caller: Caller, reason: str = "") -> Answer:
    state = await desk.release(block, caller.id, reason)
    if state.status == "released":
        return _changed(f"{state.id} is lifted", state)
    return _changed(f"{state.id} could not be lifted yet ({state.status})", state, ok=False)


async def release_everything(desk: Desk, caller: Caller, reason: str = "") -> Answer:
    done = await desk.release_all(caller.id, reason)
    if done.waiting:
        text = (
            "A second approver must ask for the same within 15 minutes: `release all`. Nothing is lifted yet."
        )
        return Answer(title="Lift everything?", text=text, data=done)
    rows = [(Code(state.id), f"{state.action} {state.target}", "lifted") for state in done.released]
    rows += [(Code(block), why, "not yet") for block, why in done.failed]
    title = f"{len(done.released)} lifted, {len(done.failed)} not yet" if rows else "Nothing was contained"
    table = Table(("block", "what", ""), tuple(rows))
    return Answer(
        title=title,
        text="What is not lifted yet is tried again until it works.",
        sections=(Section(table=table),) if rows else (),
        data=done,
        ok=not done.failed,
    )


def _changed(title: str, state: ContainmentState, *, ok: bool = True) -> Answer:
    return Answer(
        title=title,
        text=state.detail,
        sections=(
            Section(
                facts=(
                    ("What", f"{state.action} {state.target}"),
                    ("Incident", Code(state.incident)),
                    ("Until", state.released_at or state.until or "until released"),
                    ("Approved by", " ".join(state.approved_by) or "the playbook itself")
                    if len(state.approved_by) != 1
                    else ("Approved by", Person(state.approved_by[0])),
                )
            ),
        ),
        data=state,
        ok=ok,
    )
