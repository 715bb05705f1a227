"""The site's inventory: what its assets and networks are, and which names are one person.

Assets come as YAML (a list) or CSV (a header line), people likewise:

    - name: db-1                       - id: alice
      names: [db-1.example.com]          names: [alice.smith, EXAMPLE\\alice]
      addresses: [192.0.2.10]            emails: [alice@example.com]
      owner: database team               department: finance
      criticality: critical              privileged: true
      core: true

In CSV, several values of one cell are separated by ``;``. Enriched events have ``<side>.asset.*`` (side:
host, source, destination), ``user.identity.*``, the person's id in ``related.user``, and
``network.direction`` where both ends are known to be inside or outside.
"""

from __future__ import annotations

import csv
import io
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from integrations.enrichment import Enricher
from playbooks.faults import PlaybookFault, did_you_mean
from playbooks.marked_yaml import parse_yaml
from rules.ecs import Document

Criticality = Literal["low", "medium", "high", "critical"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PRIVATE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "127.0.0.0/8",
    "::1/128",
)
"""RFC 1918, 6598, 4193 and loopback: inside wherever the site is."""
_TRUTHS: Mapping[str, bool] = {
    "true": True,
    "yes": True,
    "1": True,
    "false": False,
    "no": False,
    "0": False,
    "": False,
}
SIDES = ("source", "destination", "client", "server")


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Asset(Entry):
    """One machine, service or database."""

    name: str = Field(min_length=1)
    names: tuple[str, ...] = ()
    """Other names that logs call it by."""
    addresses: tuple[str, ...] = ()
    """Addresses or networks."""
    owner: str = ""
    criticality: Criticality = "medium"
    role: str = ""
    core: bool = False
    """Shown among the core assets."""

    @field_validator("addresses")
    @classmethod
    def _networks(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for text in addresses:
            ipaddress.ip_network(text)
        return addresses


class Person(Entry):
    """One person (or service account), under all names."""

    id: str = Field(min_length=1)
    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    full_name: str = ""
    department: str = ""
    manager: str = ""
    privileged: bool = False
    """Holds rights that an attacker would want."""
    service: bool = False
    """A service account: nobody sits behind it."""


class InventoryError(ValueError):
    """An inventory can't be read; the text lists every fault with its place."""

    def __init__(self, faults: Iterable[PlaybookFault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class Inventory:
    """What a site knows of itself."""

    assets: tuple[Asset, ...] = ()
    people: tuple[Person, ...] = ()
    networks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name to own networks in CIDR notation, beside the private ones."""

    @property
    def core(self) -> tuple[Asset, ...]:
        return tuple(asset for asset in self.assets if asset.core)

    @property
    def inside_names(self) -> frozenset[str]:
        """Names of assets that nobody outside has to know, in lower case: of those without an address of the
        Internet's."""
        return frozenset(
            name.casefold().rstrip(".")
            for asset in self.assets
            if not any(ipaddress.ip_network(text).is_global for text in asset.addresses)
            for name in (asset.name, *asset.names)
        )

    def enricher(self) -> Enricher:
        """Return an enricher of finished events; its cost does not grow with the inventory."""
        return _InventoryEnricher(self)


def read_assets(path: Path) -> tuple[Asset, ...]:
    """Read a YAML or CSV file of assets. Raises `InventoryError` or OSError."""
    return tuple(_read(path, Asset))


def read_people(path: Path) -> tuple[Person, ...]:
    """Read a YAML or CSV file of people. Raises `InventoryError` or OSError."""
    return tuple(_read(path, Person))


def _read(path: Path, model: type[Any]) -> Iterator[Any]:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    faults: list[PlaybookFault] = []
    rows = list(
        _from_csv(text, str(path), model, faults) if path.suffix == ".csv" else _from_yaml(text, path, faults)
    )
    found = []
    for place, row in rows:
        try:
            found.append(model.model_validate(row))
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                name = str(detail["loc"][0]) if detail["loc"] else ""
                hint = did_you_mean(name, model.model_fields) if detail["type"] == "extra_forbidden" else ""
                words = f"unknown key {name!r}" if hint else f"{name}: {detail['msg']}"
                faults.append(PlaybookFault(str(path), place, 1, words, hint))
    if faults:
        raise InventoryError(faults)
    yield from found


def _from_yaml(text: str, path: Path, faults: list[PlaybookFault]) -> Iterator[tuple[int, Any]]:
    marked = parse_yaml(text, str(path))
    faults += marked.faults
    rows = marked.value if isinstance(marked.value, list) else []
    if not isinstance(marked.value, list) and not marked.faults:
        faults.append(marked.fault((), "expected a list of entries: `- name: …`"))
    for at, row in enumerate(rows):
        yield marked.values.get((at,), (0, 0))[0] + 1, row


def _from_csv(
    text: str, path: str, model: type[Any], faults: list[PlaybookFault]
) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(io.StringIO(text))
    fields = model.model_fields
    faults += [
        PlaybookFault(path, 1, 1, f"unknown column {name!r}", did_you_mean(name, fields))
        for name in reader.fieldnames or ()
        if name not in fields
    ]
    for row in reader:
        values: dict[str, Any] = {}
        for name, cell in row.items():
            if name not in fields or cell is None or (cell := cell.strip()) == "":
                continue
            kind = str(fields[name].annotation)
            if "tuple" in kind:
                values[name] = tuple(part.strip() for part in cell.split(";") if part.strip())
            elif kind == "<class 'bool'>":
                values[name] = _TRUTHS.get(cell.lower(), cell)
            else:
                values[name] = cell
        yield reader.line_num, values


class _InventoryEnricher:
    def __init__(self, inventory: Inventory) -> None:
        self._assets: dict[str, dict[str, Any]] = {}
        networks: list[tuple[Network, dict[str, Any]]] = []
        for asset in inventory.assets:
            shown = _shown(asset)
            for name in (asset.name, *asset.names):
                self._assets[_key(name)] = shown
                self._assets.setdefault(_key(name).partition(".")[0], shown)
            for text in asset.addresses:
                network = ipaddress.ip_network(text)
                if network.num_addresses == 1:
                    self._assets[str(network.network_address)] = shown
                else:
                    networks.append((network, shown))
        self._networks = sorted(networks, key=lambda pair: -pair[0].prefixlen)
        self._own = [
            (ipaddress.ip_network(text), name) for name, texts in inventory.networks.items() for text in texts
        ]
        self._own.sort(key=lambda pair: -pair[0].prefixlen)
        self._private = [ipaddress.ip_network(text) for text in PRIVATE]
        self._people: dict[str, Person] = {}
        for person in inventory.people:
            for name in (person.id, *person.names, *person.emails):
                self._people[_key(name)] = person
        self._place = lru_cache(maxsize=16_384)(self._place_of)

    def __call__(self, document: Document) -> None:
        host = document.get("host")
        if isinstance(host, dict) and isinstance(name := host.get("name"), str):
            known = self._assets.get(_key(name)) or self._assets.get(_key(name).partition(".")[0])
            if known:
                host.setdefault("asset", dict(known))
        inside: dict[str, bool] = {}
        for side in SIDES:
            end = document.get(side)
            if isinstance(end, dict) and isinstance(ip := end.get("ip"), str):
                asset, network, own = self._place(ip)
                inside[side] = own
                if asset or network:
                    end.setdefault("asset", {**asset, **({"network": network} if network else {})})
        if "source" in inside and "destination" in inside:
            direct(document, inside["source"], inside["destination"])
        user = document.get("user")
        if isinstance(user, dict):
            self._identify(user, document)

    def _place_of(self, ip: str) -> tuple[Mapping[str, Any], str, bool]:
        """Return the asset of an address, the own network's name, and whether it is inside."""
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return {}, "", False
        asset = self._assets.get(str(address)) or next(
            (shown for network, shown in self._networks if address in network), {}
        )
        name = next((name for network, name in self._own if address in network), "")
        return asset, name, bool(name) or any(address in network for network in self._private)

    def _identify(self, user: dict[str, Any], document: Document) -> None:
        names = [user.get("name"), user.get("email")]
        if isinstance(user.get("domain"), str) and isinstance(user.get("name"), str):
            names.insert(0, f"{user['domain']}\\{user['name']}")
            names.insert(1, f"{user['name']}@{user['domain']}")
        person = next(
            (self._people[_key(n)] for n in names if isinstance(n, str) and _key(n) in self._people), None
        )
        if person is None:
            return
        identity: dict[str, Any] = {
            "id": person.id,
            "privileged": person.privileged,
            "service": person.service,
        }
        for name in ("full_name", "department", "manager"):
            if value := getattr(person, name):
                identity[name] = value
        user["identity"] = identity
        related = document.setdefault("related", {}).setdefault("user", [])
        if isinstance(related, list) and person.id not in related:
            related.append(person.id)


def direct(document: Document, source: bool, destination: bool) -> None:
    """Set ``network.direction`` by which ends are inside, unless the log itself says it."""
    network = document.setdefault("network", {})
    if isinstance(network, dict):
        words = {
            (True, True): "internal",
            (True, False): "outbound",
            (False, True): "inbound",
            (False, False): "external",
        }
        network.setdefault("direction", words[source, destination])


def _shown(asset: Asset) -> dict[str, Any]:
    found: dict[str, Any] = {"name": asset.name, "criticality": asset.criticality, "core": asset.core}
    for name in ("owner", "role"):
        if value := getattr(asset, name):
            found[name] = value
    return found


def _key(name: str) -> str:
    return re.sub(r"\.$", "", name.strip()).casefold()
