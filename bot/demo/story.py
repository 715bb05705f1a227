"""The story from break-in to lifted block, each stage checked against the engines themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from bot.demo.conversation import Message, channel_messages, thread_messages
from bot.demo.people import Person
from bot.demo.rig import Rig
from bot.demo.stages import StageError, expect, until
from rules.alerts import Alert, Severity
from rules.evidence import EvidenceRecord
from rules.incidents import IncidentFacts, IncidentStatus
from workers.audit import audit_evidence
from workers.contract import ContainmentState, ThreadRef
from workers.desk import IncidentDetail
from workers.sweep import WATERMARK

RULE = "ssh-login-after-brute-force"
KINDS = (
    "incident.opened", "playbook.started", "question.asked", "vote.granted", "question.granted",
    "containment.verified", "playbook.ended", "containment.released",
)  # fmt: skip


@dataclass
class Story:
    """One breach, followed through the engines. Each method is a stage and returns what was seen."""

    rig: Rig
    alice: Person
    mallory: Person
    since: datetime
    """Event time from which on events belong to the story."""
    until: datetime
    incident: IncidentFacts | None = field(default=None, init=False)
    card: Message | None = field(default=None, init=False)
    block: ContainmentState | None = field(default=None, init=False)

    # --- detection -------------------------------------------------------------------------------

    async def alert(self, seconds: float = 30) -> str:
        alerts = await until(self.breaches, f"an alert of {RULE}", seconds=seconds)
        expect(len(alerts) == 1, f"{len(alerts)} alerts of {RULE}, expected one")
        alert = alerts[0]
        return f"{alert.title}: {alert.summary}"

    async def swept(self) -> bool | None:
        """True once the sweep has seen every event that is stored."""
        upto = dict(await self.rig.here.site.events.checkpoints())
        found = await self.rig.here.site.state.get(WATERMARK)
        return True if found is not None and found[0]["upto"] == upto else None

    async def breaches(self) -> list[Alert] | None:
        found = [alert for alert in await self.rig.here.site.alerts.recent(2000) if alert.rule == RULE]
        return found or None

    async def opened(self, *, entities: Sequence[str]) -> str:
        """Exactly one incident is open, high at least, about whom it should be, and Temporal runs it."""
        facts = await until(self._incidents, "an incident", seconds=20)
        expect(len(facts) == 1, f"{len(facts)} incidents are open, expected one")
        self.incident = facts[0]
        named = [str(entity) for entity in facts[0].entities]
        missing = [entity for entity in entities if entity not in named]
        expect(not missing, f"the incident does not name {', '.join(missing)} but {', '.join(named)}")
        expect(facts[0].severity.rank >= Severity.HIGH.rank, f"it is only {facts[0].severity.value}")
        run = await self.rig.here.client.get_workflow_handle(facts[0].id).describe()
        expect(run.status is not None and run.status.name == "RUNNING", f"its workflow is {run.status}")
        return f"{facts[0].id}, {facts[0].severity.value}: {facts[0].title}"

    async def _incidents(self) -> list[IncidentFacts] | None:
        return await self.rig.here.site.incidents.recent(100) or None

    # --- the question ----------------------------------------------------------------------------

    async def asked(self, seconds: float = 30) -> str:
        """One card with an approve and a deny button stands in the incident's thread, and no other asks."""
        self.card = await until(self._card, "the question in Slack", seconds=seconds)
        cards = [message for message in await self._thread() if message.approve]
        expect(len(cards) == 1, f"{len(cards)} cards ask, expected one")
        others = [m for m in await channel_messages(self.rig.slack, self.card.channel) if m.approve]
        expect(not others, f"{len(others)} other messages ask")
        return self.card.words[:160]

    async def _card(self) -> Message | None:
        messages = await self._thread()
        return next((message for message in messages if message.approve), None)

    async def _thread(self) -> list[Message]:
        thread = await self._thread_ref()
        return await thread_messages(self.rig.slack, thread.channel, thread.ts) if thread else []

    async def _thread_ref(self) -> ThreadRef | None:
        return (await self._detail()).thread

    async def _detail(self) -> IncidentDetail:
        assert self.incident is not None
        return await self.rig.desk.incident(self.incident.id)

    async def stranger_refused(self) -> str:
        """A click by somebody who is no approver changes nothing, is told, and is in evidence."""
        assert self.card is not None
        button = self.card.approve
        assert button is not None
        told = await self.mallory.click(self.card, button)
        record = await until(
            lambda: self._record("vote.refused"), "the refused click in evidence", seconds=10
        )
        expect(not await self.rig.desk.blocks(), "a block is in force although nobody approved it")
        expect(bool(told), "the person was told nothing")
        return f"{record.text} Told: {told}"

    async def approved(self) -> str:
        assert self.card is not None
        button = self.card.approve
        assert button is not None
        await self.alice.click(self.card, button)
        record = await until(lambda: self._record("vote.granted"), "the vote in evidence", seconds=10)
        return record.text

    async def wait_for_approval(self, seconds: float) -> str:
        record = await until(lambda: self._record("vote.granted"), "a click on Approve", seconds=seconds)
        return record.text

    # --- the block -------------------------------------------------------------------------------

    async def blocked(self, address: str) -> str:
        """The containment is active in Temporal, and the feed that firewalls poll lists the address."""
        self.block = await until(self._active, "a block in force", seconds=20)
        expect(self.block.target == address, f"{self.block.target} is blocked, not {address}")
        handle = self.rig.here.client.get_workflow_handle(self.block.workflow)
        state = await handle.query("state", result_type=ContainmentState)
        expect(state.status == "active", f"its workflow says {state.status}")
        listed = await self.feed()
        expect(listed == [address], f"the feed lists {listed}, expected only {address}")
        expect(len(await self.rig.desk.blocks()) == 1, "more than one block is in force")
        return f"{self.block.id} until {state.until:%H:%M:%S} UTC: {state.detail}"

    async def _active(self) -> ContainmentState | None:
        return next((one for one in await self.rig.desk.blocks() if one.status == "active"), None)

    async def feed(self) -> list[str]:
        """Return the addresses on the served blocklist, read as a firewall reads it."""
        url = f"{self.rig.settings.api_url}/blocklists/default.txt"
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            answer = await client.get(url, params={"consumer": "demo-check"})
        answer.raise_for_status()
        return [line for line in answer.text.splitlines() if line and not line.startswith("#")]

    async def told(self) -> str:
        """The card has no buttons any more, and the thread says what is in force."""
        card = await until(self._retired, "a card without buttons", seconds=15)
        await until(lambda: self._said("is in force"), "the block in the thread", seconds=15)
        facts = await until(self._contained, "the status contained", seconds=10)
        return f"the card says: {card.words[:120]}; the incident is {facts.status.value}"

    async def _retired(self) -> Message | None:
        assert self.card is not None
        return next((m for m in await self._thread() if m.ts == self.card.ts and not m.buttons), None)

    async def _said(self, words: str) -> Message | None:
        return next((message for message in await self._thread() if words in message.words), None)

    async def _contained(self) -> IncidentFacts | None:
        facts = (await self._detail()).facts
        return facts if facts.status is IncidentStatus.CONTAINED else None

    async def lifted(self, seconds: float) -> str:
        """The block is gone from the feed by itself, and the thread says so."""
        await until(self._feed_is_empty, "an empty feed", seconds=seconds, pause=0.25)
        await until(lambda: self._record("containment.released"), "the release in evidence", seconds=15)
        await until(lambda: self._said("was lifted"), "the release in the thread", seconds=15)
        expect(not await self.rig.desk.blocks(), "a block is still listed")
        return "the feed is empty and the thread says so"

    async def _feed_is_empty(self) -> bool | None:
        return True if not await self.feed() else None

    # --- the proof -------------------------------------------------------------------------------

    async def path(self, entry: str) -> str:
        assert self.incident is not None
        path = await self.rig.desk.path(self.incident.id)
        entries = [str(node.entity) for node in path.nodes if node.role == "entry"]
        expect(entries == [entry], f"the path enters by {entries}, expected {entry}")
        return path.summary

    async def proved(self) -> str:
        """Every chain is whole, its writer agrees, and each stage left its record."""
        assert self.incident is not None
        audits = await audit_evidence(self.rig.here.site.evidence, self.rig.here.client)
        wrong = [fault for audit in audits for fault in audit.faults]
        expect(not wrong, "; ".join(wrong))
        kinds = {record.kind for record in await self.rig.here.site.evidence.chain(self.incident.id)}
        missing = [kind for kind in KINDS if kind not in kinds]
        expect(not missing, f"no record of {', '.join(missing)}")
        mine = next(audit for audit in audits if audit.chain == self.incident.id)
        expect(mine.witness, "the incident's workflow could not be asked for its head")
        return f"{mine.records} records, head {mine.head[:16]}"

    async def _record(self, kind: str) -> EvidenceRecord | None:
        assert self.incident is not None
        records = await self.rig.here.site.evidence.chain(self.incident.id)
        return next((record for record in records if record.kind == kind), None)

    async def events(self, keys: Mapping[str, Sequence[str]], expected: int, what: str) -> str:
        """The store holds exactly so many events with these values."""

        async def look() -> int | None:
            await self.rig.here.site.events.checkpoints()
            found = await self.rig.here.site.events.count(keys, self.since, self.until + timedelta(hours=1))
            return found if found >= expected else None

        try:
            found = await until(look, f"{expected} events", seconds=15)
        except StageError as error:
            raise StageError(f"{what}: {error}") from error
        expect(found == expected, f"{found} {what}, expected {expected}")
        return f"{found} {what}"
