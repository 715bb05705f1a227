"""``rdap.lookup_ip`` and ``rdap.lookup_domain``: who holds it, since when, and where to complain.

RDAP's answers: RFC 9083; contacts are jCards (RFC 7095). Of a domain its registrable part is asked for, by
the public suffix list, since registries know no others.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from publicsuffixlist import PublicSuffixList

from integrations.connections import ConnectionKind, Http, Setting, choose, open_http
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.lookups import Lookup
from integrations.ports import Site
from integrations.rdap.bootstrap import URL, ask_registry
from integrations.reversal import CONNECTION
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

KIND = "rdap"
DEEP = 4
"""How deep contacts are nested, at most."""


async def _ask_ip(iana: Http, params: Mapping[str, Any]) -> dict[str, Any]:
    found = await ask_registry(iana, "ip", str(params["ip"]))
    if found is not None and found.get("objectClassName") != "ip network":
        raise ActionUnavailableError(f"{iana.named.name}: the registry did not answer about a network")
    found = found or {}
    return {
        "found": bool(found),
        "name": _text(found.get("name")),
        "handle": _text(found.get("handle")),
        "network": _network(found),
        "country_code": _text(found.get("country")),
        "organisation": _contact(found, "registrant", "fn"),
        "abuse": _contact(found, "abuse", "email"),
        "registered": _event(found, "registration"),
    }


async def _ask_domain(iana: Http, params: Mapping[str, Any]) -> dict[str, Any]:
    domain = registrable(str(params["domain"]))
    found = await ask_registry(iana, "domain", domain)
    if found is not None and found.get("objectClassName") != "domain":
        raise ActionUnavailableError(f"{iana.named.name}: the registry did not answer about a domain")
    found = found or {}
    servers = [one for one in _rows(found.get("nameservers")) if one.get("ldhName")]
    return {
        "found": bool(found),
        "domain": domain,
        "registrar": _contact(found, "registrar", "fn"),
        "abuse": _contact(found, "abuse", "email"),
        "registered": _event(found, "registration"),
        "changed": _event(found, "last changed"),
        "expires": _event(found, "expiration"),
        "status": [_text(one) for one in found.get("status") or [] if isinstance(one, str)][:20],
        "nameservers": sorted(_text(one["ldhName"]).lower() for one in servers)[:20],
    }


def registrable(domain: str) -> str:
    """Return the part of a name that a registry knows: ``a.b.example.co.uk`` is ``example.co.uk``.

    Raises `ActionRefusedError` for a name that is a public suffix itself.
    """
    try:
        ascii_name = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError as error:
        raise ActionRefusedError(f"{domain!r:.80} is no domain name") from error
    found = _suffixes().privatesuffix(ascii_name.lower().rstrip("."))
    if not found:
        raise ActionRefusedError(f"{domain!r:.80} is a public suffix: no registry knows who holds it")
    return str(found)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


def _network(found: Mapping[str, Any]) -> str:
    first, last = found.get("startAddress"), found.get("endAddress")
    if not isinstance(first, str) or not isinstance(last, str):
        return ""
    try:
        start, end = ipaddress.ip_address(first), ipaddress.ip_address(last)
        networks = list(ipaddress.summarize_address_range(start, end))
    except (ValueError, TypeError):
        return ""
    return str(networks[0]) if len(networks) == 1 else f"{start} - {end}"


def _event(found: Mapping[str, Any], action: str) -> str:
    for event in _rows(found.get("events")):
        if event.get("eventAction") == action and isinstance(at := event.get("eventDate"), str):
            try:
                return datetime.fromisoformat(at).isoformat()
            except ValueError:
                return ""
    return ""


def _contact(found: Mapping[str, Any], role: str, key: str) -> str:
    """Return the first property of the first contact in a role, at whatever depth it is."""
    for entity in _entities(found, 0):
        card = entity.get("vcardArray")
        roles = entity.get("roles")
        if not isinstance(roles, list) or role not in roles or not isinstance(card, list) or len(card) != 2:
            continue
        for line in card[1] if isinstance(card[1], list) else []:
            if isinstance(line, list) and len(line) >= 4 and line[0] == key and _text(line[3]):
                return _text(line[3])
    return ""


def _entities(found: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    for entity in _rows(found.get("entities")):
        yield entity
        if depth < DEEP:
            yield from _entities(entity, depth + 1)


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value.strip()[:200] if isinstance(value, str) else ""


def _spec(what: str, kind: ValueType, summary: str, returns: dict[str, ValueType]) -> ActionSpec:
    return ActionSpec(
        name=f"rdap.lookup_{what}",
        kind=ActionKind.LOOKUP,
        summary=summary,
        parameters=(Parameter(name=what, type=kind, description=f"A public {what}."), CONNECTION),
        returns=returns,
        timeout=25.0,
        connection=KIND,
        permission="none",
        per_minute=60,
    )


LOOKUPS = (
    Lookup(
        _spec(
            "ip", ValueType.IP, "Say who holds an address's network, and where to report abuse.",
            {
                "found": ValueType.BOOLEAN, "name": ValueType.TEXT, "handle": ValueType.TEXT,
                "network": ValueType.TEXT, "country_code": ValueType.TEXT, "organisation": ValueType.TEXT,
                "abuse": ValueType.TEXT, "registered": ValueType.TEXT,
            },
        ),
        _ask_ip, url=URL, hours=24,
    ),
    Lookup(
        _spec(
            "domain", ValueType.DOMAIN, "Say since when a domain is registered, and by whose hand.",
            {
                "found": ValueType.BOOLEAN, "domain": ValueType.DOMAIN, "registrar": ValueType.TEXT,
                "abuse": ValueType.TEXT, "registered": ValueType.TEXT, "changed": ValueType.TEXT,
                "expires": ValueType.TEXT, "status": ValueType.LIST, "nameservers": ValueType.LIST,
            },
        ),
        _ask_domain, url=URL, hours=24,
    ),
)  # fmt: skip


async def _test(site: Site, name: str) -> str:
    async with open_http(choose(site, KIND, name), url=URL) as iana:
        found = await _ask_domain(iana, {"domain": "example.com"})
    return f"RDAP answers: example.com was registered {found['registered'] or 'at an unknown time'}"


RDAP = ConnectionKind(
    name=KIND,
    title="RDAP: the registries of addresses and domains",
    documentation="https://about.rdap.org/",
    settings=(Setting("url", f"a mirror of IANA's bootstrap files, {URL}", required=False),),
    permissions=("none: registries answer everybody, and slow down who asks too much",),
    test=_test,
    setup="Nothing to do there: name the connection.",
)
