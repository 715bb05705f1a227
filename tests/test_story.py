"""The story from raw log to audit, while its parts are killed under it: it ends the same.

One installation with real engines carries all stories of a run, one after the other, each with an
attacker of its own. A few kills run always, all of them with ``--kills=all``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path

import pytest
import pytest_asyncio

from bot.demo.people import people_of
from bot.demo.rig import Rig, running, write_site
from tests.story.breach import Breach
from tests.story.kills import PARTS, STAGES, Killer, check, play

pytestmark = pytest.mark.engine

TTL = "15s"
"""How long blocks last here: longer than an engine needs to come back."""
FEW = (("bot", "incident"), ("worker", "click"), ("opensearch", "click"))
numbers = count(1)


@dataclass(frozen=True)
class Stage:
    rig: Rig
    log: Path

    def breach(self) -> Breach:
        return Breach(self.rig, self.log, people_of(self.rig)["alice"], next(numbers))


@pytest_asyncio.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("story")
    log = folder / "auth.log"
    log.touch()
    tailed = {"source": "linux.auth", "files": [str(log)], "timezone": "UTC"}
    settings = write_site(folder, ttl=TTL, collect=[tailed])
    async with running(settings) as rig:
        yield Stage(rig, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kill" in metafunc.fixturenames:
        everything = metafunc.config.getoption("--kills") == "all"
        kills = list(product(PARTS, STAGES)) if everything else FEW
        metafunc.parametrize("kill", kills, ids=["-".join(kill) for kill in kills])


async def test_a_part_killed_at_a_stage_changes_nothing(stage: Stage, kill: tuple[str, str]) -> None:
    breach = stage.breach()
    killer = Killer(stage.rig, *kill)
    await play(breach, killer)
    await killer.check_came_back()
    await check(breach)
