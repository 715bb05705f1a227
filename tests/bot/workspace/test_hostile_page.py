"""Hostile log values and hostile sites, against the page in a real browser."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from playwright.async_api import Browser, ConsoleMessage, expect

from bot.workspace import PersonClient
from bot.workspace.server import addresses
from bot.workspace.team import Team
from tests.bot.workspace.conftest import SECURITY, client_of
from tests.bot.workspace.pages import needs_browser, opened, section

pytestmark = needs_browser

HOSTILE = (
    '<script>window.hacked = 1</script>\n<img src=x onerror="window.hacked = 2">\n'
    '<javascript:window.hacked=3|click me> <https://ok.test/"onmouseover="window.hacked=4|hover>\n'
    "<!channel|x> \x00\u202e &lt;b&gt; ```<iframe srcdoc='<script>parent.hacked=5</script>'>``` </pre>"
)


async def test_hostile_log_values_stay_text(team: Team, browser: Browser, alice: PersonClient) -> None:
    """Whatever field it comes in by: no element is made of it, and nothing of it runs."""
    slack = client_of(team)
    plain = {"type": "plain_text", "text": HOSTILE[:140]}
    option = {"text": {"type": "plain_text", "text": HOSTILE[:70]}, "value": HOSTILE[:140]}
    rich = {"type": "rich_text_section", "elements": [{"type": "text", "text": HOSTILE}]}
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain},
        {**section(HOSTILE), "fields": [plain]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": HOSTILE}]},
        {"type": "markdown", "text": f"{HOSTILE}\n[x](javascript:window.hacked=6) <b>bold</b>"},
        {"type": "rich_text", "elements": [rich]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": HOSTILE}]]},
        {"type": "image", "image_url": "http://127.0.0.1:1/x.png", "alt_text": HOSTILE},
        {
            "type": "actions",
            "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": HOSTILE[:70]}, "value": "x"},
                {"type": "static_select", "placeholder": plain, "options": [option]},
            ],
        },
    ]
    await slack.chat_postMessage(channel=SECURITY, text=HOSTILE)
    await slack.chat_postMessage(channel=SECURITY, text="x", blocks=blocks)
    await slack.chat_postMessage(
        channel=SECURITY, text="x", attachments=[{"title": HOSTILE, "text": HOSTILE}]
    )
    await slack.files_upload_v2(
        channel=SECURITY, content="<script>alert(1)</script>", filename="x.html", title=HOSTILE
    )
    await alice.say(SECURITY, HOSTILE)
    said: list[ConsoleMessage] = []
    async with opened(browser, "about:blank") as page:
        page.on("console", lambda message: said.append(message))
        await page.goto(addresses(team).page_url)
        await expect(page.locator(".message")).to_have_count(5)
        await expect(page.locator(".message").first).to_contain_text("<script>window.hacked = 1</script>")
        await expect(page.get_by_text("<javascript:window.hacked=3|click me>").first).to_be_visible()
        for element in await page.locator(".message a, .message img").all():
            await element.hover(force=True)
        assert await page.evaluate("window.hacked") is None
        made = "document.querySelectorAll('#app :is(script, iframe, object, embed, style, b)').length"
        assert await page.evaluate(made) == 0
        links = "[...document.querySelectorAll('.message a')].map((a) => new URL(a.href).protocol)"
        assert set(await page.evaluate(links)) <= {"http:", "https:"}
        names = "[...document.querySelectorAll('#app *')].flatMap((e) => e.getAttributeNames())"
        assert not [name for name in await page.evaluate(names) if name.startswith("on")]
    assert [message.text for message in said] == []


ATTACK = """<!doctype html><iframe id="frame" src="%(url)s"></iframe>
<form id="form" method="post" action="%(act)s" enctype="text/plain"><input name='%(body)s' value=""></form>
<script>
const body = '%(body)s';
const sent = {method: "POST", credentials: "include", body};
const results = [];
const tries = [
  () => fetch("%(act)s", {...sent, headers: {"Content-Type": "application/json"}}),
  () => fetch("%(act)s", {...sent, mode: "no-cors"}),
  () => fetch("%(state)s", {credentials: "include"}),
];
(async () => {
  for (const attempt of tries) {
    try { results.push((await attempt()).type); } catch { results.push("refused"); }
  }
  navigator.sendBeacon("%(act)s", new Blob([body], {type: "text/plain"}));
  window.results = results;
})();
</script>"""


async def test_a_page_of_another_origin_cannot_act(team: Team, browser: Browser, alice: PersonClient) -> None:
    """A page on another port of this host, in the browser that holds the workspace's cookie."""
    body = '{"user":"U0ALICE","act":"say","channel":"C0SECURITY","text":"forged"}'
    values = {
        "url": addresses(team).page_url,
        "act": f"{team.address}/page/act",
        "state": f"{team.address}/page/state",
        "body": body,
    }

    async def attack(_request: web.Request) -> web.Response:
        return web.Response(text=ATTACK % values, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", attack)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with opened(browser, addresses(team).page_url) as page:
            await expect(page.get_by_role("radio", name="Alice Ferro")).to_be_checked()
            evil = await page.context.new_page()
            await evil.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
            await evil.wait_for_function("window.results")
            assert await evil.evaluate("window.results") == ["refused"] * 3
            framed = next(frame for frame in evil.frames if frame != evil.main_frame)
            assert await framed.locator(".message, .composer").count() == 0
            await evil.evaluate("document.getElementById('form').submit()")
            await evil.wait_for_url("**/page/act")
            await expect(evil.get_by_text("Another site sent this request.")).to_be_visible()
        assert await alice.messages(SECURITY) == []
    finally:
        await runner.cleanup()
