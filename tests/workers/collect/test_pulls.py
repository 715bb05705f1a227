"""Pulling from APIs that keep to what their vendors document: all records, each once, whatever fails."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from integrations.catalogue import CatalogueError
from integrations.contract import ActionRefusedError
from rules.ecs import get, timestamp
from workers.collect import run_collectors
from workers.collect.trials import try_entry
from workers.collect_section import EntryError
from workers.site_file import CollectSection

from .conftest import KeptEvents
from .pull_servers import SERVERS, GithubAudit, GoogleReports, M365Activity, OktaLogs, PullServer
from .running import collecting, said, until


@pytest.fixture(params=SERVERS, ids=[kind.source for kind in SERVERS])  # type: ignore[attr-defined]
async def server(request: pytest.FixtureRequest) -> AsyncIterator[PullServer]:
    async with request.param() as found:
        yield found


def section(server: PullServer, **options: Any) -> CollectSection:
    pull = {
        "connection": "vendor",
        "every": "50ms",
        "since": "6h",
        "with": {**server.options, **options},
    }
    return CollectSection.model_validate({"source": server.source, "pull": pull})


def pulling(server: PullServer, folder: Path, store: KeptEvents, **options: Any) -> Any:
    return collecting(folder, store, section(server, **options), connections={"vendor": server.connection})


def users(store: KeptEvents) -> list[str]:
    """Return who the events are of: each record is of a user of its own."""
    found = (str(get(event, "user.name") or get(event, "user.email")) for event in store.kept.values())
    return sorted(name.partition("@")[0] for name in found)


def numbered(server: PullServer) -> list[str]:
    return sorted(f"user-{number}" for number in range(len(server.records)))


async def test_all_pages_are_stored_once_and_then_what_is_new(
    server: PullServer, tmp_path: Path, store: KeptEvents
) -> None:
    server.add(250)
    async with pulling(server, tmp_path, store):
        await until(lambda: len(store.kept) == 250)
        asked = len(server.requests)
        await until(lambda: len(server.requests) > asked + 4)
        server.add(3, timedelta(seconds=1))
        await until(lambda: len(store.kept) == 253)
    assert users(store) == numbered(server)
    assert server.violations == []
    state = said(tmp_path)
    assert (state.way, state.events, state.problem, state.unparsed) == ("pull", 253, None, 0)
    assert state.received >= 253
    assert state.lag is not None


async def test_a_restart_goes_on_where_it_was(server: PullServer, tmp_path: Path, store: KeptEvents) -> None:
    server.add(120)
    async with pulling(server, tmp_path, store):
        await until(lambda: len(store.kept) == 120)
        await until(lambda: _kept(tmp_path))
    server.add(10, timedelta(seconds=1))
    async with pulling(server, tmp_path, store):
        await until(lambda: len(store.kept) == 130)
    assert users(store) == numbered(server)


async def test_late_records_are_not_missed(server: PullServer, tmp_path: Path, store: KeptEvents) -> None:
    """They claim an earlier time than others that were pulled before them."""
    server.add(50, timedelta(minutes=1))
    late = timedelta(hours=3) if isinstance(server, GoogleReports) else timedelta(minutes=9)
    async with pulling(server, tmp_path, store):
        await until(lambda: len(store.kept) == 50 and _kept(tmp_path))
        server.add(5, late)
        await until(lambda: len(store.kept) == 55)
    assert users(store) == numbered(server)


async def test_a_used_quota_is_waited_for(server: PullServer, tmp_path: Path, store: KeptEvents) -> None:
    server.quota = 3
    server.add(250)
    async with pulling(server, tmp_path, store):
        await until(lambda: said(tmp_path).problem)
        assert any(code in str(said(tmp_path).problem) for code in ("429", "403"))
        await until(lambda: len(store.kept) == 250)
        await until(lambda: said(tmp_path).problem is None)
    assert users(store) == numbered(server)
    assert server.violations == []
    assert server.quiet_until > 0


async def test_faults_in_the_middle_skip_nothing(
    server: PullServer, tmp_path: Path, store: KeptEvents
) -> None:
    server.add(250)
    garbage = lambda: web.Response(text="<html>", content_type="text/html")  # noqa: E731
    away = lambda: web.Response(status=503, headers={"Retry-After": "0"})  # noqa: E731
    denied = lambda: web.Response(status=403, text="no")  # noqa: E731
    async with pulling(server, tmp_path, store):
        for fault in (away, garbage, denied, away):
            before = len(server.requests)
            server.faults.append(fault)
            await until(lambda before=before: len(server.requests) > before + 1)
        await until(lambda: len(store.kept) == 250)
    assert users(store) == numbered(server)


async def test_nothing_is_acknowledged_before_it_is_stored(
    server: PullServer, tmp_path: Path, store: KeptEvents
) -> None:
    server.add(250)
    store.away = True
    async with pulling(server, tmp_path, store):
        await until(lambda: said(tmp_path).waits_for == "the store is away")
        assert _kept(tmp_path) is None
    store.away = False
    async with pulling(server, tmp_path, store):
        await until(lambda: len(store.kept) == 250)
        await until(lambda: _kept(tmp_path))
    assert users(store) == numbered(server)


async def test_a_gap_is_told_once(server: PullServer, tmp_path: Path, store: KeptEvents) -> None:
    server.add(1)
    async with pulling(server, tmp_path, store):
        await until(lambda: (_kept(tmp_path) or {}).get("through"))
    through = timestamp(datetime.now(UTC) - timedelta(days=200))
    _keep(tmp_path, {**(_kept(tmp_path) or {}), "through": through})
    for _ in range(2):
        async with pulling(server, tmp_path, store):
            await until(lambda: (_kept(tmp_path) or {}).get("through") != through)
    gaps = [event for event in store.kept.values() if event["event"]["kind"] == "pipeline_error"]
    assert len(gaps) == (2 if isinstance(server, GithubAudit) else 1)
    assert all(
        "may be lost" in gap["error"]["message"] and through in gap["error"]["message"] for gap in gaps
    )
    state = said(tmp_path)
    assert state.lost == len(gaps)
    assert state.last_lost is not None


@pytest.mark.parametrize("kind", [M365Activity, GoogleReports])
async def test_a_token_that_was_taken_back_is_renewed(
    kind: type[PullServer], tmp_path: Path, store: KeptEvents
) -> None:
    async with kind() as server:
        server.add(20)
        async with pulling(server, tmp_path, store):
            await until(lambda: len(store.kept) == 20)
            server.revoke()
            server.add(5, timedelta(seconds=1))
            await until(lambda: len(store.kept) == 25)
        assert server.tokens == 3
        assert said(tmp_path).problem is None


async def test_a_link_that_okta_takes_no_more_costs_nothing(tmp_path: Path, store: KeptEvents) -> None:
    async with OktaLogs() as server:
        server.add(150)
        async with pulling(server, tmp_path, store):
            await until(lambda: len(store.kept) == 150 and (_kept(tmp_path) or {}).get("through"))
        kept = _kept(tmp_path) or {}
        link = str(kept["cursor"]["next"]).replace("after=c-", "after=old-")
        _keep(tmp_path, {**kept, "cursor": {**kept["cursor"], "next": link}})
        server.add(10)
        async with pulling(server, tmp_path, store):
            await until(lambda: len(store.kept) == 160)
        assert users(store) == numbered(server)


async def test_a_page_at_another_host_is_not_asked_for(tmp_path: Path, store: KeptEvents) -> None:
    async with GithubAudit() as server, GithubAudit() as other:
        server.add(1)

        def led_away() -> web.Response:
            link = f'<{other.url}/api/v3/orgs/example/audit-log?after=x>; rel="next"'
            return web.json_response(server.records, headers={"Link": link})

        server.faults.append(led_away)
        async with pulling(server, tmp_path, store):
            await until(lambda: "leads on to" in str(said(tmp_path).problem))
            await until(lambda: len(store.kept) == 1)
        assert other.requests == []


async def test_content_that_is_gone_is_told_and_the_rest_goes_on(tmp_path: Path, store: KeptEvents) -> None:
    async with M365Activity() as server:
        server.add(35)
        server.gone.add(2)
        async with pulling(server, tmp_path, store):
            await until(lambda: len(store.kept) == 29)
        gone = [event for event in store.kept.values() if event["event"]["kind"] == "pipeline_error"]
        assert len(gone) == 1
        assert "blob-2 is not there any more" in gone[0]["error"]["message"]


async def test_a_clock_ahead_of_the_vendor_skips_nothing(tmp_path: Path, store: KeptEvents) -> None:
    async with M365Activity() as server:
        server.behind = timedelta(hours=2)
        server.add(7, timedelta(hours=2, minutes=1))
        async with pulling(server, tmp_path, store):
            await until(lambda: len(store.kept) == 7 and _kept(tmp_path))
            server.add(7, timedelta(hours=2, seconds=1))
            await until(lambda: len(store.kept) == 14)


async def test_a_subscription_that_ended_is_started_again(tmp_path: Path, store: KeptEvents) -> None:
    async with M365Activity() as server:
        server.add(7)
        async with pulling(server, tmp_path, store):
            await until(lambda: len(store.kept) == 7)
            server.started.clear()
            server.add(7, timedelta(seconds=1))
            await until(lambda: len(store.kept) == 14)
        assert server.started == {"Audit.General"}


async def test_a_record_that_is_none_of_the_source_stops_nothing(tmp_path: Path, store: KeptEvents) -> None:
    async with OktaLogs() as server:
        server.add(3)
        server.records.insert(1, {"odd": True})
        server.records.insert(2, {"uuid": "x", "published": "yesterday"})
        async with pulling(server, tmp_path, store):
            await until(lambda: len(store.kept) == 5)
            await until(lambda: said(tmp_path).unparsed)


async def test_a_trial_fetches_what_the_entry_would(server: PullServer) -> None:
    server.add(3)
    said = await try_entry(section(server), {"vendor": server.connection})
    assert said.startswith(f"{server.source}: ")
    assert said.endswith(" answers, 3 records of the last 10 minutes")
    server.fault_always = lambda: web.Response(status=403, text="not you")
    with pytest.raises(ActionRefusedError, match="403 Forbidden: not you"):
        await try_entry(section(server), {"vendor": server.connection})


@pytest.mark.parametrize(
    ("entry", "kind", "text"),
    [
        (
            {"source": "okta.system"},
            "github_audit",
            "needs a connection of kind okta, and 'vendor' is of kind",
        ),
        ({"source": "okta.system"}, None, "'vendor' is not there: `siem connections setup okta`"),
        ({"source": "github.audit"}, "github_audit", "write organisation: NAME or enterprise: NAME"),
        ({"source": "okta.system", "with": {"limit": 5000}}, "okta", "limit: Input should be less than"),
        ({"source": "okta.system", "with": {"limt": 5}}, "okta", "limt: Extra inputs"),
    ],
)
async def test_an_entry_that_cant_work_says_what_to_write(
    entry: dict[str, Any], kind: str | None, text: str, tmp_path: Path, store: KeptEvents
) -> None:
    pull = {"connection": "vendor", "with": entry.get("with", {})}
    one = CollectSection.model_validate({"source": entry["source"], "pull": pull})
    connections = {"vendor": {"kind": kind}} if kind else {}
    with pytest.raises(EntryError, match=text):
        await run_collectors([one], store, tmp_path, asyncio.Event(), connections=connections)


async def test_a_source_without_an_api_names_those_with_one(tmp_path: Path, store: KeptEvents) -> None:
    one = CollectSection.model_validate({"source": "linux.auth", "pull": {"connection": "vendor"}})
    with pytest.raises(CatalogueError, match=r"github\.audit, google_workspace\.activity, m365\.audit"):
        await run_collectors([one], store, tmp_path, asyncio.Event())


async def test_a_tenant_is_a_guid(tmp_path: Path, store: KeptEvents) -> None:
    async with M365Activity() as server:
        connection = server.connection | {"tenant": "example.com"}
        async with collecting(tmp_path, store, section(server), connections={"vendor": connection}):
            await until(lambda: "wants the tenant's id (a GUID" in str(said(tmp_path).problem))


def _kept(folder: Path) -> dict[str, Any] | None:
    with sqlite3.connect(folder / "positions.sqlite") as database:
        row = database.execute("SELECT cursor FROM pulled").fetchone()
    database.close()
    return None if row is None else dict(json.loads(row[0]))


def _keep(folder: Path, kept: dict[str, Any]) -> None:
    with sqlite3.connect(folder / "positions.sqlite") as database:
        database.execute("UPDATE pulled SET cursor = ?", (json.dumps(kept),))
    database.close()
