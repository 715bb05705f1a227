"""Serving the API until told to stop; those who wait for a change are let go at once then."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from workers.engines.children import listener_of
from workers.engines.errors import PortInUseError


class ApiServer(uvicorn.Server):
    """uvicorn, but a stop does not wait for long polls."""

    def __init__(self, app: FastAPI, listen: str) -> None:
        """`listen` is ``host:port``; port 0 takes a free one. Raises `PortInUseError`, `OSError`."""
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=5,
                lifespan="on",
                server_header=False,
                ws="none",
            )
        )
        self._feeds = app.state.feeds.values()
        self._socket = _listen(listen)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    async def run_until_stopped(self) -> None:
        """Serve until `should_exit` is set."""
        await self.serve(sockets=[self._socket])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process, which has more than this to stop."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.gather(*(feed.close() for feed in self._feeds))
        await super().shutdown(sockets)


def _listen(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named: 40 ms an answer otherwise.
    server = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((host, int(port)))
        server.listen(512)
    except OSError as error:
        server.close()
        raise PortInUseError(
            f"the API can't listen at {listen}: {error.strerror}, {listener_of(int(port))}",
            "Stop that program, or write another address in siem.yaml: api: {listen: 127.0.0.1:8701}.",
        ) from error
    return server
