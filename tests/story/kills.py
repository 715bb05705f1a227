"""Killing one part of an installation at a stage of a breach, and what must be true all the same."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from datetime import UTC, datetime

from bot.demo.rig import Rig
from bot.demo.stages import until
from tests.story.breach import Breach
from workers.audit import audit_evidence
from workers.contract import containment_workflow_id, playbook_workflow_id
from workers.engines.folder import DataFolder

PARTS = ("worker", "bot", "api", "collect", "workspace", "opensearch", "temporal")
STAGES = ("guesses", "login", "alert", "incident", "question", "click", "block", "lift")
"""Each names what has just happened; at ``lift`` the block's time is just about to end."""
PLAYBOOK = "contain-ssh-breach"
ONCE = (
    "incident.opened", "playbook.started", "question.asked", "vote.granted", "question.granted",
    "containment.verified", "playbook.ended", "containment.released",
)  # fmt: skip


def pid_of(rig: Rig, part: str) -> int | None:
    """The process id of a part or an engine, as it is now."""
    if part not in {"opensearch", "temporal"}:
        return rig.pid(part)
    record = getattr(DataFolder(rig.settings.data).read_runtime(), part)
    return int(record.pid)


class Killer:
    """Ends one part with SIGKILL when its stage is reached."""

    def __init__(self, rig: Rig, part: str, stage: str) -> None:
        self._rig = rig
        self._part = part
        self._stage = stage
        self._killed: int | None = None

    def reach(self, stage: str) -> None:
        if stage == self._stage:
            self._killed = pid_of(self._rig, self._part)
            assert self._killed is not None, f"{self._part} is not running at {stage}"
            os.kill(self._killed, signal.SIGKILL)

    async def check_came_back(self) -> None:
        assert self._killed is not None, "nothing was killed"

        async def look() -> int | None:
            now = pid_of(self._rig, self._part)
            return now if now != self._killed else None

        await until(look, f"another {self._part}", seconds=60)
        assert any(line.startswith(f"{self._part} ended") for line in self._rig.told)


async def play(breach: Breach, killer: Killer) -> None:
    """Tell the whole story, with a death at one of its stages."""
    breach.guess()
    await asyncio.sleep(0.3)
    killer.reach("guesses")
    breach.log_in()
    killer.reach("login")
    breach.work("login")
    await breach.see(breach.alerts, "an alert")
    killer.reach("alert")
    breach.work("alert")
    await breach.see(breach.incidents, "an incident")
    killer.reach("incident")
    breach.work("incident")
    await breach.see(breach.card, "a question")
    killer.reach("question")
    breach.work("question")
    clicking = asyncio.create_task(breach.approve())
    await asyncio.sleep(0.02)
    killer.reach("click")
    breach.work("click")
    await asyncio.wait_for(clicking, 120)
    block = await breach.see(breach.in_force, "a block in force")
    killer.reach("block")
    breach.work("block")
    assert block.until is not None
    await asyncio.sleep(max(0.0, (block.until - datetime.now(UTC)).total_seconds() - 0.3))
    killer.reach("lift")
    breach.work("lift")
    await breach.see(breach.lifted, "the end of the block")
    await breach.see(lambda: breach.records("containment.released"), "the release in evidence")
    await breach.see(lambda: breach.records("playbook.ended"), "the playbook's end in evidence")
    await breach.see(lambda: breach.said("was lifted"), "the release in the thread")


async def check(breach: Breach) -> None:
    """What must be true of a story that is over, whatever died meanwhile; asked of the engines."""
    rig = breach.rig
    assert await breach.stored() == sorted(breach.lines), "events were lost or stored twice"

    alerts = await breach.alerts() or []
    assert len(alerts) == 1, f"{len(alerts)} alerts of the breach"
    incidents = await breach.incidents() or []
    assert [one.severity.value for one in incidents] == ["high"], f"incidents: {incidents}"
    incident = incidents[0].id
    assert await breach.runs(incident) == 1
    assert await breach.runs(playbook_workflow_id(incident, PLAYBOOK)) == 1
    containment = containment_workflow_id("blocklist.block_ip", breach.address)
    assert await breach.runs(containment) == 1, "the address was contained more than once"

    messages = await breach.thread()
    keys = Counter(message.key for message in messages if message.key)
    assert not [key for key, count in keys.items() if count > 1], f"posted more than once: {keys}"
    firsts = [message for message in await breach.channel() if message.ts == message.thread_ts]
    assert len(firsts) == 1, f"{len(firsts)} first messages"
    card = f"{playbook_workflow_id(incident, PLAYBOOK)}/ask"
    cards = [message for message in messages if message.key == card]
    assert len(cards) == 1, f"{len(cards)} cards asked: {sorted(keys)}"
    assert not [message for message in messages if message.approve], "a card can still be clicked"

    kinds = Counter(record.kind for record in await rig.here.site.evidence.chain(incident))
    assert {kind: kinds[kind] for kind in ONCE} == dict.fromkeys(ONCE, 1), f"in evidence: {kinds}"
    assert not [one for one in await rig.desk.blocks() if one.target == breach.address]
    states = [one for one in await rig.desk.blocks(all_states=True) if one.target == breach.address]
    assert [one.status for one in states] == ["released"]

    audits = await audit_evidence(rig.here.site.evidence, rig.here.client)
    faults = {audit.chain: audit.faults for audit in audits if audit.faults}
    assert not faults, f"the evidence does not hold: {faults}"
    assert next(audit for audit in audits if audit.chain == incident).witness
