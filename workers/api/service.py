"""The process ``siem api``: the HTTP API over the installation's store.

It needs OpenSearch alone: firewalls get their list also while Temporal is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from integrations.ports import Site
from workers.api.app import create_app
from workers.api.server import ApiServer
from workers.composition import WallClock, api_token, open_stores
from workers.engines import find_opensearch
from workers.settings import Settings


async def run_api(settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serve at ``api.listen`` until `stop` is set; `ready` is called once it answers.

    Raises `EnginesNotRunningError`, `PortInUseError` or `StoreError`.
    """
    stores = await open_stores(settings, find_opensearch(settings))
    try:
        await stores.setup()
        site = Site(
            events=stores.events,
            alerts=stores.alerts,
            incidents=stores.incidents,
            evidence=stores.evidence,
            state=stores.state,
            clock=WallClock(),
            api_url=settings.api_url,
            api_token=api_token(settings),
        )
        server = ApiServer(create_app(site, settings), settings.site.api.listen)
        serving = asyncio.create_task(server.run_until_stopped())
        ready()  # the socket listens already: what comes now is answered
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        server.should_exit = True
        await serving
    finally:
        await stores.close()
