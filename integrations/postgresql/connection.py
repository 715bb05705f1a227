"""The way to a PostgreSQL server: its own protocol over TLS, with asyncpg.

https://www.postgresql.org/docs/current/libpq-ssl.html (``verify-full``). Names go to the server as parameters;
where a statement takes none (``ALTER ROLE``), the server itself quotes them (``format('%I')``). Every function
is named with its schema and nothing else is searched, so that no object of somebody else's is called.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from integrations.connections import ConnectionKind, Named, Setting, choose
from integrations.contract import ActionError, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site

KIND = "postgresql"
SECONDS = 6.0
LATER = ("08", "53", "57", "58", "40", "55P03")
"""SQLSTATE classes and codes that a later attempt may not meet: connection, resources, operator, system,
rollback, lock not available (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""
FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


@dataclass(frozen=True)
class Server:
    """A server, logged in. Faults become `ActionError`s where `open_postgresql` ends."""

    named: Named
    connection: asyncpg.Connection[Any]

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.connection.fetch(query, *arguments)]

    async def alter_role(self, role: str, change: str) -> None:
        """``ALTER ROLE role change``; `change` is a text of ours."""
        query = await self.connection.fetchval(
            f"SELECT pg_catalog.format('ALTER ROLE %I {change}', $1::pg_catalog.text)", role
        )
        await self.connection.execute(query)


@asynccontextmanager
async def open_postgresql(site: Site, name: Any) -> AsyncIterator[Server]:
    """Log in to the site's server. Raises `ActionError`s, also for what goes wrong within."""
    named = choose(site, KIND, name)
    try:
        connection = await asyncpg.connect(
            host=named.need("host"),
            port=int(named.get("port") or 5432),
            user=named.need("user"),
            password=named.need("password"),
            database=str(named.get("database") or "postgres"),
            ssl=tls_of(named),
            timeout=SECONDS,
            command_timeout=SECONDS,
            statement_cache_size=0,
            server_settings={"application_name": "siem", "search_path": "pg_catalog", "lock_timeout": "3000"},
        )
    except FAULTS as error:
        raise _told(named, error) from error
    try:
        yield Server(named, connection)
    except FAULTS as error:
        raise _told(named, error) from error
    finally:
        try:
            await connection.close(timeout=1)
        except FAULTS:
            connection.terminate()


def tls_of(named: Named) -> ssl.SSLContext | bool:
    """Return how to talk to a database: always with TLS and a certificate that is checked, unless the
    connection says ``tls: false``."""
    if named.get("tls") is False:
        return False
    ca = named.get("ca")
    try:
        return ssl.create_default_context(cafile=str(ca) if ca else None)
    except OSError as error:
        raise ActionRefusedError(f"connection {named.name!r}: ca can't be read: {error}") from error


def _told(named: Named, error: Exception) -> ActionError:
    plain = " ".join(str(error).split()) or type(error).__name__
    words = named.clean(f"{named.name}: {plain}"[:500])
    if isinstance(error, asyncpg.PostgresError):
        state = str(error.sqlstate or "")
        said = f"{words} ({state})"
        return ActionUnavailableError(said) if state.startswith(LATER) else ActionRefusedError(said)
    if isinstance(error, ssl.SSLCertVerificationError):
        return ActionRefusedError(f"{words}: name its authority as ca")
    if "rejected SSL" in str(error):
        return ActionRefusedError(f"{words}: turn TLS on there, or say tls: false for one on this machine")
    if isinstance(error, asyncio.TimeoutError):
        return ActionUnavailableError(f"{named.name}: no answer within {SECONDS:.0f} s")
    return ActionUnavailableError(words)


async def _test(site: Site, name: str) -> str:
    async with open_postgresql(site, name) as server:
        (row,) = await server.rows(
            "SELECT session_user::text AS who, pg_catalog.current_setting('server_version') AS version, "
            "pg_catalog.pg_is_in_recovery() AS standby, "
            "pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') AS signals"
        )
    said = f"PostgreSQL {row['version']} answers {row['who']}"
    if row["standby"]:
        return f"{said}, but it is a standby: roles can't be altered there"
    return said + ("" if row["signals"] else ", who may not end sessions (GRANT pg_signal_backend)")


POSTGRESQL = ConnectionKind(
    name=KIND,
    title="PostgreSQL: one server (its primary)",
    documentation="https://www.postgresql.org/docs/current/sql-alterrole.html",
    settings=(
        Setting("host", "its name or address"),
        Setting("port", "else 5432", required=False),
        Setting("database", "which to log in to, else postgres", required=False),
        Setting("user", "a role of its own"),
        Setting("password", "its password", secret=True),
        Setting("ca", "path of the certificate authority, where the system does not know it", required=False),
        Setting("tls", "false: talk without TLS, to a server on this machine", required=False),
    ),
    permissions=(
        "CREATEROLE, and from PostgreSQL 16 on ADMIN OPTION on each role that may be locked (lock_role)",
        "pg_signal_backend, pg_read_all_stats (end_sessions, lock_role)",
    ),
    test=_test,
    setup="CREATE ROLE siem LOGIN CREATEROLE CONNECTION LIMIT 5 PASSWORD '…'; GRANT pg_signal_backend, "
    "pg_read_all_stats TO siem; and for each role that may be locked, from PostgreSQL 16 on: GRANT alice TO siem "
    "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE; superusers are out of its reach, and should be.",
)
