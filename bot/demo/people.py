"""People at the workspace's page, played by the demo exactly as the page acts for them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.demo.conversation import Button, Message
from bot.demo.rig import Rig
from bot.workspace import PersonClient
from bot.workspace.settings import PEOPLE


@dataclass(frozen=True)
class Person:
    id: str
    page: str
    """The page's address with its key."""

    async def click(self, message: Message, button: Button) -> str:
        """Click a button; return what this person alone was told for it, empty for nothing."""
        async with PersonClient(self.page, self.id) as client:
            raw = {"ts": message.ts, "blocks": list(message.blocks)}
            await client.click(message.channel, raw, button.action_id)
            told = await client.ephemerals(message.channel)
            return " ".join(str(one.get("text", "")) for one in told)

    async def type(self, channel: str, text: str) -> str:
        """Type a line; return what this person alone was told for it."""
        async with PersonClient(self.page, self.id) as client:
            await client.say(channel, text)
            told = await client.ephemerals(channel)
            return " ".join(str(one.get("text", "")) for one in told)


def people_of(rig: Rig) -> dict[str, Person]:
    """Return everybody in the workspace by name."""
    return {person.name: Person(person.id, rig.page) for person in PEOPLE}
