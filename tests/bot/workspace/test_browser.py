"""The page in a real browser, with a real bolt app over Socket Mode."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, expect
from slack_bolt.app.async_app import AsyncApp

from bot.workspace import WorkspaceSettings, run
from bot.workspace.server import addresses
from bot.workspace.team import Team
from tests.bot.workspace.conftest import SECURITY, bolt, client_of, connected, eventually, person
from tests.bot.workspace.pages import needs_browser, opened, section

pytestmark = needs_browser


def siem(team: Team) -> AsyncApp:
    app = bolt(team)

    @app.command("/siem")
    async def siem(ack: Any, command: dict[str, Any], client: Any) -> None:
        if command["text"] != "release":
            await ack(f"You said *{command['text']}*")
            return
        await ack()
        label = {"type": "plain_text", "text": "Reason"}
        field = {"type": "plain_text_input", "action_id": "text"}
        await client.views_open(
            trigger_id=command["trigger_id"],
            view={
                "type": "modal",
                "callback_id": "release",
                "title": {"type": "plain_text", "text": "Release"},
                "submit": {"type": "plain_text", "text": "Release"},
                "blocks": [{"type": "input", "block_id": "why", "label": label, "element": field}],
            },
        )

    @app.action("approve")
    async def approve(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        await respond(text=f":white_check_mark: Approved by <@{body['user']['id']}>", replace_original=True)

    @app.view("release")
    async def release(ack: Any, body: dict[str, Any], client: Any) -> None:
        reason = body["view"]["state"]["values"]["why"]["text"]["value"]
        if len(reason) < 10:
            await ack(response_action="errors", errors={"why": "Say more."})
            return
        await ack()
        await client.chat_postMessage(channel=SECURITY, text=f"Released: {reason}")

    return app


CONFIRM = {
    "title": {"type": "plain_text", "text": "Block it?"},
    "text": {"type": "mrkdwn", "text": "For a day"},
    "confirm": {"type": "plain_text", "text": "Block"},
    "deny": {"type": "plain_text", "text": "Back"},
}
CARD = [
    section("Block `203.0.113.7`?"),
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "style": "primary",
                "text": {"type": "plain_text", "text": "Approve"},
                "confirm": CONFIRM,
            }
        ],
    },
]


async def test_a_person_types_a_command_and_clicks_a_button(team: Team, browser: Browser) -> None:
    async with connected(team, siem(team)), opened(browser, addresses(team).page_url) as page:
        field = page.get_by_role("combobox", name="Message #security")
        await field.press_sequentially("/si")
        await expect(page.get_by_role("option", name="/siem")).to_be_visible()
        await field.press("Tab")
        await field.press_sequentially("status")
        await field.press("Enter")
        answer = page.locator(".message.ephemeral")
        await expect(answer).to_contain_text("Only visible to you")
        await expect(answer.locator("strong")).to_have_text("status")

        await client_of(team).chat_postMessage(channel=SECURITY, text="Block?", blocks=CARD)
        await page.get_by_role("button", name="Approve").click()
        await page.get_by_role("button", name="Back").click()
        await page.get_by_role("button", name="Approve").click()
        await page.get_by_role("button", name="Block", exact=True).click()
        await expect(page.get_by_text("Approved by @alice")).to_be_visible()
        await expect(page.get_by_role("button", name="Approve")).to_have_count(0)

        await page.reload()
        await expect(page.get_by_text("Approved by @alice")).to_be_visible()
        await expect(page.locator(".message.ephemeral")).to_have_count(0)


async def test_a_form_is_filled_in_by_keyboard(team: Team, browser: Browser) -> None:
    async with connected(team, siem(team)), opened(browser, addresses(team).page_url) as page:
        await page.get_by_role("combobox", name="Message #security").press_sequentially("/siem release")
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Release")
        await expect(dialog.get_by_label("Reason")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_role("alert")).to_have_text("Please complete this required field.")
        await page.keyboard.type("no")
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_role("alert")).to_have_text("Say more.")
        await expect(dialog.get_by_label("Reason")).to_have_value("no")
        await page.keyboard.type("body was there")
        await page.keyboard.press("Enter")
        await expect(dialog).to_have_count(0)
        await expect(page.get_by_text("Released: nobody was there")).to_be_visible()


async def test_two_people_and_a_thread(team: Team, browser: Browser) -> None:
    parent = await client_of(team).chat_postMessage(channel=SECURITY, text="INC-1")
    url = addresses(team).page_url
    async with opened(browser, url) as hers, opened(browser, url) as his:
        await his.get_by_role("radio", name="Bob Okafor").check(force=True)
        await hers.locator(".message").hover()
        await hers.get_by_role("link", name="Reply in thread").click()
        await hers.get_by_role("combobox", name="Reply…").fill("@bob _mine_?")
        await hers.keyboard.press("Enter")
        await his.get_by_role("link", name="1 reply").click()
        thread = his.get_by_role("log", name="Thread")
        await expect(thread.locator(".mention-me")).to_have_text("@bob")
        await expect(thread.locator("em")).to_have_text("mine")
        await his.get_by_role("combobox", name="Reply…").fill("yes")
        await his.keyboard.press("Enter")
        await expect(hers.get_by_role("log", name="Thread").get_by_text("yes")).to_be_visible()
        await expect(hers.get_by_role("link", name="2 replies")).to_be_visible()
        await expect(hers.get_by_text("New", exact=True)).to_have_count(0)
        await hers.get_by_role("button", name="Close thread").click()
        await client_of(team).chat_postMessage(channel=SECURITY, text="done", thread_ts=parent["ts"])
        await expect(hers.get_by_role("link", name="3 replies")).to_contain_text("New")
        await expect(his.get_by_role("link", name="3 replies")).not_to_contain_text("New")


async def test_the_page_outlives_the_workspace(settings: WorkspaceSettings, browser: Browser) -> None:
    async with run(settings) as team:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(addresses(team).page_url)
        await expect(page.get_by_text("SIEM is not connected")).to_be_visible()
        await client_of(team).chat_postEphemeral(channel=SECURITY, user="U0ALICE", text="whisper")
        await expect(page.get_by_text("whisper")).to_be_visible()
    await expect(page.get_by_text("Workspace unreachable")).to_be_visible()
    async with run(settings) as team:
        await expect(page.get_by_text("SIEM is not connected")).to_be_visible(timeout=10_000)
        await client_of(team).chat_postMessage(channel=SECURITY, text="back again")
        await expect(page.get_by_text("back again")).to_be_visible()
        await expect(page.get_by_text("whisper")).to_be_visible()
        await page.get_by_role("combobox").fill("/siem help")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text('/siem failed with the error "dispatch_failed"')).to_be_visible()
        async with person(team, "U0BOB") as bob:
            await bob.say(SECURITY, "hi")
        await eventually(lambda: page.get_by_text("hi", exact=True).is_visible())
        await context.close()


async def test_it_fits_a_phone(team: Team, browser: Browser) -> None:
    slack = client_of(team)
    parent = await slack.chat_postMessage(
        channel=SECURITY, text="x" * 300, blocks=[*CARD, section("y" * 500)]
    )
    await slack.chat_postMessage(channel=SECURITY, text="reply", thread_ts=parent["ts"])
    phone = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
    async with opened(browser, addresses(team).page_url, **phone) as page:
        await expect(page.get_by_role("button", name="Approve")).to_be_in_viewport()
        panes = "[document.documentElement, ...document.querySelectorAll('.scroller')]"
        wide = f"{panes}.some((e) => e.scrollWidth > e.clientWidth)"
        assert not await page.evaluate(wide)
        await page.get_by_role("link", name="1 reply").click()
        await expect(
            page.get_by_role("log", name="Thread").get_by_text("reply", exact=True)
        ).to_be_in_viewport()
        assert not await page.evaluate(wide)
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Menu").click()
        await page.get_by_text("Mallory Quist").click()
        await eventually(lambda: page.evaluate("document.title.includes('security')"))
