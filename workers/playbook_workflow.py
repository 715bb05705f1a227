"""One run of one playbook: the workflow drives the engine, the engine tells the story.

The playbook's text and policy came with the input, so an edited file changes nothing here. Each
command of the engine becomes an activity, a question, a containment or a timer; each outcome is
sent back in. Votes are updates, refused by the validator before they reach history. A run whose
history grows heavy goes on in a fresh one: `workers.continuing`. One that is cancelled, by the update or by
Temporal's own cancel, ends as the engine says: the story runs in a task of its own, which nothing cancels.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import Any, Literal

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError, TimeoutType
from temporalio.exceptions import TimeoutError as ActivityTimeoutError

with workflow.unsafe.imports_passed_through():
    from playbooks.collection import load_playbooks
    from playbooks.commands import (
        Ask,
        Await,
        Call,
        Cancel,
        Command,
        Completed,
        Contain,
        Decided,
        Failed,
        Inquire,
        Notify,
        Outcome,
        Release,
        RunResult,
        Succeeded,
        Wait,
        ends_at_once,
    )
    from playbooks.engine import run as run_engine
    from playbooks.kept import take_out
    from playbooks.model import PlaybookError, load_playbook
    from workers.approving import Approvals
    from workers.attributes import STATUS
    from workers.awaiting import Awaiting
    from workers.cancelling import Cancelling, by_temporal, say_report
    from workers.containing import Containing
    from workers.continuing import Continuing, fits
    from workers.contract import (
        GivenAnswer,
        HookCall,
        InquiryCard,
        PlaybookCarried,
        PlaybookStart,
        PlaybookView,
        ThreadRef,
        Tier,
        Vote,
        VoteResult,
    )
    from workers.inquiring import Inquiries
    from workers.kept_results import unpack
    from workers.messages import ActionRequest
    from workers.progress import ProgressTeller, State
    from workers.results import RUN_LIMIT, size_of
    from workers.running import CALL, Running

Engine = Generator[tuple[Command, ...], Completed | Cancel, RunResult]
PAST = {"denied": "was denied", "cancelled": "was cancelled"}
"""What is said of a run that did not just succeed or fail."""


@workflow.defn(name="PlaybookWorkflow")
class PlaybookWorkflow:
    @workflow.init
    def __init__(self, start: PlaybookStart) -> None:
        self._start = start
        self._running = Running(start)
        self._approvals = Approvals(self._running)
        self._containing = Containing(self._running, self._approvals)
        self._inquiries = Inquiries(self._running)
        self._awaiting = Awaiting(self._running)
        self._continuing = Continuing(self._running)
        self._cancelling = Cancelling(self._running)
        self._progress = ProgressTeller(
            start.playbook,
            lambda: self._running.thread,
            lambda: self._running.urgent,
            start.carried.message if start.carried else None,
        )
        self._open: dict[str, Command] = {}
        """Commands that are under way."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """Who performs them; those that were withdrawn may take a moment longer."""
        self._done: deque[Completed | Cancel] = deque()
        """What the engine has not been told yet."""
        self._ended: dict[str, str] = {}
        self._status: Literal["running", "cancelling", "succeeded", "failed", "denied", "cancelled"] = (
            "running"
        )
        self._fault: BaseException | None = None
        self._told: list[str] = []
        """Steps whose failure people were told of."""
        self._waited = False

    # --- the story ------------------------------------------------------------------------------

    @workflow.run
    async def run(self, start: PlaybookStart) -> RunResult:
        story = asyncio.create_task(self._story(start))
        while True:
            try:
                ended = await asyncio.shield(story)
                break
            except asyncio.CancelledError:
                reason = workflow.cancellation_reason()
                if reason is None or story.cancelled():  # the worker lets go of this run
                    raise
                self._cancel(by_temporal(reason))
        if isinstance(ended, RunResult):
            return ended
        carried = ended.carried
        assert carried is not None
        if carried.cancelled is None:  # it may have been cancelled in this very moment
            carried = carried.model_copy(update={"cancelled": self._cancelling.asked})
        workflow.continue_as_new(ended.model_copy(update={"carried": carried}))

    async def _story(self, start: PlaybookStart) -> RunResult | PlaybookStart:
        """Returns how the run ended, or how it goes on in a fresh history."""
        note = self._running.note
        self._running.notes.open()
        if start.carried is None:
            note("playbook.started", f"Playbook {start.playbook} started.", {"inputs": start.inputs})
        telling = asyncio.create_task(self._progress.run())
        result = await self._drive(start)
        if isinstance(result, PlaybookStart):
            return result
        self._status = result.status
        how = f"Playbook {start.playbook} {PAST.get(result.status, result.status)}"
        told = next((step for step in self._told if result.reason.startswith(f"{step} failed: ")), "")
        reason = f" at step {told}." if told else f": {result.reason}" if result.reason else "."
        if (report := result.cancelled) is not None:
            how, reason = f"Playbook {start.playbook} was {result.reason}. {say_report(report)}", ""
        tell: Tier | None = "high" if result.status == "failed" else None
        if report is not None:
            tell = "high" if report.failed else "medium"
        note(
            "playbook.ended",
            f"{how}{reason}",
            {
                "status": result.status,
                "reason": result.reason,
                "steps": [f"{step.id}: {step.status}" for step in result.steps],
            }
            | ({"cancelled": report.model_dump(mode="json")} if report else {}),
            tell=tell,
        )
        await workflow.wait_condition(
            lambda: (
                workflow.all_handlers_finished()
                and self._running.notes.idle
                and not self._running.background
                and not self._tasks
            )
        )
        await self._continuing.forget()
        await self._progress.finish(result.status, result.reason)
        await telling
        workflow.upsert_search_attributes([STATUS.value_set(result.status)])
        return _bounded(result)

    async def _drive(self, start: PlaybookStart) -> RunResult | PlaybookStart:
        try:
            inside, _ = load_playbooks(((one.path, one.text) for one in start.inside), start.specs)
            playbook = load_playbook(start.path, start.text, start.specs, inside)
        except PlaybookError as error:
            return RunResult(status="failed", steps=(), reason=f"the playbook can't be read: {error}")
        engine = run_engine(playbook, start.incident, start.inputs, start.specs, inside)
        try:
            commands: Sequence[Command] = next(engine)
        except StopIteration as stop:
            return _ended(stop)
        if start.carried is not None:
            resumed = await self._resume(engine, commands)
            if isinstance(resumed, RunResult):
                return resumed
            commands = resumed
        while True:
            for command in commands:
                self._begin(command)
            await workflow.wait_condition(
                lambda: bool(self._done) or self._fault is not None or self._continuing.due
            )
            if self._fault is not None:
                raise self._fault
            if self._continuing.due and not self._to_cancel and self._continuing.may():
                fresh = await self._continue()
                if fresh is not None:
                    return fresh
            if self._fault is not None:
                raise self._fault
            commands = ()
            if self._done:
                told = self._done.popleft()
                try:
                    commands = engine.send(told)
                except StopIteration as stop:
                    return _ended(stop)
                if isinstance(told, Cancel):
                    self._withdraw(told)

    def _begin(self, command: Command) -> None:
        self._open[command.id] = command
        task = self._tasks[command.id] = asyncio.create_task(self._perform(command))
        task.add_done_callback(lambda task: self._look_at(command.id, task))

    def _look_at(self, command: str, task: asyncio.Task[None]) -> None:
        """A command that ended by a fault of ours must not let the run wait for ever: it fails the workflow's
        task, where people see it and the next version mends it."""
        del self._tasks[command]
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._fault = fault

    # --- cancelled ---------------------------------------------------------------------------------

    @property
    def _to_cancel(self) -> bool:
        """Whether the engine is still to be told that the run is cancelled."""
        return any(isinstance(one, Cancel) for one in self._done)

    def _cancel(self, cancel: Cancel) -> None:
        """Cancel the run, unless it is over or being cancelled."""
        if self._cancelling.asked is None and self._status == "running":
            self._cancelling.asked = cancel
            self._continuing.took(cancel)
            self._done.append(cancel)

    def _withdraw(self, cancel: Cancel) -> None:
        """End at once what only asks or waits; what changes something is waited for."""
        self._status = "cancelling"
        workflow.upsert_search_attributes([STATUS.value_set(self._status)])
        self._cancelling.begin(cancel)
        self._progress.cancel(cancel.said)
        for command in [one for one in self._open.values() if ends_at_once(one)]:
            match command:
                case Ask():
                    withdrawn = self._approvals.withdraw(command, cancel.said)
                case Inquire():
                    withdrawn = self._inquiries.withdraw(command, cancel.said)
                case Await(webhook=str()):
                    self._awaiting.withdraw(command, cancel.said)
                    withdrawn = True
                case _:
                    withdrawn = self._tasks[command.id].cancel()
            if withdrawn:
                self._complete(command, Failed(reason=cancel.said, kind="cancelled"))

    # --- a fresh history ---------------------------------------------------------------------------

    async def _resume(self, engine: Engine, commands: Sequence[Command]) -> Sequence[Command] | RunResult:
        """Bring the engine to where it was in the history before; return what is outstanding."""
        outstanding: dict[str, Command] = {}
        for command in commands:
            outstanding[command.id] = command
            self._show(command)
        cancelled = False
        async for done in self._continuing.outcomes():
            if isinstance(done, Cancel):
                cancelled, self._status = True, "cancelling"
                self._progress.cancel(done.said)
            else:
                self._recall(outstanding.pop(done.id), done.outcome)
            try:
                new = engine.send(done)
            except StopIteration as stop:
                self._running.resuming = False
                return _ended(stop)
            for command in new:
                outstanding[command.id] = command
                self._show(command)
        self._running.resuming = False
        if self._cancelling.asked is not None and not cancelled:
            self._continuing.took(self._cancelling.asked)
            self._done.append(self._cancelling.asked)
        self._continuing.began()
        return tuple(outstanding.values())

    def _recall(self, command: Command, outcome: Outcome) -> None:
        match command:
            case Ask():
                self._approvals.learn(command, outcome)
            case Inquire():
                self._inquiries.learn(command, outcome)
        self._end(command, outcome)

    async def _continue(self) -> PlaybookStart | None:
        """Return how to continue in a fresh history, once all under way is at rest; None where that can't be
        now."""
        try:
            await workflow.wait_condition(
                lambda: self._fault is not None or self._to_cancel or self._at_rest,
                timeout=self._continuing.patience,
            )
        except TimeoutError:
            self._continuing.postpone()
            return None
        while self._fault is None and not self._to_cancel and await self._continuing.keep():
            if not self._at_rest:  # something came meanwhile: a vote, a call, the end of a wait
                await workflow.wait_condition(
                    lambda: self._fault is not None or self._to_cancel or self._at_rest
                )
            elif self._continuing.kept and not self._to_cancel:
                start = self._carried()
                if fits(start):
                    return start
                self._continuing.postpone()
                return None
        return None

    @property
    def _at_rest(self) -> bool:
        """Whether nothing is under way that a fresh history could not take over."""
        return (
            workflow.all_handlers_finished()
            and self._running.notes.idle
            and not self._running.background
            and not self._progress.telling
            and self._tasks.keys() == self._open.keys()
            and all(self._running.at_rest(command) for command in self._open)
        )

    def _carried(self) -> PlaybookStart:
        carried = PlaybookCarried(
            log=tuple(self._continuing.parts),
            questions=self._approvals.carried(),
            inquiries=self._inquiries.carried(),
            waits=self._awaiting.carried(self._open.keys()),
            message=self._progress.message,
            cancelled=self._cancelling.asked,
        )
        return self._start.model_copy(update={"thread": self._running.thread, "carried": carried})

    # --- the commands ----------------------------------------------------------------------------

    async def _perform(self, command: Command) -> None:
        if self._show(command) and not self._waited and self._status == "running":
            self._waited = True
            workflow.upsert_search_attributes([STATUS.value_set("waiting")])
        try:
            outcome = await self._do(command)
        except FailureError as error:
            outcome = _failed(error)
        if command.id in self._open:  # else it was withdrawn
            self._complete(command, outcome)

    def _complete(self, command: Command, outcome: Outcome) -> None:
        self._end(command, outcome)
        if isinstance(command, Release) and command.cancelled:
            if isinstance(outcome, Failed) and outcome.kind != "refused":
                self._cancelling.not_lifted(command, outcome.reason)
        elif isinstance(outcome, Failed) and outcome.kind != "cancelled":
            self._running.note(
                "step.failed",
                f"Step {command.id} failed: {outcome.reason}",
                {"kind": outcome.kind},
                tell="high",
            )
        done = Completed(id=command.id, outcome=outcome)
        self._continuing.took(done)
        self._done.append(done)
        del self._open[command.id]

    def _show(self, command: Command) -> bool:
        """Show that a command is under way; returns whether it waits for somebody or something."""
        waiting = isinstance(command, Ask | Inquire | Await)
        self._progress.begin(_name_of(command), waiting=waiting)
        return waiting

    def _end(self, command: Command, outcome: Outcome) -> None:
        detail = getattr(outcome, "reason", getattr(outcome, "decision", ""))
        how = outcome.kind if isinstance(outcome, Failed) and outcome.kind == "cancelled" else outcome.type
        self._ended[command.id] = f"{how} {detail}".strip()
        self._progress.end(_name_of(command), *_shown(outcome))
        if isinstance(outcome, Failed):
            self._told.append(command.id)

    async def _do(self, command: Command) -> Outcome:
        match command:
            case Call() if self._continuing.full:
                reason = "this run has had more results than one run may: ask for less, or split it"
                return Failed(reason=reason, kind="refused")
            case Call() if command.lookup:
                with self._running.notes.held():
                    return await self._call(command)
            case Call():
                return await self._call(command)
            case Ask():
                return await self._approvals.ask(command)
            case Contain():
                return await self._containing.contain(command)
            case Inquire():
                return await self._inquiries.inquire(command)
            case Release():
                return await self._containing.lift(command)
            case Await():
                if command.webhook is not None:
                    return await self._awaiting.webhook(command, command.webhook)
                return await self._awaiting.event(command)
            case Notify():
                self._running.note("notice.sent", command.text, {"step": command.id}, tell=command.tier)
            case Wait():
                return await self._awaiting.wait(command)
        return Succeeded()

    async def _call(self, call: Call) -> Outcome:
        spec = self._start.specs[call.action]
        params, handed = take_out(call.params)
        request = ActionRequest(
            action=call.action,
            params=params,
            kept=handed,
            key=self._running.key(call.id),
            incident=self._start.incident.id,
        )
        timeout = timedelta(seconds=call.seconds or spec.timeout)
        if call.lookup and (self._is_alone(call) or not self._running.locals.in_turn):
            async with self._running.locals.turn():
                answer: dict[str, Any] = await workflow.execute_local_activity(
                    "action.call",
                    request,
                    result_type=dict,
                    start_to_close_timeout=timeout,
                    retry_policy=CALL,
                )
        else:
            answer = await workflow.execute_activity(
                "action.call",
                request,
                result_type=dict,
                start_to_close_timeout=timeout,
                retry_policy=CALL,
            )
        if call.lookup:
            await self._running.pace(size_of(answer))
        result, kept = unpack(answer)
        data: dict[str, Any] = {"step": call.id, "result": result}
        if kept:
            data["kept"] = [one.model_dump(mode="json", exclude={"name"}) for one in kept]
        self._running.note("step.done", f"{call.action} answered in step {call.id}.", data)
        return Succeeded(result=result, kept=kept)

    def _is_alone(self, call: Call) -> bool:
        """Whether no other action is called meanwhile. Alone, a look-up costs a tenth as a local activity;
        several at once would wait for each other."""
        return not any(isinstance(other, Call) and other is not call for other in self._open.values())

    # --- what people and the incident may say ----------------------------------------------------

    @workflow.update
    async def vote(self, vote: Vote) -> VoteResult:
        return self._approvals.count(vote)

    @vote.validator
    def _check_vote(self, vote: Vote) -> None:
        self._approvals.check(vote, workflow.now())

    @workflow.update
    async def answer(self, given: GivenAnswer) -> None:
        """Take an answer to an inquiry."""
        self._inquiries.take(given)

    @answer.validator
    def _check_answer(self, given: GivenAnswer) -> None:
        self._inquiries.check(given, workflow.now())

    @workflow.query
    def inquiry(self, question: str) -> InquiryCard | None:
        """The card of an inquiry, for the form that answers it; None where there is none, or it ended."""
        return self._inquiries.card(question)

    @workflow.update
    async def cancel(self, cancel: Cancel) -> None:
        """End the run early: it is under way when this returns."""
        self._cancel(cancel)

    @cancel.validator
    def _check_cancel(self, cancel: Cancel) -> None:
        self._cancelling.check(cancel, over=self._status not in ("running", "cancelling"))

    @workflow.signal
    async def hook(self, call: HookCall) -> None:
        """A webhook was called; the first call that a step waits for counts."""
        self._awaiting.called(call)

    @workflow.signal
    async def thread(self, thread: ThreadRef) -> None:
        """The incident's thread was opened after this playbook started."""
        self._running.thread = thread

    @workflow.query
    def view(self) -> PlaybookView:
        return PlaybookView(
            playbook=self._start.playbook,
            status=self._status,
            waiting_for=(*self._approvals.open, *self._inquiries.open),
            steps=tuple(f"{step}: {how}" for step, how in self._ended.items()),
        )


def _name_of(command: Command) -> str:
    """Return what people read as the step of a command."""
    return f"undo {command.step}" if isinstance(command, Release) and command.cancelled else command.id


def _ended(stop: StopIteration) -> RunResult:
    result: RunResult = stop.value
    return result


def _bounded(result: RunResult) -> RunResult:
    """Return what an ended run shows: without its steps' results where they are too much for a message."""
    if sum(size_of(step.result) for step in result.steps) + size_of(result.outputs) <= RUN_LIMIT:
        return result
    steps = tuple(step.model_copy(update={"result": {}}) for step in result.steps)
    return result.model_copy(update={"steps": steps, "outputs": {}})


def _shown(outcome: Outcome) -> tuple[State, str]:
    match outcome:
        case Failed(kind="cancelled"):
            return "cancelled", ""
        case Failed():
            return "failed", outcome.reason
        case Decided():
            return ("succeeded" if outcome.decision == "granted" else outcome.decision), outcome.decision
    return "succeeded", ""


def _failed(error: FailureError) -> Failed:
    """Return the outcome of a command whose activity failed; a local one raises its own error, unwrapped."""
    cause = error.cause if isinstance(error, ActivityError) and error.cause is not None else error
    if isinstance(cause, ActivityTimeoutError):
        return Failed(
            reason=f"it took too long ({TimeoutType(cause.type or 0).name.lower()})", kind="timeout"
        )
    return Failed(reason=getattr(cause, "message", "") or str(cause))
