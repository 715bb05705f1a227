"""The process ``siem api``: the HTTP API over the installation's store.

It needs OpenSearch alone: firewalls get their list also while Temporal is away. Only webhooks need Temporal,
and are asked to come again while it is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from temporalio.client import Client

from integrations.catalogue import actions
from integrations.ports import Site
from workers.api.app import create_app
from workers.api.hooks import HookService
from workers.api.hooks import register as register_hooks
from workers.api.server import ApiServer
from workers.collect.http_access import Access, Secrets
from workers.composition import WallClock, api_token, open_client, open_stores
from workers.engines import find_engines, find_opensearch
from workers.own_vendors import register_actions
from workers.playbook_files import PlaybookShelf
from workers.settings import Settings


def open_hooks(settings: Settings, site: Site) -> HookService:
    """Return what takes webhooks; Temporal is connected to when the first one comes.

    Raises `SettingsError` or `SecretError` where a secret can't be used.
    """
    register_actions(settings)
    secrets = settings.webhook_secrets()
    doors = {
        name: Access(section.door(), Secrets(**secrets[name]), settings.root)
        for name, section in settings.site.webhooks.items()
    }
    specs = {action.spec.name: action.spec for action in actions()}
    known: list[Client] = []

    async def client() -> Client:
        if not known:
            known.append(await open_client(settings, find_engines(settings).temporal_address))
        return known[0]

    shelf = PlaybookShelf(settings, specs)

    def playbooks(webhook: str) -> list[str]:
        return shelf().started_by(webhook)

    return HookService(doors=doors, state=site.state, client=client, playbooks=playbooks)


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
        app = create_app(site, settings)
        register_hooks(app, open_hooks(settings, site))
        server = ApiServer(app, settings.site.api.listen)
        serving = asyncio.create_task(server.run_until_stopped())
        ready()  # the socket listens already: what comes now is answered
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        server.should_exit = True
        await serving
    finally:
        await stores.close()
