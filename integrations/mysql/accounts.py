"""``mysql.lock_account`` and ``mysql.end_sessions``: a user of MySQL or MariaDB is out, or stays out.

https://dev.mysql.com/doc/refman/8.4/en/account-locking.html, https://mariadb.com/docs/server/reference/
sql-statements/account-management-sql-statements/alter-user. An account is a user and where it comes from
(``alice@10.%``): all accounts of a user's name are locked, and of these the undo unlocks those that were not
locked before. A lock lets nobody in any more; sessions that are open go on, so they are ended (``KILL``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from asyncmy import errors

from integrations.contract import ActionCall, ActionRefusedError
from integrations.mysql.connection import KIND, Server, account, open_mysql
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen, TargetGoneError, stored
from integrations.session_ends import EndSessions, Session, blast_of, end_all
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType, Verification

USER = Parameter(name="user", type=ValueType.USER, description="The user's name, without its host: alice.")
THEIR_OWN = frozenset({"mysql.sys", "mysql.session", "mysql.infoschema", "mariadb.sys"})
"""Accounts that the servers run parts of themselves under."""
NO_SUCH_SESSION, NO_SUCH_TABLE = 1094, 1146
MYSQL_ACCOUNTS = (
    "SELECT Host AS host, account_locked = 'Y' AS locked FROM mysql.user WHERE User = %s ORDER BY 1"
)
MARIADB_ACCOUNTS = """
SELECT Host AS host, COALESCE(JSON_VALUE(Priv, '$.account_locked'), '') IN ('1', 'true') AS locked
FROM mysql.global_priv WHERE User = %s AND COALESCE(JSON_VALUE(Priv, '$.is_role'), '') NOT IN ('1', 'true')
ORDER BY 1"""
MYSQL_ROLES = "SELECT DISTINCT FROM_USER AS name FROM mysql.role_edges WHERE TO_USER = %s ORDER BY 1"
MARIADB_ROLES = "SELECT DISTINCT Role AS name FROM mysql.roles_mapping WHERE User = %s ORDER BY 1"


class _AccountSessions:
    async def of(self, call: ActionCall, site: Site) -> list[Session]:
        async with _open(call, site) as server:
            name = _name(server, call)
            await _accounts(server, name)
            found = await server.rows("SHOW FULL PROCESSLIST")
        return [_session(row) for row in found if row["User"] == name and row["Command"] != "Killed"]

    async def end(self, call: ActionCall, site: Site, sessions: Sequence[Session]) -> None:
        async with _open(call, site) as server:
            for session in sessions:
                try:
                    await server.execute(f"KILL CONNECTION {session.number:d}")
                except errors.MySQLError as error:
                    if not error.args or error.args[0] != NO_SUCH_SESSION:
                        raise

    async def groups(self, call: ActionCall, site: Site) -> Sequence[str]:
        """Return the roles that were granted to it; MySQL before 8.0 has none."""
        async with _open(call, site) as server:
            query = MARIADB_ROLES if server.mariadb else MYSQL_ROLES
            try:
                found = await server.rows(query, _name(server, call))
            except errors.MySQLError as error:
                if server.mariadb or not error.args or error.args[0] != NO_SUCH_TABLE:
                    raise
                found = []
        return [_text(row["name"]) for row in found]


SESSIONS = _AccountSessions()
END_SESSIONS = EndSessions(
    ActionSpec(
        name="mysql.end_sessions",
        kind=ActionKind.CONTAINMENT,
        summary="End all sessions that a user has open at MySQL or MariaDB; it may connect again.",
        parameters=(USER, CONNECTION),
        returns={"ended": ValueType.INTEGER},
        target="user",
        noun="end of sessions",
        lasts=False,
        timeout=30.0,
        connection=KIND,
        permission="PROCESS, CONNECTION_ADMIN (MariaDB: CONNECTION ADMIN); to see accounts",
    ),
    SESSIONS,
)


class LockAccount(Reversible):
    spec = ActionSpec(
        name="mysql.lock_account",
        kind=ActionKind.CONTAINMENT,
        summary="Lock all accounts of a user at MySQL or MariaDB, and end its sessions.",
        parameters=(USER, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="user",
        noun="lock",
        timeout=30.0,
        connection=KIND,
        permission="CREATE USER, PROCESS, CONNECTION_ADMIN; to see accounts",
    )
    patience = 0.0

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with _open(call, site) as server:
            found = await _accounts(server, _name(server, call))
        before = await self._before(call, site)
        locked = [host for host, is_locked in found.items() if is_locked]
        ours = [host for host in locked if before.get(host) is False]
        whole = len(locked) == len(found)
        said = f"{len(locked)} of {len(found)} accounts of {call.params['user']} are locked"
        return Seen(whole, said, {"accounts": found}, partly=bool(ours) and not whole)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Lock each account, one that was made since the first attempt too, which is remembered before."""
        found: Mapping[str, bool] = seen.before["accounts"]
        await self._remember_more(call, site, found)
        async with _open(call, site) as server:
            for host in (host for host, is_locked in found.items() if not is_locked):
                await server.execute(f"ALTER USER {account(_name(server, call), host)} ACCOUNT LOCK")

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        async with _open(call, site) as server:
            found = await _accounts(server, _name(server, call))
            for host, was_locked in before["accounts"].items():
                if not was_locked and found.get(host):
                    await server.execute(f"ALTER USER {account(_name(server, call), host)} ACCOUNT UNLOCK")

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """As `Reversible`, and end the sessions that are open, whoever locked the accounts."""
        done = await super().run(call, site)
        await end_all(SESSIONS, call, site)
        return done

    async def verify(self, call: ActionCall, site: Site) -> Verification:
        seen = await super().verify(call, site)
        if not seen.in_force:
            return seen
        left = len(await SESSIONS.of(call, site))
        said = f"{seen.detail} and {left or 'no'} session{' is' if left == 1 else 's are'} open"
        return Verification(in_force=not left, detail=said)

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        return await blast_of(self.spec, SESSIONS, call, site)

    async def groups_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        return await SESSIONS.groups(call, site)

    async def _before(self, call: ActionCall, site: Site) -> Mapping[str, bool]:
        known = await self._recall(call, site)
        return dict(known["before"]["accounts"]) if known else {}

    async def _remember_more(self, call: ActionCall, site: Site, found: Mapping[str, bool]) -> None:
        with stored():
            known, version = await site.state.get(self._key(call)) or ({}, "")
            accounts = known["before"]["accounts"]
            if new := {host: locked for host, locked in found.items() if host not in accounts}:
                await site.state.put(
                    self._key(call), {**known, "before": {"accounts": {**accounts, **new}}}, version
                )


def _open(call: ActionCall, site: Site) -> AbstractAsyncContextManager[Server]:
    return open_mysql(site, call.params.get("connection"))


def _name(server: Server, call: ActionCall) -> str:
    """Return the user's name. Raises `ActionRefusedError` for the connection's own and the server's own."""
    name = str(call.params["user"])
    account(name, "%")
    if name == server.own:
        raise ActionRefusedError(
            f"{server.named.name}: {name} is the connection's own user: it could not be undone"
        )
    if name in THEIR_OWN:
        raise ActionRefusedError(f"{server.named.name}: {name} is an account of the server's own")
    return name


async def _accounts(server: Server, name: str) -> dict[str, bool]:
    """Return {host: whether it is locked} of a user. Raises `TargetGoneError` where there is no such user."""
    found = await server.rows(MARIADB_ACCOUNTS if server.mariadb else MYSQL_ACCOUNTS, name)
    if not found:
        raise TargetGoneError(f"{server.named.name} has no user {name}")
    return {_text(row["host"]): bool(row["locked"]) for row in found}


def _session(row: Mapping[str, Any]) -> Session:
    where = str(row["Host"] or "this machine")
    within = f" in {row['db']}" if row["db"] else ""
    return Session(f"{row['Id']}@{where}", int(row["Id"]), f"{where.rpartition(':')[0] or where}{within}")


def _text(value: Any) -> str:
    """Columns of names are binary in some versions."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
