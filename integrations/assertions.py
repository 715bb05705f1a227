"""OAuth 2.0 access with a key of one's own instead of a shared secret: signed assertions (RFC 7523)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

import httpx
import jwt

from integrations.connections import Authenticate, Http, tokens
from integrations.contract import ActionRefusedError, ActionUnavailableError

LASTS = 300
"""Seconds that an assertion is good for."""
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def signed_client(token_url: str, *, scope: str, client_id: str, key: str, key_id: str = "") -> Authenticate:
    """Authenticate as a client that signs (RFC 7523, 2.2): ``private_key_jwt`` with RS256."""
    claims = {"iss": client_id, "sub": client_id, "aud": token_url}
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": CLIENT_ASSERTION,
    }
    return _signed(token_url, claims, form, "client_assertion", key, key_id)


def signed_grant(
    token_url: str,
    *,
    scope: str,
    issuer: str,
    subject: str = "",
    key: str,
    key_id: str = "",
    audience: str = "",
) -> Authenticate:
    """Authenticate by an assertion as the grant itself (RFC 7523, 2.1), for `subject`; for the issuer itself
    where there is none."""
    claims = {"iss": issuer, "scope": scope, "aud": audience or token_url}
    if subject:
        claims["sub"] = subject
    return _signed(token_url, claims, {"grant_type": JWT_BEARER}, "assertion", key, key_id)


def _signed(
    token_url: str, claims: Mapping[str, Any], form: Mapping[str, str], under: str, key: str, key_id: str
) -> Authenticate:
    async def add(opened: Http, request: httpx.Request) -> None:
        known_by = (opened.named.name, token_url, *(str(claims[name]) for name in sorted(claims)))
        known = tokens.get(known_by)
        if known is None or known[1] < time.monotonic():
            now = int(time.time())
            whole = {**claims, "iat": now, "exp": now + LASTS, "jti": uuid.uuid4().hex}
            try:
                assertion = jwt.encode(whole, key, "RS256", headers={"kid": key_id} if key_id else None)
            except (ValueError, TypeError, jwt.PyJWTError) as error:
                raise ActionRefusedError(
                    f"{opened.named.name}: its private key is no RSA key in PEM: {type(error).__name__}"
                ) from error
            asking = Http(opened.client, opened.named, None)
            found = await asking.json("POST", token_url, data={**form, under: assertion})
            if not isinstance(found, dict) or not isinstance(found.get("access_token"), str):
                raise ActionUnavailableError(f"{opened.named.name}: the token service gave no token")
            lasts = found.get("expires_in")
            seconds = float(lasts) if isinstance(lasts, int | float) else 300.0
            known = tokens[known_by] = (found["access_token"], time.monotonic() + max(0.0, seconds - 60))
        request.headers["authorization"] = f"Bearer {known[0]}"

    return add
