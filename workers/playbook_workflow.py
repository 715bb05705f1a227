"""One run of one playbook: the workflow drives the engine, the engine tells the story.

The playbook's text and policy came with the input, so an edited file changes nothing here. Each
command of the engine becomes an activity, a question, a containment or a timer; each outcome is
sent back in. Votes are updates, refused by the validator before they reach history.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from datetime import timedelta
from typing import Any, Literal

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, TimeoutType
from temporalio.exceptions import TimeoutError as ActivityTimeoutError

with workflow.unsafe.imports_passed_through():
    from playbooks.collection import load_playbooks
    from playbooks.commands import (
        Ask,
        Await,
        Call,
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
    )
    from playbooks.engine import run as run_engine
    from playbooks.kept import take_out
    from playbooks.model import PlaybookError, load_playbook
    from playbooks.waiting import holds
    from workers.attributes import STATUS
    from workers.chain import FOREVER
    from workers.contract import (
        BOT_QUEUE,
        AnswerRefused,
        BotActivity,
        ContainmentRequest,
        ContainmentState,
        GivenAnswer,
        HookCall,
        InquiryCard,
        InquiryEnd,
        PlaybookStart,
        PlaybookView,
        Question,
        QuestionEnd,
        ThreadRef,
        Vote,
        VoteRefused,
        VoteResult,
        actor_of,
    )
    from workers.inquiries import OpenInquiry, RefusedAnswerError
    from workers.kept_results import unpack
    from workers.messages import (
        ActionEffect,
        ActionRequest,
        BlastAnswer,
        BlastRequest,
        FindEvent,
        FoundEvent,
        HookWait,
        LiftRequest,
    )
    from workers.notes import Outbox
    from workers.progress import ProgressTeller, State
    from workers.questions import OpenQuestion, RefusedVoteError
    from workers.results import AT_ONCE, RUN_LIMIT, size_of

CALL = RetryPolicy(
    initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=10), maximum_attempts=4
)
URGENT = timedelta(seconds=2)
"""How long what can wait is put behind a containment."""
LOOK_FIRST, LOOK_LAST = timedelta(seconds=2), timedelta(minutes=5)
"""Pauses between two looks for an event that is waited for."""
LOOK_LONG = timedelta(hours=1)
"""The pause after a day: thirty days of looks must not fill the history."""
BLAST = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=3)


@workflow.defn(name="PlaybookWorkflow")
class PlaybookWorkflow:
    @workflow.init
    def __init__(self, start: PlaybookStart) -> None:
        self._start = start
        self._thread: ThreadRef | None = start.thread
        self._questions: dict[str, OpenQuestion] = {}
        self._done: deque[Completed] = deque()
        self._ended: dict[str, str] = {}
        self._status: Literal["running", "succeeded", "failed", "denied"] = "running"
        self._notes = Outbox()
        self._inquiries: dict[str, OpenInquiry] = {}
        self._hooks: dict[str, Await] = {}
        """Steps that wait for a webhook."""
        self._called: dict[str, HookCall] = {}
        """What they got."""
        self._progress = ProgressTeller(start.playbook, lambda: self._thread, lambda: self._urgent)
        self._brought = 0
        """Bytes of look-ups' results since the last task that this run ended for them."""
        self._fault: BaseException | None = None
        self._told: list[str] = []
        """Steps whose failure people were told of."""
        self._waited = False
        self._urgent = False
        """A containment was just released and is being applied."""
        self._background: set[asyncio.Task[None]] = set()

    # --- the story ------------------------------------------------------------------------------

    @workflow.run
    async def run(self, start: PlaybookStart) -> RunResult:
        self._notes.open()
        self._note("playbook.started", f"Playbook {start.playbook} started.", {"inputs": start.inputs})
        telling = asyncio.create_task(self._progress.run())
        result = await self._drive(start)
        self._status = result.status
        how = f"Playbook {start.playbook} {'was denied' if result.status == 'denied' else result.status}"
        told = next((step for step in self._told if result.reason.startswith(f"{step} failed: ")), "")
        reason = f" at step {told}." if told else f": {result.reason}" if result.reason else "."
        self._note(
            "playbook.ended",
            f"{how}{reason}",
            {
                "status": result.status,
                "reason": result.reason,
                "steps": [f"{step.id}: {step.status}" for step in result.steps],
            },
            tell="high" if result.status == "failed" else None,
        )
        await workflow.wait_condition(
            lambda: workflow.all_handlers_finished() and self._notes.idle and not self._background
        )
        await self._progress.finish(result.status, result.reason)
        await telling
        workflow.upsert_search_attributes([STATUS.value_set(result.status)])
        return _bounded(result)

    async def _drive(self, start: PlaybookStart) -> RunResult:
        try:
            inside, _ = load_playbooks(((one.path, one.text) for one in start.inside), start.specs)
            playbook = load_playbook(start.path, start.text, start.specs, inside)
            engine = run_engine(playbook, start.incident, start.inputs, start.specs, inside)
            commands = next(engine)
            tasks: set[asyncio.Task[None]] = set()
            while True:
                for command in commands:
                    task = asyncio.create_task(self._perform(command))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                    task.add_done_callback(self._look_at)
                await workflow.wait_condition(lambda: bool(self._done) or self._fault is not None)
                if self._fault is not None:
                    raise self._fault
                commands = engine.send(self._done.popleft())
        except StopIteration as stop:
            result: RunResult = stop.value
            return result
        except PlaybookError as error:
            return RunResult(status="failed", steps=(), reason=f"the playbook can't be read: {error}")

    def _look_at(self, task: asyncio.Task[None]) -> None:
        """A command that ended by a fault of ours must not let the run wait for ever: it fails the workflow's
        task, where people see it and the next version mends it."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._fault = fault

    async def _perform(self, command: Command) -> None:
        waiting = isinstance(command, Ask | Inquire | Await)
        self._progress.begin(command.id, waiting=waiting)
        if waiting and not self._waited:
            self._waited = True
            workflow.upsert_search_attributes([STATUS.value_set("waiting")])
        try:
            outcome = await self._do(command)
        except FailureError as error:
            outcome = _failed(error)
        detail = getattr(outcome, "reason", getattr(outcome, "decision", ""))
        self._ended[command.id] = f"{outcome.type} {detail}".strip()
        self._progress.end(command.id, *_shown(outcome))
        if isinstance(outcome, Failed):
            self._told.append(command.id)
            self._note(
                "step.failed",
                f"Step {command.id} failed: {outcome.reason}",
                {"kind": outcome.kind},
                tell="high",
            )
        self._done.append(Completed(id=command.id, outcome=outcome))

    async def _do(self, command: Command) -> Outcome:
        match command:
            case Call() if command.lookup:
                with self._notes.held():
                    return await self._call(command)
            case Call():
                return await self._call(command)
            case Ask():
                return await self._ask(command)
            case Contain():
                return await self._contain(command)
            case Inquire():
                return await self._inquire(command)
            case Release():
                return await self._lift(command)
            case Await():
                return await self._await(command)
            case Notify():
                self._note("notice.sent", command.text, {"step": command.id}, tell=command.tier)
            case Wait():
                left = command.until - workflow.now() if command.until else timedelta(seconds=command.seconds)
                await workflow.sleep(max(timedelta(0), left))
        return Succeeded()

    # --- the commands ----------------------------------------------------------------------------

    async def _call(self, call: Call) -> Outcome:
        spec = self._start.specs[call.action]
        params, handed = take_out(call.params)
        request = ActionRequest(
            action=call.action,
            params=params,
            kept=handed,
            key=self._key(call.id),
            incident=self._start.incident.id,
        )
        timeout = timedelta(seconds=call.seconds or spec.timeout)
        execute = workflow.execute_local_activity if call.lookup else workflow.execute_activity
        answer: dict[str, Any] = await execute(
            "action.call", request, result_type=dict, start_to_close_timeout=timeout, retry_policy=CALL
        )
        if call.lookup:
            await self._pace(size_of(answer))
        result, kept = unpack(answer)
        data: dict[str, Any] = {"step": call.id, "result": result}
        if kept:
            data["kept"] = [one.model_dump(mode="json", exclude={"name"}) for one in kept]
        self._note("step.done", f"{call.action} answered in step {call.id}.", data)
        return Succeeded(result=result, kept=kept)

    async def _pace(self, size: int) -> None:
        """End this workflow task where its look-ups brought a lot: the server takes 4 MiB at once."""
        self._brought += size
        if self._brought > AT_ONCE:
            self._brought = 0
            await workflow.sleep(timedelta(milliseconds=1))

    async def _contain(self, contain: Contain) -> Outcome:
        try:
            return await self._contain_first(contain)
        finally:
            self._urgent = False

    async def _contain_first(self, contain: Contain) -> Outcome:
        question = self._questions.get(contain.approval or "")
        if contain.approval is not None and (
            question is None or question.decision != "granted" or contain.action not in question.ask.releases
        ):
            return Failed(reason="no approval for exactly this action was granted", kind="refused")
        request = ContainmentRequest(
            key=self._key(contain.id),
            incident=self._start.incident.id,
            playbook=self._start.playbook,
            action=contain.action,
            digest=contain.digest,
            guard=self._start.guard,
            approvers=self._start.approvers,
            approved_by=question.voters if question else (),
            max_per_hour=contain.max_per_hour,
            override=contain.override,
            reason=f"{self._start.incident.id}: {self._start.incident.title}",
        )
        state: ContainmentState = await workflow.execute_activity(
            "containment.request",
            args=[request, self._start.specs[contain.action.action]],
            result_type=ContainmentState,
            start_to_close_timeout=timedelta(minutes=5),
            heartbeat_timeout=timedelta(seconds=5),
            retry_policy=FOREVER,
        )
        if state.status == "refused":
            return Failed(reason=state.detail, kind="refused")
        if state.status in {"failed", "stuck"}:
            return Failed(reason=state.detail)
        return Succeeded(
            result={
                "id": state.id,
                "until": f"{state.until:%Y-%m-%dT%H:%M:%SZ}" if state.until else None,
                "detail": state.detail,
            }
        )

    async def _ask(self, ask: Ask) -> Outcome:
        question = self._questions[ask.id] = OpenQuestion(
            ask=ask,
            approvers=self._start.approvers,
            requested_by=self._start.requested_by,
            expires=workflow.now() + timedelta(seconds=ask.seconds),
        )
        self._note(
            "question.asked",
            f"Asked {ask.approvers}: {ask.question}",
            {
                "question": ask.id,
                "digest": ask.digest,
                "actions": [a.model_dump(mode="json") for a in ask.releases],
            },
        )
        if len(question.approver_ids) < ask.quorum:
            question.decision = "expired"
            return Failed(
                reason=f"{ask.approvers} has {len(question.approver_ids)} people who may answer, "
                f"the quorum is {ask.quorum}",
                kind="refused",
            )
        blast = await self._blast(ask)
        cards = [await self._post_card(question, blast, escalated=False)]
        await self._decided(question)
        if question.decision is None and ask.escalate is not None:
            question.groups.append(ask.escalate)
            question.expires = workflow.now() + timedelta(seconds=ask.seconds)
            self._note("question.escalated", f"Nobody answered; {ask.escalate} is asked now.", tell="high")
            cards.append(await self._post_card(question, blast, escalated=True))
            await self._decided(question)
        if question.decision is None:
            question.decision = "expired"
        decision = question.decision
        self._note(
            f"question.{decision}",
            f"{ask.question} — {decision}{' by ' * bool(question.voters)}{', '.join(question.voters)}",
            {"question": ask.id, "digest": ask.digest, "by": list(question.voters)},
        )
        for card in cards:
            self._later(self._retire(question, card))
        return Decided(decision=decision, digest=ask.digest, by=question.voters, at=workflow.now())

    async def _lift(self, release: Release) -> Outcome:
        effect: ActionEffect = await workflow.execute_activity(
            "containment.lift",
            LiftRequest(containment=release.containment, workflow=workflow.info().workflow_id),
            result_type=ActionEffect,
            start_to_close_timeout=timedelta(minutes=2),
            heartbeat_timeout=timedelta(seconds=10),
            retry_policy=FOREVER,
        )
        if effect.in_force:
            return Failed(reason=effect.detail, kind="refused")
        return Succeeded(result={"detail": effect.detail})

    async def _inquire(self, asked: Inquire) -> Outcome:
        inquiry = self._inquiries[asked.id] = OpenInquiry(
            inquire=asked,
            approvers=self._start.approvers,
            expires=workflow.now() + timedelta(seconds=asked.seconds),
        )
        self._note("inquiry.asked", f"Asked {asked.people}: {asked.question}", {"question": asked.id})
        if not inquiry.people and asked.escalate is None:
            return Failed(reason=f"{asked.people} has nobody who may answer", kind="refused")
        cards = [await self._post_inquiry(asked.id, escalated=False)] if inquiry.people else []
        if cards:
            await self._answered(inquiry)
        if not inquiry.settled and asked.escalate is not None:
            inquiry.groups.append(asked.escalate)
            inquiry.expires = workflow.now() + timedelta(seconds=asked.seconds)
            self._note("inquiry.escalated", f"Nobody answered; {asked.escalate} is asked now.", tell="high")
            cards.append(await self._post_inquiry(asked.id, escalated=True))
            await self._answered(inquiry)
        answer = inquiry.answer
        inquiry.expired = answer is None
        if answer is None:
            self._note("inquiry.expired", f"{asked.question} — nobody answered", {"question": asked.id})
        for card in cards:
            self._later(self._retire_inquiry(card, answer))
        if answer is None:
            return Decided(decision="expired", digest="", at=workflow.now())
        return Succeeded(result={**answer.answers, "by": answer.by})

    async def _answered(self, inquiry: OpenInquiry) -> None:
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: inquiry.settled, timeout=max(timedelta(0), inquiry.expires - workflow.now())
            )

    async def _post_inquiry(self, step: str, *, escalated: bool) -> tuple[InquiryCard, ThreadRef]:
        await workflow.wait_condition(lambda: self._thread is not None)
        card = self._card_of(step, escalated=escalated)
        posted: ThreadRef = await workflow.execute_activity(
            BotActivity.INQUIRE.value,
            card,
            task_queue=BOT_QUEUE,
            result_type=ThreadRef,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=FOREVER,
        )
        return card, posted

    def _card_of(self, step: str, *, escalated: bool) -> InquiryCard:
        inquiry = self._inquiries[step]
        assert self._thread is not None
        return InquiryCard(
            key=f"{self._key(step)}{'/escalated' * escalated}",
            workflow=workflow.info().workflow_id,
            question_id=step,
            incident=self._start.incident,
            playbook=self._start.playbook,
            thread=self._thread,
            text=inquiry.inquire.question,
            group=" and ".join(inquiry.groups),
            people=inquiry.people,
            fields=inquiry.inquire.fields,
            expires=inquiry.expires,
            escalated=escalated,
        )

    async def _retire_inquiry(self, card: tuple[InquiryCard, ThreadRef], answer: GivenAnswer | None) -> None:
        end = InquiryEnd(
            key=f"{card[0].key}/end", inquiry=card[0], card=card[1], answer=answer, at=workflow.now()
        )
        try:
            await workflow.execute_activity(
                BotActivity.ANSWERED.value,
                end,
                task_queue=BOT_QUEUE,
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=FOREVER,
            )
        except ActivityError as error:
            self._note("message.failed", f"The card could not be retired: {error.cause or error}")

    # --- what is waited for ----------------------------------------------------------------------

    async def _await(self, wanted: Await) -> Outcome:
        if wanted.webhook is not None:
            return await self._await_hook(wanted, wanted.webhook)
        since = workflow.now()
        until = since + timedelta(seconds=wanted.seconds)
        pause = LOOK_FIRST
        while True:
            found: FoundEvent = await workflow.execute_local_activity(
                "events.find",
                FindEvent(query=wanted.event or "", since=since),
                result_type=FoundEvent,
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=CALL,
            )
            if found.document is not None:
                self._note(
                    "event.awaited", f"What step {wanted.id} waited for has happened.", {"step": wanted.id}
                )
                return Succeeded(result={"happened": True, "event": found.document})
            if (left := until - workflow.now()) <= timedelta(0):
                return Succeeded(result={"happened": False, "event": {}})
            await workflow.sleep(min(pause, left))
            longest = LOOK_LAST if workflow.now() - since < timedelta(days=1) else LOOK_LONG
            pause = min(pause * 1.5, longest)

    async def _await_hook(self, wanted: Await, webhook: str) -> Outcome:
        wait = HookWait(webhook=webhook, workflow=workflow.info().workflow_id, step=wanted.id)
        self._hooks[wanted.id] = wanted
        await self._hook_activity("hooks.wait", wait)
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: wanted.id in self._called, timeout=timedelta(seconds=wanted.seconds)
            )
        del self._hooks[wanted.id]
        await self._hook_activity("hooks.forget", wait)
        call = self._called.get(wanted.id)
        if call is None:
            return Succeeded(result={"happened": False, "payload": {}})
        self._note(
            "webhook.awaited",
            f"Webhook {webhook} was called, as step {wanted.id} awaited.",
            {"step": wanted.id},
        )
        return Succeeded(result={"happened": True, "payload": call.payload})

    async def _hook_activity(self, name: str, wait: HookWait) -> None:
        await workflow.execute_local_activity(
            name, wait, start_to_close_timeout=timedelta(seconds=10), retry_policy=FOREVER
        )

    async def _decided(self, question: OpenQuestion) -> None:
        left = question.expires - workflow.now()
        try:
            await workflow.wait_condition(lambda: question.decision is not None, timeout=left)
        except TimeoutError:
            return

    async def _blast(self, ask: Ask) -> BlastAnswer:
        answer: BlastAnswer = await workflow.execute_local_activity(
            "action.blast_radius",
            BlastRequest(incident=self._start.incident.id, actions=ask.releases),
            result_type=BlastAnswer,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=BLAST,
        )
        return answer

    async def _post_card(
        self, question: OpenQuestion, blast: BlastAnswer, *, escalated: bool
    ) -> tuple[Question, ThreadRef]:
        await workflow.wait_condition(lambda: self._thread is not None)
        assert self._thread is not None
        ask = question.ask
        card = Question(
            key=f"{self._key(ask.id)}{'/escalated' * escalated}",
            workflow=workflow.info().workflow_id,
            question_id=ask.id,
            incident=self._start.incident,
            playbook=self._start.playbook,
            thread=self._thread,
            text=ask.question,
            approvers=" and ".join(question.groups),
            approver_ids=question.approver_ids,
            quorum=ask.quorum,
            expires=question.expires,
            actions=ask.releases,
            blast=blast.blast,
            digest=ask.digest,
            escalated=escalated,
        )
        posted: ThreadRef = await workflow.execute_activity(
            BotActivity.ASK.value,
            card,
            task_queue=BOT_QUEUE,
            result_type=ThreadRef,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=FOREVER,
        )
        return card, posted

    async def _retire(self, question: OpenQuestion, card: tuple[Question, ThreadRef]) -> None:
        assert question.decision is not None
        at = workflow.now()
        with contextlib.suppress(TimeoutError):  # what was released goes first
            await workflow.wait_condition(lambda: not self._urgent, timeout=URGENT)
        end = QuestionEnd(
            key=f"{card[0].key}/end",
            question=card[0],
            card=card[1],
            decision=question.decision,
            by=question.voters,
            at=at,
        )
        try:
            await workflow.execute_activity(
                BotActivity.RETIRE.value,
                end,
                task_queue=BOT_QUEUE,
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=FOREVER,
            )
        except ActivityError as error:
            self._note("message.failed", f"The card could not be retired: {error.cause or error}")

    # --- what people and the incident may say ----------------------------------------------------

    @workflow.update
    async def vote(self, vote: Vote) -> VoteResult:
        question = self._questions[vote.question]
        result = question.count(vote)
        self._urgent = result.decision == "granted"
        self._note(
            "vote.granted" if vote.approve else "vote.denied",
            f"{vote.by_name or vote.by} {'approved' if vote.approve else 'denied'}: {question.ask.question}",
            {"question": vote.question, "digest": vote.digest, "clicked": vote.at.isoformat()},
            actor=actor_of(vote.by),
        )
        return result

    @vote.validator
    def _check_vote(self, vote: Vote) -> None:
        question = self._questions.get(vote.question)
        if question is None:
            raise ApplicationError("there is no such question", type=VoteRefused.UNKNOWN_QUESTION)
        try:
            question.check(vote, workflow.now())
        except RefusedVoteError as error:
            raise ApplicationError(str(error), type=error.refused.value) from error

    @workflow.update
    async def answer(self, given: GivenAnswer) -> None:
        """Take an answer to an inquiry."""
        inquiry = self._inquiries[given.question]
        inquiry.answer = given
        said = "; ".join(f"{name}: {value}" for name, value in given.answers.items() if value)
        self._note(
            "inquiry.answered",
            f"{given.by_name or given.by} answered {inquiry.inquire.question} — {said}",
            {"question": given.question, "answers": given.answers, "clicked": given.at.isoformat()},
            actor=actor_of(given.by),
        )

    @answer.validator
    def _check_answer(self, given: GivenAnswer) -> None:
        inquiry = self._inquiries.get(given.question)
        if inquiry is None:
            raise ApplicationError("there is no such question", type=AnswerRefused.UNKNOWN_QUESTION)
        try:
            inquiry.check(given, workflow.now())
        except RefusedAnswerError as error:
            raise ApplicationError(str(error), type=error.refused.value) from error

    @workflow.query
    def inquiry(self, question: str) -> InquiryCard | None:
        """The card of an inquiry, for the form that answers it; None where there is none, or it ended."""
        known = self._inquiries.get(question)
        if known is None or known.settled or self._thread is None:
            return None
        return self._card_of(question, escalated=len(known.groups) > 1)

    @workflow.signal
    async def hook(self, call: HookCall) -> None:
        """A webhook was called; the first call that a step waits for counts."""
        for step, wanted in self._hooks.items():
            if (
                wanted.webhook == call.webhook
                and step not in self._called
                and holds(wanted.where, call.payload)
            ):
                self._called[step] = call

    @workflow.signal
    async def thread(self, thread: ThreadRef) -> None:
        """The incident's thread was opened after this playbook started."""
        self._thread = thread

    @workflow.query
    def view(self) -> PlaybookView:
        return PlaybookView(
            playbook=self._start.playbook,
            status=self._status,
            waiting_for=(
                *(key for key, question in self._questions.items() if question.decision is None),
                *(key for key, inquiry in self._inquiries.items() if not inquiry.settled),
            ),
            steps=tuple(f"{step}: {how}" for step, how in self._ended.items()),
        )

    # --- the rest --------------------------------------------------------------------------------

    def _key(self, step: str) -> str:
        return f"{workflow.info().workflow_id}/{step}"

    def _note(
        self, kind: str, text: str, data: dict[str, Any] | None = None, *, tell: Any = None, actor: str = ""
    ) -> None:
        self._notes.send(
            self._start.incident.id,
            kind=kind,
            text=text,
            actor=actor or f"playbook:{self._start.playbook}",
            data={"playbook": self._start.playbook} | (data or {}),
            tell=tell,
        )

    def _later(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _bounded(result: RunResult) -> RunResult:
    """Return what an ended run shows: without its steps' results where they are too much for a message."""
    if sum(size_of(step.result) for step in result.steps) + size_of(result.outputs) <= RUN_LIMIT:
        return result
    steps = tuple(step.model_copy(update={"result": {}}) for step in result.steps)
    return result.model_copy(update={"steps": steps, "outputs": {}})


def _shown(outcome: Outcome) -> tuple[State, str]:
    match outcome:
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
