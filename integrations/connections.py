"""Named connections: the only ways out. An action asks for one by its kind, never for a URL.

A vendor declares its kinds of connection (`ConnectionKind`) beside its actions; ``siem.yaml`` names the
site's own under ``connections:``. `http` opens one for HTTPS:

- no redirects, no proxies from the environment, answers bounded in size and time;
- the host's address is resolved once a request, checked and connected to as checked: an address that
  leads inside (private, loopback, link-local, a cloud's metadata service) is refused unless the
  connection says ``private: true`` or spells the address itself; metadata services are refused always;
- what went wrong becomes an `ActionUnavailableError` (worth a retry, with the wait that the vendor asks
  for) or an `ActionRefusedError` (final); no secret of the connection is ever in its text.

Retries are Temporal's, which runs the actions: nothing here repeats a request.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import httpx

from integrations.contract import ActionError, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from playbooks.spellings import networks_of

SECONDS = 10.0
LARGEST = 5_000_000
"""Bytes of one answer."""
METADATA = tuple(
    ipaddress.ip_network(place)
    for place in (
        "169.254.0.0/16", "fe80::a9fe:a9fe/128",  # most clouds', and link-local all of it
        "fd00:ec2::/32", "fd20:ce::254/128", "fd00:42::42/128", "100.100.100.200/32", "192.0.0.192/32",
        "168.63.129.16/32",
    )
)  # fmt: skip
"""Metadata services of AWS and ECS, Google Cloud, Scaleway, Alibaba, Oracle and Azure (its wire server): they
give credentials to whoever asks."""
METADATA_NAMES = frozenset(
    {"metadata.google.internal", "metadata.goog", "metadata", "instance-data", "instance-data.ec2.internal"}
)
TIMES = 12
"""A request may take so many times what one wait in it may: no answer goes on for ever."""
RESETS = ("x-rate-limit-reset", "x-ratelimit-reset", "x-ratelimit-retryafter")
"""When a quota is fresh again: of Okta, of GitHub, of CrowdStrike."""
SHOWN = 300
"""Characters of a vendor's answer in an error's text."""


@dataclass(frozen=True)
class Setting:
    """One key of a connection in ``siem.yaml``."""

    name: str
    description: str
    required: bool = True
    secret: bool = False
    """Written as ``<name>_env`` or ``<name>_file``."""


@dataclass(frozen=True)
class ConnectionKind:
    """A kind of way to a vendor."""

    name: str
    """What ``kind:`` says."""
    title: str
    documentation: str
    """The vendor's page about access."""
    settings: tuple[Setting, ...] = ()
    permissions: tuple[str, ...] = ()
    """The least rights that all its actions need, in the vendor's words."""
    test: Callable[[Site, str], Awaitable[str]] | None = None
    """Try it and say in a sentence what answered; raises `ActionError`. For ``siem connections test``."""
    setup: str = ""
    """What to do on the other side, for ``siem connections setup``: commands or clicks."""
    program: Callable[[], str] | None = None
    """The text of what is installed there, where something is, for ``siem connections setup --program``."""

    def faults(self, given: Mapping[str, Any]) -> list[str]:
        """Return what a site's connection of this kind lacks, in words."""
        found = []
        for setting in self.settings:
            if setting.required and not given.get(setting.name):
                key = f"{setting.name}_env" if setting.secret else setting.name
                found.append(f"{key} is missing: {setting.description}")
        return found


@dataclass(frozen=True)
class Named:
    """One connection of the site, secrets resolved."""

    name: str
    kind: str
    settings: Mapping[str, Any] = field(repr=False)

    def get(self, key: str, default: Any = None) -> Any:
        return self.settings.get(key, default)

    def need(self, key: str) -> str:
        """Return a setting as text. Raises `ActionRefusedError` naming the connection where it lacks it."""
        value = self.settings.get(key)
        if value in (None, ""):
            raise ActionRefusedError(f"connection {self.name!r} has no {key} (siem.yaml: connections)")
        return str(value)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must not be shown."""
        words = ("token", "secret", "password", "key", "passphrase")
        return tuple(
            str(value)
            for name, value in self.settings.items()
            if isinstance(value, str) and len(value) > 5 and any(word in name for word in words)
        )

    def clean(self, text: str) -> str:
        """Return a text without the connection's secrets."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def choose(site: Site, kind: str, name: Any = None) -> Named:
    """Return the site's connection of a kind: the one named, else the only one there is.

    Raises `ActionRefusedError` with what to write where there is none, several, or one of another kind.
    """
    if name:
        given = site.connections.get(str(name))
        if given is None or given.get("kind") != kind:
            raise ActionRefusedError(
                f"siem.yaml has no connection {name!r} of kind {kind}; "
                f"it has: {_listed(site, kind) or 'none'}"
            )
        return Named(str(name), kind, given)
    known = [(one, given) for one, given in site.connections.items() if given.get("kind") == kind]
    if not known:
        raise ActionRefusedError(
            f"no connection of kind {kind}: name one under connections: in siem.yaml "
            f"(`siem connections setup {kind}` says how)"
        )
    if len(known) > 1:
        raise ActionRefusedError(
            f"several connections of kind {kind}: say which (connection: {_listed(site, kind)})"
        )
    return Named(known[0][0], kind, known[0][1])


def _listed(site: Site, kind: str) -> str:
    return ", ".join(sorted(name for name, given in site.connections.items() if given.get("kind") == kind))


def without_secrets(site: Site, text: str) -> str:
    """Return a text without any secret of the site's connections: whatever a vendor, or a fault of ours, says
    back must not reach histories, evidence or people."""
    for name, given in site.connections.items():
        text = Named(name, str(given.get("kind")), given).clean(text)
    return text


def segment(value: str) -> str:
    """Return a value as one segment of a path, in which it can't lead elsewhere. Raises `ActionRefusedError`
    for one that no encoding makes harmless: ``.``, ``..``, control characters, more than 1,024 characters."""
    control = any(ord(one) < 32 or ord(one) == 127 for one in value)
    if value in ("", ".", "..") or len(value) > 1024 or control:
        raise ActionRefusedError(f"{value!r:.80} can't be part of an address")
    return quote(value, safe="")


Authenticate = Callable[["Http", httpx.Request], Awaitable[None]]
"""Adds what proves who we are to a request that is about to be sent."""


class Http:
    """One connection, open. Paths are relative to its ``url``."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        named: Named,
        authenticate: Authenticate | None,
        largest: int = LARGEST,
    ) -> None:
        """`largest`: bytes of one answer."""
        self.client = client
        self.named = named
        self._authenticate = authenticate
        self._largest = largest

    async def ask(
        self,
        method: str,
        path: str,
        *,
        expected: Iterable[int] = (),
        **arguments: Any,
    ) -> httpx.Response:
        """Send one request; returns an answer that is a success or one of the `expected` statuses.

        Raises `ActionUnavailableError` (no answer, 408, 425, 429, 5xx) or `ActionRefusedError` (any other).
        """
        _pace(self.named)
        request = self.client.build_request(method, path, **arguments)
        if self._authenticate is not None:
            if (there := _origin(request.url)) != _origin(self.client.base_url):
                said = f"{self.named.name}: {there[1]} is another host than the connection's"
                raise ActionRefusedError(f"{said}: it is told nothing of who we are")
            await self._authenticate(self, request)
        answer = await self._send(request, f"{self.named.name}: {method} {request.url.path}")
        if answer.is_success or answer.status_code in expected:
            return answer
        raise self.fault(answer)

    def fault(self, answer: httpx.Response, *, busy: bool = False) -> ActionError:
        """Return what an answer that is no success is as an error; `busy`: it only asks to come later,
        whatever its status."""
        what = f"{self.named.name}: {answer.request.method} {answer.request.url.path}"
        said = self.named.clean(f"{what}: {answer.status_code} {answer.reason_phrase}{_told(answer)}")
        if busy or answer.status_code in {408, 425, 429} or answer.status_code >= 500:
            return ActionUnavailableError(said, retry_after=_retry_after(answer))
        if answer.is_redirect:
            said += f"; it points to {answer.headers.get('location', 'nowhere')}, which is not followed"
        return ActionRefusedError(said)

    async def json(self, method: str, path: str, **arguments: Any) -> Any:
        """As `ask`, returning the answer's JSON, None for an empty one. Raises also where it is no JSON."""
        answer = await self.ask(method, path, **arguments)
        if not answer.content.strip():
            return None
        try:
            return answer.json()
        except ValueError as error:
            raise ActionUnavailableError(f"{self.named.name}: {method} {path} did not answer JSON") from error

    async def _send(self, request: httpx.Request, what: str) -> httpx.Response:
        within = TIMES * (self.client.timeout.read or SECONDS)
        try:
            async with asyncio.timeout(within):
                return await self._whole(request, what)
        except TimeoutError as error:
            raise ActionUnavailableError(f"{what}: no whole answer within {within:.0f} s") from error
        except httpx.HTTPError as error:
            cause = error.__cause__ or error
            if isinstance(cause, ForbiddenAddressError) or isinstance(error, ForbiddenAddressError):
                raise ActionRefusedError(self.named.clean(f"{what}: {error}")) from error
            words = self.named.clean(str(error)) or type(error).__name__
            raise ActionUnavailableError(f"{what}: no answer: {words}") from error

    async def _whole(self, request: httpx.Request, what: str) -> httpx.Response:
        """Return an answer that was read to its end."""
        answer = await self.client.send(request, stream=True)
        try:
            size = 0
            parts = []
            async for part in answer.aiter_bytes():
                size += len(part)
                if size > self._largest:
                    raise ActionRefusedError(f"{what}: the answer has more than {self._largest:,} bytes")
                parts.append(part)
            answer._content = b"".join(parts)
        finally:
            await answer.aclose()
        return answer


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


@asynccontextmanager
async def http(
    site: Site,
    kind: str,
    name: Any = None,
    *,
    authenticate: Authenticate | None = None,
    headers: Mapping[str, str] | None = None,
    url: str | None = None,
    seconds: float = SECONDS,
) -> AsyncIterator[Http]:
    """Open the site's connection of a kind for HTTP. `url` is the vendor's own, where the connection
    names none. Raises `ActionRefusedError` as `choose` does."""
    named = choose(site, kind, name)
    async with open_http(
        named, authenticate=authenticate, headers=headers, url=url, seconds=seconds
    ) as opened:
        yield opened


@asynccontextmanager
async def open_http(
    named: Named,
    *,
    authenticate: Authenticate | None = None,
    headers: Mapping[str, str] | None = None,
    url: str | None = None,
    seconds: float = SECONDS,
    largest: int = LARGEST,
) -> AsyncIterator[Http]:
    """As `http`, of a connection that was chosen; `largest`: bytes of one answer."""
    base = str(named.get("url") or url or named.need("url"))
    private = named.get("private") is True or _is_literal(httpx.URL(base).host)
    async with httpx.AsyncClient(
        base_url=base,
        headers={"user-agent": "siem", **(headers or {})},
        timeout=seconds,
        follow_redirects=False,
        trust_env=False,
        transport=PinnedTransport(private=private, verify=_tls(named.get("ca"))),
    ) as client:
        yield Http(client, named, authenticate, largest)


def bearer(key: str = "token") -> Authenticate:
    """Authenticate with a bearer token that the connection has under `key`."""

    async def add(opened: Http, request: httpx.Request) -> None:
        request.headers["authorization"] = f"Bearer {opened.named.need(key)}"

    return add


def client_credentials(
    token_path: str, *, scope: str = "", extra: Mapping[str, str] | None = None, basic: bool = False
) -> Authenticate:
    """Authenticate by OAuth 2.0 client credentials (RFC 6749, 4.4): ``client_id`` and ``client_secret`` of
    the connection. A token is kept until a minute before it ends.

    `token_path` is relative to the connection's URL, or whole; its host is held to the same rules.
    """

    async def add(opened: Http, request: httpx.Request) -> None:
        named = opened.named
        key = (named.name, token_path, named.need("client_id"), scope)
        known = tokens.get(key)
        if known is None or known[1] < time.monotonic():
            form = {"grant_type": "client_credentials", **(extra or {})}
            if scope:
                form["scope"] = scope
            arguments: dict[str, Any] = {"data": form}
            if basic:
                arguments["auth"] = (named.need("client_id"), named.need("client_secret"))
            else:
                form |= {"client_id": named.need("client_id"), "client_secret": named.need("client_secret")}
            asking = Http(opened.client, named, None)
            found = await asking.json("POST", token_path, **arguments)
            if not isinstance(found, dict) or not isinstance(found.get("access_token"), str):
                raise ActionUnavailableError(f"{named.name}: the token service answered without a token")
            lasts = found.get("expires_in")
            seconds = float(lasts) if isinstance(lasts, int | float | str) and str(lasts).isdigit() else 300.0
            known = tokens[key] = (found["access_token"], time.monotonic() + max(0.0, seconds - 60))
        request.headers["authorization"] = f"Bearer {known[0]}"

    return add


tokens: dict[tuple[str, ...], tuple[str, float]] = {}
"""Of this process: token and until when it is used, monotonic seconds. A key begins with the connection's
name."""


def forget_tokens(named: Named) -> None:
    """Get new ones for a connection: the other side takes them no more."""
    for key in [key for key in tokens if key[0] == named.name]:
        del tokens[key]


# --- where requests may go ----------------------------------------------------------------------


class ForbiddenAddressError(httpx.RequestError):
    """A connection's host is at an address that it may not lead to."""


class PinnedTransport(httpx.AsyncHTTPTransport):
    """Connects to the address that was checked, under the name that was asked for."""

    def __init__(self, *, private: bool, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._private = private

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        address = await self._resolve(host, request)
        if address != host:
            request.headers.setdefault("host", request.url.netloc.decode())
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = request.url.copy_with(host=address)
        return await super().handle_async_request(request)

    async def _resolve(self, host: str, request: httpx.Request) -> str:
        if host.rstrip(".").lower() in METADATA_NAMES:
            raise ForbiddenAddressError(f"{host} is a metadata service", request=request)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, request.url.port or 443, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"{host} has no address: {error}", request=request) from error
        refused = ""
        for *_, place in found:
            address = str(place[0])
            if (why := forbidden(address, private=self._private)) is None:
                return address
            refused = refused or f"{host} is at {address}, {why}"
        raise ForbiddenAddressError(
            f"{refused}; a connection may go there if it says private: true", request=request
        )


def forbidden(text: str, *, private: bool) -> str | None:
    """Return why a connection may not lead to an address, None where it may."""
    whole = ipaddress.ip_network(text.partition("%")[0])
    for form in networks_of(whole):  # what an IPv6 address only carries is where it leads
        if any(form.version == one.version and form.subnet_of(one) for one in METADATA):  # type: ignore[arg-type]
            return "a metadata service"
    carried = getattr(whole.network_address, "ipv4_mapped", None)
    for address in [carried] if carried else [form.network_address for form in networks_of(whole)]:
        if address.is_multicast or address.is_unspecified or (address.is_reserved and address.version == 4):
            return "no address of a server"
        if not private and not address.is_global:
            return "an address inside"
    return None


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


@lru_cache(maxsize=16)
def _tls(ca: Any = None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca) if ca else None)


# --- quotas -------------------------------------------------------------------------------------

_sent: dict[str, list[float]] = {}
"""Of this process: when the last minute's requests of each connection, and calls of each action that has a
quota, went out; monotonic seconds."""


def _pace(named: Named) -> None:
    """Hold a connection to its ``per_minute``, where it names one. Raises `ActionUnavailableError`."""
    limit = named.get("per_minute")
    if isinstance(limit, int) and limit > 0:
        hold_pace(named.name, limit)


def hold_pace(what: str, limit: int) -> None:
    """Count one more of what this process may do `limit` times a minute. Raises `ActionUnavailableError`,
    with the wait until there is room, where that would be one too many."""
    now = time.monotonic()
    times = _sent.setdefault(what, [])
    times[:] = [at for at in times if at > now - 60]
    if len(times) >= limit:
        wait = times[0] + 60 - now
        raise ActionUnavailableError(
            f"{what}: its {limit} requests of this minute are used (per_minute)", retry_after=wait
        )
    times.append(now)


def _retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110, 10.2.3), an hour at most; where there is
    none, those until the moment that a vendor's own header names (`RESETS`, seconds since 1970)."""
    value = answer.headers.get("retry-after", "")
    if value.isdigit():
        return min(float(value), 3600.0)
    if not value:
        for name in RESETS:
            if (reset := answer.headers.get(name, "")).isdigit():
                return min(max(0.0, float(reset) - time.time()), 3600.0)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), 3600.0)


def _told(answer: httpx.Response) -> str:
    text = " ".join(answer.text.split()) if answer.content else ""
    return f": {text[:SHOWN]}" if text else ""
