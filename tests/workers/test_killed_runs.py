"""Library playbooks whose worker is killed at every step boundary: they end as if nothing had happened.

Each run is a playbook's own rehearsal on a real Temporal server, once undisturbed and once with a worker
that dies. A few boundaries of a few playbooks always. ``--kills=steps`` kills before and after whatever is
done for each step of each playbook, in as few rehearsals as reach them all; ``--kills=all`` at every boundary
of every rehearsal, and at 200 random moments besides.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from integrations.catalogue import actions
from playbooks.cases import Case
from playbooks.rehearsal import rehearse
from playbooks.steps import Playbook
from tests.workers.runs.script import Script, can_be_staged, script_of
from tests.workers.runs.theatre import Nursery, Outcome, Play, nursery
from workers.engines import prepare_namespace
from workers.playbook_files import PlaybookSet, read_playbooks
from workers.temporal import connect

pytestmark = pytest.mark.engine

AT_ONCE = 8
"""Runs side by side: most of the time they wait for the server to find out that their worker is dead."""
PARTS = 6
"""A rehearsal is done so many times, each killed at another sixth of the boundaries: a server lets a workflow
whose tasks fail one after the other wait longer and longer."""
MOMENTS, OF_EACH = 200, 4
"""Kills at random moments, and how many of them hit the same run."""
FEW = {
    "contain-ssh-breach": "a responder agrees",
    "contain-malware": None,
    "contain-ransomware": "cancelled while it is asked what it was, so the computer comes back",
}
"""Playbooks of the short form, and which rehearsal; None: the first."""
FEW_KILLS = ("0/10", "5/10")
STEP_PARTS = ("0/2", "1/2")
SPECS = {action.spec.name: action.spec for action in actions()}


@dataclass(frozen=True)
class Rehearsal:
    playbook: Playbook
    case: Case
    text: str
    inside: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return f"{self.playbook.name}: {self.case.name}"


def rehearsals(known: PlaybookSet) -> list[Rehearsal]:
    """All rehearsals of the library that real activities can do."""
    return [
        Rehearsal(playbook, case, file.text, tuple((one.path, one.text) for one, _ in known.inside(playbook)))
        for file, playbook in known.playbooks
        for case in playbook.tests
        if can_be_staged(playbook, case)
    ]


LIBRARY = read_playbooks((), SPECS)
NAMED = {playbook.name: playbook for _, playbook in LIBRARY.playbooks}
EVERY = rehearsals(LIBRARY)


def short_form() -> list[Rehearsal]:
    found = []
    for name, case in FEW.items():
        mine = [one for one in EVERY if one.playbook.name == name]
        found += [one for one in mine if case in (None, one.case.name)][:1]
    return found


@dataclass
class Stage:
    folder: Path
    address: str
    nursery: Nursery
    number: int = 0

    async def play(
        self,
        one: Rehearsal,
        kills: str,
        moments: Sequence[float] = (),
        wanted: Outcome | None = None,
        steps: Sequence[str] = (),
    ) -> tuple[Play, Outcome]:
        """Do a rehearsal for real, in a namespace of its own."""
        play = await self.prepare(one, kills, moments, steps)
        return play, await play.run(wanted)

    async def prepare(
        self, one: Rehearsal, kills: str, moments: Sequence[float] = (), steps: Sequence[str] = ()
    ) -> Play:
        self.number += 1
        namespace = f"run{self.number}-{os.getpid()}"
        client = await connect(self.address, namespace=namespace)
        await prepare_namespace(client, create=True)
        used = {name for inner in (one.playbook, *self._inside(one)) for name in inner.actions}
        script: Script = script_of(
            one.playbook, one.case, one.text, one.inside, {name: SPECS[name] for name in used},
            address=self.address, namespace=namespace, incident="inc-killed00",
        )  # fmt: skip
        script.kills, script.steps = kills, tuple(steps)
        return Play(script, self.folder / namespace, client, self.nursery, moments)

    def _inside(self, one: Rehearsal) -> list[Playbook]:
        return [inner for _, inner in LIBRARY.inside(one.playbook)]


@pytest_asyncio.fixture(scope="module")
async def stage(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with nursery() as here:
        yield Stage(tmp_path_factory.mktemp("killed"), temporal_address, here)


async def test_a_worker_killed_at_step_boundaries_changes_nothing(
    stage: Stage, request: pytest.FixtureRequest
) -> None:
    everything = request.config.getoption("--kills") == "all"
    chosen = EVERY if everything else short_form()
    parts = [f"{part}/{PARTS}" for part in range(PARTS)] if everything else FEW_KILLS
    gate, counted = asyncio.Semaphore(AT_ONCE), Counter[str]()

    async def undisturbed(one: Rehearsal) -> list[str]:
        """One that can't be done at all is a fault, and no reason to stop."""
        try:
            found = await both(one)
        except Exception as error:  # noqa: BLE001
            found = [f"{one.name}: {type(error).__name__}: {error}"]
        if everything:
            print("\n".join([*found, f"so far: {dict(counted)}"]), flush=True)
        return found

    async def both(one: Rehearsal) -> list[str]:
        async with gate:
            play, base = await stage.play(one, "none")
        wanted = rehearse(one.playbook, one.case, SPECS, NAMED).result
        assert wanted is not None
        faults = _differences(one.name, "rehearsed", _statuses(wanted.model_dump()), _statuses(base.result))
        plays = await asyncio.gather(*(disturbed(one, base, part) for part in parts))
        killed = set().union(*(killed for _, killed in plays))
        reached, _ = play.records.boundaries()
        counted.update(rehearsals=1, boundaries=len(reached), missed=len(reached - killed))
        return faults + [fault for found, _ in plays for fault in found]

    async def disturbed(one: Rehearsal, base: Outcome, part: str) -> tuple[list[str], set[str]]:
        async with gate:
            play, outcome = await stage.play(one, part, wanted=base)
        _, killed = play.records.boundaries()
        assert killed, f"{one.name}: nothing was killed"
        counted.update(runs=1, kills=len(killed))
        return _differences(f"{one.name}, part {part}", "without kills", base, outcome), killed

    faults = [fault for found in await asyncio.gather(*map(undisturbed, chosen)) for fault in found]
    print(f"killed at step boundaries: {dict(counted)}")
    assert not faults, "\n".join(faults)
    assert not everything or counted["missed"] * 20 < counted["boundaries"], counted


@pytest.mark.asked_for("--kills")
async def test_a_worker_killed_before_and_after_each_step_changes_nothing(stage: Stage) -> None:
    gate, counted = asyncio.Semaphore(AT_ONCE), Counter[str]()

    async def playbook(name: str) -> list[str]:
        """Rehearse until all steps were reached, each killed at where it was new."""
        faults: list[str] = []
        covered: set[str] = set()
        for one in (each for each in EVERY if each.playbook.name == name):
            case = rehearse(one.playbook, one.case, SPECS, NAMED).result
            assert case is not None
            done = {step.id for step in case.steps if step.status != "skipped"}
            if done <= covered:
                continue
            try:
                async with gate:
                    play, base = await stage.play(one, "none")
                new = sorted(play.records.steps(killed=False) - covered)
                covered |= done | set(new)
                plays = await asyncio.gather(*(disturbed(one, base, part, new) for part in STEP_PARTS if new))
            except Exception as error:  # noqa: BLE001 - the others are rehearsed all the same
                faults.append(f"{one.name}: {type(error).__name__}: {error}")
                continue
            faults += [fault for found, _ in plays for fault in found]
            killed = set().union(*(steps for _, steps in plays))
            counted.update(steps=len(new), missed=len(set(new) - killed))
            print("\n".join([*faults, f"so far: {dict(counted)}"]), flush=True)
        return faults

    async def disturbed(
        one: Rehearsal, base: Outcome, part: str, steps: list[str]
    ) -> tuple[list[str], set[str]]:
        async with gate:
            play, outcome = await stage.play(one, part, wanted=base, steps=steps)
        counted.update(runs=1, kills=len(play.records.boundaries()[1]))
        return _differences(f"{one.name}, part {part}", "without kills", base, outcome), play.records.steps(
            killed=True
        )

    faults = [fault for found in await asyncio.gather(*map(playbook, NAMED)) for fault in found]
    print(f"killed before and after steps: {dict(counted)} of {len(NAMED)} playbooks")
    assert not faults, "\n".join(faults)
    assert counted["missed"] * 20 < counted["steps"], counted


async def test_a_worker_killed_at_random_moments_changes_nothing(
    stage: Stage, request: pytest.FixtureRequest
) -> None:
    everything = request.config.getoption("--kills") == "all"
    dice = random.Random(11)
    chosen = [dice.choice(EVERY) for _ in range(MOMENTS // OF_EACH)] if everything else short_form()[:1]
    gate, deaths = asyncio.Semaphore(AT_ONCE), Counter[str]()

    async def one(rehearsal: Rehearsal) -> list[str]:
        async with gate:
            _, base = await stage.play(rehearsal, "none")
            moments = [dice.uniform(0.1, 2.0) for _ in range(OF_EACH)]
            play, outcome = await stage.play(rehearsal, "none", moments, base)
        deaths["kills"] += min(play.deaths, len(moments))
        return _differences(rehearsal.name, "without kills", base, outcome)

    faults = [fault for found in await asyncio.gather(*map(one, chosen)) for fault in found]
    print(f"killed at random moments: {dict(deaths)} in {len(chosen)} runs")
    assert not faults, "\n".join(faults)


def _statuses(result: dict[str, Any]) -> dict[str, str]:
    return {"": result["status"], **{step["id"]: step["status"] for step in result["steps"]}}


def _differences(name: str, than: str, wanted: object, found: object) -> list[str]:
    return [] if wanted == found else [f"{name}: other than {than}:\n  {wanted}\n  {found}"]
