"""Which RDAP server answers for an address or a domain: IANA's bootstrap files (RFC 9224).

A server may send on to another registry (RFC 7480, 5.2). That is followed once, and only to a server that
the bootstrap files name themselves: nothing else on the Internet is ever asked.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

import httpx

from integrations.answers import record
from integrations.connections import Http, Named, open_http, segment
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.lookups import Answers

URL = "https://data.iana.org/rdap"
SENT_ON = (301, 302, 303, 307, 308)
HEADERS = {"accept": "application/rdap+json, application/json"}

Services = list[tuple[tuple[str, ...], str]]
"""(entries, base URL) of a bootstrap file."""
_files = Answers(24 * 3600, most=32)


async def ask_registry(iana: Http, kind: str, value: str) -> dict[str, Any] | None:
    """Return the answer about an ``ip`` or a ``domain``, None where the registry knows none.

    Raises `ActionRefusedError` where no registry is responsible, or one sends on to a stranger.
    """
    if kind == "ip":
        file = "ipv6.json" if ipaddress.ip_address(value).version == 6 else "ipv4.json"
    else:
        file = "dns.json"
    services = await _services(iana, file)
    entry = _of_address(services, value) if kind == "ip" else _of_domain(services, value)
    if entry is None:
        raise ActionRefusedError(f"no registry answers for {value} (IANA's {file})")
    address = f"{entry.rstrip('/')}/{kind}/{segment(value)}"
    for hop in range(2):
        answer = await _get(iana.named, address)
        if answer.status_code not in SENT_ON:
            break
        address = str(httpx.URL(address).join(answer.headers.get("location", "")))
        if hop or not await _is_registry(iana, address):
            raise ActionRefusedError(f"{entry} sends on to {httpx.URL(address).host}, which is not followed")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    try:
        found = answer.json()
    except ValueError as error:
        raise ActionUnavailableError(f"{iana.named.name}: {entry} did not answer JSON") from error
    return record(found, f"{iana.named.name}: {entry}")


async def _get(named: Named, address: str) -> httpx.Response:
    url = httpx.URL(address)
    base = str(url.copy_with(path="/", query=None, fragment=None))
    there = Named(named.name, named.kind, {**named.settings, "url": base})
    async with open_http(there, headers=HEADERS) as registry:
        return await registry.ask("GET", url.raw_path.decode(), expected=(404, *SENT_ON))


async def _services(iana: Http, file: str) -> Services:
    base = str(iana.client.base_url)

    async def read() -> Services:
        answer = record(await iana.json("GET", file), iana.named.name)
        found = [part for one in _list(answer.get("services")) if (part := _service(one, base))]
        if not found:
            raise ActionUnavailableError(f"{iana.named.name}: {file} names no services (RFC 9224)")
        return found

    services: Services = await _files.get((base, file), read)
    return services


def _service(given: Any, base: str) -> tuple[tuple[str, ...], str] | None:
    """Return one service with its first URL over HTTPS; one beside the bootstrap files themselves may be
    asked as they are."""
    if not isinstance(given, list) or len(given) != 2:
        return None
    entries = tuple(str(entry).lower() for entry in _list(given[0]))
    own = httpx.URL(base)
    for text in _list(given[1]):
        try:
            url = httpx.URL(str(text))
        except httpx.InvalidURL:
            continue
        if url.scheme == "https" or (url.scheme, url.host) == (own.scheme, own.host):
            return entries, str(url)
    return None


def _of_address(services: Services, value: str) -> str | None:
    address = ipaddress.ip_address(value)
    best: tuple[int, str] | None = None
    for entries, url in services:
        for entry in entries:
            try:
                network = ipaddress.ip_network(entry)
            except ValueError:
                continue
            if address in network and (best is None or network.prefixlen > best[0]):
                best = (network.prefixlen, url)
    return best[1] if best else None


def _of_domain(services: Services, value: str) -> str | None:
    """Return the service of the longest zone that the name is in (RFC 9224, 4)."""
    labels = value.lower().rstrip(".").split(".")
    zones: Mapping[str, str] = {entry.strip("."): url for entries, url in services for entry in entries}
    return next((zones[zone] for at in range(len(labels)) if (zone := ".".join(labels[at:])) in zones), None)


async def _is_registry(iana: Http, address: str) -> bool:
    for file in ("ipv4.json", "ipv6.json", "dns.json"):
        for _, url in await _services(iana, file):
            if address.startswith(url.rstrip("/") + "/"):
                return True
    return False


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
