"""Who may use the page, and who may not: other sites, other hosts, those without the key."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.workspace import PersonClient
from bot.workspace.acts import ActError
from bot.workspace.server import addresses
from bot.workspace.team import Team
from tests.bot.workspace.conftest import SECURITY, client_of, person

SAY = {"user": "U0ALICE", "act": "say", "channel": SECURITY, "text": "hello"}


async def answer(team: Team, method: str, path: str, **options: Any) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{team.address}{path}", **options) as response,
    ):
        return response.status, await response.text()


def key(team: Team) -> dict[str, str]:
    return {"Authorization": f"Bearer {team.secrets.page_key.get_secret_value()}"}


async def test_the_address_opens_the_page_and_nothing_else_does(team: Team) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(team.address) as locked:
            assert locked.status == 403
            assert "key" in await locked.text()
        async with session.get(f"{team.address}/page/state") as locked:
            assert locked.status == 401
        async with session.get(addresses(team).page_url) as page:
            assert page.status == 200
            cookie = page.headers["Set-Cookie"]
            policy = page.headers["Content-Security-Policy"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        async with session.get(f"{team.address}/page/state") as state:
            assert (await state.json())["me"] == "U0ALICE"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "http://evil.test"}, "cross_origin"),
        ({"Origin": "null"}, "cross_origin"),
        ({"Origin": "http://127.0.0.1:1"}, "cross_origin"),
        ({"Sec-Fetch-Site": "cross-site"}, "cross_origin"),
        ({"Sec-Fetch-Site": "same-site"}, "cross_origin"),
        ({"Content-Type": "text/plain"}, "not_json"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "not_json"),
        ({"Authorization": "Bearer wrong"}, "no_key"),
    ],
)
async def test_another_site_cannot_act(team: Team, headers: dict[str, str], code: str) -> None:
    headers = {"Content-Type": "application/json", **key(team), **headers}
    body = b'{"user":"U0ALICE","act":"say","channel":"C0SECURITY","text":"forged"}'
    status, text = await answer(team, "POST", "/page/act", data=body, headers=headers)
    assert status in (401, 403, 415)
    assert f'"error":"{code}"' in text
    assert team.store.history(SECURITY, limit=1) == []


async def test_another_name_for_this_host_is_refused(team: Team) -> None:
    for host in ("evil.test", f"evil.test:{team.address.rpartition(':')[2]}", "127.0.0.1:1"):
        status, _ = await answer(team, "POST", "/page/act", json=SAY, headers={**key(team), "Host": host})
        assert status == 421
        status, _ = await answer(team, "GET", "/api/auth.test", headers={"Host": host})
        assert status == 421
    status, _ = await answer(team, "POST", "/page/act", json=SAY, headers=key(team))
    assert status == 200


async def test_what_is_no_act_is_refused(team: Team, alice: PersonClient) -> None:
    for body, status in (
        (["say"], 400),
        ({"act": "say"}, 404),
        ({**SAY, "user": "U0SIEM"}, 404),
        ({**SAY, "act": "own"}, 400),
        ({**SAY, "text": 5}, 409),
        ({**SAY, "text": " "}, 409),
        ({**SAY, "channel": "C0NONE"}, 409),
        ({**SAY, "channel": "DBOB"}, 409),
        ({**SAY, "act": "react", "ts": "1.000001", "name": "eyes"}, 409),
        ({**SAY, "act": "use", "ts": "1.000001", "block": "b", "action": "a"}, 409),
        ({**SAY, "act": "submit", "view": "V1"}, 409),
    ):
        assert (await answer(team, "POST", "/page/act", json=body, headers=key(team)))[0] == status, body
    assert await alice.messages(SECURITY) == []


async def test_people_see_their_own_only(team: Team, alice: PersonClient) -> None:
    await client_of(team).chat_postMessage(channel="U0BOB", text="secret")
    status, text = await answer(team, "GET", "/page/channel/D0BOB?user=U0ALICE", headers=key(team))
    assert (status, "channel_not_found" in text) == (404, True)
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []}
    opened = team.views.put("U0BOB", view)
    with pytest.raises(ActError, match="closed"):
        await alice.close(opened)
    async with person(team, "U0BOB") as bob:
        assert [each["text"] for each in await bob.messages("D0BOB")] == ["secret"]
        assert (await bob.state())["channels"][-1]["unread"] == 1
