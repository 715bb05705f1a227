"""The Web API as slack_sdk calls it, and where it refuses as Slack does."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import AppSetting, PersonClient, RateLimits, WorkspaceSettings, run
from bot.workspace.team import Team
from tests.bot.workspace.conftest import SECURITY, client_of, person

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def refused(call: Any) -> SlackApiError:
    with pytest.raises(SlackApiError) as failure:
        await call
    return failure.value


async def code_of(call: Any) -> str:
    return str((await refused(call)).response["error"])


async def test_a_message_and_its_thread(slack: AsyncWebClient, alice: PersonClient) -> None:
    metadata = {"event_type": "siem_key", "event_payload": {"key": "inc-1"}}
    first = await slack.chat_postMessage(channel="#security", text="a < b & <@U0BOB>", metadata=metadata)
    assert first["channel"] == SECURITY
    assert first["message"]["text"] == "a &lt; b &amp; <@U0BOB>"
    await alice.say(SECURITY, "looking", thread=first["ts"])
    shout = await slack.chat_postMessage(
        channel=SECURITY, text="done", thread_ts=first["ts"], reply_broadcast=True
    )
    history = await slack.conversations_history(channel=SECURITY, include_all_metadata=True)
    assert [each["text"] for each in history["messages"]] == ["done", "a &lt; b &amp; <@U0BOB>"]
    assert history["messages"][1]["metadata"] == metadata
    assert history["messages"][1]["reply_count"] == 2
    replies = await slack.conversations_replies(channel=SECURITY, ts=first["ts"])
    assert [each["text"] for each in replies["messages"]] == ["a &lt; b &amp; <@U0BOB>", "looking", "done"]
    assert "metadata" not in replies["messages"][0]
    link = await slack.chat_getPermalink(channel=SECURITY, message_ts=shout["ts"])
    assert link["permalink"].endswith(f"?thread_ts={first['ts']}&cid={SECURITY}")


async def test_history_in_pages(slack: AsyncWebClient) -> None:
    for number in range(5):
        await slack.chat_postMessage(channel=SECURITY, text=str(number))
    texts, cursor = [], None
    while cursor != "":
        page = await slack.conversations_history(channel=SECURITY, limit=2, cursor=cursor)
        texts.append([each["text"] for each in page["messages"]])
        cursor = page["response_metadata"]["next_cursor"]
    assert texts == [["4", "3"], ["2", "1"], ["0"]]


async def test_update_and_delete(slack: AsyncWebClient, alice: PersonClient) -> None:
    divider = [{"type": "divider"}]
    mine = await slack.chat_postMessage(channel=SECURITY, text="one", blocks=divider)
    changed = await slack.chat_update(channel=SECURITY, ts=mine["ts"], text="two", blocks=[])
    assert changed["message"]["edited"]["user"] == "U0SIEM"
    assert "blocks" not in (await alice.messages(SECURITY))[0]
    hers = await alice.say(SECURITY, "mine")
    assert (
        await code_of(slack.chat_update(channel=SECURITY, ts=hers["ts"], text="x")) == "cant_update_message"
    )
    assert await code_of(slack.chat_delete(channel=SECURITY, ts=hers["ts"])) == "cant_delete_message"
    assert await code_of(slack.chat_update(channel=SECURITY, ts="1.000001", text="x")) == "message_not_found"
    await slack.chat_delete(channel=SECURITY, ts=mine["ts"])
    assert [each["text"] for each in await alice.messages(SECURITY)] == ["mine"]


async def test_only_one_person_sees_an_ephemeral_message(team: Team, slack: AsyncWebClient) -> None:
    async with person(team) as alice, person(team, "U0BOB") as bob:
        await slack.chat_postEphemeral(channel=SECURITY, user="U0BOB", text="psst")
        assert [each["text"] for each in await bob.ephemerals(SECURITY)] == ["psst"]
        assert await alice.ephemerals(SECURITY) == []
        assert await bob.messages(SECURITY) == []
    nobody = slack.chat_postEphemeral(channel=SECURITY, user="U0NOBODY", text="psst")
    assert await code_of(nobody) == "user_not_in_channel"


async def test_tokens_scopes_and_places(tmp_path: Path) -> None:
    app = AppSetting(scopes=("chat:write",))
    async with run(WorkspaceSettings(data=tmp_path, app=app)) as team:
        assert await code_of(client_of(team, "").auth_test()) == "not_authed"
        assert await code_of(client_of(team, "xoxb-wrong").auth_test()) == "invalid_auth"
        app_token = team.secrets.app_token.get_secret_value()
        assert await code_of(client_of(team, app_token).auth_test()) == "not_allowed_token_type"
        slack = client_of(team)
        opened = slack.apps_connections_open(app_token=slack.token or "")
        assert await code_of(opened) == "not_allowed_token_type"
        error = await refused(slack.users_list())
        assert (error.response["error"], error.response["needed"]) == ("missing_scope", "users:read")
        assert await code_of(slack.chat_postMessage(channel="C0NONE", text="x")) == "channel_not_found"
        assert await code_of(slack.chat_postMessage(channel="C0GENERAL", text="x")) == "not_in_channel"
        empty = slack.api_call("chat.postMessage", json={"channel": SECURITY, "text": ""})
        assert await code_of(empty) == "no_text"
        long = slack.chat_postMessage(channel=SECURITY, text="x" * 40_001)
        assert await code_of(long) == "msg_too_long"
        lost = slack.chat_postMessage(channel=SECURITY, text="x", thread_ts="1.000001")
        assert await code_of(lost) == "thread_not_found"
        named = slack.chat_postMessage(channel=SECURITY, text="x", username="Root")
        assert await code_of(named) == "missing_scope"
        assert await code_of(slack.api_call("chat.nope")) == "unknown_method"


async def test_posting_too_fast(tmp_path: Path) -> None:
    limits = RateLimits(post_per_second=2, post_burst=2)
    async with run(WorkspaceSettings(data=tmp_path, limits=limits)) as team:
        slack = client_of(team)
        for _ in range(2):
            await slack.chat_postMessage(channel=SECURITY, text="x")
        error = await refused(slack.chat_postMessage(channel=SECURITY, text="x"))
        assert error.response.status_code == 429
        assert error.response["error"] == "ratelimited"
        assert error.response.headers["Retry-After"] == "1"
        slack.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
        assert (await slack.chat_postMessage(channel=SECURITY, text="y"))["ok"]


async def test_invalid_blocks_are_named(slack: AsyncWebClient) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}, {"type": "marquee"}]
    error = await refused(slack.chat_postMessage(channel=SECURITY, text="x", blocks=blocks))
    assert error.response["error"] == "invalid_blocks"
    assert error.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        "[ERROR] unsupported type: marquee [json-pointer:/blocks/1/type]",
    ]


async def test_people_channels_and_groups(slack: AsyncWebClient) -> None:
    me = await slack.auth_test()
    assert (me["user_id"], me["bot_id"], me["team_id"]) == ("U0SIEM", "B0SIEM", "T0SIEM")
    assert (await slack.bots_info(bot="B0SIEM"))["bot"]["user_id"] == "U0SIEM"
    assert (await slack.users_info(user="U0CAROL"))["user"]["profile"]["title"] == "On-call lead"
    assert await code_of(slack.users_info(user="U0NOBODY")) == "user_not_found"
    assert (await slack.users_lookupByEmail(email="bob@acme.test"))["user"]["id"] == "U0BOB"
    assert {each["id"] for each in (await slack.users_list())["members"]} >= {"U0ALICE", "U0SIEM"}
    assert {each["name"] for each in (await slack.conversations_list())["channels"]} == {
        "security",
        "general",
    }
    assert (await slack.conversations_info(channel=SECURITY))["channel"]["is_member"]
    assert "U0SIEM" not in (await slack.conversations_members(channel="C0GENERAL"))["members"]
    await slack.conversations_join(channel="C0GENERAL")
    assert "U0SIEM" in (await slack.conversations_members(channel="C0GENERAL"))["members"]
    opened = await slack.conversations_open(users="U0BOB")
    assert (await slack.chat_postMessage(channel="U0BOB", text="hi"))["channel"] == opened["channel"]["id"]
    (group,) = (await slack.usergroups_list(include_users=True))["usergroups"]
    assert group["users"] == ["U0ALICE", "U0BOB"]


async def test_reactions_and_pins(slack: AsyncWebClient, alice: PersonClient) -> None:
    ts = (await slack.chat_postMessage(channel=SECURITY, text="x"))["ts"]
    await slack.reactions_add(channel=SECURITY, timestamp=ts, name="eyes")
    await alice.react(SECURITY, ts, "eyes")
    again = slack.reactions_add(channel=SECURITY, timestamp=ts, name="eyes")
    assert await code_of(again) == "already_reacted"
    assert (await alice.messages(SECURITY))[0]["reactions"] == [
        {"name": "eyes", "users": ["U0SIEM", "U0ALICE"], "count": 2}
    ]
    await slack.reactions_remove(channel=SECURITY, timestamp=ts, name="eyes")
    assert await code_of(slack.reactions_remove(channel=SECURITY, timestamp=ts, name="eyes")) == "no_reaction"
    await slack.pins_add(channel=SECURITY, timestamp=ts)
    assert await code_of(slack.pins_add(channel=SECURITY, timestamp=ts)) == "already_pinned"


async def test_a_picture_is_uploaded_and_shown(
    team: Team, slack: AsyncWebClient, alice: PersonClient
) -> None:
    parent = await slack.chat_postMessage(channel=SECURITY, text="Attack path")
    await slack.files_upload_v2(
        channel=SECURITY, thread_ts=parent["ts"], content=PNG, filename="path.png", title="The path"
    )
    reply = (await alice.thread(SECURITY, parent["ts"]))[1]
    (file,) = reply["files"]
    assert (file["title"], file["mimetype"], file["size"]) == ("The path", "image/png", len(PNG))
    key = team.secrets.page_key.get_secret_value()
    async with aiohttp.ClientSession() as session:
        async with session.get(file["url_private"]) as locked:
            assert locked.status == 401
        async with session.get(file["url_private"], headers={"Authorization": f"Bearer {key}"}) as shown:
            assert (shown.content_type, await shown.read()) == ("image/png", PNG)


async def test_a_response_url_works_five_times(team: Team, alice: PersonClient) -> None:
    url = team.payloads.response_url(SECURITY, "U0ALICE")
    async with aiohttp.ClientSession() as session:
        answers = []
        for number in range(6):
            async with session.post(url, json={"text": str(number)}) as response:
                answers.append((response.status, await response.text()))
    assert answers[:5] == [(200, "ok")] * 5
    assert answers[5] == (404, '{"ok":false,"error":"used_url"}')
    assert [each["text"] for each in await alice.ephemerals(SECURITY)] == list("01234")


async def test_a_trigger_opens_one_view(team: Team, slack: AsyncWebClient, alice: PersonClient) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Path"}, "blocks": []}
    assert await code_of(slack.views_open(trigger_id="nope", view=view)) == "invalid_trigger_id"
    trigger = team.payloads.trigger("U0ALICE")
    opened = await slack.views_open(trigger_id=trigger, view=view)
    assert [each["id"] for each in await alice.views()] == [opened["view"]["id"]]
    assert await code_of(slack.views_open(trigger_id=trigger, view=view)) == "exchanged_trigger_id"
    renamed = {**view, "title": {"type": "plain_text", "text": "Way"}}
    stale = slack.views_update(view_id=opened["view"]["id"], hash="old", view=renamed)
    assert await code_of(stale) == "hash_conflict"
    await slack.views_update(view_id=opened["view"]["id"], view=renamed)
    for depth in range(3):
        push = slack.views_push(trigger_id=team.payloads.trigger("U0ALICE"), view=view)
        if depth < 2:
            await push
        else:
            assert await code_of(push) == "push_limit_reached"
    titles = [each["title"]["text"] for each in await alice.views()]
    assert titles == ["Way", "Path", "Path"]
    late = team.store.new_handle("trigger", -1, 1, {"user": "U0ALICE"})
    assert await code_of(slack.views_open(trigger_id=late, view=view)) == "expired_trigger_id"
    wrong = {**view, "title": {"type": "plain_text", "text": "x" * 25}}
    error = await refused(slack.views_open(trigger_id=team.payloads.trigger("U0ALICE"), view=wrong))
    assert error.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]


async def test_nothing_is_lost_with_the_process(settings: WorkspaceSettings) -> None:
    async with run(settings) as team, person(team) as alice:
        slack = client_of(team)
        address = team.address
        parent = await slack.chat_postMessage(channel=SECURITY, text="one", metadata=None)
        await alice.say(SECURITY, "two", thread=parent["ts"])
        await slack.chat_postEphemeral(channel=SECURITY, user="U0ALICE", text="psst")
        since = alice._since
        url = team.payloads.response_url(SECURITY, "U0ALICE")
    async with run(settings) as team, person(team) as alice:
        assert team.address == address
        assert [each["text"] for each in await alice.thread(SECURITY, parent["ts"])] == ["one", "two"]
        assert await alice.ephemerals(SECURITY) == []
        alice._since = since  # a page that was open all the while
        assert [each["text"] for each in await alice.ephemerals(SECURITY)] == ["psst"]
        assert (await slack.chat_update(channel=SECURITY, ts=parent["ts"], text="three"))["ok"]
        async with aiohttp.ClientSession() as session, session.post(url, json={"text": "later"}) as response:
            assert response.status == 200
