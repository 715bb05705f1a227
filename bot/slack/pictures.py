"""Attack paths as pictures in an incident's thread."""

from __future__ import annotations

import asyncio
import hashlib

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.slack.context import Here
from bot.slack.mrkdwn import prose
from bot.verbs.picture import PictureError, png_of
from rules.attack_path import AttackPath
from workers.contract import ThreadRef

log = structlog.get_logger(__name__)

MOST_REMEMBERED = 1000


async def show_path(here: Here, path: AttackPath, thread: ThreadRef) -> bool:
    """Put the picture of a path in a thread; False where none can be had, or the thread shows it already."""
    fingerprint = hashlib.sha256(path.model_dump_json().encode()).hexdigest()
    if here.shown_paths.get(path.incident) == fingerprint:
        return False
    try:
        png = await asyncio.to_thread(png_of, path)
        await here.client.files_upload_v2(
            channel=thread.channel,
            thread_ts=thread.ts,
            content=png,
            filename=f"{path.incident}-path.png",
            title=f"Attack path of {path.incident}",
            alt_txt=path.summary[:900] or "Attack path",
            initial_comment=prose(path.summary, 1500),
        )
    except PictureError as error:
        log.warning("no picture of a path", incident=path.incident, reason=str(error))
        return False
    except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
        log.warning("a picture could not be uploaded", incident=path.incident, reason=str(error))
        return False
    if len(here.shown_paths) >= MOST_REMEMBERED:
        here.shown_paths.clear()
    here.shown_paths[path.incident] = fingerprint
    return True
