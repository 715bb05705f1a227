"""A worker is replaced while 50 playbooks wait for approval: all go on, and nobody is asked twice."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client

from integrations.catalogue import actions
from playbooks.commands import RunResult
from playbooks.model import load_playbook
from tests.workers.runs.paths import text_of
from tests.workers.runs.script import script_of
from tests.workers.runs.theatre import Play, nursery
from workers.contract import QUEUE, IncidentStart, Question, Vote
from workers.engines import prepare_namespace
from workers.temporal import connect

pytestmark = pytest.mark.engine

WAITING = 50
SPECS = {action.spec.name: action.spec for action in actions()}


async def test_fifty_playbooks_that_wait_outlive_their_worker(temporal_address: str, tmp_path: Path) -> None:
    namespace = f"upgrade-{os.getpid()}"
    client = await connect(temporal_address, namespace=namespace)
    await prepare_namespace(client, create=True)
    text, used = text_of("granted"), {name: SPECS[name] for name in ("geoip.lookup", "blocklist.block_ip")}
    playbook = load_playbook("granted.yaml", text, used)
    script = script_of(
        playbook, playbook.tests[0], text, (), used,
        address=temporal_address, namespace=namespace, incident="inc-upgrade0",
    )  # fmt: skip
    async with nursery() as here:
        play = Play(script, tmp_path / "runs", client, here)
        first = await here.start(play.folder)
        runs = await start(client, play)
        asked = await questions(play)
        for run in runs:  # the server knows of all cards: nothing is under way
            while (await client.get_workflow_handle(run).describe()).raw_description.pending_activities:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        before = play.records.posted("question")
        os.kill(first, signal.SIGKILL)
        await here.ended(play.folder)
        second = await here.start(play.folder)
        assert second != first
        gate = asyncio.Semaphore(5)
        await asyncio.gather(*(approve(client, question, gate) for question in asked))
        ended = [await client.get_workflow_handle(run, result_type=RunResult).result() for run in runs]
    assert {one.status for one in ended} == {"succeeded"}
    assert len(before) == WAITING
    assert play.records.posted("question") == before, "somebody was asked again"
    blocked = [
        params
        for _, action, what, params, _ in play.records.effects()
        if (action, what) == ("blocklist.block_ip", "run")
    ]
    assert len(blocked) == len(set(blocked)) == WAITING


async def start(client: Client, play: Play) -> list[str]:
    """Start the runs, each with an address of its own; returns their ids."""
    start = play.script.start
    await client.start_workflow(
        "IncidentWorkflow", IncidentStart(incident=start.incident.id), id=start.incident.id, task_queue=QUEUE
    )
    runs = [f"{play.script.workflow}/{number}" for number in range(WAITING)]
    await asyncio.gather(
        *(
            client.start_workflow(
                "PlaybookWorkflow", start.model_copy(update={"inputs": {"ip": f"198.51.100.{number + 1}"}}),
                id=run, task_queue=QUEUE,
            )
            for number, run in enumerate(runs)
        )
    )  # fmt: skip
    return runs


async def questions(play: Play) -> list[Question]:
    """Wait until all have asked."""
    async with asyncio.timeout(120):
        while len(play.records.posted("question")) < WAITING:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return [
        Question.model_validate_json(card) for _, kind, card in play.records.cards() if kind == "question"
    ]


async def approve(client: Client, question: Question, gate: asyncio.Semaphore) -> None:
    vote = Vote(
        question=question.question_id, digest=question.digest, by=question.approver_ids[0], approve=True,
        at=datetime.now(UTC),
    )  # fmt: skip
    handle = client.get_workflow_handle(question.workflow)
    async with gate:
        result = await handle.execute_update("vote", vote)
    assert result["decision"] == "granted"
