"""One breach of its own among others on one installation: its log lines, and what the engines say of it.

Each has its own address, account and host, so that breaches that follow each other share nothing and
become incidents of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import aiohttp
import httpx
from slack_sdk.errors import SlackApiError
from temporalio.service import RPCError

from bot.bench.break_in import BreakIn
from bot.demo.conversation import Message, channel_messages, thread_messages
from bot.demo.people import Person
from bot.demo.rig import Rig
from bot.demo.stages import StageError, until
from bot.workspace.acts import ActError
from integrations.ports import StoreError
from rules.alerts import Alert
from rules.evidence import EvidenceRecord
from rules.incidents import IncidentFacts
from workers.contract import ContainmentState, ThreadRef
from workers.desk import DeskError

T = TypeVar("T")

RULE = "ssh-login-after-brute-force"
AWAY = (StoreError, RPCError, DeskError, SlackApiError, httpx.HTTPError, aiohttp.ClientError, TimeoutError)
"""What looking says while a part is away."""
PATIENCE = 90.0
"""Seconds: how long a part may take to come back and catch up on a busy machine."""


@dataclass
class Breach:
    rig: Rig
    log: Path
    """The file that the installation tails."""
    person: Person
    """Who approves."""
    number: int
    """Another one for each breach, see `BreakIn`."""
    lines: list[str] = field(default_factory=list)
    incident: IncidentFacts | None = None
    block: ContainmentState | None = None

    @property
    def break_in(self) -> BreakIn:
        return BreakIn(self.number)

    @property
    def address(self) -> str:
        return self.break_in.address

    # --- what the host logs ----------------------------------------------------------------------

    def guess(self) -> None:
        self._write(*self.break_in.guesses(datetime.now(UTC)))

    def log_in(self) -> None:
        self._write(self.break_in.login(datetime.now(UTC)))

    def work(self, what: str) -> None:
        """Log something harmless, as a host goes on doing."""
        text = f"CRON[300]: ({self.break_in.user}) CMD (/usr/bin/{what})"
        self._write(self.break_in.line(text, datetime.now(UTC)))

    def _write(self, *lines: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        self.lines += lines

    # --- what a person does ----------------------------------------------------------------------

    async def approve(self) -> None:
        """Click Approve, and again as long as nothing happens: that is what people do."""
        while await self.look(lambda: self.records("vote.granted")) is None:
            card = await self.look(self.card)
            button = card.approve if card else None
            if card is not None and button is not None:
                with contextlib.suppress(ActError, *AWAY):
                    await self.person.click(card, button)
            with contextlib.suppress(StageError):
                await until(lambda: self.look(lambda: self.records("vote.granted")), "the vote", seconds=4)

    # --- what the engines say --------------------------------------------------------------------

    async def see(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        """Wait for it, however often the parts are away meanwhile."""
        return await until(lambda: self.look(look), f"{what} of {self.address}", seconds=PATIENCE)

    async def look(self, look: Callable[[], Awaitable[T | None]]) -> T | None:
        try:
            async with asyncio.timeout(10):
                return await look()
        except AWAY:
            return None

    async def alerts(self) -> list[Alert] | None:
        found = await self.rig.here.site.alerts.recent(2000)
        return [one for one in found if one.rule == RULE and self._names(one.entities)] or None

    async def incidents(self) -> list[IncidentFacts] | None:
        found = await self.rig.here.site.incidents.recent(500)
        mine = [one for one in found if self._names(one.entities)]
        if mine:
            self.incident = mine[0]
        return mine or None

    def _names(self, entities: object) -> bool:
        assert isinstance(entities, tuple)
        return any(str(entity) == f"ip:{self.address}" for entity in entities)

    async def thread(self) -> list[Message]:
        """All messages of the incident's thread."""
        ref = await self._thread_ref()
        return await thread_messages(self.rig.slack, ref.channel, ref.ts) if ref else []

    async def channel(self) -> list[Message]:
        """All messages of the channel that bear a key of this incident."""
        ref = await self._thread_ref()
        assert ref is not None
        assert self.incident is not None
        messages = await channel_messages(self.rig.slack, ref.channel)
        return [message for message in messages if message.key.startswith(self.incident.id)]

    async def _thread_ref(self) -> ThreadRef | None:
        assert self.incident is not None
        return (await self.rig.desk.incident(self.incident.id)).thread

    async def card(self) -> Message | None:
        return next((message for message in await self.thread() if message.approve), None)

    async def in_force(self) -> ContainmentState | None:
        """The containment, once the feed that firewalls poll lists the address."""
        if self.address not in await self.feed():
            return None
        blocks = await self.rig.desk.blocks()
        self.block = next((one for one in blocks if one.target == self.address), None)
        return self.block if self.block and self.block.status == "active" else None

    async def lifted(self) -> bool | None:
        return True if self.address not in await self.feed() else None

    async def feed(self) -> list[str]:
        url = f"{self.rig.settings.api_url}/blocklists/default.txt"
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            answer = await client.get(url, params={"consumer": "test"})
        answer.raise_for_status()
        return answer.text.split()

    async def records(self, kind: str) -> list[EvidenceRecord] | None:
        """The evidence of a kind."""
        assert self.incident is not None
        found = await self.rig.here.site.evidence.chain(self.incident.id)
        return [record for record in found if record.kind == kind] or None

    async def said(self, words: str) -> Message | None:
        return next((message for message in await self.thread() if words in message.words), None)

    async def stored(self) -> list[str]:
        """The original lines of all events of this host, sorted."""
        now = datetime.now(UTC)
        events = self.rig.here.site.events
        await events.checkpoints()
        _, found = await events.search(
            f'host.name:"{self.break_in.host}"', now - timedelta(hours=1), now + timedelta(hours=1), 1000
        )
        whole = await events.read([str(event.document["event"]["id"]) for event in found])
        return sorted(str(event.document["event"]["original"]) for event in whole)

    async def runs(self, workflow: str) -> int:
        """How many runs of a workflow there ever were."""
        return (await self.rig.here.client.count_workflows(f"WorkflowId = '{workflow}'")).count
