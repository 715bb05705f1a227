"""Roles and accounts locked, sessions ended, at a real PostgreSQL and a real MariaDB over TLS."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import asyncmy
import asyncpg
import pytest

from integrations import mysql, postgresql
from integrations.contract import ActionError, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from tests.integrations.database_servers import (
    PASSWORD,
    DatabaseServer,
    MariaDbServer,
    PostgresServer,
    program,
)
from tests.integrations.vendor_server import HOSTILE, Events, call, prove_containment, site_of

ACTIONS: dict[str, Any] = {action.spec.name: action for action in (*postgresql.ACTIONS, *mysql.ACTIONS)}
LOCKS = {"postgresql": ACTIONS["postgresql.lock_role"], "mysql": ACTIONS["mysql.lock_account"]}
ENDS = {"postgresql": ACTIONS["postgresql.end_sessions"], "mysql": ACTIONS["mysql.end_sessions"]}
STRANGE = 'o"Brien; DROP ROLE alice --'


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    if program("postgres", "postgresql") is None:
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql")
    with PostgresServer() as server:
        server.shell(
            f"""CREATE ROLE siem LOGIN CREATEROLE PASSWORD '{PASSWORD}'; GRANT pg_signal_backend, pg_read_all_stats TO siem;
            CREATE ROLE staff; CREATE ROLE admins; GRANT admins TO staff; CREATE DATABASE billing;"""
        )
        yield server


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDbServer]:
    if program("mariadbd", "mariadb-server") is None:
        pytest.skip("no MariaDB on this machine: apt-get install mariadb-server")
    with MariaDbServer() as server:
        server.shell(
            f"""CREATE USER siem@localhost IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;
            GRANT CREATE USER, PROCESS, CONNECTION ADMIN ON *.* TO siem@localhost;
            GRANT SELECT ON mysql.global_priv TO siem@localhost; GRANT SELECT ON mysql.roles_mapping TO siem@localhost;
            CREATE DATABASE billing; CREATE ROLE staff;"""
        )
        yield server


@pytest.fixture
def alice_there(postgres: PostgresServer) -> PostgresServer:
    """The PostgreSQL with a fresh alice, who has a connection limit and an end of her password."""
    postgres.shell(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'alice';
        DROP ROLE IF EXISTS alice; CREATE ROLE alice LOGIN PASSWORD 'alice' CONNECTION LIMIT 7 VALID UNTIL '2030-01-01';
        GRANT staff TO alice"""
    )
    return postgres


@pytest.fixture
def alice_here(mariadb: MariaDbServer) -> MariaDbServer:
    """The MariaDB with a fresh alice: two accounts."""
    mariadb.shell(
        """DROP USER IF EXISTS alice@localhost, alice@'10.%', alice@'192.0.2.%';
        CREATE USER alice@localhost IDENTIFIED BY 'alice' WITH MAX_USER_CONNECTIONS 7; GRANT ALL ON billing.* TO alice@localhost;
        CREATE USER alice@'10.%' IDENTIFIED BY 'alice'; GRANT staff TO alice@localhost"""
    )
    return mariadb


def site_with(server: DatabaseServer, events: Events | None = None, **more: Any) -> Site:
    kind = "postgresql" if isinstance(server, PostgresServer) else "mysql"
    return site_of(events, there={"kind": kind, **server.connection, **more})


def attributes(server: PostgresServer) -> str:
    return server.shell("SELECT * FROM pg_roles WHERE rolname = 'alice'")


async def log_in(server: DatabaseServer, user: str = "alice") -> Any:
    """Return a session of a user's; raises what the driver raises where it is refused."""
    if isinstance(server, PostgresServer):
        return await asyncpg.connect(
            host="127.0.0.1", port=server.port, user=user, password=user, database="billing", ssl=False,
            server_settings={"application_name": "shop"},
        )  # fmt: skip
    return await asyncmy.connect(
        host="127.0.0.1", port=server.port, user=user, password=user, database="billing"
    )


async def is_alive(session: Any) -> bool:
    try:
        if isinstance(session, asyncpg.Connection):
            await session.fetchval("SELECT 1")
        else:
            async with session.cursor() as cursor:
                await cursor.execute("SELECT 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncmy.errors.MySQLError, OSError):
        return False
    return True


@contextlib.asynccontextmanager
async def session_of(server: DatabaseServer, user: str = "alice") -> Any:
    session = await log_in(server, user)
    try:
        yield session
    finally:
        session.terminate() if isinstance(session, asyncpg.Connection) else session.close()


REFUSED = (asyncpg.InvalidAuthorizationSpecificationError, asyncmy.errors.OperationalError)


@pytest.fixture(params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest) -> DatabaseServer:
    """Each of both in turn, with a fresh alice."""
    found: DatabaseServer = request.getfixturevalue(
        "alice_there" if request.param == "postgresql" else "alice_here"
    )
    return found


def kind_of(server: DatabaseServer) -> str:
    return "postgresql" if isinstance(server, PostgresServer) else "mysql"


async def test_a_lock_ends_sessions_lets_nobody_in_and_goes_again(server: DatabaseServer) -> None:
    lock, site, what = LOCKS[kind_of(server)], site_with(server), call(user="alice")
    await prove_containment(lock, site, what)
    async with (
        session_of(server) as one,
        session_of(server) as two,
        session_of(server, "root_reader") as other,
    ):
        await lock.run(what, site)
        assert not await is_alive(one)
        assert not await is_alive(two)
        assert await is_alive(other)
        with pytest.raises(REFUSED):
            await log_in(server)
    seen = await lock.verify(what, site)
    assert (seen.in_force, "no session" in seen.detail) == (True, True)
    await lock.undo(what, site)
    async with session_of(server) as one:
        assert await is_alive(one)


@pytest.fixture(autouse=True)
def _bystander(request: pytest.FixtureRequest) -> None:
    """Somebody else is logged in all along."""
    if "server" not in request.fixturenames:
        return
    made = request.getfixturevalue("server")
    if isinstance(made, PostgresServer):
        made.shell(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'root_reader') THEN "
            "CREATE ROLE root_reader LOGIN PASSWORD 'root_reader'; END IF; END $$"
        )
    else:
        made.shell(
            "CREATE USER IF NOT EXISTS root_reader@localhost IDENTIFIED BY 'root_reader'; "
            "GRANT SELECT ON billing.* TO root_reader@localhost"
        )


async def test_sessions_are_ended_and_new_ones_may_come(server: DatabaseServer) -> None:
    end, site, what = ENDS[kind_of(server)], site_with(server), call(user="alice")
    async with session_of(server) as one, session_of(server) as two:
        assert await end.run(what, site) == {"ended": 2}
        assert not await is_alive(one)
        assert not await is_alive(two)
    async with session_of(server) as later:
        seen = await end.verify(what, site)
        assert (seen.in_force, seen.detail) == (True, "2 of 2 sessions are ended; 1 more was opened since")
        assert await is_alive(later)
        await end.run(what, site)
        assert not await is_alive(later)
        assert (await end.verify(what, site)).detail == "3 of 3 sessions are ended"
    await end.undo(what, site)
    assert not (await end.verify(what, site)).in_force
    assert await site.state.keys("undo/") == []
    await prove_containment(end, site, what)


async def test_the_person_who_decides_sees_what_is_open(server: DatabaseServer) -> None:
    site = site_with(server, Events({"host": {"name": "db-1"}, "user": {"name": "alice"}}))
    async with session_of(server):
        for action in (LOCKS[kind_of(server)], ENDS[kind_of(server)]):
            blast = await action.blast_radius(call(user="alice"), site)
            assert "on db-1" in blast.summary
            assert (
                "1 session open now: 127.0.0.1 in billing" in blast.summary
                or "localhost in billing" in blast.summary
            )


async def test_who_was_locked_before_stays_locked(server: DatabaseServer) -> None:
    lock, site, what = LOCKS[kind_of(server)], site_with(server), call(user="alice")
    async with session_of(server) as one:
        if isinstance(server, PostgresServer):
            server.shell("ALTER ROLE alice NOLOGIN")
        else:
            server.shell("ALTER USER alice@localhost ACCOUNT LOCK; ALTER USER alice@'10.%' ACCOUNT LOCK")
        await lock.run(what, site)
        assert not await is_alive(one)
        assert (await lock.verify(what, site)).in_force
    await lock.undo(what, site)
    assert not (await lock.verify(what, site)).in_force
    with pytest.raises(REFUSED):
        await log_in(server)


async def test_a_lock_that_was_lifted_behind_our_back_is_seen_and_put_again(server: DatabaseServer) -> None:
    lock, site, what = LOCKS[kind_of(server)], site_with(server), call(user="alice")
    await lock.run(what, site)
    server.shell(
        "ALTER ROLE alice LOGIN"
        if kind_of(server) == "postgresql"
        else "ALTER USER alice@localhost ACCOUNT UNLOCK"
    )
    assert not (await lock.verify(what, site)).in_force
    await lock.run(what, site)
    assert (await lock.verify(what, site)).in_force
    await lock.undo(what, site)
    async with session_of(server):
        pass


async def test_who_is_gone_has_nothing_to_be_given_back(server: DatabaseServer) -> None:
    lock, site, what = LOCKS[kind_of(server)], site_with(server), call(user="alice")
    await lock.run(what, site)
    server.shell(
        "DROP ROLE alice" if kind_of(server) == "postgresql" else "DROP USER alice@localhost, alice@'10.%'"
    )
    assert not (await lock.verify(what, site)).in_force
    assert "nothing to give back" in (await lock.undo(what, site))["state"]
    with pytest.raises(ActionRefusedError, match=r"has no (role|user) alice"):
        await lock.run(call("other", user="alice"), site)


async def test_the_connections_own_user_is_not_touched(server: DatabaseServer) -> None:
    site, own = site_with(server), call(user="siem")
    for action in (LOCKS[kind_of(server)], ENDS[kind_of(server)]):
        for verb in (action.run, action.blast_radius):
            with pytest.raises(ActionRefusedError, match="the connection's own"):
                await verb(own, site)
        await action.undo(own, site)


async def test_hostile_names_do_nothing(server: DatabaseServer) -> None:
    site, before = site_with(server), _everybody(server)
    for value in (
        *HOSTILE,
        "alice' OR '1'='1",
        "alice'@'%",
        'alice"',
        "alice\\",
        "alice`",
        "x\x00y",
        "",
        STRANGE,
    ):
        for action in (LOCKS[kind_of(server)], ENDS[kind_of(server)]):
            with pytest.raises(ActionError):
                await action.run(call(user=value), site)
    assert _everybody(server) == before


def _everybody(server: DatabaseServer) -> str:
    if isinstance(server, PostgresServer):
        return server.shell("SELECT * FROM pg_roles ORDER BY rolname")
    return server.shell(
        "SELECT User, Host, JSON_VALUE(Priv, '$.account_locked') FROM mysql.global_priv ORDER BY 1, 2"
    )


async def test_only_a_certificate_that_holds_is_believed(server: DatabaseServer) -> None:
    kind = (postgresql if kind_of(server) == "postgresql" else mysql).CONNECTIONS[0]
    assert kind.test is not None
    assert "siem" in await kind.test(site_with(server), "there")
    for wrong in ({"ca": None}, {"host": "127.0.0.1"}):
        with pytest.raises(ActionRefusedError, match="certificate"):
            await kind.test(site_with(server, **wrong), "there")
    with pytest.raises(ActionRefusedError, match="can't be read"):
        await kind.test(site_with(server, ca="/nowhere/ca.pem"), "there")
    assert kind.faults({"host": "db-1"}) == [
        f"user is missing: {'a role' if kind.name == 'postgresql' else 'an account'} of its own",
        "password_env is missing: its password",
    ]


async def test_no_password_is_shown_and_who_is_away_is_worth_a_retry(server: DatabaseServer) -> None:
    action = LOCKS[kind_of(server)]
    with pytest.raises(ActionRefusedError) as caught:
        await action.run(call(user="alice"), site_with(server, password="another-secret"))
    assert "another-secret" not in str(caught.value)
    with pytest.raises(ActionUnavailableError):
        await action.run(call(user="alice"), site_with(server, port=9))


@pytest.mark.parametrize(
    ("kind", "tls", "said"),
    [("postgresql", True, "rejected SSL"), ("mysql", True, "TLS"), ("mysql", False, "clear")],
)
async def test_no_password_is_sent_in_clear(kind: str, tls: bool, said: str) -> None:
    """To a server that offers no TLS and asks for the password as it is."""
    heard = bytearray()

    async def postgres(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"N")
        heard.extend(await reader.read(4096))

    async def mysql_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = (
            b"\x0a8.4.0\x00"
            + bytes(4)
            + b"12345678\x00"
            + b"\x00\x82"
            + b"\xff\x02\x00\x08\x00\x15"
            + bytes(10)
        )
        _packet(writer, 0, body + b"123456789012\x00mysql_native_password\x00")
        heard.extend(await reader.read(4096))
        _packet(writer, 2, b"\xfemysql_clear_password\x00")
        heard.extend(await reader.read(4096))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await (postgres if kind == "postgresql" else mysql_server)(reader, writer)
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        where = {"host": "127.0.0.1", "port": listening.sockets[0].getsockname()[1], "tls": tls}
        site = site_of(there={"kind": kind, "user": "siem", "password": PASSWORD, **where})
        with pytest.raises(ActionRefusedError, match=said):
            await LOCKS[kind].run(call(user="alice"), site)
    assert PASSWORD.encode() not in heard


def _packet(writer: asyncio.StreamWriter, number: int, body: bytes) -> None:
    writer.write(len(body).to_bytes(3, "little") + bytes([number]) + body)


async def test_nothing_else_of_a_role_is_changed(alice_there: PostgresServer) -> None:
    lock, site, what = LOCKS["postgresql"], site_with(alice_there), call(user="alice")
    before = attributes(alice_there)
    assert "|7|" in before
    await lock.run(what, site)
    assert attributes(alice_there) == before.replace("|t|f|7|", "|f|f|7|", 1) != before
    await lock.undo(what, site)
    assert attributes(alice_there) == before
    assert await lock.groups_of(what, site) == ["admins", "staff"]
    assert await ENDS["postgresql"].groups_of(what, site) == ["admins", "staff"]


async def test_a_name_of_any_letters_is_locked(postgres: PostgresServer) -> None:
    quoted = '"' + STRANGE.replace('"', '""') + '"'
    postgres.shell(f"CREATE ROLE {quoted} LOGIN")
    await prove_containment(LOCKS["postgresql"], site_with(postgres), call(user=STRANGE))
    postgres.shell(f"DROP ROLE {quoted}")


async def test_superusers_are_out_of_reach_unless_the_connection_is_one(postgres: PostgresServer) -> None:
    lock, site = LOCKS["postgresql"], site_with(postgres)
    with pytest.raises(ActionRefusedError, match="superuser"):
        await lock.run(call(user="root"), site)
    postgres.shell("CREATE ROLE boss LOGIN SUPERUSER; ALTER ROLE siem SUPERUSER")
    await prove_containment(lock, site_with(postgres), call(user="boss"))
    postgres.shell("ALTER ROLE siem NOSUPERUSER; DROP ROLE boss")


async def test_each_account_gets_back_what_it_had(alice_here: MariaDbServer) -> None:
    lock, site, what = LOCKS["mysql"], site_with(alice_here), call(user="alice")
    alice_here.shell("ALTER USER alice@'10.%' ACCOUNT LOCK")
    await lock.run(what, site)
    alice_here.shell("CREATE USER alice@'192.0.2.%' IDENTIFIED BY 'alice'")
    seen = await lock.verify(what, site)
    assert (seen.in_force, seen.detail) == (False, "2 of 3 accounts of alice are locked")
    await lock.run(what, site)
    assert (await lock.verify(what, site)).in_force
    await lock.undo(what, site)
    assert _locked(alice_here) == ["10.%"]
    assert "MAX_USER_CONNECTIONS 7" in alice_here.shell("SHOW CREATE USER alice@localhost")
    assert await lock.groups_of(what, site) == ["staff"]
    assert await ENDS["mysql"].groups_of(what, site) == ["staff"]
    assert await site.state.keys("undo/") == []


async def test_a_lock_that_was_put_half_is_undone(alice_here: MariaDbServer) -> None:
    lock, site, what = LOCKS["mysql"], site_with(alice_here), call(user="alice")
    await lock.run(what, site)
    alice_here.shell("ALTER USER alice@localhost ACCOUNT UNLOCK")
    assert _locked(alice_here) == ["10.%"]
    await lock.undo(what, site)
    assert _locked(alice_here) == []
    assert await site.state.keys("undo/") == []


def _locked(server: MariaDbServer) -> list[str]:
    return server.shell(
        "SELECT Host FROM mysql.global_priv WHERE User = 'alice' AND JSON_VALUE(Priv, '$.account_locked') = '1'"
    ).split()


async def test_the_servers_own_accounts_are_not_touched(mariadb: MariaDbServer) -> None:
    with pytest.raises(ActionRefusedError, match="an account of the server's own"):
        await LOCKS["mysql"].run(call(user="mariadb.sys"), site_with(mariadb))
    with pytest.raises(ActionRefusedError, match="has no user staff"):
        await LOCKS["mysql"].run(call(user="staff"), site_with(mariadb))
