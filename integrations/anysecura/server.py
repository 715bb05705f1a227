"""The way to an AnySecura server: one named connection whose paths the site writes.

AnySecura's manual (https://www.anysecura.com/user-guide/console/control.html) says what its console does: a
locked computer takes neither keyboard nor mouse until it is unlocked, the computer's basic information shows
it, and one that is away is locked when it next reports. The vendor publishes no reference of an interface for
programs. So none is assumed here: a site writes the requests that its own server, or a gateway before it,
answers, and nothing is done for which it wrote none.

    kind: anysecura
    url: https://anysecura.example.com
    token_env: ANYSECURA_TOKEN
    find: GET /api/computers?name={host}
    status: GET /api/computers/{id}
    lock: POST /api/computers/{id}/lock
    unlock: POST /api/computers/{id}/unlock
    lock_state: data.lock

`{id}` and `{host}` are percent-encoded where they stand, so no name leaves its place in the path.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from integrations.answers import record, records, text
from integrations.connections import (
    Authenticate,
    ConnectionKind,
    Http,
    Named,
    Setting,
    bearer,
    choose,
    open_http,
    segment,
)
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site

KIND = "anysecura"
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
PLACE = re.compile(r"\{(\w*)\}")
BODY = {"computer": "{id}", "comment": "{comment}"}
"""What an order carries, where the connection says nothing else under ``body``."""
WORDS = {
    "in_force": "true, 1, yes, on, locked, isolated",
    "not_in_force": "false, 0, no, off, unlocked, normal, none",
    "waiting": "pending, queued, locking, isolating",
    "leaving": "unlocking, releasing",
}
"""What the server's states mean, where the connection says nothing else."""


@asynccontextmanager
async def open_server(site: Site, name: Any) -> AsyncIterator[Http]:
    """Open the site's AnySecura server. Raises `ActionRefusedError` where the connection has no credential."""
    named = choose(site, KIND, name)
    async with open_http(named, authenticate=_authenticate(named)) as server:
        yield server


async def find_computer(server: Http, host: str) -> dict[str, str]:
    """Return ``id`` and ``host`` of the one computer of a name: as the server calls it, or its first part.

    Raises `ActionRefusedError` where there is none or several: nobody is locked out by a guess.
    """
    answer = await _ask(server, "find", {"host": host})
    rows = records(_dig(answer, str(server.named.get("rows") or "")), server.named.name)
    key = str(server.named.get("name_field") or "name")
    found = [one for one in rows if _is_named(str(_dig(one, key) or ""), host)]
    if not found:
        raise ActionRefusedError(f"{server.named.name} knows no computer {host}")
    if len(found) > 1:
        raise ActionRefusedError(
            f"{server.named.name} knows {len(found)} computers {host}: use the whole name"
        )
    return _values(server, found[0])


async def read_state(server: Http, computer: Mapping[str, str], setting: str) -> tuple[str, str]:
    """Return a computer's state under a setting (``lock_state``): one of the keys of `WORDS`, and the
    server's own word. Raises `ActionRefusedError` for a word that the connection gives no meaning."""
    field = server.named.need(setting)
    answer = await _ask(server, "status", computer)
    found = _dig(record(answer, server.named.name), field)
    if found is None or isinstance(found, Mapping | list):
        raise ActionUnavailableError(f"{server.named.name} answered a status without {field}")
    word = str(found).strip().casefold()
    for meaning, usual in WORDS.items():
        if word in _words(server.named.get(meaning, usual)):
            return meaning, str(found)
    raise ActionRefusedError(
        f"{server.named.name} says {field} is {str(found)!r:.60}, which the connection gives no meaning: write the "
        f"word under one of {', '.join(WORDS)}"
    )


async def order(server: Http, computer: Mapping[str, str], setting: str, comment: str) -> None:
    """Send what the connection has under `setting` (``lock``) for a computer."""
    values = {**computer, "comment": comment}
    body = server.named.get("body", BODY)
    if not isinstance(body, Mapping):
        raise ActionRefusedError(f"connection {server.named.name!r}: body is a mapping, as of JSON")
    await _ask(server, setting, values, {str(key): _filled(value, values) for key, value in body.items()})


async def _ask(
    server: Http, setting: str, values: Mapping[str, str], body: Mapping[str, Any] | None = None
) -> Any:
    method, path = request_of(server.named, setting)
    encoded = PLACE.sub(lambda place: segment(values[place[1]]), path)
    arguments: dict[str, Any] = {} if body is None or method in ("GET", "DELETE") else {"json": body}
    return await server.json(method, encoded, **arguments)


def request_of(named: Named, setting: str) -> tuple[str, str]:
    """Return (method, path) of a setting like ``POST /api/computers/{id}/lock``.

    Raises `ActionRefusedError` for one that is missing, leads to another host or names what there isn't.
    """
    written = named.need(setting)
    method, _, path = written.strip().partition(" ")
    path = path.strip()
    known = {"host"} if setting == "find" else {"id", "host"}
    if method not in METHODS or not path.startswith("/") or path.startswith("//"):
        raise ActionRefusedError(
            f"connection {named.name!r}: {setting} is a method and a path, POST /…, not {written!r:.80}"
        )
    if unknown := set(PLACE.findall(path)) - known:
        raise ActionRefusedError(
            f"connection {named.name!r}: {setting} has {{{min(unknown)}}}; it may have "
            + ", ".join(f"{{{one}}}" for one in sorted(known))
        )
    return method, path


def _values(server: Http, computer: Mapping[str, Any]) -> dict[str, str]:
    named = server.named
    key = str(named.get("id_field") or "id")
    found = _dig(computer, key)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    return {
        "id": text({key: found}, key, named.name),
        "host": text({"name": _dig(computer, str(named.get("name_field") or "name"))}, "name", named.name),
    }


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """Fill places in the texts of a body; JSON keeps whatever they hold in its place."""
    if isinstance(value, str):
        return PLACE.sub(lambda place: values.get(place[1], place[0]), value)
    if isinstance(value, Mapping):
        return {str(key): _filled(one, values) for key, one in value.items()}
    return [_filled(one, values) for one in value] if isinstance(value, list) else value


def _dig(value: Any, path: str) -> Any:
    """Return what lies at a dotted path, None where nothing does."""
    for key in path.split(".") if path else ():
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _words(value: Any) -> set[str]:
    parts = value if isinstance(value, list | tuple) else str(value).split(",")
    return {str(one).strip().casefold() for one in parts}


def _is_named(name: str, host: str) -> bool:
    name, host = name.casefold(), host.casefold()
    return bool(name) and (name == host or ("." not in host and name.partition(".")[0] == host))


def _authenticate(named: Named) -> Authenticate:
    if named.get("token"):
        url = httpx.URL(named.need("url"))
        if url.scheme != "https" and url.host not in ("localhost", "127.0.0.1", "::1"):
            raise ActionRefusedError(
                f"connection {named.name!r}: a token over http:// can be read on its way: use https, or client and key"
            )
        return bearer()
    client, key = named.need("client"), named.need("key")

    async def sign(_: Http, request: httpx.Request) -> None:
        moment, once = str(int(time.time())), uuid.uuid4().hex
        signed = (
            request.method, request.url.raw_path.decode("ascii"), moment, once,
            hashlib.sha256(request.content).hexdigest(),
        )  # fmt: skip
        proof = hmac.new(key.encode(), "\n".join(signed).encode(), hashlib.sha256).hexdigest()
        request.headers.update(
            {"x-client": client, "x-timestamp": moment, "x-nonce": once, "x-signature": proof}
        )

    return sign


async def _test(site: Site, name: str) -> str:
    named = choose(site, KIND, name)
    for setting in ("find", "status", "lock", "unlock", "isolate", "release"):
        if named.get(setting):
            request_of(named, setting)
    host = named.need("test_host")
    async with open_server(site, name) as server:
        computer = await find_computer(server, host)
        said = [
            f"{setting} {(await read_state(server, computer, setting))[1]}"
            for setting in ("lock_state", "isolation_state")
            if named.get(setting)
        ]
    return f"the server answers for {host}: {', '.join(said) or 'no state is named'}"


ANYSECURA = ConnectionKind(
    name=KIND,
    title="AnySecura's server, by the requests that you write for it",
    documentation="https://www.anysecura.com/user-guide/console/control.html",
    settings=(
        Setting("url", "the server, or a gateway before it: https://anysecura.example.com"),
        Setting("token", "sent as a bearer token; or client and key instead", required=False, secret=True),
        Setting("client", "whose key signs the requests", required=False),
        Setting(
            "key",
            "signs method, path, X-Timestamp, X-Nonce and the body's SHA-256, one a line, by HMAC-SHA256: X-Signature",
            required=False, secret=True,
        ),
        Setting("find", "the request that finds a computer: GET /…?name={host}"),
        Setting("status", "the request that tells its state: GET /…/{id}"),
        Setting("lock", "the request that locks it: POST /…/{id}/…", required=False),
        Setting("unlock", "the request that unlocks it", required=False),
        Setting("lock_state", "where the status says whether it is locked: data.lock", required=False),
        Setting("isolate", "the request that cuts it off (a network control policy)", required=False),
        Setting("release", "the request that ends that", required=False),
        Setting("isolation_state", "where the status says whether it is cut off", required=False),
        Setting("rows", "where the list is in what find answers: data.rows", required=False),
        Setting("id_field", "a computer's id in it (id)", required=False),
        Setting("name_field", "a computer's name in it (name)", required=False),
        Setting("body", "what an order carries, JSON with {id}, {host}, {comment}", required=False),
        *(Setting(word, f"states that mean it ({usual})", required=False) for word, usual in WORDS.items()),
        Setting("test_host", "a computer whose state `siem connections test` reads", required=False),
    ),
    permissions=("read computers; Control: Lock Computer and Unlock; network control policies",),
    test=_test,
    setup="AnySecura publishes no interface for programs: ask the vendor which requests your version answers, or put "
    "a gateway before it, and write them above. Only locks and isolations whose requests are written can be used.",
)  # fmt: skip
