"""The bot process: people's requests in, the workflows' messages out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.client import Client
from temporalio.worker import Worker
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential

from bot.slack.access import SlackAccess, find_access, patient_client, plain_client
from bot.slack.activities import BotActivities
from bot.slack.app import create_app
from bot.slack.channel import Channel, ChannelError
from bot.slack.errors import MENDABLE, explain
from bot.slack.signed_http import serve_http
from integrations.catalogue import actions
from workers.composition import installation
from workers.contract import BOT_QUEUE
from workers.desk import Desk
from workers.intelligence_answers import asking
from workers.live_desk import LiveDesk
from workers.marked_yaml import Fault
from workers.settings import Settings, SettingsError
from workers.site_status import parts_of

log = structlog.get_logger(__name__)

TRANSIENT = (SlackApiError, aiohttp.ClientError, OSError, TimeoutError)


async def run_bot(settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serve people and workflows until `stop` is set; `ready` is called once both are served.

    Raises what `installation` raises, and `SettingsError` where Slack refuses the tokens or the channel.
    """
    access = await find_access(settings)
    async with installation(settings) as here:
        desk = LiveDesk(
            here.client,
            here.site,
            parts_of(here.client, here.stores, settings.data),
            settings.approvers,
            asking(here.stores, settings.site.intelligence, here.site.clock),
        )
        try:
            async with serve(access, desk, here.client, stop):
                ready()
                log.info("bot listens", channel=access.channel, how="http" if access.listen else "socket")
                await stop.wait()
        except TRANSIENT:
            if not stop.is_set():
                raise


@asynccontextmanager
async def serve(
    access: SlackAccess, desk: Desk, temporal: Client, stop: asyncio.Event
) -> AsyncIterator[None]:
    """Connect to Slack and take the workflows' messages; both are served inside."""
    client = patient_client(access)
    await _check(client, access.channel, stop)
    app = create_app(desk, client, access.signing_secret)
    summaries = {action.spec.name: action.spec.summary for action in actions()}
    bot = BotActivities(plain_client(access), access.channel, summaries)
    worker = Worker(
        temporal,
        task_queue=BOT_QUEUE,
        activities=bot.activities,
        max_concurrent_activities=20,
        graceful_shutdown_timeout=timedelta(seconds=5),
    )
    async with _listening(app, access, client, desk, stop), worker:
        yield


def _listening(
    app: AsyncApp, access: SlackAccess, client: AsyncWebClient, desk: Desk, stop: asyncio.Event
) -> AbstractAsyncContextManager[object]:
    if access.listen:
        return serve_http(app, access.listen, desk)
    return _socket_mode(app, str(access.app_token), client, stop)


@asynccontextmanager
async def _socket_mode(
    app: AsyncApp, token: str, client: AsyncWebClient, stop: asyncio.Event
) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(app, token, web_client=client)
    try:
        async for attempt in _patiently(stop):
            with attempt, _as_settings("SLACK_APP_TOKEN"):
                await handler.connect_async()  # type: ignore[no-untyped-call]
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


async def _check(client: AsyncWebClient, channel: str, stop: asyncio.Event) -> None:
    """Wait until Slack answers; then the token and the channel must be right."""
    async for attempt in _patiently(stop):
        with attempt, _as_settings("SLACK_BOT_TOKEN"):
            await client.auth_test()
            try:
                await Channel(client, channel).id()
            except ChannelError as error:
                raise SettingsError([Fault("slack: channel:", str(error))]) from error


class _as_settings:  # noqa: N801
    """Turns what only a person can mend into a fault of the settings."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, SlackApiError) and error.response.get("error") in MENDABLE:
            raise SettingsError([Fault(self._name, explain(error))]) from error


def _patiently(stop: asyncio.Event) -> AsyncRetrying:
    return AsyncRetrying(
        wait=wait_exponential(multiplier=0.2, max=10),
        retry=retry_if_exception(lambda error: isinstance(error, TRANSIENT) and not stop.is_set()),
        sleep=lambda seconds: _sleep(seconds, stop),
        before_sleep=_say_waiting,
        reraise=True,
    )


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def _say_waiting(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("waits for Slack", attempt=state.attempt_number, reason=str(error) or type(error).__name__)
