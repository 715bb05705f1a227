"""Syslog listeners: UDP, TCP and TLS of one entry, into its spool.

A record's position is its listener's run and a number that counts up, so that no two records have
the same; it lies in the spool beside the record, so that one that is stored again has the same.
A spool that is full makes TCP senders wait: nothing is read from them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog

from integrations.syslog_stream import SyslogStream
from workers.collect.pushed import Pushed, now_us
from workers.collect.sockets import ListenError, listen_at, load_certificates, plain_address, shown
from workers.collect.spool import Item
from workers.collect.state import SourceState
from workers.collect.udp import DatagramReader
from workers.collect_section import SyslogSection

READ = 256 << 10
"""Bytes of one read of a connection: they are on disk before the next."""
HANDSHAKE_SECONDS = 10.0
LAST_SECONDS = 0.3
"""A connection is read on for so long after we were told to stop."""
CLOSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class SyslogCollector:
    def __init__(self, pushed: Pushed, root: Path) -> None:
        """`root`: the folder that certificate paths are meant in. Raises `ListenError`."""
        section = pushed.section.syslog
        assert section is not None
        self._pushed = pushed
        self._section: SyslogSection = section
        self._senders = [ipaddress.ip_network(network) for network in section.senders]
        self._numbers = itertools.count()
        self._connections: dict[asyncio.Task[None], asyncio.StreamReader] = {}
        self._servers: list[asyncio.Server] = []
        self._sockets: list[socket.socket] = []
        self._udp: DatagramReader | None = None
        self.listens: list[str] = []
        """As ``tcp 127.0.0.1:5514``, with the ports that were taken."""
        self._tls = tls_context(section, root) if section.tls else None
        try:
            if section.udp:
                self._udp = DatagramReader(section.udp, section.receive_buffer, pushed, self._allowed)
                self.listens.append(f"udp {self._udp.address}")
            for kind, listen in (("tcp", section.tcp), ("tls", section.tls)):
                if listen:
                    server = listen_at(listen)
                    self._sockets.append(server)
                    self.listens.append(f"{kind} {shown(server)}")
        except ListenError:
            self._close_sockets()
            raise

    async def run(self) -> None:
        """Listen until cancelled."""
        kinds = [kind for kind, listen in (("tcp", self._section.tcp), ("tls", self._section.tls)) if listen]
        for kind, server in zip(kinds, self._sockets, strict=True):
            more: dict[str, Any] = {}
            if kind == "tls":
                more = {"ssl": self._tls, "ssl_handshake_timeout": HANDSHAKE_SECONDS}
            self._servers.append(await asyncio.start_server(self._connected, sock=server, limit=READ, **more))
        if self._udp is not None:
            self._udp.start()
        log.info("listens", source=self._pushed.source.name, at=self.listens)
        await self._pushed.run()

    async def close(self) -> None:
        """Stop listening; what was received is in the spool."""
        if self._udp is not None:
            await asyncio.to_thread(self._udp.stop)
        for server in self._servers:
            server.close()
        if tasks := list(self._connections):
            await asyncio.sleep(LAST_SECONDS)  # for what the senders believe to have been taken
            for reader in self._connections.values():
                reader.feed_eof()
            _, late = await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._close_sockets()
        await self._pushed.close()

    def state(self) -> SourceState:
        if self._udp is not None:
            self._pushed.counts.drop(self._udp.new_drops())
        return self._pushed.state(self.listens, connections=len(self._connections))

    def _close_sockets(self) -> None:
        for server in self._sockets:
            server.close()
        if self._udp is not None:
            self._udp.close()

    def _allowed(self, address: str) -> bool:
        if not self._senders:
            return True
        sender = ipaddress.ip_address(address)
        return any(sender in network for network in self._senders)

    # --- connections -----------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = _peer(writer)
        try:
            if reason := self._refusal(address, writer):
                self._pushed.counts.refused += 1
                log.warning("a syslog connection was refused", sender=address, reason=reason)
                return
            task = asyncio.current_task()
            assert task is not None
            self._connections[task] = reader
            try:
                await self._receive(address, reader)
            finally:
                self._connections.pop(task, None)
        finally:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    def _refusal(self, address: str, writer: asyncio.StreamWriter) -> str | None:
        if not self._allowed(address):
            return "it is in none of the networks under senders"
        if len(self._connections) >= self._section.connections:
            return f"there are {self._section.connections} connections already"
        names = _names(writer.get_extra_info("peercert") or {})
        if self._section.clients and writer.get_extra_info("ssl_object") is not None:
            allowed = {name.lower() for name in self._section.clients}
            if not any(name.lower() in allowed for name in names):
                return f"its certificate is of {', '.join(names) or 'nobody'}, who is not under clients"
        return None

    async def _receive(self, address: str, reader: asyncio.StreamReader) -> None:
        stream = SyslogStream()
        while True:
            try:
                data = await reader.read(READ)
            except (OSError, ssl.SSLError) as error:
                log.info("a syslog connection broke", sender=address, reason=str(error))
                data = b""
            if messages := stream.feed(data) if data else stream.end():
                await self._pushed.take_patiently(self._items(address, messages))
            if not data:
                return

    def _items(self, address: str, messages: list[bytes]) -> list[Item]:
        run, now = self._pushed.run_id, now_us()
        return [
            Item(f"{address}-{run}-{next(self._numbers)}", address, "", now, message) for message in messages
        ]


def tls_context(section: SyslogSection, root: Path) -> ssl.SSLContext:
    """Return how to speak TLS: 1.2 and up, with client certificates where an authority for them is named.

    Raises `ListenError` naming the file that does not do.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    assert section.certificate is not None
    assert section.key is not None
    return load_certificates(context, root, section.certificate, section.key, section.client_ca)


def _peer(writer: asyncio.StreamWriter) -> str:
    peer = writer.get_extra_info("peername")
    return plain_address(peer[0]) if peer else "unknown"


def _names(certificate: dict[str, Any]) -> list[str]:
    """Return whose a certificate is (RFC 5425, 5.2; RFC 6125): its DNS names, else its common name."""
    found = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"]
    return found or list(_common_names(certificate))


def _common_names(certificate: dict[str, Any]) -> Iterator[str]:
    for part in certificate.get("subject", ()):
        for name, value in part:
            if name == "commonName":
                yield value
