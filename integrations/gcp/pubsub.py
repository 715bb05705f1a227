"""Google Cloud Pub/Sub's push deliveries, and the OpenID tokens that come with them.

https://cloud.google.com/pubsub/docs/push: ``{"message": {"data": base64, "messageId": …, "attributes": {…}},
"subscription": …}``; a 2xx acknowledges, anything else brings the message again under the same id.
https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions: an RS256 token of Google's as bearer.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import jwt
import orjson

from integrations.arrival import Arrival, ArrivalError

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
LEEWAY_SECONDS = 60


class TokenError(Exception):
    """A token is not taken; the text says why, and never contains it."""


class UnknownKeyError(TokenError):
    """It is signed by a key that is not among those known: they may have been changed."""


def read_message(body: bytes) -> Arrival:
    """Return the message of a push delivery. Raises `ArrivalError`."""
    try:
        said = orjson.loads(body)
        message = said["message"]
        name = str(message.get("messageId") or message["message_id"])
        data = base64.b64decode(message.get("data") or "", validate=True)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, binascii.Error, ValueError) as error:
        raise ArrivalError(
            'a push delivery is {"message": {"data": base64, "messageId": …}, "subscription": …}'
        ) from error
    if not data:
        data = orjson.dumps(message.get("attributes") or {})
    return Arrival(data, f"{said.get('subscription') or ''}/{name}")


def read_keys(document: bytes) -> jwt.PyJWKSet:
    """Read a JSON Web Key Set (RFC 7517). Raises `TokenError`."""
    try:
        return jwt.PyJWKSet.from_dict(orjson.loads(document))
    except (orjson.JSONDecodeError, jwt.PyJWTError, AttributeError, TypeError, KeyError) as error:
        raise TokenError(f"the keys for OpenID tokens are no key set: {error}") from error


def check_token(token: str, keys: jwt.PyJWKSet, audience: str, email: str) -> dict[str, Any]:
    """Return the claims of a token that Google signed for `audience`, of the service account `email`.

    Raises `TokenError`, or `UnknownKeyError` where newer keys may help.
    """
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
        key = next((one for one in keys.keys if one.key_id == key_id), None)
        if key is None:
            raise UnknownKeyError(f"it is signed by a key that is not known ({key_id!r})")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=["RS256"],
            audience=audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud"]},
        )
    except jwt.PyJWTError as error:
        raise TokenError(str(error)) from error
    if claims["iss"] not in ISSUERS:
        raise TokenError(f"it is not Google's: its issuer is {claims['iss']!r}")
    if claims.get("email") != email or claims.get("email_verified") is not True:
        raise TokenError(f"it is of {claims.get('email')!r}, not of {email!r}")
    return claims
