"""``siem up`` as one thing: the engines and the parts, kept running until told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from workers.engines import Engines
from workers.supervisor import Part, Supervisor


async def run_parts(
    engines: Engines,
    parts: Sequence[Part],
    data: Path,
    stop: asyncio.Event,
    tell: Callable[[str], None],
    ready: Callable[[], None],
    *,
    seconds: float = 90.0,
) -> None:
    """Run `parts` beside started `engines` until `stop` is set; each of them that dies comes back.

    `ready` is called once all parts were ready. The parts end before this returns, the last one
    first; the engines are the caller's to stop. Raises `PartError` where a part is not ready in time.
    """
    async with Supervisor(parts, data, tell) as supervisor:
        keeping = asyncio.create_task(engines.keep_running(tell))
        stopped = asyncio.create_task(stop.wait())
        starting = asyncio.create_task(supervisor.wait_ready(seconds))
        watched = {stopped, keeping} if engines.embedded else {stopped}
        try:
            await asyncio.wait({starting, *watched}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                await starting
                ready()
                await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            if keeping in watched and keeping.done():
                await keeping  # it never ends by itself: this raises why
        finally:
            for task in (keeping, stopped, starting):
                task.cancel()
            await asyncio.gather(keeping, stopped, starting, return_exceptions=True)
