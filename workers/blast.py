"""What containments would hit: who and what, and what the guard will say, for whoever has to decide."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

import structlog

from integrations.connections import without_secrets
from integrations.contract import Action, ActionCall, ActionError, Containment
from integrations.ports import Site
from playbooks.actions import BlastRadius, RenderedAction
from workers.messages import BlastAnswer, BlastRequest

log = structlog.get_logger(__name__)
SECONDS = 4.0
"""In which all are asked, at once: nobody's question waits for a system that is slow."""
VERDICT_SECONDS = 3.0
Verdict = Callable[[RenderedAction], Awaitable[str]]
"""Says what the guard will say of an action, an empty text where it lets it pass."""


async def blast_of(
    request: BlastRequest, actions: Mapping[str, Action], site: Site, verdict: Verdict | None = None
) -> BlastAnswer:
    """Say what each action would hit; one that can't say so says that instead."""
    several = (_whole(actions[one.action], one, request.incident, site, verdict) for one in request.actions)
    return BlastAnswer(blast=tuple(await asyncio.gather(*several)))


async def _whole(
    action: Action, rendered: RenderedAction, incident: str, site: Site, verdict: Verdict | None
) -> BlastRadius:
    said, blast = await asyncio.gather(_said(rendered, verdict), _one(action, rendered, incident, site))
    return blast.model_copy(update={"summary": f"{said} {blast.summary}"}) if said else blast


async def _said(rendered: RenderedAction, verdict: Verdict | None) -> str:
    """Return the guard's word, an empty text also where it can't be had in time: it is asked again before
    anything happens."""
    if verdict is None:
        return ""
    try:
        return await asyncio.wait_for(verdict(rendered), VERDICT_SECONDS)
    except TimeoutError:
        return ""


async def _one(action: Action, rendered: RenderedAction, incident: str, site: Site) -> BlastRadius:
    if not hasattr(action, "blast_radius"):
        return BlastRadius(summary="It changes nothing that anybody uses.")
    call = ActionCall(params=rendered.params, key="", incident=incident)
    try:
        return await asyncio.wait_for(cast(Containment, action).blast_radius(call, site), SECONDS)
    except (ActionError, TimeoutError) as error:
        words = f"What else it would hit could not be found out: {str(error) or 'no answer'}."
        return BlastRadius(summary=without_secrets(site, words))
    except Exception as error:  # a fault of ours must not keep people from being asked
        log.exception("blast_radius failed", action=rendered.action)
        words = (
            f"What else it would hit could not be found out: {type(error).__name__}, see the worker's log."
        )
        return BlastRadius(summary=words)
