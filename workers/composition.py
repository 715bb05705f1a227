"""The composition root: adapters are built here, once a process, and nowhere else."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from temporalio.client import Client, TLSConfig

from integrations.inventory import InventoryError
from integrations.opensearch import (
    Access,
    CommandKeyring,
    KeyringError,
    KeyWrapper,
    OpenSearchStores,
    keep_keyring,
    parse_keyring,
)
from integrations.opensearch import connect as connect_opensearch
from integrations.ports import Site, StoreUnavailableError
from workers.engines import find_engines
from workers.own_vendors import read_inventory, register_actions
from workers.settings import Settings
from workers.temporal import connect as connect_temporal

log = structlog.get_logger(__name__)


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class Installation:
    """A running installation, as one of its processes holds it."""

    settings: Settings
    client: Client
    stores: OpenSearchStores
    site: Site


@asynccontextmanager
async def installation(settings: Settings, *, vendors: bool = False) -> AsyncIterator[Installation]:
    """Connect to the engines. `vendors`: also resolve the secrets of the named connections, which
    only the worker may hold.

    Raises `EnginesNotRunningError`, `SettingsError`, `StoreUnavailableError` or RuntimeError.
    """
    register_actions(settings)
    addresses = find_engines(settings)
    stores = await open_stores(settings, addresses.opensearch_url)
    try:
        client = await open_client(settings, addresses.temporal_address)
        site = Site(
            events=stores.events,
            alerts=stores.alerts,
            incidents=stores.incidents,
            evidence=stores.evidence,
            state=stores.state,
            results=stores.results,
            suppressed=stores.suppressed,
            clock=WallClock(),
            api_url=settings.api_url,
            api_token=api_token(settings),
            connections=settings.connections() if vendors else {},
            inside_names=_inside_names(settings) if vendors else frozenset(),
        )
        yield Installation(settings=settings, client=client, stores=stores, site=site)
    finally:
        await stores.close()


def _inside_names(settings: Settings) -> frozenset[str]:
    """Return the machines' names that stay inside; none where the inventory can't be read, which is told."""
    try:
        return read_inventory(settings).inside_names
    except (InventoryError, OSError) as error:
        log.warning("the inventory can't be read", error=str(error))
        return frozenset()


class _NoStore:
    """Stands where a store would, in a site that has none."""

    def __getattr__(self, name: str) -> Any:
        raise StoreUnavailableError(f"{name}: this command works without the engines")


def vendors_only(settings: Settings) -> Site:
    """Return a site with the named connections and no engines, to try connections with.

    Raises `SettingsError` naming every secret that can't be read.
    """
    nothing: Any = _NoStore()
    return Site(
        events=nothing,
        alerts=nothing,
        incidents=nothing,
        evidence=nothing,
        state=nothing,
        clock=WallClock(),
        api_url=settings.api_url,
        api_token=api_token(settings),
        connections=settings.connections(),
    )


async def open_stores(settings: Settings, url: str) -> OpenSearchStores:
    environment = settings.environment
    password = environment.opensearch_password
    return await connect_opensearch(
        url,
        access=Access(
            user=environment.opensearch_user,
            password=password.get_secret_value() if password else None,
            ca=_path(environment.opensearch_ca),
            certificate=_path(environment.opensearch_cert),
            key=_path(environment.opensearch_key),
        ),
        keyring=open_keyring(settings),
    )


def open_keyring(settings: Settings) -> KeyWrapper:
    """Return the keys of ``event.original``: from ``SIEM_KEYS``, from the program or the file that
    ``keys:`` names, else kept in the data folder.

    Raises `KeyringError`, also where they are said twice.
    """
    said, section = settings.environment.keys, settings.site.keys
    if said is not None and (section.command or section.file):
        raise KeyringError("the keys are said twice: unset SIEM_KEYS, or remove keys: from siem.yaml")
    if said is not None:
        return parse_keyring(said.get_secret_value(), "SIEM_KEYS")
    if section.command:
        return CommandKeyring(section.command, section.seconds.total_seconds())
    return keep_keyring(key_file(settings))


def key_file(settings: Settings) -> Path:
    """Return the keyring's file, where it is one."""
    named = settings.site.keys.file
    return settings.root / named.expanduser() if named else settings.data / "keys"


async def open_client(settings: Settings, address: str) -> Client:
    environment = settings.environment
    tls: TLSConfig | bool = bool(environment.temporal_tls)
    if environment.temporal_tls_ca or environment.temporal_tls_cert:
        tls = TLSConfig(
            server_root_ca_cert=_bytes(environment.temporal_tls_ca),
            client_cert=_bytes(environment.temporal_tls_cert),
            client_private_key=_bytes(environment.temporal_tls_key),
            domain=environment.temporal_tls_server_name,
        )
    key = environment.temporal_api_key
    return await connect_temporal(
        address,
        namespace=environment.temporal_namespace,
        tls=tls or key is not None,
        api_key=key.get_secret_value() if key else None,
    )


def _bytes(path: Path | None) -> bytes | None:
    return path.read_bytes() if path else None


def _path(path: Path | None) -> str | None:
    return str(path) if path else None


def api_token(settings: Settings) -> str:
    """Return the bearer token of the API's internal calls: the one set, else one kept in the data folder."""
    if settings.environment.api_token is not None:
        return settings.environment.api_token.get_secret_value()
    return kept_secret(settings.data / "api.token")


def kept_secret(path: Path) -> str:
    """Return the secret in a file, making both at the first call; safe between processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()
