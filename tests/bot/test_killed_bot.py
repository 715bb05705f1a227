"""The bot killed between Slack's yes and Temporal's: the one that comes after it asks no second time."""

from __future__ import annotations

import asyncio
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.worker import Worker

from tests.bot.desk_fake import facts, question
from tests.bot.slack_rig import fresh, perform, rig
from workers.contract import BOT_QUEUE, BotActivity, IncidentPost, Question, ThreadRef
from workers.temporal import connect

QUEUE = "asking"


@workflow.defn(name="AskingWorkflow", sandboxed=False)
class AskingWorkflow:
    @workflow.run
    async def run(self, asked: Question) -> ThreadRef:
        card: ThreadRef = await workflow.execute_activity(
            BotActivity.ASK.value,
            asked,
            task_queue=BOT_QUEUE,
            result_type=ThreadRef,
            start_to_close_timeout=timedelta(seconds=4),
        )
        return card


@pytest.mark.engine
async def test_one_question_though_the_bot_is_killed_after_posting_it(
    tmp_path: Path, temporal_address: str, temporal_namespace: str
) -> None:
    async with rig(tmp_path / "workspace", connected=False) as here:
        opened = IncidentPost(key="inc-abcd2345/open", incident=facts(), alerts=())
        thread = await perform(here.bot.open_incident, opened)
        asked = question(thread=thread, expires=datetime.now(UTC) + timedelta(minutes=15))
        client = await connect(temporal_address, namespace=temporal_namespace)
        dying = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bot.dying_bot",
            temporal_address, temporal_namespace, here.access.base_url, here.access.bot_token,
            cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with Worker(client, task_queue=QUEUE, workflows=[AskingWorkflow]):
                handle = await client.start_workflow(
                    AskingWorkflow.run, asked, id=f"ask-{uuid.uuid4().hex}", task_queue=QUEUE
                )
                assert dying.stdout is not None
                assert (await asyncio.wait_for(dying.stdout.readline(), 60)).strip() == b"posted"
                dying.kill()
                await dying.wait()
                (first,) = await here.replies(thread.ts)
                async with Worker(client, task_queue=BOT_QUEUE, activities=fresh(here).activities):
                    card = await asyncio.wait_for(handle.result(), 60)
        finally:
            if dying.returncode is None:
                dying.kill()
            await dying.wait()
        assert [one["ts"] for one in await here.replies(thread.ts)] == [first["ts"]] == [card.ts]
