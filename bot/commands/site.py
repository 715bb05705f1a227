"""What commands know of the site: its settings, and a desk over its running installation."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.commands.failures import MISUSED, CommandError

if TYPE_CHECKING:
    from bot.verbs import Answer, Caller
    from integrations.opensearch import OpenSearchStores
    from workers.composition import Installation
    from workers.desk import Desk
    from workers.keeping import Keeping
    from workers.settings import Settings

T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
As = Annotated[
    str, typer.Option("--as", metavar="USER", help="Slack user id of the person you are, like U024BE7LH.")
]

_chosen: list[Path] = []


def choose(config: Path | None) -> None:
    """Take the ``siem.yaml`` that ``--config`` names."""
    _chosen[:] = [config] if config else []


def settings() -> Settings:
    """Raises `workers.settings.SettingsError` with all that is wrong."""
    from workers.settings import load_settings

    return load_settings(_chosen[0] if _chosen else None)


def settings_or_none() -> Settings | None:
    """Return the settings, None where there is no ``siem.yaml`` here and none was named."""
    import os

    from workers.settings import SITE_FILE

    if not _chosen and not os.environ.get("SIEM_CONFIG") and not Path(SITE_FILE).exists():
        return None
    return settings()


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@asynccontextmanager
async def installation(*, vendors: bool = False) -> AsyncIterator[Installation]:
    """The running installation. Raises `CommandError` where Temporal does not answer."""
    from workers.composition import installation as connect

    chosen = settings()
    try:
        async with connect(chosen, vendors=vendors) as here:
            yield here
    except RuntimeError as error:
        if "client" not in str(error).lower() and "connect" not in str(error).lower():
            raise
        raise CommandError(f"Temporal does not answer: {error}\nIs `siem up` running?") from error


@asynccontextmanager
async def keeping() -> AsyncIterator[tuple[Installation, Keeping]]:
    """The running installation, with what keeps and deletes its events."""
    from workers.keeping import Keeping
    from workers.live_desk import LiveDesk

    async with installation() as here:
        await here.stores.setup()
        yield here, Keeping(here.stores, LiveDesk(here.client, here.site).note)


@asynccontextmanager
async def open_stores() -> AsyncIterator[OpenSearchStores]:
    """The stores alone: Temporal need not answer."""
    from workers.composition import open_stores as connect
    from workers.engines import find_opensearch

    chosen = settings()
    stores = await connect(chosen, find_opensearch(chosen))
    try:
        yield stores
    finally:
        await stores.close()


def ask(question: Callable[[Desk], Awaitable[Answer]], *, as_json: bool) -> Answer:
    """Ask the desk of the running installation, and print its answer."""
    from bot.commands.output import print_answer

    async def work() -> Answer:
        from workers.live_desk import LiveDesk
        from workers.site_status import parts_of

        async with installation() as here:
            desk = LiveDesk(
                here.client,
                here.site,
                parts_of(here.client, here.stores, here.settings.data),
                here.settings.approvers,
            )
            return await question(desk)

    answer = run(work())
    print_answer(answer, as_json=as_json)
    return answer


def caller(user: str) -> Caller:
    """Return who asks: the Slack user named, else the account on this machine."""
    from bot.verbs import Caller

    return Caller(user or f"cli:{getpass.getuser()}")


def pairs(words: list[str]) -> dict[str, str]:
    """Read ``key=value`` words. Raises `CommandError`."""
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise CommandError(f"{word!r} is no input: write KEY=VALUE, like ip=203.0.113.7", MISUSED)
        found[key] = value
    return found
