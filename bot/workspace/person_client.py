"""A person at the page, driven by a program: the demo and tests act exactly as the page does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from bot.workspace.acts import ActError
from bot.workspace.blocks.state import elements
from bot.workspace.store import Json


class PersonClient:
    """`page_url` is the printed address with its key; `user` is who acts, like ``U0ALICE``.

    Every act raises `ActError` with what the page would show, and httpx.HTTPError without a workspace.
    """

    def __init__(self, page_url: str, user: str) -> None:
        url = httpx.URL(page_url)
        self.user = user
        self._since = ""
        self._http = httpx.AsyncClient(
            base_url=url.copy_with(query=None, path="/"),
            headers={"Authorization": f"Bearer {url.params['key']}"},
            timeout=10,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        self._since = (await self._get("page/state"))["now"]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    # --- reading --------------------------------------------------------------------------------

    async def state(self) -> Json:
        """Channels, people, open views: what the page loads first."""
        return await self._get("page/state")

    async def messages(self, channel: str) -> list[Json]:
        """The channel's latest messages, oldest first."""
        found: list[Json] = (await self._get(f"page/channel/{channel}"))["messages"]
        return found

    async def ephemerals(self, channel: str) -> list[Json]:
        """What only this person sees, since this client was opened."""
        found: list[Json] = (await self._get(f"page/channel/{channel}"))["ephemerals"]
        return found

    async def thread(self, channel: str, ts: str) -> list[Json]:
        """The first message and the replies, oldest first."""
        found: list[Json] = (await self._get(f"page/thread/{channel}/{ts}"))["messages"]
        return found

    @asynccontextmanager
    async def live(self) -> AsyncIterator[AsyncIterator[Json]]:
        """What changes from now on: ``{"type": "message" | "message_changed" | "ephemeral" | …}``."""
        query = {"user": self.user}
        async with self._http.stream("GET", "page/events", params=query, timeout=None) as response:
            response.raise_for_status()
            lines = response.aiter_lines()
            async for line in lines:
                if line.startswith("data: "):
                    break

            async def events() -> AsyncIterator[Json]:
                async for line in lines:
                    if line.startswith("data: "):
                        yield orjson.loads(line[6:])

            yield events()

    async def wait_for(
        self,
        channel: str,
        matches: Callable[[Json], bool],
        *,
        thread: str | None = None,
        seconds: float = 10.0,
    ) -> Json:
        """Return the first message, ephemeral or reply that matches. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self.live() as events:
            while True:
                found = await (self.thread(channel, thread) if thread else self.messages(channel))
                for message in (*found, *await self.ephemerals(channel)):
                    if matches(message):
                        return message
                await anext(events)

    # --- acting ---------------------------------------------------------------------------------

    async def say(self, channel: str, text: str, *, thread: str | None = None) -> Json:
        """Post, or run a slash command; returns the message posted."""
        return await self._act("say", channel=channel, text=text, thread=thread or "")

    async def click(self, channel: str, message: Json, action: str, value: Any = None) -> None:
        """Click a button of `message`, or choose the option `value`; returns once it is acknowledged."""
        blocks = [*message.get("blocks", [])]
        for attachment in message.get("attachments", []):
            blocks += attachment.get("blocks", [])
        block = _block_of(blocks, action)
        await self._act("use", channel=channel, ts=message["ts"], block=block, action=action, value=value)

    async def views(self) -> list[Json]:
        """Open modals, the topmost last."""
        found: list[Json] = (await self._get("page/state"))["views"]
        return found

    async def submit(self, view: Json, values: dict[str, Any]) -> None:
        """Submit a modal; `values` by action id."""
        by_block: dict[str, dict[str, Any]] = {}
        for action, value in values.items():
            by_block.setdefault(_block_of(view["blocks"], action), {})[action] = value
        await self._act("submit", view=view["id"], values=by_block)

    async def use_in_view(self, view: Json, action: str, value: Any = None) -> None:
        block = _block_of(view["blocks"], action)
        await self._act("use", view=view["id"], block=block, action=action, value=value)

    async def close(self, view: Json) -> None:
        await self._act("close", view=view["id"])

    async def react(self, channel: str, ts: str, name: str, *, add: bool = True) -> None:
        await self._act("react", channel=channel, ts=ts, name=name, add=add)

    async def open_home(self) -> Json | None:
        """The app's home as it is now; the app is told and may publish another."""
        view: Json | None = (await self._act("home"))["view"]
        return view

    async def _act(self, act: str, **body: Any) -> Json:
        answer = await self._http.post("page/act", json={"user": self.user, "act": act, **body})
        done: Json = _read(answer)["done"]
        return done

    async def _get(self, path: str) -> Json:
        return _read(await self._http.get(path, params={"user": self.user, "since": self._since}))


def _read(answer: httpx.Response) -> Json:
    body: Json = answer.json()
    if answer.is_error:
        raise ActError(body["error"], body["text"], body["faults"])
    return body


def _block_of(blocks: list[Json], action: str) -> str:
    for block, element in elements(blocks):
        if element["action_id"] == action:
            return str(block["block_id"])
    raise ActError("message_not_found", f"There is nothing to use as {action!r}.")
