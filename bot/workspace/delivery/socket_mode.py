"""Socket Mode (docs.slack.dev/apis/events-api/using-socket-mode), over a loopback websocket.

An envelope goes to one connection in turn; when that one closes unacknowledged it goes to another.
The connection's URL is signed with the app token, so that it outlives a restart of the workspace.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from bot.workspace.delivery.request import AppRequest
from bot.workspace.errors import NotConnectedError, UnacknowledgedError
from bot.workspace.store import Json

PATH = "/link/"
MOST_CONNECTIONS = 10


class _Connection:
    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.waiting: dict[str, asyncio.Future[Json]] = {}


class SocketMode:
    def __init__(
        self,
        app_id: str,
        app_token: str,
        *,
        ack_seconds: float = 3.0,
        socket_seconds: float | None = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self._app_id = app_id
        self._key = app_token.encode()
        self._ack_seconds = ack_seconds
        self._socket_seconds = socket_seconds
        self.on_change: Callable[[], None] = lambda: None
        """Called after a connection came or went."""
        self._log = log or (lambda _line: None)
        self._connections: list[_Connection] = []

    @property
    def connections(self) -> int:
        return len(self._connections)

    def ticket(self) -> str:
        """Return the query string of a connection URL."""
        nonce = secrets.token_hex(16)
        return f"ticket={nonce}.{self._sign(nonce)}&app_id={self._app_id}"

    def _sign(self, nonce: str) -> str:
        return hmac.new(self._key, nonce.encode(), hashlib.sha256).hexdigest()

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until either side closes it."""
        nonce, _, signature = request.query.get("ticket", "").partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(nonce).encode()):
            return web.Response(status=403, text="invalid ticket")
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=1 << 20)
        await socket.prepare(request)
        if len(self._connections) >= MOST_CONNECTIONS:
            await self._disconnect(socket, "too_many_websockets")
            return socket
        connection = _Connection(socket)
        self._connections.append(connection)
        renewal: asyncio.Task[None] | None = None
        try:
            await socket.send_str(_dump(self._hello()))
            if self._socket_seconds is not None:
                renewal = asyncio.create_task(self._renew(connection, self._socket_seconds))
            self.on_change()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledge(connection, message.data)
        finally:
            if renewal is not None:
                renewal.cancel()
            self._drop(connection)
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 3600},
            "connection_info": {"app_id": self._app_id},
        }

    async def deliver(self, request: AppRequest) -> Json:
        if not self._connections:
            raise NotConnectedError("the app is not connected")
        envelope: Json = {
            "envelope_id": f"{secrets.token_hex(4)}-{secrets.token_hex(8)}",
            "type": request.kind,
            "accepts_response_payload": request.kind != "events_api",
            "payload": request.payload,
        }
        if request.kind == "events_api":
            envelope |= {"retry_attempt": request.attempt, "retry_reason": request.reason}
        text = _dump(envelope)
        try:
            async with asyncio.timeout(self._ack_seconds):
                while self._connections:
                    with contextlib.suppress(ConnectionError):  # closed under way: another one gets it
                        return await self._send(self._connections[0], envelope["envelope_id"], text)
        except TimeoutError:
            raise UnacknowledgedError("the app did not acknowledge in time") from None
        raise NotConnectedError("the app's connection closed before it acknowledged")

    async def _send(self, connection: _Connection, key: str, text: str) -> Json:
        self._connections.remove(connection)
        self._connections.append(connection)  # the next envelope goes to the next one
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        connection.waiting[key] = answer
        try:
            await connection.socket.send_str(text)
            return await answer
        except ConnectionError:
            self._drop(connection)
            raise
        finally:
            connection.waiting.pop(key, None)

    def _acknowledge(self, connection: _Connection, text: str) -> None:
        try:
            ack = orjson.loads(text)
        except orjson.JSONDecodeError:
            ack = None
        key = ack.get("envelope_id") if isinstance(ack, dict) else None
        if not isinstance(key, str):
            self._log("Socket Mode: the app sent what is no acknowledgement")
            return
        answer = connection.waiting.get(key)
        if answer is None:
            self._log(f"Socket Mode: acknowledgement of {key} is late or unknown")
        elif not answer.done():
            payload = ack.get("payload")
            answer.set_result(payload if isinstance(payload, dict) else {})

    def _drop(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self.on_change()
        for answer in connection.waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the connection closed"))

    async def _renew(self, connection: _Connection, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await connection.socket.send_str(_dump(self._goodbye("warning")))
        await asyncio.sleep(10)
        self._drop(connection)
        await self._disconnect(connection.socket, "refresh_requested")

    async def refresh(self) -> None:
        """Ask every connection to renew itself, as Slack does every few hours."""
        for connection in tuple(self._connections):
            self._connections.remove(connection)  # gets nothing new, and may still acknowledge
            await connection.socket.send_str(_dump(self._goodbye("refresh_requested")))

    async def close(self) -> None:
        for connection in tuple(self._connections):
            self._drop(connection)
            await connection.socket.close(code=1001)

    def _goodbye(self, reason: str) -> Json:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}}

    async def _disconnect(self, socket: web.WebSocketResponse, reason: str) -> None:
        with contextlib.suppress(ConnectionError):
            await socket.send_str(_dump(self._goodbye(reason)))
        await socket.close()


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()
