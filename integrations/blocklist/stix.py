"""A blocklist as STIX 2.1: an indicator for each block, revoked when the address was taken off.

https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html, 4.7 (indicator) and 9 (patterns). The id of an
indicator follows from the list, the address and the containment: the same block is the same object to
everybody, a later block of the address is another. Nothing of the incident is told.
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

NAMESPACE = uuid.UUID("7c9e2b0a-6f0f-5b6e-9d55-0c1de4a9a3b1")
"""Of the names that ids are made of (RFC 9562, 5.5)."""
STIX = "application/stix+json;version=2.1"
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
"""When who makes these objects is said to be from: before every block."""


@dataclass(frozen=True)
class Item:
    """One object of a collection, in its newest version; the only one that is kept."""

    added: datetime
    """When this version came into the collection; no two of a list have the same."""
    object: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.object["id"])

    @property
    def version(self) -> str:
        return str(self.object["modified"])


def collection_id(name: str) -> str:
    """Return a list's id as a collection."""
    return str(uuid.uuid5(NAMESPACE, f"blocklist {name}"))


def items_of(name: str, document: Mapping[str, Any] | None) -> list[Item]:
    """Return the objects of a list's state document, in the order in which they came into it.

    What is no address is left out, as it is from the plain list.
    """
    found = [Item(BEGAN, _maker(name))]
    if document is None:
        return found
    rows = [(address, entry, False) for address, entry in document["entries"].items()]
    rows += [(entry["address"], entry, True) for entry in document.get("removed", {}).values()]
    for address, entry, removed in rows:
        try:
            network = ipaddress.ip_network(address)
        except ValueError:
            continue
        changed = _moment(entry.get("changed") or entry["added"])
        found.append(Item(changed, _indicator(name, network, entry, changed, removed)))
    return sorted(found, key=lambda item: (item.added, item.id))


def stamp(moment: datetime) -> str:
    """Return a moment as STIX and TAXII write it, to the millisecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _maker(name: str) -> dict[str, Any]:
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{uuid.uuid5(NAMESPACE, f'maker {name}')}",
        "created": stamp(BEGAN),
        "modified": stamp(BEGAN),
        "name": f"Blocklist {name}",
        "identity_class": "system",
    }


def _indicator(
    name: str,
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
    entry: Mapping[str, Any],
    changed: datetime,
    removed: bool,
) -> dict[str, Any]:
    block = uuid.uuid5(NAMESPACE, f"{name} {network} {entry.get('key', '')}")
    single = network.prefixlen == network.max_prefixlen
    shown = str(network.network_address) if single else str(network)
    created = min(_moment(entry["added"]), changed)
    ends = [_moment(entry["until"])] if entry.get("until") else []
    if removed:
        ends.append(changed)
    made: dict[str, Any] = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{block}",
        "created_by_ref": _maker(name)["id"],
        "created": stamp(created),
        "modified": stamp(changed),
        "name": f"Blocked: {shown}",
        "indicator_types": ["malicious-activity"],
        "pattern": f"[ipv{network.version}-addr:value {'=' if single else 'ISSUBSET'} '{shown}']",
        "pattern_type": "stix",
        "valid_from": stamp(created),
    }
    if ends:
        made["valid_until"] = stamp(max(min(ends), created + timedelta(milliseconds=1)))
    if removed:
        made["revoked"] = True
    return made


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
