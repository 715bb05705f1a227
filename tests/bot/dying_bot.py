"""A bot that hangs at the worst moment, to be killed there: run with Temporal's address, its namespace,
the workspace's address and the bot's token. It says ``posted`` when Slack has the message."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from temporalio.worker import Worker

from bot.slack.access import SlackAccess, plain_client
from bot.slack.activities import BotActivities
from workers.contract import BOT_QUEUE, ThreadRef
from workers.temporal import connect


class DyingActivities(BotActivities):
    async def _send(self, **message: Any) -> ThreadRef:
        await super()._send(**message)
        print("posted", flush=True)
        await asyncio.sleep(3600)
        raise AssertionError("it was to be killed")


async def main(address: str, namespace: str, base_url: str, token: str) -> None:
    client = await connect(address, namespace=namespace)
    access = SlackAccess(bot_token=token, channel="#security", base_url=base_url)
    bot = DyingActivities(plain_client(access), access.channel, {})
    async with Worker(client, task_queue=BOT_QUEUE, activities=bot.activities):
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
