"""``siem intel`` on a real store: who says so, until when, and where it was seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from typer.testing import CliRunner

import workers.composition
from bot.cli import app
from bot.commands.failures import exit_code, words
from integrations.opensearch import OpenSearchStores, connect, keep_keyring
from rules.ecs import timestamp
from workers.temporal import connect as connect_temporal
from workers.worker import start_system

pytestmark = pytest.mark.engine

SITE = """
guard: {networks: [192.0.2.1/32]}
intelligence:
  - {name: own, kind: file, path: bad.csv, column: address, confidence: 80, expires: 7d}
  - {name: gone, kind: file, path: missing.txt}
"""


@dataclass
class Ran:
    code: int
    out: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@dataclass
class Here:
    stores: OpenSearchStores
    folder: Path

    async def siem(self, *line: str) -> Ran:
        return await asyncio.to_thread(self._run, line)

    def _run(self, line: tuple[str, ...]) -> Ran:
        result = CliRunner().invoke(app, list(line))
        if isinstance(error := result.exception, Exception):
            code = exit_code(error)
            if code is None:
                raise error
            return Ran(code, f"{result.output}{words(error)}")
        return Ran(result.exit_code, result.output)


@pytest.fixture
async def here(
    opensearch_url: str,
    temporal_address: str,
    temporal_client: Client,
    index_prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Here]:
    (tmp_path / "siem.yaml").write_text(SITE)
    (tmp_path / "bad.csv").write_text("seen,address\nx,203.0.113[.]7\nx,198.51.100.0/28\nx,10.0.0.1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setenv("SIEM_OPENSEARCH_URL", opensearch_url)
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", temporal_client.namespace)
    monkeypatch.delenv("SIEM_KEYS", raising=False)
    monkeypatch.setattr(workers.composition, "connect_opensearch", partial(connect, prefix=index_prefix))
    await start_system(await connect_temporal(temporal_address, namespace=temporal_client.namespace))
    stores = await connect(
        opensearch_url, prefix=index_prefix, keyring=keep_keyring(tmp_path / ".siem" / "keys")
    )
    await stores.setup()
    yield Here(stores, tmp_path)
    await stores.close()


async def test_from_a_file_to_who_says_so(here: Here) -> None:
    tried = await here.siem("intel", "test", "bad.csv", "--source", "own", "--json")
    assert (tried.code, tried.data["kinds"], tried.data["skipped"]) == (0, {"ip": 1, "network": 1}, 1)
    assert (await here.siem("intel", "refresh", "nobody")).code == 2

    done = await here.siem("intel", "refresh")
    assert done.code == 1
    assert "own: 2 new, 0 changed, 0 withdrawn, 1 not taken." in done.out
    assert "missing.txt: No such file" in done.out
    listed = await here.siem("intel", "list")
    assert listed.code == 1
    assert "ip 1 network 1" in listed.out

    at = datetime.now(UTC) - timedelta(days=3)
    event = {"id": "e-1", "module": "zeek", "dataset": "zeek.dns", "kind": "event"}
    await here.stores.events.write([
        {"@timestamp": timestamp(at), "event": event, "host": {"name": "ns-1"}, "source": {"ip": "10.0.0.5"},
         "dns": {"answers": [{"data": "203.0.113.7", "name": "x.example", "type": "A"}]}}
    ])  # fmt: skip
    shown = await here.siem("intel", "show", "203[.]0.113.7")
    assert shown.code == 0, shown.out
    assert "ip 203.0.113.7\nown calls it bad." in shown.out
    assert "zeek.dns" in shown.out
    assert "dns.answers.data" in shown.out
    within = (await here.siem("intel", "show", "198.51.100.3", "--json")).data
    assert (within["bad"], [one["indicator"]["indicator"]["value"] for one in within["said"]]) == (
        ["own"],
        ["198.51.100.0/28"],
    )
    assert "No source calls it bad now" in (await here.siem("intel", "show", "evil.example")).out
    assert (await here.siem("intel", "show", "10.0.0.1")).code == 2
