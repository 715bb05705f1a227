"""What containments would hit: who and what, for whoever has to decide."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import cast

from integrations.connections import without_secrets
from integrations.contract import Action, ActionCall, ActionError, Containment
from integrations.ports import Site
from playbooks.actions import BlastRadius, RenderedAction
from workers.messages import BlastAnswer, BlastRequest

SECONDS = 4.0


async def blast_of(request: BlastRequest, actions: Mapping[str, Action], site: Site) -> BlastAnswer:
    """Say what each action would hit; one that can't say so says that instead."""
    found = [await _one(actions[one.action], one, request.incident, site) for one in request.actions]
    return BlastAnswer(blast=tuple(found))


async def _one(action: Action, rendered: RenderedAction, incident: str, site: Site) -> BlastRadius:
    if not hasattr(action, "blast_radius"):
        return BlastRadius(summary="It changes nothing that anybody uses.")
    call = ActionCall(params=rendered.params, key="", incident=incident)
    try:
        return await asyncio.wait_for(cast(Containment, action).blast_radius(call, site), SECONDS)
    except (ActionError, TimeoutError) as error:
        words = f"What else it would hit could not be found out: {str(error) or 'no answer'}."
        return BlastRadius(summary=without_secrets(site, words))
