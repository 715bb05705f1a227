"""A slow and obvious matcher: every indicator against every value of every field."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from rules.intelligence import FIELDS, Claim, IndicatorKind
from rules.intelligence.values import INSIDE

Known = Sequence[tuple[IndicatorKind, str, Claim]]
SUFFIXES = ("com", "example", "co.uk", "github.io")
"""Of the names that the tests are made of, those below which anybody may have a name."""


def found(
    known: Known, event: Mapping[str, Any], now: float, own: Sequence[str]
) -> set[tuple[str, str, str]]:
    """Return (field, kind, indicator) of each that is in force and named by the event."""
    answers = set()
    for field, (_, what) in FIELDS.items():
        value = event.get(field)
        for text in value if isinstance(value, list) else [value]:
            if not isinstance(text, str):
                continue
            for kind, wanted, claim in known:
                in_force = claim.since <= now < claim.until
                if in_force and _is(kind, wanted, claim, what, text, own):
                    answers.add((field, kind.value, wanted))
    return answers


def _is(kind: IndicatorKind, wanted: str, claim: Claim, what: str, text: str, own: Sequence[str]) -> bool:
    if kind in (IndicatorKind.IP, IndicatorKind.NETWORK):
        if what not in ("address", "name", "email"):
            return False
        if what == "email":
            text = text.rpartition("@")[2]
        try:
            address = ipaddress.ip_address(text.split("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if any(address in ipaddress.ip_network(net) for net in own) or any(address in net for net in INSIDE):
            return False
        return address in ipaddress.ip_network(wanted)
    if kind is IndicatorKind.DOMAIN:
        if what == "email":
            text = text.rpartition("@")[2]
        elif what != "name":
            return False
        name = text.lower().rstrip(".")
        below = claim.subdomains and wanted not in SUFFIXES and name.endswith("." + wanted)
        return name == wanted or below
    if kind is IndicatorKind.HASH:
        return what == "hash" and text.lower() == wanted
    return kind is IndicatorKind.EMAIL and what == "email" and text.lower() == wanted
