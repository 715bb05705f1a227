"""``postgresql.lock_role`` and ``postgresql.end_sessions``: a role's users are out, or stay out.

https://www.postgresql.org/docs/current/sql-alterrole.html: ``NOLOGIN`` lets nobody in any more, and touches
neither the password, its end, the connection limit nor what the role owns; sessions that are open go on, so
they are ended (``pg_terminate_backend``, .../functions-admin.html). Who is in by another role and takes this
one on (``SET ROLE``) is not stopped by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from integrations.contract import ActionCall, ActionRefusedError
from integrations.ports import Site
from integrations.postgresql.connection import KIND, Server, open_postgresql
from integrations.reversal import CONNECTION, Reversible, Seen, TargetGoneError
from integrations.session_ends import EndSessions, Session, blast_of, end_all
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType, Verification

USER = Parameter(name="user", type=ValueType.USER, description="The role's name, as PostgreSQL has it.")
ROLE = """
SELECT oid, rolcanlogin, rolname::text = session_user::text AS own
FROM pg_catalog.pg_roles WHERE rolname = $1"""
OPEN = """
SELECT pid, backend_start::text AS began, host(client_addr) AS address, datname::text AS database,
  application_name AS application
FROM pg_catalog.pg_stat_activity WHERE usesysid = $1 AND pid <> pg_catalog.pg_backend_pid() ORDER BY pid"""
END = """
SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
WHERE usesysid = $1 AND pid = ANY($2::int[]) AND pid <> pg_catalog.pg_backend_pid()"""
GROUPS = """
WITH RECURSIVE inside(oid) AS (
  SELECT roleid FROM pg_catalog.pg_auth_members WHERE member = $1
  UNION SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN inside i ON m.member = i.oid)
SELECT r.rolname::text AS name FROM pg_catalog.pg_roles r JOIN inside i ON r.oid = i.oid ORDER BY 1"""


class _RoleSessions:
    async def of(self, call: ActionCall, site: Site) -> list[Session]:
        async with _open(call, site) as server:
            role = await _role(server, call)
            _refuse_own(server, role)
            return [_session(row) for row in await server.rows(OPEN, role["oid"])]

    async def end(self, call: ActionCall, site: Site, sessions: Sequence[Session]) -> None:
        async with _open(call, site) as server:
            role = await _role(server, call)
            await server.rows(END, role["oid"], [session.number for session in sessions])

    async def groups(self, call: ActionCall, site: Site) -> Sequence[str]:
        async with _open(call, site) as server:
            role = await _role(server, call)
            return [str(row["name"]) for row in await server.rows(GROUPS, role["oid"])]


SESSIONS = _RoleSessions()
END_SESSIONS = EndSessions(
    ActionSpec(
        name="postgresql.end_sessions",
        kind=ActionKind.CONTAINMENT,
        summary="End all sessions that a role has open at PostgreSQL; it may connect again.",
        parameters=(USER, CONNECTION),
        returns={"ended": ValueType.INTEGER},
        target="user",
        noun="end of sessions",
        lasts=False,
        timeout=30.0,
        connection=KIND,
        permission="pg_signal_backend, pg_read_all_stats",
    ),
    SESSIONS,
)


class LockRole(Reversible):
    spec = ActionSpec(
        name="postgresql.lock_role",
        kind=ActionKind.CONTAINMENT,
        summary="Let a role no more log in to PostgreSQL, and end its sessions.",
        parameters=(USER, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="user",
        noun="lock",
        timeout=30.0,
        connection=KIND,
        permission="CREATEROLE with ADMIN OPTION on the role; pg_signal_backend, pg_read_all_stats",
    )
    patience = 0.0

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with _open(call, site) as server:
            role = await _role(server, call)
        may = role["rolcanlogin"]
        return Seen(not may, f"the role {call.params['user']} {'may' if may else 'may not'} log in")

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Raises `ActionRefusedError` for the connection's own role."""
        del seen
        async with _open(call, site) as server:
            role = await _role(server, call)
            _refuse_own(server, role)
            await server.alter_role(call.params["user"], "NOLOGIN")

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        async with _open(call, site) as server:
            await server.alter_role(call.params["user"], "LOGIN")

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """As `Reversible`, and end the sessions that are open, whoever locked the role."""
        done = await super().run(call, site)
        await end_all(SESSIONS, call, site)
        return done

    async def verify(self, call: ActionCall, site: Site) -> Verification:
        seen = await super().verify(call, site)
        if not seen.in_force:
            return seen
        left = len(await SESSIONS.of(call, site))
        said = f"{seen.detail} and has {left or 'no'} session{'' if left == 1 else 's'} open"
        return Verification(in_force=not left, detail=said)

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        return await blast_of(self.spec, SESSIONS, call, site)

    async def groups_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        return await SESSIONS.groups(call, site)


def _open(call: ActionCall, site: Site) -> AbstractAsyncContextManager[Server]:
    return open_postgresql(site, call.params.get("connection"))


async def _role(server: Server, call: ActionCall) -> dict[str, Any]:
    """Return the role. Raises `TargetGoneError` for one that is not there."""
    name = str(call.params["user"])
    if not name or len(name.encode()) > 63 or not name.isprintable():
        raise ActionRefusedError(f"{name!r:.80} is no name of a role: 63 bytes at most, none to control")
    found = await server.rows(ROLE, name)
    if not found:
        raise TargetGoneError(f"{server.named.name} has no role {name}")
    return found[0]


def _refuse_own(server: Server, role: Mapping[str, Any]) -> None:
    if role["own"]:
        raise ActionRefusedError(
            f"{server.named.name}: it is the connection's own role: it could not be undone"
        )


def _session(row: Mapping[str, Any]) -> Session:
    where = row["address"] or "this machine"
    within = f" in {row['database']}" if row["database"] else ""
    program = f" ({row['application'][:40]})" if row["application"] else ""
    return Session(f"{row['pid']}@{row['began'] or ''}", row["pid"], f"{where}{within}{program}")
