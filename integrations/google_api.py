"""What Google's APIs have in common: a service account's key, and what a 403 means.

https://developers.google.com/identity/protocols/oauth2/service-account. A quota that is used up is a 403 or a
429 with its reason in the body: https://docs.cloud.google.com/apis/design/errors.
"""

from __future__ import annotations

import json
from typing import Any

import httpx

from integrations.answers import inner, record
from integrations.connections import Http, Named
from integrations.contract import ActionRefusedError, ActionUnavailableError

TOKENS = "https://oauth2.googleapis.com/token"
LATER = frozenset(
    {
        "quotaexceeded",
        "ratelimitexceeded",
        "userratelimitexceeded",
        "dailylimitexceeded",
        "resource_exhausted",
        "resourcenotready",
    }
)
"""Reasons of a 400 or 403 that passes by itself."""


async def ask_google(
    google: Http,
    method: str,
    path: str,
    *,
    missing: bool = False,
    expected: tuple[int, ...] = (),
    **arguments: Any,
) -> Any:
    """Ask one of Google's APIs and return its JSON, an empty object for an empty answer; None where there is
    no such thing and `missing` allows that, or where the status is `expected`, and for nothing else.

    Raises `ActionError`s; a used-up quota is worth a retry.
    """
    tolerated = (*expected, httpx.codes.NOT_FOUND) if missing else expected
    answer = await google.ask(method, path, expected=(400, 403, *tolerated), **arguments)
    if answer.status_code in tolerated:
        return None
    if answer.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.FORBIDDEN):
        reason, said = _fault(answer)
        words = f"{google.named.name}: {method} {path}: {answer.status_code} {reason} {said}".strip()
        words = google.named.clean(words)
        if reason.casefold() in LATER:
            wait = answer.headers.get("retry-after", "")
            raise ActionUnavailableError(words, retry_after=float(wait) if wait.isdecimal() else None)
        raise ActionRefusedError(words)
    if not answer.content.strip():
        return {}
    try:
        found = answer.json()
    except ValueError as error:
        raise ActionUnavailableError(f"{google.named.name}: {method} {path} did not answer JSON") from error
    if found is None:
        raise ActionUnavailableError(f"{google.named.name}: {method} {path} answered with null")
    return found


def google_account(named: Named) -> dict[str, str]:
    """Return ``client_email``, ``private_key`` and, where it has one, ``private_key_id`` of the connection's
    ``key``. Raises `ActionRefusedError` where that is no key of a service account."""
    try:
        found = json.loads(named.need("key"))
        return {
            key: str(found[key])
            for key in ("client_email", "private_key", "private_key_id")
            if found.get(key)
        } | {"client_email": str(found["client_email"]), "private_key": str(found["private_key"])}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ActionRefusedError(
            f"connection {named.name!r}: key is no service account's key as Google gives it (JSON)"
        ) from error


def _fault(answer: httpx.Response) -> tuple[str, str]:
    """Return (reason, message) of an error's body, empty where it has none."""
    try:
        error = inner(record(answer.json(), ""), "error")
    except (ValueError, ActionUnavailableError):
        return "", answer.text[:200]
    several = error.get("errors")
    first = several[0] if isinstance(several, list) and several and isinstance(several[0], dict) else {}
    return str(first.get("reason") or error.get("status") or ""), str(error.get("message") or "")[:200]
