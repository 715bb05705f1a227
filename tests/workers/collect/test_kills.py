"""The collector is killed at random moments while a sender goes on: what was acknowledged is in a real
OpenSearch, once."""

from __future__ import annotations

import asyncio
import random
import signal
import socket
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from integrations.opensearch import Keyring, OpenSearchStores, connect
from integrations.ports import StoredEvent
from rules.ecs import get

pytestmark = pytest.mark.engine

TOKEN = "t0ken"
COLLECTOR = """
    import asyncio, sys
    from pathlib import Path
    from integrations.opensearch import Keyring, connect
    from workers.collect import run_collectors
    from workers.collect_section import ReceiverSection
    from workers.site_file import CollectSection

    url, prefix, folder, port = sys.argv[1:]

    async def main():
        stores = await connect(url, prefix=prefix, keyring=Keyring({"test": b"k" * 32}))
        sections = [
            CollectSection.model_validate({
                "source": "linux.auth", "name": "pushed", "year": 2026, "http": {"token_env": "T"},
            }),
            CollectSection.model_validate({"source": "linux.auth", "name": "tailed", "year": 2026,
                                           "files": [folder + "/auth.log*"]}),
        ]
        await run_collectors(
            sections, stores.events, Path(folder) / "state", asyncio.Event(), enrichers=[],
            secrets={"pushed": {"token": "t0ken"}},
            receiver=ReceiverSection(listen="127.0.0.1:" + port),
        )

    asyncio.run(main())
"""


def line(number: int, name: str) -> str:
    return f"Mar 30 16:01:36 web-1 {name}[{number}]: Failed password for root from 203.0.113.7 port 22 ssh2"


@pytest.fixture
async def stores(opensearch_url: str, index_prefix: str) -> AsyncIterator[OpenSearchStores]:
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=Keyring({"test": b"k" * 32}))
    await stores.setup()
    yield stores
    await stores.close()


async def stored(stores: OpenSearchStores) -> list[StoredEvent]:
    upto = await stores.events.checkpoints()
    return [event async for page in stores.events.between({}, upto) for event in page]


class Sender:
    """Sends requests of lines, each again under the same id until it is acknowledged, the last one too."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/ingest/pushed"
        self.acknowledged = 0
        self.repeated = 0
        self.stopped = False

    async def run(self) -> None:
        async with httpx.AsyncClient(timeout=5) as client:
            unanswered = False
            while unanswered or not self.stopped:
                first = self.acknowledged
                unanswered = True
                body = "\n".join(line(number, "sshd") for number in range(first, first + 20))
                headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": f"batch-{first}"}
                try:
                    answer = await client.post(self._url, content=body, headers=headers)
                except httpx.TransportError:
                    self.repeated += 1
                    await asyncio.sleep(0.02)
                    continue
                assert answer.status_code in {200, 503}, answer.text
                if answer.status_code == 200:
                    self.acknowledged += 20
                    unanswered = False


async def test_what_was_acknowledged_is_stored_once_whenever_the_collector_dies(
    opensearch_url: str,
    index_prefix: str,
    stores: OpenSearchStores,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    seed = random.Random(5)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-c", textwrap.dedent(COLLECTOR)),
        *(opensearch_url, index_prefix, str(tmp_path), str(port)),
    ]
    sender = Sender(port)
    sending = asyncio.create_task(sender.run())
    tailed = 0
    for _ in range(15 if request.config.getoption("--kills") == "all" else 3):
        process = await asyncio.to_thread(subprocess.Popen, command)
        try:
            before = sender.acknowledged
            async with asyncio.timeout(60):
                while sender.acknowledged == before:
                    await asyncio.sleep(0.01)
                    assert process.poll() is None
            with (tmp_path / "auth.log").open("a") as log:
                log.writelines(line(number, "sudo") + "\n" for number in range(tailed, tailed + 2000))
            tailed += 2000
            await asyncio.sleep(seed.random() * 0.7)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    sender.stopped = True
    last = await asyncio.to_thread(subprocess.Popen, command)
    try:
        await asyncio.wait_for(sending, 60)
        wanted = {"sshd": sender.acknowledged, "sudo": tailed}
        async with asyncio.timeout(90):
            while len(events := await stored(stores)) < sum(wanted.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.3)
    finally:
        last.terminate()
        last.wait()
    found = Counter(
        (get(event.document, "process.name"), get(event.document, "process.pid")) for event in events
    )
    assert {name: sum(count for (of, _), count in found.items() if of == name) for name in wanted} == wanted
    assert set(found.values()) == {1}
    assert sender.repeated > 0
    moment = datetime(2026, 3, 30, 16, 1, 36, tzinfo=UTC)
    assert await stores.events.count({"process.name": ["sshd"]}, moment, moment) == sender.acknowledged
    print("acknowledged and stored once:", wanted, "requests repeated:", sender.repeated)
