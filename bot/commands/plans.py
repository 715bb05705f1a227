"""Plans: what a playbook would do for an incident, with only look-ups made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.catalogue import read_playbooks, unknown_playbook
from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import print_answer
from bot.commands.site import Json, installation, pairs, run

if TYPE_CHECKING:
    from bot.verbs import Answer


def plan_for(
    playbook: str,
    incident: Annotated[str, typer.Argument(metavar="INCIDENT")],
    inputs: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")] = None,
    as_json: Json = False,
) -> None:
    """Say what a playbook would do, and do nothing but look up."""
    plan(playbook, incident, inputs=inputs, as_json=as_json)


def plan(
    name: str,
    incident: Annotated[str, typer.Option(help="The incident's id; none: the incident of the test.")] = "",
    test: Annotated[
        str, typer.Option(help="One of the playbook's tests: its answers count; none: everything is granted.")
    ] = "",
    inputs: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")] = None,
    as_json: Json = False,
) -> None:
    """Say what a playbook would do for an incident; only look-ups are made. Exit 1 where it would fail."""
    if not incident and not test:
        words = "say for what: --incident ID (`siem incident` lists them), or --test NAME of its tests"
        raise CommandError(words, MISUSED)
    known = read_playbooks(None, library=True)
    if known.named(name) is None:
        raise unknown_playbook(name, known)

    async def work() -> Answer:
        from bot.verbs.playbooks import show_plan
        from integrations.catalogue import actions
        from workers.live_desk import LiveDesk
        from workers.messages import PlanRequest
        from workers.planning import Planning, PlanRefusedError

        async with installation(vendors=True) as here:
            ours = {action.spec.name: action for action in actions()}
            incident_of = LiveDesk(here.client, here.site).incident
            planning = Planning(here.site, ours, lambda: known, incident_of, here.settings.approvers)
            asked = PlanRequest(incident=incident, playbook=name, inputs=dict(pairs(inputs or [])), test=test)
            try:
                return show_plan(await planning.foresee(asked))
            except PlanRefusedError as error:
                raise CommandError(str(error), MISUSED) from error

    answer = run(work())
    print_answer(answer, as_json=as_json)
    if not answer.ok:
        raise typer.Exit(FAILED)
