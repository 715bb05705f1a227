"""What a playbook run waits for without people: time, a moment, an event, a webhook.

The end of each wait is a moment, so a run that continues in a fresh history waits no longer than it would
have.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from playbooks.commands import Await, Failed, Outcome, Succeeded, Wait
    from playbooks.waiting import holds
    from workers.chain import FOREVER
    from workers.contract import CarriedWait, HookCall
    from workers.messages import FindEvent, FoundEvent, HookWait
    from workers.running import CALL, Running

LOOK_FIRST, LOOK_LAST = timedelta(seconds=2), timedelta(minutes=5)
"""Pauses between two looks for an event that is waited for."""
LOOK_LONG = timedelta(hours=1)
"""The pause after a day: thirty days of looks must not fill the history."""


class Awaiting:
    """What one run waits for."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._open: dict[str, CarriedWait] = {}
        self._hooks: dict[str, Await] = {}
        """Steps that wait for a webhook."""
        self._called: dict[str, HookCall] = {}
        """What they got."""
        self._withdrawn: dict[str, str] = {}
        """Steps that wait for a webhook no longer, and why."""
        for carried in running.start.carried.waits if running.start.carried else ():
            command = carried.command
            self._open[command.id] = carried
            if isinstance(command, Await) and command.webhook is not None:
                self._hooks[command.id] = command

    def carried(self, commands: Collection[str]) -> tuple[CarriedWait, ...]:
        """Return what is waited for by these commands, as the next history needs it."""
        return tuple(wait for wait in self._open.values() if wait.command.id in commands)

    def _begun(self, command: Wait | Await, until: datetime) -> CarriedWait:
        """Return since when and until when something is waited for; as it was begun in an earlier history."""
        known = self._open.get(command.id)
        if known is None:
            known = self._open[command.id] = CarriedWait(command=command, since=workflow.now(), until=until)
        return known

    async def wait(self, command: Wait) -> Outcome:
        """Let time pass."""
        until = command.until or workflow.now() + timedelta(seconds=command.seconds)
        begun = self._begun(command, until)
        with self._running.rests(command.id):
            await workflow.sleep(max(timedelta(0), begun.until - workflow.now()))
        del self._open[command.id]
        return Succeeded()

    async def event(self, wanted: Await) -> Outcome:
        """Look for an event, again and again."""
        begun = self._begun(wanted, workflow.now() + timedelta(seconds=wanted.seconds))
        pause = LOOK_FIRST
        while True:
            async with self._running.locals.turn():
                found: FoundEvent = await workflow.execute_local_activity(
                    "events.find",
                    FindEvent(query=wanted.event or "", since=begun.since, step=wanted.id),
                    result_type=FoundEvent,
                    start_to_close_timeout=timedelta(seconds=10),
                    retry_policy=CALL,
                )
            left = begun.until - workflow.now()
            if found.document is not None or left <= timedelta(0):
                break
            with self._running.rests(wanted.id):
                await workflow.sleep(min(pause, left))
            longest = LOOK_LAST if workflow.now() - begun.since < timedelta(days=1) else LOOK_LONG
            pause = min(pause * 1.5, longest)
        del self._open[wanted.id]
        if found.document is None:
            return Succeeded(result={"happened": False, "event": {}})
        self._running.note(
            "event.awaited", f"What step {wanted.id} waited for has happened.", {"step": wanted.id}
        )
        return Succeeded(result={"happened": True, "event": found.document})

    async def webhook(self, wanted: Await, webhook: str) -> Outcome:
        """Wait for a call."""
        wait = HookWait(webhook=webhook, workflow=workflow.info().workflow_id, step=wanted.id)
        if wanted.id not in self._open:
            self._hooks[wanted.id] = wanted
            await self._hook_activity("hooks.wait", wait)
        begun = self._begun(wanted, workflow.now() + timedelta(seconds=wanted.seconds))
        with (
            self._running.rests(wanted.id, lambda: wanted.id not in self._called),
            contextlib.suppress(TimeoutError),
        ):
            left = max(timedelta(0), begun.until - workflow.now())
            await workflow.wait_condition(
                lambda: wanted.id in self._called or wanted.id in self._withdrawn, timeout=left
            )
        del self._hooks[wanted.id]
        await self._hook_activity("hooks.forget", wait)
        del self._open[wanted.id]
        if wanted.id in self._withdrawn:
            return Failed(reason=self._withdrawn[wanted.id], kind="cancelled")
        call = self._called.get(wanted.id)
        if call is None:
            return Succeeded(result={"happened": False, "payload": {}})
        self._running.note(
            "webhook.awaited",
            f"Webhook {webhook} was called, as step {wanted.id} awaited.",
            {"step": wanted.id},
        )
        return Succeeded(result={"happened": True, "payload": call.payload})

    def withdraw(self, wanted: Await, why: str) -> None:
        """Wait for a webhook no longer."""
        self._withdrawn[wanted.id] = why

    async def _hook_activity(self, name: str, wait: HookWait) -> None:
        async with self._running.locals.turn():
            await workflow.execute_local_activity(
                name, wait, start_to_close_timeout=timedelta(seconds=10), retry_policy=FOREVER
            )

    def called(self, call: HookCall) -> None:
        """A webhook was called; the first call that a step waits for counts."""
        for step, wanted in self._hooks.items():
            if (
                wanted.webhook == call.webhook
                and step not in self._called
                and holds(wanted.where, call.payload)
            ):
                self._called[step] = call
