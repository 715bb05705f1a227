"""The least that a run could be: a workflow that does nothing but the same activities, in the same order.

No playbook, no expressions, no policy, no progress, nothing checked: what somebody would write by hand for
exactly this one case. It takes the same input, asks in the same way, answers the same vote, and sends the
same evidence; a silent one sends none.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from playbooks.actions import RenderedAction
    from playbooks.engine import digest_of
    from workers.contract import (
        BOT_QUEUE,
        BotActivity,
        ContainmentRequest,
        ContainmentState,
        EvidenceNote,
        EvidenceNotes,
        PlaybookStart,
        Question,
        QuestionEnd,
        ThreadRef,
        Vote,
        VoteResult,
    )
    from workers.messages import ActionRequest, BlastAnswer, BlastRequest

LOOKUP, BLOCK = "bench.lookup", "bench.block_ip"
LOOKUPS = 3
SILENT = "silent"
"""In place of the playbook's name: send no evidence."""
HOUR = 3600
RETRY = RetryPolicy(maximum_attempts=4)
SHORT = timedelta(seconds=10)


@workflow.defn(name="BareRun")
class BareRun:
    @workflow.init
    def __init__(self, start: PlaybookStart) -> None:
        self._start = start
        self._vote: Vote | None = None
        self._noted = 0

    @workflow.run
    async def run(self, start: PlaybookStart) -> str:
        me, ip, incident = workflow.info().workflow_id, start.inputs["ip"], start.incident.id
        for number in range(LOOKUPS):
            await workflow.execute_local_activity(
                "action.call",
                ActionRequest(action=LOOKUP, params={"ip": ip}, key=f"{me}/{number}", incident=incident),
                result_type=dict,
                start_to_close_timeout=SHORT,
                retry_policy=RETRY,
            )
        action = RenderedAction(step="block", action=BLOCK, params={"ip": ip}, target=ip, seconds=HOUR)
        blast: BlastAnswer = await workflow.execute_local_activity(
            "action.blast_radius",
            BlastRequest(incident=incident, actions=(action,)),
            result_type=BlastAnswer,
            start_to_close_timeout=SHORT,
            retry_policy=RETRY,
        )
        question = self._question(action, blast)
        told = [
            asyncio.create_task(self._note("playbook.started", *["step.done"] * LOOKUPS, "question.asked"))
        ]
        card: ThreadRef = await workflow.execute_activity(
            BotActivity.ASK.value,
            question,
            task_queue=BOT_QUEUE,
            result_type=ThreadRef,
            start_to_close_timeout=SHORT,
            retry_policy=RETRY,
        )
        await workflow.wait_condition(lambda: self._vote is not None, timeout=timedelta(hours=1))
        told.append(asyncio.create_task(self._note("vote.granted", "question.granted")))
        state: ContainmentState = await workflow.execute_activity(
            "containment.request",
            args=[self._request(action), start.specs[BLOCK]],
            result_type=ContainmentState,
            start_to_close_timeout=timedelta(minutes=5),
            heartbeat_timeout=timedelta(seconds=5),
            retry_policy=RETRY,
        )
        await workflow.execute_activity(
            BotActivity.RETIRE.value,
            QuestionEnd(
                key=f"{me}/ask/end", question=question, card=card, decision="granted", at=workflow.now()
            ),
            task_queue=BOT_QUEUE,
            start_to_close_timeout=SHORT,
            retry_policy=RETRY,
        )
        await self._note("playbook.ended")
        await asyncio.gather(*told)
        return state.status

    async def _note(self, *kinds: str) -> None:
        if self._start.playbook == SILENT:
            return
        info = workflow.info()
        first, self._noted = self._noted, self._noted + len(kinds)
        notes = tuple(
            EvidenceNote(
                key=f"{info.workflow_id}/{info.run_id}/{number}", kind=kind, actor="playbook:bare",
                text=f"Step {kind} of the bare run.", data={"playbook": "bare"}, at=workflow.now(),
            )
            for number, kind in enumerate(kinds, first)
        )  # fmt: skip
        await workflow.execute_local_activity(
            "notes.send",
            args=[self._start.incident.id, EvidenceNotes(notes=notes)],
            start_to_close_timeout=SHORT,
        )

    @workflow.update
    async def vote(self, vote: Vote) -> VoteResult:
        self._vote = vote
        return VoteResult(decision="granted", approvals=1, quorum=1, by=(vote.by,))

    def _question(self, action: RenderedAction, blast: BlastAnswer) -> Question:
        me, start = workflow.info().workflow_id, self._start
        assert start.thread is not None
        return Question(
            key=f"{me}/ask", workflow=me, question_id="ask", incident=start.incident, playbook="bare",
            thread=start.thread, text=f"Block {action.target}?", approvers="responders",
            approver_ids=tuple(sorted(start.approvers.members("responders"))), quorum=1,
            expires=workflow.now() + timedelta(hours=1), actions=(action,), blast=blast.blast,
            digest=digest_of((action,)),
        )  # fmt: skip

    def _request(self, action: RenderedAction) -> ContainmentRequest:
        start = self._start
        return ContainmentRequest(
            key=f"{workflow.info().workflow_id}/block", incident=start.incident.id, playbook="bare",
            action=action, digest=digest_of((action,)), guard=start.guard, approvers=start.approvers,
            approved_by=("U0ALICE",), reason=start.incident.title,
        )  # fmt: skip
