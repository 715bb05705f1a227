"""New events against all indicators, in process: exact tables for values, prefixes for networks.

Only the ECS fields that name another party, a file or a name are compared, each with the side it is on:
what somebody inside reached out to weighs more than who knocked. An event costs one look-up for each of
these few fields, whatever the number of indicators.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from publicsuffixlist import PublicSuffixList

from rules.intelligence.indicators import Claim
from rules.intelligence.networks import Networks
from rules.intelligence.values import (
    HASHES,
    IndicatorKind,
    canonical_address,
    event_domain,
    event_url,
    is_inside,
)

Claims = tuple[Claim, ...]


class Side(StrEnum):
    """Which part the indicator had in an event."""

    OUT = "outbound"
    """Somebody inside reached out to it, or asked for its name."""
    IN = "inbound"
    """It came to us."""
    FILE = "file"
    """It is a file that was here."""
    MAIL = "mail"
    """It sent mail."""


class Compared(NamedTuple):
    """How one field is compared."""

    side: Side
    what: str
    """``address``, ``name`` (a host by name or address), ``url``, ``hash``, ``email``."""


def _fields() -> dict[str, Compared]:
    fields = {
        name: Compared(side, "address")
        for side, names in (
            (Side.IN, "source.ip client.ip network.forwarded_ip"),
            (Side.OUT, "destination.ip server.ip dns.resolved_ip"),
        )
        for name in names.split()
    }
    fields |= {
        name: Compared(side, "name")
        for side, names in (
            (Side.IN, "source.domain client.domain"),
            (Side.OUT, "destination.domain server.domain dns.question.name dns.answers.data url.domain "
                       "tls.client.server_name"),
        )
        for name in names.split()
    }  # fmt: skip
    fields |= {name: Compared(Side.OUT, "url") for name in ("url.full", "url.original")}
    holders = ("file", "process", "process.parent", "dll", "email.attachments.file")
    fields |= {
        f"{holder}.hash.{name}": Compared(Side.MAIL if holder.startswith("email") else Side.FILE, "hash")
        for holder in holders
        for name in HASHES.values()
    }
    fields |= {
        f"email.{part}.address": Compared(side, "email")
        for part, side in (("from", Side.MAIL), ("sender", Side.MAIL), ("reply_to", Side.MAIL),
                           ("to", Side.OUT))
    }  # fmt: skip
    return fields


FIELDS: Mapping[str, Compared] = _fields()
MEMO = 50_000
"""Texts of events whose answer is remembered."""


class Match(NamedTuple):
    """One value of an event that is an indicator, or in one."""

    field: str
    side: Side
    text: str
    """As the event has it."""
    kind: IndicatorKind
    value: str
    """The indicator: the parent domain or the network, where it is that."""
    claims: Claims
    """What sources say of it, the surest first."""


_Found = tuple[tuple[IndicatorKind, str, Claims], ...]


@dataclass
class Word:
    """Until when what a source says counts, seconds since 1970, where it sets no end itself."""

    until: float


class IndicatorTable:
    """All indicators in force. One belongs to one thread."""

    def __init__(self, own: Iterable[str] = ()) -> None:
        """`own`: networks of the site's own, which never match."""
        self._tables: dict[IndicatorKind, dict[str | bytes, Claims]] = {
            kind: {} for kind in IndicatorKind if kind is not IndicatorKind.NETWORK
        }
        self._networks: Networks[Claims] = Networks()
        self._own: Networks[None] = Networks()
        for network in own:
            self._own.set(network, None)
        self.words: dict[str, Word] = {}
        """By source."""
        self._shared: dict[Claims, Claims] = {}
        self._memo: dict[tuple[str, str], _Found] = {}

    def __len__(self) -> int:
        return sum(map(len, self._tables.values())) + len(self._networks)

    def get(self, kind: IndicatorKind, value: str) -> Claims:
        """Return what is said of a value, in force or not."""
        if kind is IndicatorKind.NETWORK:
            return self._networks.get(value) or ()
        return self._tables[kind].get(_key(kind, value), ())

    def set(self, kind: IndicatorKind, value: str, claims: Iterable[Claim]) -> None:
        """Put all that is said of a value in place of what was; nothing removes it."""
        ordered = tuple(sorted(claims, key=lambda one: (-one.confidence, one.source)))
        ordered = self._shared.setdefault(ordered, ordered)
        self._memo.clear()
        if kind is IndicatorKind.NETWORK:
            if ordered:
                self._networks.set(value, ordered)
            else:
                self._networks.remove(value)
        elif ordered:
            self._tables[kind][_key(kind, value)] = ordered
        else:
            self._tables[kind].pop(_key(kind, value), None)

    def add(self, kind: IndicatorKind, value: str, claim: Claim) -> None:
        """Put one more claim beside those that are there."""
        known = self.get(kind, value)
        self.set(kind, value, (*known, claim))

    def match(self, event: Mapping[str, Any], now: float) -> list[Match]:
        """Return the indicators in force at `now` (seconds since 1970) that a flat event names."""
        found: list[Match] = []
        memo = self._memo
        for field in event.keys() & _NAMES:
            side, what = FIELDS[field]
            value = event[field]
            for text in (value,) if value.__class__ is str else _texts(value):
                known = memo.get((what, text))
                if known is None:
                    known = self._remember(what, text)
                if known:
                    found += self._matches(field, side, text, known, now)
        if self._tables[IndicatorKind.URL] and "url.path" in event and "url.domain" in event:
            text = _composed(event) if "url.full" not in event else ""
            if known := self._look("url", text):
                found += self._matches("url.path", Side.OUT, text, known, now)
        if len(found) > 1:
            found.sort(key=lambda one: (one.field, one.value, one.text))
        return found

    def _matches(self, field: str, side: Side, text: str, known: _Found, now: float) -> list[Match]:
        words = self.words
        matches = []
        for kind, value, claims in known:
            held = tuple(
                claim
                for claim in claims
                if claim.holds(now, words[claim.source].until if claim.source in words else 0)
            )
            if held:
                matches.append(Match(field, side, text, kind, value, held))
        return matches

    def _remember(self, what: str, text: str) -> _Found:
        if len(self._memo) >= MEMO:
            self._memo.clear()
        found = self._memo[what, text] = self._look(what, text)
        return found

    def _look(self, what: str, text: str) -> _Found:
        if what == "address":
            return self._address(text)
        if what == "name":
            return self._name(event_domain(text))
        if what == "url":
            return self._exactly(IndicatorKind.URL, event_url(text)) if "/" in text else ()
        if what == "hash":
            return self._exactly(IndicatorKind.HASH, text.strip().lower()) if len(text) in HASHES else ()
        address = text.strip().lower().strip("<>")
        return (
            *self._exactly(IndicatorKind.EMAIL, address),
            *self._name(event_domain(address.rpartition("@")[2])),
        )

    def _exactly(self, kind: IndicatorKind, value: str) -> _Found:
        try:
            claims = self._tables[kind].get(_key(kind, value))
        except ValueError:  # no hexadecimal digits
            return ()
        return ((kind, value, claims),) if claims else ()

    def _address(self, text: str) -> _Found:
        claims = self._tables[IndicatorKind.IP].get(text)
        value = text
        if claims is None and ":" in text:
            value = canonical_address(text)
            claims = self._tables[IndicatorKind.IP].get(value)
        inside = self._networks.holding(value)
        if (claims is None and not inside) or self._is_own(value):
            return ()
        found: list[tuple[IndicatorKind, str, Claims]] = []
        if claims:
            found.append((IndicatorKind.IP, value, claims))
        found += [(IndicatorKind.NETWORK, network, said) for network, said in inside]
        return tuple(found)

    def _name(self, name: str) -> _Found:
        """A name, and the domains above it that stand for what is below them."""
        if not name:
            return ()
        if (name[-1].isdigit() or ":" in name) and (address := canonical_address(name)):
            return self._address(address)
        names = self._tables[IndicatorKind.DOMAIN]
        found: list[tuple[IndicatorKind, str, Claims]] = []
        if claims := names.get(name):
            found.append((IndicatorKind.DOMAIN, name, claims))
        parent = name.partition(".")[2]
        while "." in parent:
            if claims := names.get(parent):
                wide = tuple(claim for claim in claims if claim.subdomains)
                if wide and not is_public_suffix(parent):
                    found.append((IndicatorKind.DOMAIN, parent, wide))
            parent = parent.partition(".")[2]
        return tuple(found)

    def _is_own(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return True
        return is_inside(address) or bool(self._own.holding(text))


_NAMES = FIELDS.keys()


def _key(kind: IndicatorKind, value: str) -> str | bytes:
    """Hashes are kept as bytes, at half the size."""
    return bytes.fromhex(value) if kind is IndicatorKind.HASH else value


def _texts(value: Any) -> Sequence[str]:
    if isinstance(value, list | tuple):
        return [item for item in value if isinstance(item, str)]
    return ()


def _composed(event: Mapping[str, Any]) -> str:
    scheme, port = event.get("url.scheme") or "http", event.get("url.port")
    query = event.get("url.query")
    place = f"{event['url.domain']}:{port}" if port else str(event["url.domain"])
    return f"{scheme}://{place}{event['url.path']}" + (f"?{query}" if query else "")


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=10_000)
def is_public_suffix(name: str) -> bool:
    """Whether anybody may have a name below it (``co.uk``, ``github.io``): it stands for itself alone."""
    return bool(_suffixes().publicsuffix(name) == name)
