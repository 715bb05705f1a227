"""Tickets against servers that keep to the vendors' documented fields, lengths and errors: made once, whatever is
lost on the way, and with texts that stay texts."""

from __future__ import annotations

from typing import Any, cast

import pytest
from aiohttp import web

from integrations import github, jira, pagerduty, servicenow
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.github.create_issue import fenced
from integrations.ports import Site
from integrations.tickets import line, lines, mark_of
from tests.integrations.ticket_server import (
    TOKEN,
    GitHubServer,
    JiraServer,
    PagerDutyServer,
    ServiceNowServer,
    TicketServer,
)
from tests.integrations.vendor_server import HOSTILE, call, prove_faults, prove_hostile, site_of
from tests.workers.fakes import MemoryState

ACTIONS: dict[str, Any] = {
    action.spec.name: action for vendor in (github, jira, pagerduty, servicenow) for action in vendor.ACTIONS
}
CASES: tuple[tuple[str, type[TicketServer], dict[str, Any]], ...] = (
    ("jira.create_issue", JiraServer, {"title": "Breach of web-1", "text": "From 203.0.113.7"}),
    ("jira.add_comment", JiraServer, {"issue": "SEC-1", "text": "Blocked\nfor a day\n\nBy alice"}),
    ("servicenow.create_incident", ServiceNowServer, {"title": "Breach of web-1", "urgency": "high"}),
    ("github.create_issue", GitHubServer, {"title": "Breach of web-1", "text": "cc @everyone"}),
)
NAMES = [case[0] for case in CASES]


def site_with(server: TicketServer, **more: Any) -> Site:
    return site_of(there={**server.settings, "url": server.url, **more})


def forget(site: Site) -> None:
    cast(MemoryState, site.state).documents.clear()


def made(server: TicketServer, name: str) -> list[dict[str, Any]]:
    return server.comments if name == "jira.add_comment" else server.tickets


@pytest.mark.parametrize(("name", "server_type", "params"), CASES, ids=NAMES)
async def test_a_ticket_is_made_once(name: str, server_type: Any, params: dict[str, Any]) -> None:
    async with server_type() as server:
        site, action = site_with(server), ACTIONS[name]
        first = await action.run(call(**params), site)
        assert set(first) == {"id", "url"}
        assert await action.run(call(**params), site) == first
        forget(site)
        assert await action.run(call(**params), site) == first
        assert len(made(server, name)) == 1
        assert await action.run(call("blk-0002", **params), site) != first
        assert len(made(server, name)) == 2


@pytest.mark.parametrize(("name", "server_type", "params"), CASES, ids=NAMES)
async def test_a_lost_answer_makes_no_second_one(name: str, server_type: Any, params: dict[str, Any]) -> None:
    async with server_type() as server:
        site, action = site_with(server), ACTIONS[name]
        server.lose_next = 1
        with pytest.raises(ActionUnavailableError, match="502"):
            await action.run(call(**params), site)
        await action.run(call(**params), site)
        assert (len(made(server, name)), server.changes) == (1, 1)


@pytest.mark.parametrize(("name", "server_type", "params"), CASES, ids=NAMES)
async def test_faults_are_told_apart(name: str, server_type: Any, params: dict[str, Any]) -> None:
    async with server_type() as server:
        await prove_faults(ACTIONS[name], site_with(server), call(**params), server)
        assert server.changes == 0


@pytest.mark.parametrize("name", ["pagerduty.trigger", "pagerduty.resolve"])
async def test_faults_of_pagerduty_are_told_apart(name: str) -> None:
    async with PagerDutyServer() as server:
        await prove_faults(ACTIONS[name], site_with(server), call(title="Breach"), server)


@pytest.mark.parametrize(
    ("name", "parameter", "others"),
    [
        ("jira.create_issue", "project", {"title": "x"}), ("jira.add_comment", "issue", {"text": "x"}),
        ("servicenow.create_incident", "impact", {"title": "x"}), ("pagerduty.trigger", "severity", {"title": "x"}),
    ],
)  # fmt: skip
async def test_hostile_names_reach_nothing(name: str, parameter: str, others: dict[str, Any]) -> None:
    server_type = {"jira": JiraServer, "servicenow": ServiceNowServer, "pagerduty": PagerDutyServer}[
        name.split(".")[0]
    ]
    async with server_type() as server:
        await prove_hostile(ACTIONS[name], site_with(server), server, parameter, **others)
        assert server.requests == []


@pytest.mark.parametrize(("name", "server_type", "params"), CASES, ids=NAMES)
async def test_hostile_texts_are_taken_as_they_are(
    name: str, server_type: Any, params: dict[str, Any]
) -> None:
    hostile = [
        *HOSTILE,
        "<!-- siem-0 -->",
        "```\n@everyone ![x](https://evil.example/a.png)",
        "^ORnumberISNOTEMPTY",
        "\x00\x1b[2J",
    ]
    async with server_type() as server:
        site = site_with(server)
        for number, value in enumerate(hostile):
            sent = {**params, **{key: value for key in ("title", "text") if key in params}}
            await ACTIONS[name].run(call(f"k-{number}", **sent), site)
        assert len(made(server, name)) == len(hostile)
        assert "\x1b" not in str(made(server, name))


@pytest.mark.parametrize("server_type", [JiraServer, ServiceNowServer, GitHubServer, PagerDutyServer])
async def test_a_connection_says_who_it_is_and_shows_no_secret(server_type: Any) -> None:
    kinds = {
        kind.name: kind for vendor in (github, jira, pagerduty, servicenow) for kind in vendor.CONNECTIONS
    }
    async with server_type() as server:
        kind = kinds[server.settings["kind"]]
        assert kind.faults(server.settings | {"url": server.url}) == []
        assert await kind.test(site_with(server), "there")
        assert server.tickets == []
        secret = next(key for key, value in server.settings.items() if value == TOKEN)
        with pytest.raises(ActionRefusedError) as caught:
            await kind.test(site_with(server, **{secret: "wrong-secret-0123"}), "there")
        assert "wrong-secret" not in str(caught.value)


async def test_jira_is_sent_what_it_takes() -> None:
    async with JiraServer() as server:
        site = site_with(server)
        ticket = await ACTIONS["jira.create_issue"].run(
            call(title="a\nb" + "c" * 300, text="x\ny", type="Incident"), site
        )
        assert ticket == {"id": "SEC-1", "url": f"{server.url}/browse/SEC-1"}
        (issue,) = server.tickets
        assert issue["summary"].startswith("a bccc")
        assert len(issue["summary"]) == 255
        assert [block["content"][0]["text"] for block in issue["description"]["content"]] == [
            "x",
            "Incident inc-1",
        ]
        comment = await ACTIONS["jira.add_comment"].run(call(issue="SEC-1", text="done"), site)
        assert comment["url"] == f"{server.url}/browse/SEC-1?focusedCommentId=100"
        with pytest.raises(ActionRefusedError, match="Specify a valid issue type"):
            await ACTIONS["jira.create_issue"].run(call("other", title="x", type="Nothing"), site)
        with pytest.raises(ActionRefusedError, match="404"):
            await ACTIONS["jira.add_comment"].run(call("other", issue="SEC-9", text="x"), site)


async def test_a_mark_that_servicenow_hides_is_not_taken_for_another_incident() -> None:
    async with ServiceNowServer() as server:
        site = site_with(server)
        create = ACTIONS["servicenow.create_incident"]
        await create.run(call(title="x"), site)
        server.readable = False
        with pytest.raises(ActionRefusedError, match="correlation_id can't be asked for"):
            await create.run(call("other", title="y"), site)
        assert server.changes == 1


async def test_github_is_looked_through_page_by_page() -> None:
    async with GitHubServer() as server:
        site, create = site_with(server), ACTIONS["github.create_issue"]
        first = await create.run(call(title="x"), site)
        server.tickets += [
            {"number": number, "html_url": "x", "title": "x", "body": None} for number in range(150)
        ]
        forget(site)
        server.requests.clear()
        assert await create.run(call(title="x"), site) == first
        assert server.requests == ["GET /repos/example/security/issues"] * 2


async def test_githubs_used_rate_limit_is_worth_a_retry() -> None:
    async with GitHubServer() as server:
        site, create = site_with(server), ACTIONS["github.create_issue"]
        for headers, wait in (({"Retry-After": "30"}, 30), ({"X-RateLimit-Remaining": "0"}, 60)):
            server.faults.append(
                lambda headers=headers: web.Response(status=403, text="rate limit", headers=headers)
            )  # type: ignore[misc]
            with pytest.raises(ActionUnavailableError) as caught:
                await create.run(call(title="x"), site)
            assert caught.value.retry_after == wait
        for repository in ("example", "a/b/c", "example/..", "a/../b", "x/y?z"):
            with pytest.raises(ActionRefusedError, match="owner/name"):
                await create.run(call(title="x"), site_with(server, repository=repository))


async def test_pagerduty_calls_once_and_is_told_when_it_is_over() -> None:
    async with PagerDutyServer() as server:
        site = site_with(server)
        trigger, resolve = ACTIONS["pagerduty.trigger"], ACTIONS["pagerduty.resolve"]
        for _ in range(2):
            assert await trigger.run(call(title="Breach", text="of web-1"), site) == {"alert": "inc-1"}
        assert server.alerts["siem:inc-1"]["custom_details"]["text"] == "of web-1\n\nIncident inc-1"
        assert len(server.alerts) == 1
        await trigger.run(call(title="y" * 2000, alert="a" * 10_000), site)
        for _ in range(2):
            await resolve.run(call(), site)
        await resolve.run(call(alert="a" * 10_000), site)
        assert server.alerts == {}


def test_texts_and_marks() -> None:
    assert line(" a\n\tb\x00c ", 100) == "a b c"
    assert lines("a\r\nb\x1b[2J") == "a\nb�[2J"
    assert lines("x" * 100, 50).endswith("… (100 characters in all)")
    assert len(lines("x" * 100, 50)) == 50
    with pytest.raises(ActionRefusedError, match="title"):
        line(" \n", 10)
    assert mark_of(call(), "a.b") != mark_of(call("x"), "a.b") != mark_of(call("x"), "a.c")
    assert fenced("a ```` b").startswith("`````text\n")
