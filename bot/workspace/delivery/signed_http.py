"""Signed requests to the app's URL (docs.slack.dev/authentication/verifying-requests-from-slack)."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import urlencode

import aiohttp
import orjson

from bot.workspace.delivery.request import AppRequest
from bot.workspace.errors import NotConnectedError, UnacknowledgedError
from bot.workspace.store import Json


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return ``v0=`` and the hexadecimal HMAC-SHA256 of ``v0:<timestamp>:<body>``."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()


class SignedHttp:
    """`session` must follow no proxies; redirects are not followed."""

    def __init__(
        self,
        url: str,
        signing_secret: str,
        session: aiohttp.ClientSession,
        *,
        ack_seconds: float = 3.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._secret = signing_secret
        self._session = session
        self._ack_seconds = ack_seconds
        self._now = now

    async def deliver(self, request: AppRequest) -> Json:
        timestamp = str(int(self._now()))
        body, content_type = _encode(request)
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._secret, timestamp, body),
        }
        if request.attempt:
            headers |= {"X-Slack-Retry-Num": str(request.attempt), "X-Slack-Retry-Reason": request.reason}
        try:
            async with self._session.post(
                self._url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._ack_seconds),
            ) as response:
                if response.status != 200:
                    raise NotConnectedError(f"the app answered {response.status}")
                return _decode(await response.content.read(1 << 20))
        except TimeoutError:
            raise UnacknowledgedError("the app did not acknowledge in time") from None
        except aiohttp.ClientError as error:
            raise NotConnectedError(f"the app can't be reached: {error}") from error


def _encode(request: AppRequest) -> tuple[bytes, str]:
    if request.kind == "events_api":
        return orjson.dumps(request.payload), "application/json"
    fields = request.payload
    if request.kind == "interactive":
        fields = {"payload": orjson.dumps(request.payload).decode()}
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


def _decode(body: bytes) -> Json:
    text = body.decode("utf-8", "replace").strip()
    if not text:
        return {}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {"text": text}
    return value if isinstance(value, dict) else {"text": text}
