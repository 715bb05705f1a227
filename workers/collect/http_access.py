"""Who may push records over HTTP: bearer tokens, access keys, signatures, OpenID tokens."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import jwt
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from integrations.gcp.pubsub import TokenError, UnknownKeyError, check_token, read_keys
from workers.collect.http_body import RefusedError
from workers.collect_section import HttpSection

KEYS_SECONDS = 3600.0
"""Keys of OpenID tokens are fetched anew after so long, or when an unknown one is named,"""
KEYS_PAUSE = 30.0
"""but not more often than that."""
KEYS_BYTES = 1 << 20


class SecretError(ValueError):
    """A secret of siem.yaml can't be used; the text says why, and never contains it."""


@dataclass(frozen=True)
class Secrets:
    """Of one entry, resolved."""

    token: str | None = None
    secret: str | None = None


class Access:
    """The door of one entry."""

    def __init__(self, section: HttpSection, secrets: Secrets, root: Path) -> None:
        """Raises `SecretError`."""
        self._section = section
        self._token = secrets.token
        self._secret = secrets.secret
        self._webhook: Webhook | None = None
        if section.signature == "standard-webhooks":
            try:
                self._webhook = Webhook(secrets.secret or "")
            except (ValueError, binascii.Error, RuntimeError) as error:
                raise SecretError("a Standard Webhooks secret is base64, like whsec_…") from error
        self._keys = Keys(section.jwks, root) if section.jwks else None

    def has_token(self, given: str) -> bool:
        return bool(self._token) and hmac.compare_digest(_bytes(given), _bytes(str(self._token)))

    def check_key(self, given: str | None) -> None:
        """Check an access key. Raises `RefusedError`."""
        if not given or not self.has_token(given):
            raise RefusedError(401 if not given else 403, "the access key is missing or wrong")

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check a bearer token or a signature over the body as sent. Raises `RefusedError`."""
        if self._section.signature == "github":
            self._check_hub(headers.get("X-Hub-Signature-256"), body)
        elif self._webhook is not None:
            self._check_webhook(self._webhook, headers, body)
        else:
            self._check_bearer(headers.get("Authorization"))

    async def check_push(self, headers: Mapping[str, str], token: str | None) -> None:
        """Check a Pub/Sub delivery: an OpenID token where keys are named, else `token`, of the query.

        Raises `RefusedError`.
        """
        if self._keys is None:
            if not token or not self.has_token(token):
                raise RefusedError(401 if not token else 403, "the token of the query is missing or wrong")
            return
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not given:
            raise RefusedError(401, "an OpenID token is needed: push with authentication")
        try:
            await self._keys.check(given, self._section.audience or "", self._section.email or "")
        except TokenError as error:
            raise RefusedError(403, f"the OpenID token is not taken: {error}") from error
        except httpx.HTTPError as error:
            raise RefusedError(503, f"the keys for OpenID tokens can't be had: {error}", 10) from error

    def _check_bearer(self, header: str | None) -> None:
        scheme, _, given = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not given:
            raise RefusedError(401, "a bearer token is needed: Authorization: Bearer TOKEN")
        if not self.has_token(given.strip()):
            raise RefusedError(403, "the token is not that of this entry")

    def _check_hub(self, header: str | None, body: bytes) -> None:
        """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""
        if not header:
            raise RefusedError(401, "a signature is needed: X-Hub-Signature-256: sha256=…")
        wanted = "sha256=" + hmac.new(str(self._secret).encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(_bytes(header.strip()), wanted.encode()):
            raise RefusedError(403, "the signature is not of this body and secret")

    def _check_webhook(self, webhook: Webhook, headers: Mapping[str, str], body: bytes) -> None:
        """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
        if "webhook-signature" not in headers:
            raise RefusedError(401, "a signature is needed: webhook-id, webhook-timestamp, webhook-signature")
        try:
            webhook.verify(body, {name.lower(): value for name, value in headers.items()}, json_parse=False)
        except UnicodeDecodeError as error:
            raise RefusedError(400, "a signed body is UTF-8: send it without Content-Encoding") from error
        except (WebhookVerificationError, ValueError) as error:
            raise RefusedError(403, f"the signature is not taken: {error}") from error


class Keys:
    """The keys of OpenID tokens, from a file or a URL, fetched again when they may have changed."""

    def __init__(self, place: str, root: Path) -> None:
        """Raises `SecretError` where a URL could be spoken over by others."""
        self._place = place
        self._root = root
        self._keys: jwt.PyJWKSet | None = None
        self._fetched = 0.0
        url = urlsplit(place)
        if url.scheme == "http" and not _is_loopback(url.hostname or ""):
            raise SecretError(f"the keys at {place} come unprotected: write an https URL")

    async def check(self, token: str, audience: str, email: str) -> None:
        """Raises `TokenError`, or `httpx.HTTPError` where the keys can't be fetched."""
        age = time.monotonic() - self._fetched
        if self._keys is None or age > KEYS_SECONDS:
            self._keys = await self._fetch()
        try:
            check_token(token, self._keys, audience, email)
        except UnknownKeyError:
            if time.monotonic() - self._fetched < KEYS_PAUSE:
                raise
            self._keys = await self._fetch()
            check_token(token, self._keys, audience, email)

    async def _fetch(self) -> jwt.PyJWKSet:
        self._fetched = time.monotonic()
        if not self._place.startswith(("http://", "https://")):
            try:
                return read_keys((self._root / self._place).read_bytes())
            except OSError as error:
                raise TokenError(f"the key file {self._place} can't be read: {error.strerror}") from error
        async with httpx.AsyncClient(timeout=10, follow_redirects=False, trust_env=False) as client:
            answer = await client.get(self._place)
            answer.raise_for_status()
            return read_keys(answer.content[:KEYS_BYTES])


def _bytes(text: str) -> bytes:
    """Return a header's bytes: what was no UTF-8 in it came as lone surrogates."""
    return text.encode("utf-8", "surrogateescape")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
