"""Conversations with the program on a host: a request a line, an answer a line (`integrations.linux.host.wire`).

A conversation that was used stays open for a while, since opening one costs more than what is asked in it. It is
one process's own; each is one SSH connection, kept alive, and asked one thing at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import asyncssh

from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.linux.host.wire import PROTOCOL
from integrations.linux.program import BOOTSTRAP, INSTALLED, text
from integrations.linux.response.connection import Host

CONNECT_SECONDS = 8.0
ANSWER_SECONDS = 12.0
IDLE_SECONDS = 300.0
"""How long a conversation stays open unused: as long as people take to decide, mostly."""
KEEPALIVE = 10
LARGEST = 12_000_000
"""Bytes of one answer."""
MOST_AT_ONCE = 50
"""Connections that are being opened."""


class HostUnreachableError(ActionUnavailableError):
    """No conversation could be opened, so nothing was asked of the host."""


class Session:
    """One conversation. Raises `ActionError`s."""

    def __init__(
        self, host: Host, connection: asyncssh.SSHClientConnection, process: asyncssh.SSHClientProcess[bytes]
    ) -> None:
        self.host = host
        self.version = ""
        self._connection = connection
        self._process = process
        self._rest = b""
        self._lock = asyncio.Lock()
        self._closing: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        return not self._connection.is_closed() and self._process.exit_status is None

    async def ask(self, operation: str, *, within: float = ANSWER_SECONDS, **request: Any) -> dict[str, Any]:
        """Return what the host did or saw. A refusal of the host's is final, the rest is worth a retry."""
        line = json.dumps({"do": operation, "within": within, **request}).encode() + b"\n"
        async with self._lock:
            try:
                async with asyncio.timeout(within):
                    self._process.stdin.write(line)
                    answer = _parsed(await self._line())
            except TimeoutError:
                self.close()
                raise ActionUnavailableError(f"{self.host}: no answer within {within:.0f} s") from None
            except asyncio.CancelledError:
                self.close()  # else the next to ask would read this one's answer
                raise
            except (asyncssh.Error, OSError, EOFError, ValueError) as error:
                self.close()
                raise LostError(f"{self.host}: the connection was lost: {error or 'it ended'}") from error
        if isinstance(done := answer.get("done"), dict):
            return done
        if "refused" in answer:
            raise ActionRefusedError(f"{self.host}: {_words(answer['refused'])}")
        raise ActionUnavailableError(
            f"{self.host}: {_words(answer.get('failed', 'it answered with nonsense'))}"
        )

    async def greet(self) -> None:
        """Read the program's greeting, past what a shell may say first."""
        for _ in range(100):
            try:
                line = await self._line()
            except EOFError:
                raise ActionRefusedError(f"{self.host}: {await self._complaint()}") from None
            with contextlib.suppress(ValueError):
                greeting = _parsed(line)
                if "siem" in greeting:
                    break
        else:
            raise ActionRefusedError(f"{self.host}: something else than siem-host answers there")
        if greeting.get("protocol") != PROTOCOL:
            raise ActionRefusedError(
                f"{self.host}: its program speaks version {_words(greeting.get('protocol'))}, not {PROTOCOL}: "
                f"install it anew (`siem connections setup linux`)"
            )
        if greeting.get("root") is not True:
            raise ActionRefusedError(
                f"{self.host}: the program does not run as root there: see its sudo rule"
            )
        self.version = _words(greeting["siem"])

    async def _complaint(self) -> str:
        """Return why the program did not start, in the host's words."""
        with contextlib.suppress(TimeoutError, asyncssh.Error, OSError):
            async with asyncio.timeout(2):
                said = (await self._process.stderr.read(2000)).decode("utf-8", "replace")
                if words := " ".join(said.split())[:300]:
                    return f"the program does not start: {words} (`siem connections setup linux`)"
        return "the program does not start: is it installed? (`siem connections setup linux`)"

    async def _line(self) -> bytes:
        while b"\n" not in self._rest:
            part = await self._process.stdout.read(1 << 16)
            if not part:
                raise EOFError
            self._rest += part
            if len(self._rest) > LARGEST:
                raise ValueError(f"an answer of more than {LARGEST:,} bytes")
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def keep(self) -> None:
        """Close it once it was not used for a while."""
        if self._closing is not None:
            self._closing.cancel()
        self._closing = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.close)

    def close(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
        self._connection.abort()


class LostError(ActionUnavailableError):
    """A conversation that was open broke off: whether the last request was done is not known."""


_kept: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, ...], Session]] = WeakKeyDictionary()
_opening: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, ...], asyncio.Lock]] = (
    WeakKeyDictionary()
)
_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def ask(host: Host, operation: str, **request: Any) -> dict[str, Any]:
    """Ask a host, in a conversation that is open or a new one. One that broke off unused is opened anew:
    whatever is asked can be asked twice. Raises `HostUnreachableError` or other `ActionError`s."""
    session, fresh = await _session(host)
    try:
        done = await session.ask(operation, **request)
    except LostError:
        if fresh:
            raise
        session, _ = await _session(host)
        done = await session.ask(operation, **request)
    session.keep()
    return done


async def _session(host: Host) -> tuple[Session, bool]:
    """Return an open conversation, and whether it was opened just now."""
    loop = asyncio.get_running_loop()
    kept = _kept.setdefault(loop, {})
    key = _key(host)
    lock = _opening.setdefault(loop, {}).setdefault(key, asyncio.Lock())
    async with lock:
        session = kept.get(key)
        if session is not None and session.is_open:
            return session, False
        kept[key] = session = await _open(host)
        session.keep()
        return session, True


def _key(host: Host) -> tuple[str, ...]:
    """A conversation is not used on when any setting of its connection changed."""
    settings = json.dumps(dict(host.connection.settings), sort_keys=True, default=str)
    return (host.connection.name, host.address, str(host.port), hashlib.sha256(settings.encode()).hexdigest())


def close_sessions() -> None:
    """Close all conversations of this event loop."""
    kept = _kept.pop(asyncio.get_running_loop(), {})
    for session in kept.values():
        session.close()


@asynccontextmanager
async def opened(host: Host) -> AsyncIterator[Session]:
    """Open a conversation of one's own. Raises `HostUnreachableError` or `ActionRefusedError`."""
    session = await _open(host)
    try:
        yield session
    finally:
        session.close()


async def _open(host: Host) -> Session:
    gate = _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(MOST_AT_ONCE))
    command, program = _command(host)
    async with gate:
        with _connect_errors(host):
            async with asyncio.timeout(CONNECT_SECONDS):
                connection = await _connect(host)
        try:
            with _connect_errors(host):
                async with asyncio.timeout(CONNECT_SECONDS):
                    process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(
                        command, encoding=None
                    )
                    session = Session(host, connection, process)
                    process.stdin.write(program)
                    await session.greet()
        except BaseException:
            connection.abort()
            raise
    return session


async def _connect(host: Host) -> asyncssh.SSHClientConnection:
    way = host.connection
    try:
        key = asyncssh.import_private_key(way.need("key") + "\n", way.get("passphrase"))
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise ActionRefusedError(
            way.clean(f"connection {way.name!r}: its key can't be read: {error}")
        ) from error
    try:
        known = asyncssh.import_known_hosts(way.need("known_hosts") + "\n")
    except ValueError as error:
        raise ActionRefusedError(
            f"connection {way.name!r}: its known_hosts can't be read: {error}"
        ) from error
    return await asyncssh.connect(
        host.address,
        host.port,
        username=str(way.get("user") or "root"),
        client_keys=[key],
        known_hosts=known,
        host_key_alias=host.name,
        preferred_auth="publickey",
        config=None,
        agent_path=None,
        agent_forwarding=False,
        keepalive_interval=KEEPALIVE,
        keepalive_count_max=2,
        client_version="siem",
    )


def _command(host: Host) -> tuple[str, bytes]:
    """Return the command of the connection (a constant), and what is written to it first."""
    user = str(host.connection.get("user") or "root")
    way = host.connection.get("program") or "installed"
    if way == "sent":
        if user != "root":
            raise ActionRefusedError(
                f"connection {host.connection.name!r}: program: sent is for root only; install the program and "
                "its sudo rule (`siem connections setup linux`)"
            )
        program = text().encode()
        return BOOTSTRAP, f"{len(program)}\n".encode() + program
    if way != "installed":
        raise ActionRefusedError(f"connection {host.connection.name!r}: program is sent or installed")
    return (INSTALLED if user == "root" else f"sudo -n {INSTALLED}"), b""


@contextmanager
def _connect_errors(host: Host) -> Iterator[None]:
    way = host.connection
    try:
        yield
    except TimeoutError:
        raise HostUnreachableError(
            f"{host}: no answer from {host.address} within {CONNECT_SECONDS:.0f} s"
        ) from None
    except asyncssh.HostKeyNotVerifiable as error:
        raise ActionRefusedError(
            f"{host}: the host's key is not the one that connection {way.name!r} knows: {error}. Look at the host "
            "before you change known_hosts"
        ) from error
    except asyncssh.PermissionDenied as error:
        raise ActionRefusedError(
            f"{host}: it does not take the key of connection {way.name!r}: {error}"
        ) from error
    except (asyncssh.KeyExchangeFailed, asyncssh.ProtocolNotSupported, asyncssh.ChannelOpenError) as error:
        raise ActionRefusedError(way.clean(f"{host}: {error}")) from error
    except (asyncssh.Error, OSError) as error:
        raise HostUnreachableError(way.clean(f"{host}: no answer from {host.address}: {error}")) from error


def _parsed(line: bytes) -> dict[str, Any]:
    answer = json.loads(line)
    if not isinstance(answer, dict):
        raise ValueError("it answered with nonsense")
    return answer


def _words(value: Any) -> str:
    return "".join(one if one.isprintable() else " " for one in str(value))[:400]
