"""Verbs about playbooks: run one, say what one would do, list what they can use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.verbs.answer import Answer, Caller, Code, Section, Table, UsageError, listed
from integrations.catalogue import actions
from playbooks.actions import ActionKind, ActionSpec
from playbooks.commands import LONGEST_REASON, Cancel
from playbooks.rehearsal import REHEARSED
from workers.desk import Desk
from workers.messages import Foreseen

LISTED = 30
KINDS = (ActionKind.CONTAINMENT, ActionKind.CHANGE, ActionKind.LOOKUP)


async def run_playbook(
    desk: Desk, playbook: str, incident: str, inputs: dict[str, Any], caller: Caller
) -> Answer:
    facts = (await desk.incident(incident)).facts
    started = await desk.run_playbook(facts.id, playbook, inputs, caller.id)
    return Answer(
        title=f"{playbook} is running",
        text="It tells its story in the incident's thread. What it asks, someone else has to approve.",
        sections=(Section(facts=(("Incident", Code(facts.id)), ("Run", Code(started)))),),
        data={"incident": facts.id, "run": started},
    )


async def cancel_run(desk: Desk, run: str, caller: Caller, reason: str = "", *, keep: bool = False) -> Answer:
    """End a run early. Raises `UsageError` for a reason that is too long."""
    if len(reason) > LONGEST_REASON:
        raise UsageError(
            f"a reason may have {LONGEST_REASON} characters, this has {len(reason)}", "cancel RUN [REASON]"
        )
    cancel = Cancel(by=caller.id, by_name=caller.name, reason=reason, keep=keep)
    cancelled = await desk.cancel_run(run, cancel)
    left = "What it contained stays in force" if keep else "What it contained is being lifted"
    return Answer(
        title=f"{cancelled} is being cancelled",
        text=f"{left}; then its `finally` runs. The incident's thread tells how it ends.",
        data={"run": cancelled, "keep": keep},
    )


async def plan_playbook(desk: Desk, playbook: str, incident: str, inputs: dict[str, Any]) -> Answer:
    facts = (await desk.incident(incident)).facts
    return show_plan(await desk.plan(facts.id, playbook, inputs))


def show_plan(foreseen: Foreseen) -> Answer:
    """Return a plan as an answer; it is not all right where the run would end early, or could not do what it
    is for."""
    plan = foreseen.plan
    steps = tuple((step.id, step.kind, step.text) for step in plan.steps)
    sections = [Section(table=Table(("step", "kind", "what would happen"), steps))]
    hit = tuple(
        (action.action, action.target or "", _hit(blast.summary, blast.details))
        for action, blast in zip(plan.containments, foreseen.blast, strict=True)
    )
    if hit:
        sections.append(Section(title="Who is hit", table=Table(("containment", "of", "hits"), hit)))
    if foreseen.lacking:
        sections.append(Section(title="Would fail here", text="\n".join(foreseen.lacking)))
    if plan.skipped:
        skipped = "\n".join(f"{step}: {why}" for step, why in plan.skipped)
        sections.append(Section(title="Skipped", text=skipped))
    text = "Look-ups were made. Nothing was asked and nothing changed; questions are taken as granted."
    if plan.fault:
        text = f"It would end early: {plan.fault}"
    return Answer(
        title=f"What {plan.playbook} would do for {_occasion(plan.incident)}",
        text=text,
        sections=tuple(sections),
        data=foreseen,
        ok=not plan.fault and not foreseen.lacking,
    )


def _occasion(incident: str) -> str:
    return "the incident of its test" if incident == REHEARSED else incident


def _hit(summary: str, details: Iterable[str]) -> str:
    return " ".join((summary, *details))


async def list_actions(wanted: str = "") -> Answer:
    """Return the actions whose name or summary has a text; without one, the vendors and their counts."""
    specs = sorted((action.spec for action in actions()), key=lambda spec: spec.name)
    if not wanted:
        return _vendors(specs)
    found = [one for one in specs if wanted.casefold() in f"{one.name} {one.summary}".casefold()]
    rows = tuple(
        (Code(one.name), one.kind.value, one.summary, _takes(one), one.connection or "")
        for one in found[:LISTED]
    )
    more = f" The first {LISTED} of {len(found)}: say more of the name." if len(found) > LISTED else ""
    return Answer(
        title=f"Actions with {wanted!r}",
        text=f"{len(found)} found.{more}"
        if found
        else "There is none; without a word all vendors are listed.",
        sections=(Section(table=Table(("action", "kind", "what it does", "takes", "connection"), rows)),)
        if rows
        else (),
        data=found,
    )


def _takes(spec: ActionSpec) -> str:
    return " ".join(f"{one.name}{'' if one.required else '?'}" for one in spec.parameters)


def _vendors(specs: list[ActionSpec]) -> Answer:
    names: dict[str, list[ActionSpec]] = {}
    for spec in specs:
        names.setdefault(spec.name.partition(".")[0], []).append(spec)
    rows = tuple((vendor, *(_of_kind(ours, kind) for kind in KINDS)) for vendor, ours in names.items())
    return Answer(
        title="What playbooks can do",
        text=f"{len(specs)} actions; /siem actions WORD shows those with a word in their name or summary.",
        sections=(Section(table=Table(("vendor", "containments", "changes", "look-ups"), rows)),),
        data=specs,
    )


def _of_kind(specs: list[ActionSpec], kind: ActionKind) -> str:
    return listed([one.name.partition(".")[2] for one in specs if one.kind is kind], 8)
