"""Plans: what a playbook would do for an incident, with only look-ups made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.catalogue import catalogue, read_playbooks
from bot.commands.failures import MISUSED, CommandError
from bot.commands.output import print_json, print_table, say
from bot.commands.site import Json, installation, pairs, run

if TYPE_CHECKING:
    from playbooks.commands import Outcome
    from playbooks.plan import Plan
    from playbooks.steps import Playbook
    from workers.composition import Installation


def plan(
    name: str,
    incident: Annotated[str, typer.Option(help="The incident's id.")],
    inputs: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")] = None,
    as_json: Json = False,
) -> None:
    """Say what a playbook would do for an incident; only look-ups are made. Exit 1 where it would fail."""
    known = read_playbooks(None, library=True)
    found = known.named(name)
    if found is None:
        names = ", ".join(sorted(one.name for _, one in known.playbooks))
        raise CommandError(f"there is no playbook {name!r}; there are: {names}", MISUSED)
    playbooks = {one.name: one for _, one in known.playbooks}

    async def work() -> Plan:
        async with installation(vendors=True) as here:
            return await _plan(here, found[1], incident, pairs(inputs or []), playbooks)

    planned = run(work())
    if as_json:
        print_json(planned)
    else:
        print_table(
            ("step", "kind", "what would happen"),
            [[step.id, step.kind, step.text] for step in planned.steps],
        )
        for step, why in planned.skipped:
            say(f"skipped: {step} ({why})")
    if planned.fault:
        raise CommandError(f"it would end early: {planned.fault}")


async def _plan(
    here: Installation,
    playbook: Playbook,
    incident: str,
    given: Mapping[str, str],
    playbooks: Mapping[str, Playbook],
) -> Plan:
    from playbooks.engine import inputs_of
    from playbooks.plan import plan as plan_run
    from workers.live_desk import LiveDesk

    detail = await LiveDesk(here.client, here.site).incident(incident)
    values, wrong = inputs_of(playbook, detail.facts, given, detail.alerts)
    if wrong:
        raise CommandError("; ".join(wrong), MISUSED)
    planning = plan_run(playbook, detail.facts, values, catalogue(), playbooks)
    try:
        call = next(planning)
        while True:
            call = planning.send(await _look_up(here, call, detail.facts.id))
    except StopIteration as stop:
        planned: Plan = stop.value
        return planned


async def _look_up(here: Installation, call: Any, incident: str) -> Outcome:
    from integrations.catalogue import actions
    from integrations.contract import ActionCall, ActionError
    from playbooks.commands import Failed, Succeeded

    action = next(action for action in actions() if action.spec.name == call.action)
    try:
        made = ActionCall(params=call.params, key=f"plan/{call.id}", incident=incident)
        return Succeeded(result=await action.run(made, here.site))
    except ActionError as error:
        return Failed(reason=str(error))
